"""What a suite of several tasks comes to: the scores of its tasks, its groups and itself, by model and recipe.

As XTREME's `evaluate.py` adds up (Hu et al. 2020, https://arxiv.org/abs/2003.11080): means over languages include the
source, and what is not complete has no score.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

import numpy as np

from xbench import names
from xbench.contracts import Origin
from xbench.grids import Grid, Named
from xbench.items import Values
from xbench.notes import listed
from xbench.ranks import places
from xbench.standings import Estimate, SuiteRow, Summary
from xbench.statistics import bootstrap, effect
from xbench.suite import Suite


def summaries(suite: Suite, grids: Iterable[Grid]) -> tuple[Summary, ...]:
    """A summary per source of a suite of two or more tasks; samples, which rank nothing, have one of their own."""
    wanted = [str(names.parse(task)) for task in suite.tasks]
    parts: dict[tuple[str, bool], list[Grid]] = {}
    for grid in grids:
        if grid.task in wanted and len(wanted) > 1:
            parts.setdefault((grid.source, grid.dataset.origin == Origin.SAMPLE), []).append(grid)
    return tuple(_summary(suite, sample, parts[source, sample]) for source, sample in sorted(parts))


def _summary(suite: Suite, sample: bool, grids: Sequence[Grid]) -> Summary:
    columns, notes = _columns(suite, grids)
    rows = sorted({row for grid in grids for row in grid.cells})
    seeds = tuple(sorted({seed for column in columns.values() for seed in column.seeds}))
    made = [_row(suite, row, {task: column.score(row, seeds) for task, column in columns.items()}) for row in rows]
    return Summary(
        suite=f"{suite.name}-sample" if sample else suite.name,
        source=grids[0].source,
        average=suite.average,
        languages={task: column.languages for task, column in columns.items()},
        metrics={task: column.metric for task, column in columns.items()},
        groups=suite.groups,
        seeds=seeds,
        rows=_ranked(made, _drawn(suite, columns, made)),
        notes=(
            *([suite.remark] if suite.remark else []),
            *notes,
            *_incomplete(columns, rows, seeds),
            *(_partial(suite, columns, row) for row in made if None in row.tasks.values()),
        ),
    )


@dataclass(frozen=True)
class _Column:
    """A task of the suite: the languages its score is over, and its results, if there are any."""

    languages: tuple[str, ...]
    grid: Grid | None

    @property
    def seeds(self) -> tuple[int, ...]:
        return self.grid.seeds if self.grid else ()

    @property
    def metric(self) -> str:
        return self.grid.dataset.metric if self.grid else ""

    def lacking(self, row: Named, seeds: tuple[int, ...]) -> str:
        """What keeps the row from having a score, as text; empty where it has one."""
        if not self.languages:
            return "the languages, which the suite does not name"
        if self.grid is None or row not in self.grid.cells:
            return "every language"
        if not self.grid.dataset.higher_is_better:
            return f"a metric of which more is better, which {self.metric} is not"
        return listed(self.grid.lacking(row, self.languages, seeds))

    def score(self, row: Named, seeds: tuple[int, ...]) -> float | None:
        """The mean over languages, None where something is lacking."""
        if self.grid is None or self.lacking(row, seeds):
            return None
        scores = self.grid.scores(row)
        return float(np.mean([scores[language] for language in self.languages]))


def _columns(suite: Suite, grids: Iterable[Grid]) -> tuple[dict[str, _Column], list[str]]:
    """The tasks by the shortest name that tells them apart, and notes: rows of different data are not compared."""
    often = Counter(names.parse(task).name for task in suite.tasks)
    columns, notes = {}, []
    for task in map(names.parse, suite.tasks):
        title = task.name if often[task.name] == 1 else str(task)
        of = [grid for grid in grids if grid.task == str(task)]
        largest = max(of, key=lambda grid: len(grid.all()), default=None)
        columns[title] = _Column(suite.languages.get(task.name, ()), largest)
        if title != str(task):
            notes.append(f"{title} is {task}")
        if largest and any(result.dataset.get("note") for result in largest.all()):
            notes.append(f"{title}: its test data have notes, under its table")
        if len(of) > 1:
            notes.append(f"{title}: of its {len(of)} tables, which are not compared, the one of most results counts")
    return columns, notes


def _row(suite: Suite, row: Named, tasks: Mapping[str, float | None]) -> SuiteRow:
    groups, score = _averages(suite, tasks)
    return SuiteRow(*row, tasks, groups, Estimate(score))


def _averages(suite: Suite, tasks: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
    """The groups' scores and the suite's of its tasks', which are numbers or draws; None where one is lacking."""
    groups = {group: _mean([tasks[task] for task in members]) for group, members in suite.groups.items()}
    return groups, _mean(list((groups if suite.average == "groups" else tasks).values()))


def _mean(values: Sequence[Any]) -> Any:
    if any(value is None for value in values):
        return None
    mean = np.mean(values, axis=0)
    return mean if mean.ndim else float(mean)


def _incomplete(columns: Mapping[str, _Column], rows: Iterable[Named], seeds: tuple[int, ...]) -> list[str]:
    """A line per task and what is lacking: `udpos: no score of xlmr finetune, for want of kk, th (seed 0)`."""
    found: dict[tuple[str, str], list[str]] = {}
    for task, column in columns.items():
        for row in rows:
            lacking = column.lacking(row, seeds)
            if lacking:
                found.setdefault((task, lacking), []).append(" ".join(row))
    return [f"{task}: no score of {', '.join(of)}, for want of {lacking}" for (task, lacking), of in found.items()]


def _partial(suite: Suite, columns: Mapping[str, _Column], row: SuiteRow) -> str:
    """The scores of a row that lacks something over what it has, said to be that: they compare with no other."""
    found: dict[str, float | None] = {}
    told = []
    for task, column in columns.items():
        scores = column.grid.scores((row.model, row.recipe)) if column.grid else {}
        there = [scores[language] for language in column.languages if language in scores]
        found[task] = float(np.mean(there)) if there else None
        told += [f"{task} {found[task]:.1f} ({len(there)} of {len(column.languages)} languages)"] if there else []
    groups, score = _averages(suite, found)
    told += [f"group {group} {value:.1f}" for group, value in groups.items() if value is not None]
    told += [f"the suite {score:.1f}"] if score is not None else []
    about = f"{row.model} {row.recipe} over what is there, which is no official score and compares with no other row's"
    return f"{about}: {', '.join(told) or 'nothing'}"


def _drawn(suite: Suite, columns: Mapping[str, _Column], rows: Sequence[SuiteRow]) -> list[Values | None]:
    """The suite's score and its draws, (seeds, 1 + draws), of each row; None where they or values per example lack."""
    complete = [row for row in rows if row.score.value is not None]
    tasks: dict[str, list[Values | None]] = {}
    for task, column in columns.items():
        every = [_items(column, (row.model, row.recipe)) for row in complete]
        drawn = bootstrap(every, parallel=bool(column.grid and column.grid.dataset.parallel), task=task)
        there = [drawn.has(at, column.languages) for at in range(len(complete))]
        tasks[task] = [drawn.over(at, column.languages) if has else None for at, has in enumerate(there)]
    draws = [_averages(suite, {task: tasks[task][at] for task in tasks})[1] for at in range(len(complete))]
    found = iter(draws)
    return [None if row.score.value is None else next(found) for row in rows]


def _items(column: _Column, row: Named) -> dict[str, Values]:
    items = column.grid.items(row) if column.grid else {}
    return {language: items[language] for language in column.languages if language in items}


def _ranked(rows: Sequence[SuiteRow], draws: Sequence[Values | None]) -> tuple[SuiteRow, ...]:
    """Rows with intervals and ranks, best first: those that tie with the best share its rank, as in a table."""
    merits = [-inf if row.score.value is None else row.score.value for row in rows]
    best = merits.index(max(merits))
    placed = []
    for at, row in enumerate(rows):
        if merits[at] > -inf:
            own, better = draws[at], sum(merit > merits[at] for merit in merits)
            row = replace(row, score=Estimate(merits[at], None if own is None else effect(own).interval))
            if at != best:
                row = _compared(row, merits[at] - merits[best], own, draws[best])
            row = replace(row, rank=1 if row.tie else 1 + better)
        placed.append(row)
    order = sorted(range(len(rows)), key=lambda at: (-merits[at], rows[at].model, rows[at].recipe))
    whole = [at for at in order if draws[at] is not None]
    unknown = sum(merits[at] > -inf for at in order) - len(whole)
    for at, place in zip(whole, places([own for at in whole if (own := draws[at]) is not None]), strict=True):
        placed[at] = replace(placed[at], place=replace(place, worst=place.worst + unknown))
    return tuple(placed[at] for at in order)


def _compared(row: SuiteRow, difference: float, own: Values | None, best: Values | None) -> SuiteRow:
    """The row with its difference to the best row."""
    found = None if own is None or best is None else effect(own - best).interval
    return replace(row, to_best=Estimate(difference, found), tie=found is not None and found.covers(0.0))
