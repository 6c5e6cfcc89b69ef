"""Results of several machines or people as one folder to publish, and the cells of which they tell different things."""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from xbench import environment, journal, kept, session
from xbench.cell import Cell, Result, Status
from xbench.errors import StoreError, UsageError
from xbench.items import unpack
from xbench.keys import digest, file_digest
from xbench.markup import escape, grid, number, shortened
from xbench.publish import publish
from xbench.registry import Registry
from xbench.suite import Suite
from xbench.verify import sealed

FIRST, LAST = "FIRST", "LAST"  # which source to prefer


@dataclass(frozen=True)
class Source:
    """A results folder and what is in it."""

    folder: Path
    results: Mapping[Cell, Result]
    suite: Suite | None


@dataclass(frozen=True)
class Told:
    """One thing that is told of a cell, and by whom, in the order of sources."""

    result: Result
    by: tuple[Path, ...]


@dataclass(frozen=True)
class Conflict:
    """A cell of which different things are told, and the fields they differ in."""

    cell: Cell
    told: tuple[Told, ...]
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Merged:
    """Every cell of all sources once; of a conflict it is what the preferred source tells."""

    sources: tuple[Source, ...]
    results: tuple[Result, ...]
    conflicts: tuple[Conflict, ...]


def read(folders: Sequence[Path]) -> tuple[Source, ...]:
    """The sources. Raises StoreError where results are not those that were written, UsageError where suites differ."""
    sources = []
    for folder in folders:
        results = {result.cell: result for result in session.read_results(folder)}
        if fault := sealed(folder):
            raise StoreError(f"{folder}: {fault}")
        sources.append(Source(folder, results, session.suite_of(folder)))
    for source in sources[1:]:
        if differences := "; ".join(_differing(sources[0].suite, source.suite)):
            raise UsageError(f"{sources[0].folder} and {source.folder} are not of the same suite: {differences}")
    return tuple(sources)


def _differing(one: Suite | None, other: Suite | None) -> Iterator[str]:
    """What two suites say differently."""
    first, second = _said(one), _said(other)
    if bool(first) != bool(second):
        yield f"one has no {session.SUITE}"
        return
    for key, value in first.items():
        if value != second[key]:
            yield f"{key} is {shortened(repr(value))} and {shortened(repr(second[key]))}"


def _said(suite: Suite | None) -> dict[str, Any]:
    """Of published numbers it is the text that counts, not where it lies."""
    if suite is None:
        return {}
    said = {one.name: getattr(suite, one.name) for one in fields(suite)}
    return said | {"references": suite.references and suite.references.read_text(encoding="utf-8")}


def merge(sources: Sequence[Source], prefer: str = FIRST) -> Merged:
    """Every cell of the sources once; nothing is written. Raises StoreError when values per example are broken."""
    ordered = list(sources) if prefer == FIRST else list(sources)[::-1]
    results, conflicts = [], []
    for cell in sorted({cell for source in sources for cell in source.results}):
        told, differing = _told(cell, ordered)
        results.append(told[0].result)
        conflicts += [Conflict(cell, told, differing)] if differing else []
    return Merged(tuple(sources), tuple(results), tuple(conflicts))


def _told(cell: Cell, sources: Sequence[Source]) -> tuple[tuple[Told, ...], tuple[str, ...]]:
    """What is told of a cell, each fact once, and the fields in which facts differ."""
    facts: dict[str, list[Source]] = {}
    said = []
    for source in (source for source in sources if cell in source.results):
        said.append(_fact(source.results[cell]))
        facts.setdefault(digest(said[-1]), []).append(source)
    told = tuple(Told(_record(cell, group), tuple(source.folder for source in group)) for group in facts.values())
    return told, tuple(key for key in said[0] if any(one[key] != said[0][key] for one in said))


def _fact(result: Result) -> dict[str, Any]:
    """What makes two results the same: what was trained and scored on what, and what came out; not when and where."""
    keys = ("main_metric", "main_score", "n_examples", "metrics", "baseline", "dataset", "supervision", "keys")
    try:
        items = digest(unpack(result.items).tolist()) if result.items else ""  # packed, they depend on the machine
    except StoreError as error:
        raise StoreError(f"{result.cell}: {error}") from error
    told = {"status": result.status.value, "reason": result.reason, "scores per example": items}
    return told | {key: getattr(result, key) for key in keys}


def _record(cell: Cell, sources: Sequence[Source]) -> Result:
    """The first of equal records that has its predictions, or the first; it names them from anywhere."""
    kept_by = (source for source in sources if len(sources) == 1 or _keeps(source.results[cell], source.folder))
    source = next(kept_by, sources[0])
    result = source.results[cell]
    if not result.predictions.get("path"):
        return result
    path = str((source.folder / str(result.predictions["path"])).resolve())
    return replace(result, predictions={**result.predictions, "path": path})


def _keeps(result: Result, folder: Path) -> bool:
    try:
        kept.raw(result, folder)
    except StoreError:
        return False
    return True


def write(merged: Merged, target: Path, registry: Registry) -> list[str]:
    """Publish the results with their predictions; remarks on what is lacking. Raises StoreError as `publish` does."""
    made: list[Any] = []
    for source in merged.sources:
        made += [one for one in _made(source.folder) if one not in made]
    whole = [file_digest(source.folder / session.RESULTS) for source in merged.sources]
    about = {"command": environment.command(), "git": environment.git(), "made": made, "merged": whole}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        session.write(folder / session.RESULTS, "".join(journal.line(result) for result in merged.results))
        session.write(folder / session.ENVIRONMENT, json.dumps(about, indent=1, sort_keys=True) + "\n")
        session.seal(folder)
        suite = merged.sources[0].suite
        if suite is not None:
            session.write_suite(suite, folder)
        return publish(folder, target, registry)


def _made(folder: Path) -> list[Any]:
    """What a folder says that its trainings were made with; nothing where it does not."""
    try:
        about = json.loads((folder / session.ENVIRONMENT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    found = about.get("made") if isinstance(about, dict) else None
    return found if isinstance(found, list) else []


def to_text(conflicts: Sequence[Conflict]) -> str:
    """A table of conflicts: a line for each thing that is told, that of the preferred source first."""
    head = ["cell", "score", "n", "differ in", "told by"]
    lines = []
    for conflict in conflicts:
        for told in conflict.told:
            of, by = told.result, ", ".join(map(str, told.by))
            score = number(of.main_score, 4) if of.status is Status.OK else escape(f"{of.status}: {of.reason}")
            about = escape(", ".join(conflict.fields).replace("_", " "))
            lines.append([escape(str(conflict.cell)), score, str(of.n_examples), about, escape(by)])
    return grid(head, lines, {"cell", "differ in", "told by"})
