"""The leaderboard, a pure function of the results: a table per task, source and data; a row per recipe."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import groupby
from math import isfinite

import numpy as np

from xbench.cell import Result, Status
from xbench.errors import StoreError
from xbench.items import Values, unpack
from xbench.notes import APART, incidents, remarks
from xbench.standings import Board, Dataset, Estimate, Row, Table, ranked, targets

_Prints = Mapping[str, tuple[str, int]]  # language -> fingerprint and size of its test examples


@dataclass
class _Grid:
    """The scored results of one table: (model, recipe) -> language -> seed -> result."""

    source: str
    dataset: Dataset
    prints: dict[str, tuple[str, int]] = field(default_factory=dict)
    variants: dict[tuple[str, str], str] = field(default_factory=dict)
    cells: dict[tuple[str, str], dict[str, dict[int, Result]]] = field(default_factory=dict)

    def takes(self, result: Result, prints: _Prints) -> bool:
        """Whether the result's row can stand here: on these data, and of the training that is here already."""
        known, variant = self.prints, _variant(result)
        same = self.dataset == Dataset.of(result) and self.variants.get(_named(result), variant) == variant
        return same and all(known.get(at, mark) == mark for at, mark in prints.items())

    def add(self, result: Result, mark: tuple[str, int]) -> None:
        self.prints[result.cell.target] = mark
        self.variants[_named(result)] = _variant(result)
        row = self.cells.setdefault(_named(result), {})
        row.setdefault(result.cell.target, {})[result.cell.seed] = result

    def all(self) -> list[Result]:
        return [result for row in self.cells.values() for seeds in row.values() for result in seeds.values()]

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(sorted(self.prints, key=lambda language: (language != self.source, language)))

    @property
    def targets(self) -> tuple[str, ...]:
        return targets(self.languages, self.source)

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(sorted({result.cell.seed for result in self.all()}))


def board(results: Iterable[Result]) -> Board:
    """The board. Of two records of a cell the later counts; beyond that the order of results does not matter.

    A cell without a score has no test data to go by: every table of its task and source names it in a note.
    Raises StoreError when a result's values per example are broken.
    """
    last = {result.cell: _checked(result) for result in results}
    ordered = sorted(last.values(), key=lambda result: (result.cell.task, result.cell.source, result.cell))
    tables = []
    for (task, source), each in groupby(ordered, key=lambda result: (result.cell.task, result.cell.source)):
        block = list(each)
        grids = _grids([result for result in block if result.status is Status.OK])
        notes = incidents([result for result in block if result.status is not Status.OK])
        if len(grids) > 1:
            notes.append(APART)
        tables += [_table(task, grid, notes) for grid in grids or [_Grid(source, Dataset())]]
    return Board(tuple(tables))


def _checked(result: Result) -> Result:
    if result.status is not Status.OK or (result.main_score is not None and isfinite(result.main_score)):
        return result
    return replace(result, status=Status.FAILED, reason="its score is not a finite number")


def _grids(results: Iterable[Result]) -> list[_Grid]:
    """Results apart by data and training: in a grid, a language has one fingerprint and size, a row one variant.

    A row's variant of most results comes first, so that what is left of former trainings stands together.
    """
    results = list(results)
    sizes = Counter((Dataset.of(result), _named(result), _variant(result)) for result in results)

    def run(result: Result) -> tuple[Dataset, tuple[str, str], int, str, int]:
        dataset, named, variant = Dataset.of(result), _named(result), _variant(result)
        return dataset, named, -sizes[dataset, named, variant], variant, result.cell.seed

    grids: list[_Grid] = []
    for _, each in groupby(sorted(results, key=run), key=run):
        members = list(each)
        prints = {r.cell.target: (str(r.dataset.get("fingerprint", "")), r.n_examples) for r in members}
        grid = next((grid for grid in grids if grid.takes(members[0], prints)), None)
        if grid is None:
            grid = _Grid(members[0].cell.source, Dataset.of(members[0]))
            grids.append(grid)
        for result in members:
            grid.add(result, prints[result.cell.target])
    return grids


def _named(result: Result) -> tuple[str, str]:
    return result.cell.model, result.cell.recipe


def _variant(result: Result) -> str:
    """What the training is, apart from its seed and its pairwise target."""
    return str(result.keys.get("variant", ""))


def _table(task: str, grid: _Grid, notes: Sequence[str]) -> Table:
    rows = [_row(model, recipe, grid) for model, recipe in sorted(grid.cells)]
    table = Table(
        task=task,
        source=grid.source,
        dataset=grid.dataset,
        languages=grid.languages,
        sizes={language: grid.prints[language][1] for language in grid.languages},
        fingerprints={language: grid.prints[language][0] for language in grid.languages},
        rows=tuple(rows),
        majority=_majority(grid),
        notes=(),
    )
    table = ranked(table, [_items(row, grid) for row in rows])
    return replace(table, notes=(*remarks(table, grid.all()), *notes))


def _row(model: str, recipe: str, grid: _Grid) -> Row:
    cells = grid.cells[model, recipe]
    scores = {at: _mean([by_seed[s].main_score for s in sorted(by_seed)]) for at, by_seed in cells.items()}
    seeds = tuple(sorted({seed for by_seed in cells.values() for seed in by_seed}))
    supervision: dict[str, dict[str, int]] = {}
    for result in (result for by_seed in cells.values() for result in by_seed.values()):
        for kind, counts in result.supervision.items():
            known = supervision.setdefault(kind, {})
            known.update({language: max(n, known.get(language, 0)) for language, n in counts.items()})
    full = {language for language, by_seed in cells.items() if tuple(sorted(by_seed)) == grid.seeds}
    row = Row(model, recipe, {at: scores[at] for at in grid.languages if at in scores}, seeds, supervision)
    return _averaged(row, full, grid)


def _averaged(row: Row, full: Set[str], grid: _Grid) -> Row:
    """The row with those averages that lack no language and no seed: a smaller average is worse than none."""
    if not grid.targets or not full >= set(grid.targets):
        return row
    average = _mean([row.scores[language] for language in grid.targets])
    row = replace(row, average=Estimate(average))
    if grid.source not in full or grid.source in grid.targets:
        return row
    with_source = _mean([row.scores[language] for language in grid.languages])
    return replace(row, average_with_source=with_source, gap=Estimate(row.scores[grid.source] - average))


def _mean(values: Sequence[float | None]) -> float:
    return float(np.mean([value for value in values if value is not None]))


def _majority(grid: _Grid) -> tuple[Row, ...]:
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


def _items(row: Row, grid: _Grid) -> dict[str, Values]:
    """Values per example of the languages that have them for every seed: (seeds, examples[, 2]), two or more."""
    found = {}
    for language, by_seed in grid.cells[row.model, row.recipe].items():
        results = [by_seed[seed] for seed in grid.seeds if seed in by_seed and by_seed[seed].items]
        if row.average.value is not None and len(results) == len(grid.seeds) and grid.prints[language][1] > 1:
            found[language] = np.stack([_unpacked(result) for result in results])
    return found


def _unpacked(result: Result) -> Values:
    try:
        items = unpack(result.items)
    except StoreError as error:
        raise StoreError(f"{result.cell}: {error}") from error
    if len(items) != result.n_examples:
        sizes = f"{len(items)} scores for {result.n_examples} examples"
        raise StoreError(f"{result.cell}: {sizes}; run the cell again")
    return items
