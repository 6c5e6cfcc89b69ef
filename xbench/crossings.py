"""Transfer matrices: the tables of one task whose sources differ, put together by model and recipe."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from xbench.estimates import UNKNOWN, Dataset, Estimate
from xbench.grids import Grid, Named
from xbench.matrix import Matrix
from xbench.statistics import Bootstrap, Interval, bootstrap

_Group = Mapping[str, Grid]  # by source: one grid of each, all on the same test examples


def matrices(task: str, grids: Iterable[Grid]) -> tuple[Matrix, ...]:
    """The matrices of a task, by data, model and recipe; none where there are not several sources on the same examples.

    Of data with several sets of test examples, those of most sources count. Raises StoreError when a result's values
    per example are broken.
    """
    chosen: dict[Dataset, _Group] = {}
    for group in _groups(grids):
        data = next(iter(group.values())).dataset
        if len(group) > len(chosen.get(data, {})):
            chosen[data] = group
    return tuple(made for group in chosen.values() if len(group) > 1 for made in _of_group(task, group))


def _groups(grids: Iterable[Grid]) -> list[_Group]:
    """Grids that may stand in one matrix; of a source's tables on the same examples, that of most results first."""
    groups: list[dict[str, Grid]] = []
    for grid in sorted(grids, key=lambda grid: (grid.dataset, -len(grid.all()))):
        fitting = (group for group in groups if grid.source not in group and _fits(grid, group))
        group = next(fitting, None)
        if group is None:
            groups.append({grid.source: grid})
        else:
            group[grid.source] = grid
    return [dict(sorted(group.items())) for group in groups]


def _fits(grid: Grid, group: _Group) -> bool:
    """Whether data and metric are those of the group, and a language's test examples are the same."""
    return all(
        grid.dataset == other.dataset and all(other.prints.get(at, mark) == mark for at, mark in grid.prints.items())
        for other in group.values()
    )


def _of_group(task: str, group: _Group) -> list[Matrix]:
    """Rows of the same seeds are drawn together: they share the draws of an example, and the time that these take."""
    batches: dict[tuple[int, ...], list[_Crossed]] = {}
    for named in sorted({named for grid in group.values() for named in grid.cells}):
        crossed = _crossed(task, named, group)
        batches.setdefault(crossed.seeds, []).append(crossed)
    made = []
    for batch in batches.values():
        items = [grid.items(crossed.named) for crossed in batch for grid in crossed.grids.values()]
        drawn = bootstrap(items, parallel=next(iter(group.values())).dataset.parallel)
        first = 0
        for crossed in batch:
            made.append(_Field(crossed, drawn, first).matrix())
            first += len(crossed.grids)
    return sorted(made, key=lambda matrix: (matrix.model, matrix.recipe))


@dataclass(frozen=True)
class _Crossed:
    """A model and a recipe in the grids of its sources, each cut to that row and the seeds that all have."""

    task: str
    named: Named
    seeds: tuple[int, ...]
    targets: tuple[str, ...]
    grids: _Group


def _crossed(task: str, named: Named, group: _Group) -> _Crossed:
    there = {source: grid for source, grid in group.items() if named in grid.cells}
    trained = [{seed for by_seed in grid.cells[named].values() for seed in by_seed} for grid in there.values()]
    seeds = tuple(sorted(set.intersection(*trained)))
    spoken = {language for grid in group.values() for language in grid.languages}
    targets = (*group, *sorted(spoken - set(group)))
    return _Crossed(task, named, seeds, targets, {at: _cut(grid, named, seeds) for at, grid in there.items()})


def _cut(grid: Grid, named: Named, seeds: tuple[int, ...]) -> Grid:
    whole = {
        language: {seed: by_seed[seed] for seed in seeds}
        for language, by_seed in grid.cells[named].items()
        if seeds and by_seed.keys() >= set(seeds)
    }
    return replace(grid, cells={named: whole})


@dataclass(frozen=True)
class _Field:
    """A row in several sources and the draws, of which its own begin at `first`, a source after the other."""

    crossed: _Crossed
    drawn: Bootstrap
    first: int

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(self.crossed.grids)

    @cached_property
    def values(self) -> dict[str, dict[str, float]]:
        return {source: grid.scores(self.crossed.named) for source, grid in self.crossed.grids.items()}

    def matrix(self) -> Matrix:
        """The matrix."""
        crossed, best = self.crossed, dict(self._best())
        to_best = {source: self._to_best(source, best) for source in self.sources}
        model, recipe = crossed.named
        return Matrix(
            task=crossed.task,
            dataset=next(iter(crossed.grids.values())).dataset,
            model=model,
            recipe=recipe,
            sources=self.sources,
            targets=crossed.targets,
            seeds=crossed.seeds,
            scores={source: self._scores(source) for source in self.sources},
            averages={source: self._average(source) for source in self.sources},
            best=best,
            to_best=to_best,
            ties={target: tuple(at for at in self.sources if _tie(to_best[at].get(target))) for target in best},
        )

    def _scores(self, source: str) -> dict[str, Estimate]:
        there = self.values[source]
        return {at: Estimate(there[at], self._interval(source, [at])) for at in self.crossed.targets if at in there}

    def _average(self, source: str) -> Estimate:
        targets = [target for target in self.crossed.grids[source].languages if target != source]
        values = [self.values[source][target] for target in targets if target in self.values[source]]
        if not targets or len(values) < len(targets):
            return UNKNOWN
        return Estimate(float(np.mean(values)), self._interval(source, targets))

    def _interval(self, source: str, targets: Sequence[str]) -> Interval | None:
        index = self._index(source)
        return self.drawn.average(index, targets).interval if self.drawn.has(index, targets) else None

    def _index(self, source: str) -> int:
        return self.first + self.sources.index(source)

    def _best(self) -> Iterator[tuple[str, str]]:
        """Target -> its best source, the first by name of equally good ones."""
        sign = 1 if next(iter(self.crossed.grids.values())).dataset.higher_is_better else -1
        for target in self.crossed.targets:
            there = {at: sign * of[target] for at, of in self.values.items() if target in of and at != target}
            if len(there) > 1:
                yield target, max(there, key=lambda source: there[source])

    def _to_best(self, source: str, best: Mapping[str, str]) -> dict[str, Estimate]:
        """Target -> how far the source is behind the best one, on the same draws."""
        found = {}
        for target, top in best.items():
            if target in self.values[source] and source not in (target, top):
                one, two = self._index(source), self._index(top)
                both = self.drawn.has(one, [target]) and self.drawn.has(two, [target])
                interval = self.drawn.difference(one, two, [target]).interval if both else None
                found[target] = Estimate(self.values[source][target] - self.values[top][target], interval)
        return found


def _tie(found: Estimate | None) -> bool:
    return found is not None and found.interval is not None and found.interval.covers(0.0)
