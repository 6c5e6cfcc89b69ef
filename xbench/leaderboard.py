"""The leaderboard, a pure function of results and suite: a table per task, source and data; a row per recipe."""

import itertools
from collections.abc import Iterable, Sequence, Set
from dataclasses import replace
from math import isfinite

import numpy as np

from xbench import names
from xbench.cell import Result, Status
from xbench.crossings import matrices
from xbench.errors import UsageError
from xbench.grids import Grid, apart, with_failures
from xbench.notes import APART, incidents, remarks, served
from xbench.ranking import ranked
from xbench.references import Reference
from xbench.standings import Board, Dataset, Estimate, Row, Table
from xbench.suite import Suite
from xbench.summary import summaries

UNREAD = (
    "readings: none were taken; they want pairs that no fit has read, enough of them, and an encoder of a known type"
)


def board(
    results: Iterable[Result],
    suite: Suite | None = None,
    references: Iterable[Reference] = (),
    readings: bool = False,
    baseline: str = "",
) -> Board:
    """The board. Of two records of a cell the later counts; beyond that the order of results does not matter.

    A cell without a score has no test data to go by: every table of its task and source names it in a note.
    A `suite` of several tasks gives them summaries; `references` are taken as they are, and change nothing. With
    `readings` the rows have what diagnostics say of their encoders. `baseline` is a recipe that the other rows of its
    model are compared with, see `ranking`.
    Raises StoreError when a result's values per example are broken, UsageError when no row is such a baseline.
    """
    baseline = names.join_recipe(names.parse_recipe(baseline)) if baseline else ""
    last = {result.cell: _checked(result) for result in results}
    ordered = sorted(last.values(), key=lambda result: (result.cell.task, result.cell.source, result.cell))
    if baseline and baseline not in (recipes := {result.cell.recipe for result in ordered}):
        raise UsageError(f"no row has the recipe {baseline}; there are {', '.join(sorted(recipes)) or 'none'}")
    tables: list[Table] = []
    scored: dict[str, list[Grid]] = {}
    for (task, source), each in itertools.groupby(ordered, key=lambda result: (result.cell.task, result.cell.source)):
        block = list(each)
        failed = [result for result in block if result.status is Status.FAILED]
        grids = [with_failures(grid, failed) for grid in apart(r for r in block if r.status is Status.OK)]
        notes = [*served(task), *incidents([result for result in block if result.status is not Status.OK])]
        if len(grids) > 1:
            notes.append(APART)
        tables += [_table(task, grid, notes, readings, baseline) for grid in grids or [Grid(source, Dataset())]]
        scored.setdefault(task, []).extend(grids)
    crossed = tuple(matrix for task, grids in scored.items() for matrix in matrices(task, grids))
    summed = summaries(suite, itertools.chain(*scored.values())) if suite else ()
    return Board(tuple(tables), summed, tuple(references), matrices=crossed)


def _checked(result: Result) -> Result:
    if result.status is not Status.OK or (result.main_score is not None and isfinite(result.main_score)):
        return result
    return replace(result, status=Status.FAILED, reason="its score is not a finite number")


def _table(task: str, grid: Grid, notes: Sequence[str], readings: bool, baseline: str) -> Table:
    rows = [_row(model, recipe, grid) for model, recipe in sorted(grid.cells)]
    if readings:
        rows = [replace(row, readings=_readings(grid, (row.model, row.recipe))) for row in rows]
        notes = notes if any(row.readings for row in rows) else (*notes, UNREAD)
    table = Table(
        task=task,
        source=grid.source,
        dataset=grid.dataset,
        languages=grid.languages,
        sizes={language: size for language, (_, size) in grid.prints.items()},
        fingerprints={language: print_ for language, (print_, _) in grid.prints.items()},
        rows=tuple(rows),
        majority=_majority(grid),
        notes=(),
    )
    items = [grid.items((row.model, row.recipe)) if row.average.value is not None else {} for row in rows]
    table = ranked(table, items, baseline)
    return replace(table, notes=(*remarks(table, grid.all()), *notes))


def _row(model: str, recipe: str, grid: Grid) -> Row:
    cells, scores = grid.cells[model, recipe], grid.scores((model, recipe))
    seeds = tuple(sorted({seed for by_seed in cells.values() for seed in by_seed}))
    supervision: dict[str, dict[str, int]] = {}
    for result in (result for by_seed in cells.values() for result in by_seed.values()):
        for kind, counts in result.supervision.items():
            known = supervision.setdefault(kind, {})
            known.update({language: max(n, known.get(language, 0)) for language, n in counts.items()})
    full = {language for language, by_seed in cells.items() if tuple(sorted(by_seed)) == grid.seeds}
    row = Row(model, recipe, {at: scores[at] for at in grid.languages if at in scores}, seeds, supervision)
    return _averaged(row, full, grid)


def _readings(grid: Grid, row: tuple[str, str]) -> dict[str, float]:
    """Means over targets and seeds of what diagnostics say of the encoder, by name."""
    found: dict[str, list[float]] = {}
    for result in (result for by_seed in grid.cells[row].values() for result in by_seed.values()):
        for name, value in result.diagnostics.get("encoder", {}).get("readings", {}).items():
            found.setdefault(name, []).append(value)
    return {name: _mean(values) for name, values in found.items()}


def _averaged(row: Row, full: Set[str], grid: Grid) -> Row:
    """The row with those averages that lack no language and no seed: a smaller average is worse than none."""
    if not grid.targets or not full >= set(grid.targets):
        return row
    average = _mean([row.scores[language] for language in grid.targets])
    row = replace(row, average=Estimate(average))
    if grid.source not in full or grid.source in grid.targets:
        return row
    with_source = _mean([row.scores[language] for language in grid.languages])
    return replace(row, average_with_source=with_source, gap=Estimate(row.scores[grid.source] - average))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def _majority(grid: Grid) -> tuple[Row, ...]:
    """Always answering the commonest training label: a row per label, for test scores must not choose one."""
    found: dict[str, dict[str, float]] = {}
    for result in grid.all():
        if result.baseline.get("score") is not None:
            scores = found.setdefault(str(result.baseline.get("majority", "")), {})
            scores.setdefault(result.cell.target, float(result.baseline["score"]))
    rows = []
    for label, scores in sorted(found.items()):
        ordered = {language: scores[language] for language in grid.languages if language in scores}
        rows.append(_averaged(Row("majority class", label, ordered), scores.keys(), grid))
    return tuple(rows)
