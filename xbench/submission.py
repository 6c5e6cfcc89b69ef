"""The files of others, read and scored: a tree of predictions against labels, or against the tasks' own data."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

import pyarrow as pa

from xbench.contracts import Examples, Scores, Split, Task
from xbench.errors import DataError, MissingDataError
from xbench.formats import Format
from xbench.keys import file_digest
from xbench.layouts import Layout, layouts
from xbench.registry import Registry
from xbench.shelf import Shelf
from xbench.suite import Suite

Gold: TypeAlias = Path | Shelf  # the root of label files, or the tasks' own data


@dataclass(frozen=True)
class Scored:
    """A file of predictions, what it was scored against, and how."""

    task: Task
    language: str
    path: str
    sha256: str
    examples: Examples
    predictions: pa.Table
    scores: Scores


@dataclass(frozen=True)
class Submission:
    """All files of a tree, scored, and what was left out. `suite` names the languages of every task."""

    form: Format
    suite: Suite
    scored: tuple[Scored, ...]
    remarks: tuple[str, ...]

    def report(self) -> Mapping[str, Any]:
        """What the official scorer of the format writes."""
        metrics: dict[str, dict[str, Mapping[str, float]]] = {}
        for one in self.scored:
            metrics.setdefault(one.task.name, {})[one.language] = one.scores.metrics
        return self.form.report(metrics, self.suite.languages, self.suite.groups)


def score_tree(root: Path, form: Format, registry: Registry, gold: Gold, incomplete: bool = False) -> Submission:
    """Read and score every file below `root`; nothing is written.

    The suite is the one of the format's that has all the files there are. A task counts with all its languages or,
    unless it may be `incomplete`, not at all. Raises DataError, with file and line, on anything that is lacking, not
    asked for or malformed.
    """
    layout = _fitting(root, layouts(form, registry))
    scored: list[Scored] = []
    remarks: list[str] = []
    for name, paths in layout.paths.items():
        task = layout.tasks[name]
        languages, remark = _languages(task, paths, root, gold, incomplete)
        scored += [_score(task, language, paths[language], root, (form, gold)) for language in languages]
        remarks += [remark] if remark else []
    if not scored:
        raise DataError("; ".join([f"{root}: there is nothing to score for {form.name}", *remarks]))
    return Submission(form, layout.suite, tuple(scored), tuple(remarks))


def _fitting(root: Path, known: Iterable[Layout]) -> Layout:
    """The first layout that has all the files there are. Raises DataError at the first that the best one lacks."""
    if not root.is_dir():
        raise DataError(f"{root}: there is no such folder; name the root of the predictions")
    strange = [(list(_strange(root, layout)), layout) for layout in known]
    wrong, best = min(strange, key=lambda found: len(found[0]))
    if wrong:
        raise DataError(wrong[0])
    return best


def _strange(root: Path, layout: Layout) -> Iterator[str]:
    """What to say of each file or folder that the layout does not have; hidden ones are passed over."""
    folders: dict[str, list[str]] = {}
    for path in (PurePosixPath(path) for paths in layout.paths.values() for path in paths.values()):
        folders.setdefault(str(path.parent), []).append(path.name)
    parents = {str(parent) for folder in folders for parent in PurePosixPath(folder, "_").parents}
    for found in sorted(root.rglob("*")):
        path = PurePosixPath(found.relative_to(root).as_posix())
        if any(part.startswith(".") for part in path.parts):
            continue
        if found.is_dir():
            if str(path) not in parents:
                yield f"{found}: {layout.suite.name} has no such folder; there are {', '.join(folders)}"
        elif path.name not in folders.get(str(path.parent), ()):
            there = ", ".join(folders.get(str(path.parent), folders))
            yield f"{found}: {layout.suite.name} has no file of that name here; there are {there}"


def _languages(task: Task, paths: Mapping[str, str], root: Path, gold: Gold, incomplete: bool) -> tuple[list[str], str]:
    """The languages to score, and what is left out and why. Raises MissingDataError unless that is everything."""
    if not any((root / path).parent.is_dir() for path in paths.values()):
        return [], ""
    labelled = _labelled(task, paths, gold)
    where = gold if isinstance(gold, Path) else gold.data
    if not labelled:
        return [], f"{task.name} is left out: there are no labels of it in {where}"
    lacking = {language: path for language, path in paths.items() if not (root / path).is_file()}
    unlabelled = [language for language in paths if language not in labelled]
    if not lacking and not unlabelled:
        return list(paths), ""
    if not incomplete:
        whole = "a task counts with all its languages or not at all (--partial scores what is there)"
        if lacking:
            raise MissingDataError(f"{root / next(iter(lacking.values()))}: there is no such file; {task.name} lacks"
                                   f" {', '.join(lacking)}, and {whole}")  # fmt: skip
        raise MissingDataError(f"{where}: there are no labels of {task.name} in {', '.join(unlabelled)}; {whole}")
    kept = [language for language in paths if language not in lacking and language in labelled]
    absent = ", ".join(language for language in paths if language not in kept)
    return kept, f"{task.name} is scored without {absent}, and has no official average"


def _labelled(task: Task, paths: Mapping[str, str], gold: Gold) -> list[str]:
    if isinstance(gold, Path):
        return [language for language, path in paths.items() if (gold / path).is_file()]
    there = gold.languages(task, Split.TEST)
    return [language for language in paths if language in there]


def _score(task: Task, language: str, path: str, root: Path, by: tuple[Format, Gold]) -> Scored:
    form, gold = by
    examples = form.labels(task, gold / path) if isinstance(gold, Path) else gold.load(task, language, Split.TEST)
    if examples.gold is None:
        raise MissingDataError(f"the test data of {task.name} in {language!r} have no labels: nothing to score against")
    predictions = form.read(task, root / path, examples.inputs)
    try:
        scores = task.score(examples.gold, predictions, language)
    except DataError as error:
        raise DataError(f"{root / path}: {error}") from error
    for column in form.columns(task):  # so that they can be exported without the data
        predictions = predictions.append_column(column, examples.inputs[column])
    return Scored(task, language, path, file_digest(root / path), examples, predictions, scores)
