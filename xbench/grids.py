"""Scored results, apart by data and training: what may stand in one table."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np

from xbench import names
from xbench.cell import Result
from xbench.errors import StoreError
from xbench.items import Values, unpack
from xbench.standings import Dataset, targets

Named = tuple[str, str]  # the model and the recipe of a row
_Prints = Mapping[str, tuple[str, int]]  # language -> fingerprint and size of its test examples


@dataclass
class Grid:
    """The scored results of one table: (model, recipe) -> language -> seed -> result."""

    source: str
    dataset: Dataset
    task: str = ""
    prints: dict[str, tuple[str, int]] = field(default_factory=dict)
    variants: dict[Named, str] = field(default_factory=dict)
    cells: dict[Named, dict[str, dict[int, Result]]] = field(default_factory=dict)
    failed: frozenset[str] = frozenset()  # languages in which one of the rows failed; none may have a score in them

    def takes(self, result: Result, prints: _Prints) -> bool:
        """Whether the result's row can stand here: on these data, and of the training that is here already."""
        known, variant = self.prints, _variant(result)
        same = self.dataset == Dataset.of(result) and self.variants.get(_named(result), variant) == variant
        return same and all(known.get(at, mark) == mark for at, mark in prints.items())

    def add(self, result: Result, mark: tuple[str, int]) -> None:
        """Take a result whose test examples have this fingerprint and size."""
        self.prints[result.cell.target] = mark
        self.variants[_named(result)] = _variant(result)
        row = self.cells.setdefault(_named(result), {})
        row.setdefault(result.cell.target, {})[result.cell.seed] = result

    def all(self) -> list[Result]:
        """Every result."""
        return [result for row in self.cells.values() for seeds in row.values() for result in seeds.values()]

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages there are and those that failed, the source first."""
        return tuple(sorted(self.prints.keys() | self.failed, key=lambda language: (language != self.source, language)))

    @property
    def targets(self) -> tuple[str, ...]:
        """The languages that averages are over."""
        return targets(self.languages, self.source)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds there are."""
        return tuple(sorted({result.cell.seed for result in self.all()}))

    def scores(self, row: Named) -> dict[str, float]:
        """The mean over seeds by language."""
        return {at: _mean(by_seed) for at, by_seed in self.cells.get(row, {}).items()}

    def lacking(self, row: Named, languages: Iterable[str], seeds: Iterable[int]) -> dict[tuple[int, ...], list[str]]:
        """Seeds that a row lacks -> the languages it lacks them in."""
        found: dict[tuple[int, ...], list[str]] = {}
        wanted, cells = tuple(seeds), self.cells.get(row, {})
        for language in languages:
            absent = tuple(seed for seed in wanted if seed not in cells.get(language, {}))
            if absent:
                found.setdefault(absent, []).append(language)
        return found

    def items(self, row: Named) -> dict[str, Values]:
        """Values per example of the languages that have them for every seed: (seeds, examples[, 2]), two or more.

        Raises StoreError when they are broken.
        """
        found = {}
        for language, by_seed in self.cells[row].items():
            results = [by_seed[seed] for seed in self.seeds if seed in by_seed and by_seed[seed].items]
            if len(results) == len(self.seeds) and self.prints[language][1] > 1:
                found[language] = np.stack([_unpacked(result) for result in results])
        return found


def apart(results: Iterable[Result]) -> list[Grid]:
    """Results of one task and source apart: in a grid, a language has one fingerprint and size, a row one variant.

    A row's variant of most results comes first, so that what is left of former trainings stands together.
    """
    results = list(results)
    sizes = Counter((Dataset.of(result), _named(result), _variant(result)) for result in results)

    def run(result: Result) -> tuple[Dataset, Named, int, str, int]:
        dataset, named, variant = Dataset.of(result), _named(result), _variant(result)
        return dataset, named, -sizes[dataset, named, variant], variant, result.cell.seed

    grids: list[Grid] = []
    for _, each in groupby(sorted(results, key=run), key=run):
        members = list(each)
        prints = {r.cell.target: (str(r.dataset.get("fingerprint", "")), r.n_examples) for r in members}
        grid = next((grid for grid in grids if grid.takes(members[0], prints)), None)
        if grid is None:
            grid = Grid(members[0].cell.source, Dataset.of(members[0]), _task(members[0]))
            grids.append(grid)
        for result in members:
            grid.add(result, prints[result.cell.target])
    return grids


def with_failures(grid: Grid, results: Iterable[Result]) -> Grid:
    """The grid with the languages in which rows of it failed: a mean that left them out would be of fewer."""
    return replace(grid, failed=frozenset(result.cell.target for result in results if _named(result) in grid.cells))


def _named(result: Result) -> Named:
    return result.cell.model, result.cell.recipe


def _variant(result: Result) -> str:
    """What the training is, apart from its seed and its pairwise target."""
    return str(result.keys.get("variant", ""))


def _task(result: Result) -> str:
    """The task as a suite names it: by its own name where the cell's is that of a sample."""
    asked = names.parse(result.cell.task)
    return str(names.Name(str(result.dataset.get("task", asked.name)), asked.options))


def _mean(by_seed: Mapping[int, Result]) -> float:
    return float(np.mean([by_seed[seed].main_score for seed in sorted(by_seed)]))


def _unpacked(result: Result) -> Values:
    try:
        items = unpack(result.items)
    except StoreError as error:
        raise StoreError(f"{result.cell}: {error}") from error
    if len(items) != result.n_examples:
        sizes = f"{len(items)} scores for {result.n_examples} examples"
        raise StoreError(f"{result.cell}: {sizes}; run the cell again")
    return items
