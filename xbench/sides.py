"""The two sides of a comparison: which rows are compared, and task by task what of them can be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xbench import session
from xbench.cell import Result, Status
from xbench.errors import UsageError
from xbench.exports import Choice
from xbench.grids import Grid, apart
from xbench.items import Values

Right = NDArray[np.bool_]
LETTERS = ("A", "B")


@dataclass(frozen=True)
class Side:
    """A model and a recipe, their scored results, and the folder from which results name their predictions."""

    folder: Path
    model: str
    recipe: str
    results: tuple[Result, ...]

    @property
    def name(self) -> tuple[str, str]:
        """The model and the recipe."""
        return self.model, self.recipe

    def grids(self) -> dict[tuple[str, str], list[Grid]]:
        """By task and source what may stand in one table, that of most results first."""
        blocks: dict[tuple[str, str], list[Result]] = {}
        for result in self.results:
            blocks.setdefault((result.cell.task, result.cell.source), []).append(result)
        return {at: sorted(apart(blocks[at]), key=lambda grid: -len(grid.all())) for at in sorted(blocks)}


def pairs(a: Path, b: Path, choice: Choice, other: Choice) -> list[tuple[Side, Side]]:
    """The rows to compare of two results folders or files, or of one.

    One row of each, whatever they are called; of several those of the same name. Of one folder they are two rows:
    all there are, or those that are chosen, and what is left beside one that is. Raises UsageError where this does
    not tell.
    """
    ours, theirs = _sides(a, choice), _sides(b, other)
    if a.resolve() == b.resolve():
        return [_within(ours, theirs)]
    if len(ours) == len(theirs) == 1:
        return [(ours[0], theirs[0])]
    known = {side.name: side for side in theirs}
    found = [(side, known[side.name]) for side in ours if side.name in known]
    if not found:
        raise UsageError(f"no row is in both; say which to compare, {_FLAGS} (A: {_rows(ours)}; B: {_rows(theirs)})")
    return found


_FLAGS = "with --model-a, --recipe-a, --model-b, --recipe-b"


def _within(ours: Sequence[Side], theirs: Sequence[Side]) -> tuple[Side, Side]:
    """Two rows of the same results."""
    if len(ours) == 2 and ours == theirs:
        return ours[0], ours[1]
    left = [side for side in ours if [side] != theirs]
    right = [side for side in theirs if [side] != ours]
    if len(left) != 1 or len(right) != 1:
        there = _rows([*ours, *(side for side in theirs if side not in ours)])
        raise UsageError(f"of one folder two rows are compared; say which, {_FLAGS} (there are: {there})")
    return left[0], right[0]


def _rows(sides: Iterable[Side]) -> str:
    return ", ".join(" ".join(side.name) for side in sides)


def _sides(path: Path, choice: Choice) -> list[Side]:
    """The rows of a results folder or file that are chosen, by name. Raises UsageError when there is none."""
    rows: dict[tuple[str, str], list[Result]] = {}
    scored = [result for result in session.read_results(path) if result.status is Status.OK]
    for result in scored:
        if choice.takes(result.cell):
            rows.setdefault((result.cell.model, result.cell.recipe), []).append(result)
    if not rows:
        there = ", ".join(sorted({f"{result.cell.model} {result.cell.recipe}" for result in scored})) or "no scores"
        raise UsageError(f"{path}: there are no scores of such a row; there are: {there}")
    folder = path if path.is_dir() else path.parent
    return [Side(folder, *name, tuple(results)) for name, results in sorted(rows.items())]


@dataclass(frozen=True)
class Match:
    """Results of two rows on one task and source: of each the same number of seeds, in the order they are compared.

    `grids` hold results of these seeds alone.
    """

    task: str
    source: str
    sides: tuple[Side, Side]
    grids: tuple[Grid, Grid]
    seeds: tuple[tuple[int, ...], tuple[int, ...]]

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of both, the source first."""
        return tuple(language for language in self.grids[0].languages if language in self.grids[1].prints)

    def results(self, language: str) -> tuple[Mapping[int, Result], Mapping[int, Result]]:
        """By seed, each side's results in a language."""
        one, other = (grid.cells[side.name][language] for grid, side in zip(self.grids, self.sides, strict=True))
        return one, other

    def obstacle(self, language: str) -> str:
        """What keeps the two scores in a language from being compared; empty where nothing does."""
        a, b = self.grids
        if a.dataset != b.dataset or a.prints[language] != b.prints[language]:
            return "the test data or the metric differ"
        for letter, by_seed, seeds in zip(LETTERS, self.results(language), self.seeds, strict=True):
            if len(by_seed) < len(seeds):
                return f"{letter} lacks a seed"
        return ""

    def items(self) -> tuple[dict[str, Values], dict[str, Values]]:
        """By language, each side's values per example, (seeds, examples[, 2]), where both have them to compare."""
        one, other = (grid.items(side.name) for grid, side in zip(self.grids, self.sides, strict=True))
        both = [at for at in self.languages if at in one and at in other and not self.obstacle(at)]
        return {at: one[at] for at in both}, {at: other[at] for at in both}


def match(at: tuple[str, str], sides: tuple[Side, Side], grids: tuple[Grid, Grid]) -> Match:
    """The results of seeds that both have; where there are none, of as many as the one with fewer has, in order."""
    known = [grid.seeds for grid in grids]
    shared = tuple(seed for seed in known[0] if seed in known[1])
    count = min(map(len, known))
    seeds = (shared, shared) if shared else (known[0][:count], known[1][:count])
    one, other = (_of(grid, which) for grid, which in zip(grids, seeds, strict=True))
    return Match(*at, sides, (one, other), seeds)


def _of(grid: Grid, seeds: Sequence[int]) -> Grid:
    (found,) = apart(result for result in grid.all() if result.cell.seed in seeds)
    return found


def right(values: Values, higher_is_better: bool = True) -> Right:
    """Where an example has all that it can have, (seeds, examples), from values of the shape of `Match.items`."""
    parts, wholes = (values, np.ones_like(values)) if values.ndim == 2 else (values[..., 0], values[..., 1])
    found: Right = parts == (wholes if higher_is_better else 0)
    return found
