"""Whether results are what they say: every score made again from the kept predictions and the gold, exactly."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tabulate import tabulate

from xbench import kept, names, session
from xbench.cell import Cell, Result, Status
from xbench.contracts import Data, Examples, Split, Task
from xbench.errors import MissingDataError, XbenchError
from xbench.imports import RECIPE
from xbench.items import pack, ratios
from xbench.keys import digest, file_digest
from xbench.manifests import baseline
from xbench.markup import shortened
from xbench.registry import Registry
from xbench.shelf import Shelves
from xbench.statistics import uncertainty
from xbench.uses import EVALUATED


@dataclass(frozen=True)
class Difference:
    """What a result says of itself, and what was found instead."""

    cell: Cell
    what: str
    said: str
    found: str


@dataclass
class Report:
    """What a verification came to: cells that hold, differences, and cells that could not be checked and why.

    `notes` say how cells hold, where there are several ways.
    """

    level: str
    held: list[Cell] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    unchecked: dict[Cell, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass
class Rescore:
    """Scores results again. `data` is where official data are; samples are always there."""

    folder: Path
    registry: Registry
    data: Data

    def __post_init__(self) -> None:
        self._shelves = Shelves(self.data)

    def report(self, results: Sequence[Result]) -> Report:
        """What became of each result that has a score."""
        made = Report("rescore")
        for result in (one for one in results if one.status is Status.OK):
            try:
                differences = list(self._differences(result))
            except MissingDataError as error:
                made.unchecked[result.cell] = str(error)
                continue
            except XbenchError as error:
                differences = [Difference(result.cell, "predictions", "kept", str(error))]
            made.differences += differences
            made.held += [] if differences else [result.cell]
        return made

    def _differences(self, result: Result) -> Iterator[Difference]:
        task: Task = self.registry.find("task", str(result.dataset.get("task", "")))
        examples = self.examples(result, task)
        said = {"fingerprint of the data": result.dataset.get("fingerprint"), "rows": result.dataset.get("n_rows")}
        of = examples.provenance
        found = {"fingerprint of the data": of.fingerprint, "rows": of.n_rows}
        if store := kept.elsewhere(result, self.folder):
            raise MissingDataError(f"the predictions are in the store of a run, which is not here: {store}")
        predictions = kept.read(result, self.folder)
        if said != found:  # other data have other scores: nothing more is to be learned
            yield from compared(result.cell, said, found)
            return
        if examples.gold is None:
            raise MissingDataError(f"{task.name} has no {of.split} labels in {result.cell.target} here")
        scores = task.score(examples.gold, predictions, result.cell.target)
        majority = result.baseline.get("majority") if result.baseline else None
        said = {
            "metrics": dict(result.metrics),
            "main metric": result.main_metric,
            "main score": result.main_score,
            "examples": result.n_examples,
            "scores per example": dict(result.items),
            "uncertainty": dict(result.uncertainty),
            "baseline": dict(result.baseline),
            "key of the predictions": result.keys.get("predict"),
            "key of the score": result.keys.get("score"),
        }
        found = {
            "metrics": dict(scores.metrics),
            "main metric": task.main_metric,
            "main score": scores.metrics[task.main_metric],
            "examples": len(scores.items),
            "scores per example": pack(scores.items, scores.totals),
            "uncertainty": uncertainty(ratios(scores.items, scores.totals)),
            "baseline": baseline(task, majority, examples.gold, result.cell.target),
            "key of the predictions": digest(
                ["predict", result.keys.get("fit"), task.name, result.cell.target, of.fingerprint, *_split(result)]
            ),
            "key of the score": digest(["score", result.keys.get("predict"), task.revision, of.fingerprint, majority]),
        }
        if result.cell.recipe == RECIPE:  # what others predicted has keys of its own
            for key in ("key of the predictions", "key of the score"):
                del said[key], found[key]
        yield from compared(result.cell, said, found)

    def examples(self, result: Result, task: Task) -> Examples:
        """The examples that a result was scored on, as far as they are here. Raises MissingDataError."""
        (split,) = _split(result) or [Split.TEST]
        return self._shelves.of(result.dataset).load(task, result.cell.target, split)


def _split(result: Result) -> list[Split]:
    """The evaluated split; none where it is the test split, which goes without saying, as in keys."""
    split = EVALUATED[dict(names.parse(result.cell.task).options).get("split", "test")]
    return [] if split is Split.TEST else [split]


def compared(cell: Cell, said: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Difference]:
    """What differs by name, and where both are tables by its part."""
    for what in dict.fromkeys([*said, *found]):
        one, other = said.get(what), found.get(what)
        if one != other:
            yield from (Difference(cell, f"{what}{part}", *values) for part, *values in _parts(one, other))


def _parts(said: Any, found: Any) -> Iterator[tuple[str, str, str]]:
    """The parts that differ, where both are tables, else the whole; long ones are shortened."""
    if isinstance(said, Mapping) and isinstance(found, Mapping):
        for name in sorted({*said, *found}):
            if said.get(name) != found.get(name):
                yield f" {name}", shortened(str(said.get(name))), shortened(str(found.get(name)))
    else:
        yield "", shortened(str(said)), shortened(str(found))


def sealed(folder: Path) -> str:
    """What is wrong with the seal, which says what the results were when they were written; empty where nothing is.

    A folder without a seal was written by an earlier version, or is no folder of results.
    """
    said = session.seal_of(folder)
    found = file_digest(folder / session.RESULTS)
    if said in ("", found):
        return ""
    return f"{session.RESULTS} is not the file that was written: its sha256 is {found}, not {said}"


def to_text(report: Report) -> str:
    """The differences as a table, then what held and what could not be checked."""
    cells = [[str(one.cell), one.what, one.said, one.found] for one in report.differences]
    parts = [tabulate(cells, ["cell", "what", "said", "found"], disable_numparse=True)] if cells else []
    wrong = len({one.cell for one in report.differences})
    counts = f"{report.level}: {len(report.held)} cells hold, {wrong} differ, {len(report.unchecked)} were not checked"
    reasons = sorted(set(report.unchecked.values()))
    return "\n".join([*parts, counts, *report.notes, *(f"not checked: {reason}" for reason in reasons)])
