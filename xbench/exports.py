"""From results to the files of others: predictions as the store keeps them, in the form of a format."""

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from xbench.cell import Cell, Result, Status
from xbench.contracts import Split, Task
from xbench.errors import DataError, StoreError, UsageError
from xbench.formats import Format
from xbench.keys import file_digest
from xbench.layouts import Layout, layouts
from xbench.registry import Registry
from xbench.session import read_results
from xbench.shelf import Shelf


@dataclass(frozen=True)
class Choice:
    """Whose predictions; None where it may be anybody's."""

    model: str | None = None
    recipe: str | None = None
    seed: int | None = None

    def takes(self, cell: Cell) -> bool:
        """Whether the cell is of this model, recipe and seed."""
        wanted, found = (self.model, self.recipe, self.seed), (cell.model, cell.recipe, cell.seed)
        return all(one in (None, other) for one, other in zip(wanted, found, strict=True))


@dataclass(frozen=True)
class Tree:
    """Texts of files by their path below the root, and what could not be written."""

    files: Mapping[str, str]
    remarks: tuple[str, ...]


def export(path: Path, form: Format, registry: Registry, choice: Choice, shelf: Shelf | None) -> Tree:
    """The predictions of one model, recipe and seed in a results folder or file, in a format; nothing is written.

    The suite is the one of the format's that has files of most of the results. The shelf is read where files name
    examples by what is not predicted. Raises UsageError when there are no such results or those of several, StoreError
    when predictions are not those of the journal, DataError when they are of other data than the shelf's or make no
    official file.
    """
    results = [one for one in read_results(path) if one.status is Status.OK and one.dataset.get("split") == Split.TEST]
    layout = _fitting(results, layouts(form, registry), choice)
    found = _chosen(results, layout, choice)
    folder = path if path.is_dir() else path.parent
    files: dict[str, str] = {}
    remarks = []
    for name, task in layout.tasks.items():
        paths = layout.paths.get(name, {})
        there = [language for language in paths if (name, language) in found]
        for language in there:
            result = found[name, language]
            table = _with_inputs(form.columns(task), _predictions(result, folder), task, result, shelf)
            files[paths[language]] = form.write(task, language, table)
        lacking = ", ".join(language for language in paths if language not in there)
        remarks += [f"there are no predictions of {name}{f' in {lacking}' if there else ''}"] if lacking else []
        remarks += [] if paths else [f"{form.name} has no files of {name}"]
    return Tree(files, tuple(remarks))


def _fitting(results: Iterable[Result], known: Iterable[Layout], choice: Choice) -> Layout:
    """The first layout that has files of most of the results."""
    chosen = [(str(one.dataset.get("task")), one.cell.target) for one in results if choice.takes(one.cell)]
    return max(known, key=lambda layout: sum(target in layout.paths.get(task, ()) for task, target in chosen))


def _chosen(results: Iterable[Result], layout: Layout, choice: Choice) -> dict[tuple[str, str], Result]:
    """The results by task and language, all of one system."""
    of = [result for result in results if result.dataset.get("task") in layout.paths]
    if not of:
        suite, there = layout.suite.name, ", ".join(layout.paths)
        raise UsageError(f"there are no results on the test data of a task of {suite}: {there}")
    kept = [result for result in of if choice.takes(result.cell)]
    systems = sorted({(result.cell.model, result.cell.recipe, result.cell.seed) for result in kept or of})
    if not kept or len(systems) > 1:
        there = "; ".join(f"{model} {recipe} seed {seed}" for model, recipe, seed in systems)
        what = "several results fit" if kept else "no results fit"
        raise UsageError(f"{what}; say whose to take with --model, --recipe and --seed (there are: {there})")
    found: dict[tuple[str, str], Result] = {}
    for result in kept:
        other = found.setdefault((str(result.dataset["task"]), result.cell.target), result)
        if other is not result:
            raise UsageError(
                f"two results are of one file: {other.cell} and {result.cell}; export a folder that holds one of them"
            )
    return found


def _predictions(result: Result, folder: Path) -> pa.Table:
    """The predictions that the journal tells of."""
    file = folder / str(result.predictions.get("path", ""))
    if not file.is_file():
        raise StoreError(f"{file}: the predictions of {result.cell} are not there; run the cell again")
    if file_digest(file) != result.predictions.get("sha256"):
        raise StoreError(f"{file}: these are not the predictions that the journal tells of; run {result.cell} again")
    return pyarrow.parquet.read_table(file)


def _with_inputs(
    columns: Iterable[str], predictions: pa.Table, task: Task, result: Result, shelf: Shelf | None
) -> pa.Table:
    """Predictions with the asked columns of inputs; those of imported predictions have them."""
    lacking = [column for column in columns if column not in predictions.column_names]
    if not lacking:
        return predictions
    language, where = result.cell.target, f"{task.name} in {result.cell.target!r}"
    if shelf is None:
        what = " and ".join(repr(column) for column in lacking)
        raise UsageError(f"{where}: the files need {what} of the examples; name the data that were predicted, --data")
    examples = shelf.load(task, language, Split.TEST)
    known, there = result.dataset.get("fingerprint"), examples.provenance.fingerprint
    if known != there:
        raise DataError(
            f"{where}: {shelf.data} does not hold the examples that were predicted: their fingerprint is {known}, "
            f"and there it is {there}"
        )
    for column in lacking:
        predictions = predictions.append_column(column, examples.inputs[column])
    return predictions


def write_tree(files: Mapping[str, str], output: Path) -> None:
    """Write all files below a new or empty folder, or none. Raises UsageError when it holds something, StoreError."""
    output = output.resolve()
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UsageError(f"{output}: there is something already; name a folder that is new or empty")
    draft = output.with_name(f".{output.name}.{os.getpid()}.tmp")
    try:
        for path, text in files.items():
            file = draft / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode("utf-8"))
        draft.replace(output)
    except OSError as error:
        raise StoreError(f"{output}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
