"""What a leaderboard holds, and how its rows are ranked. `leaderboard` makes it, `render` prints it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf

from xbench.cell import Result
from xbench.items import Values
from xbench.references import Reference
from xbench.statistics import Bootstrap, Interval, bootstrap


@dataclass(frozen=True)
class Estimate:
    """A number and its 95 % interval; None is n/a."""

    value: float | None = None
    interval: Interval | None = None


@dataclass(frozen=True, order=True)
class Dataset:
    """What a table was measured on, and by which metric."""

    id: str = ""
    revision: str = ""
    split: str = ""
    origin: str = ""
    parallel: bool = False
    metric: str = ""
    higher_is_better: bool = True

    @classmethod
    def of(cls, result: Result) -> "Dataset":
        """What the result says of its test data and metric."""
        texts = {name: str(result.dataset.get(name, "")) for name in ("id", "revision", "split", "origin")}
        parallel = bool(result.dataset.get("parallel", False))
        metric, higher = result.main_metric, result.higher_is_better
        return cls(**texts, parallel=parallel, metric=metric, higher_is_better=higher)


@dataclass(frozen=True)
class Row:
    """A model and a recipe.

    `scores` are means over seeds by language; `average` is over the target languages, without the source.
    `gap` is the source's score minus that average. `supervision` is kind -> language -> count. `to_best` is
    this average minus the best row's, None for the best row; a `tie` is a difference whose interval covers
    zero. A row without `rank` has no average, or is the majority class. `readings` are means over targets and seeds of
    what diagnostics say of the encoder.
    """

    model: str
    recipe: str
    scores: Mapping[str, float]
    seeds: tuple[int, ...] = ()
    supervision: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    average: Estimate = Estimate()
    average_with_source: float | None = None
    gap: Estimate = Estimate()
    to_best: Estimate = Estimate()
    tie: bool = False
    rank: int | None = None
    readings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """Rows that may be compared: one task, one source, the same test examples, and each row of one training.

    `languages` stand with the source first; by language, `sizes` are numbers of test examples and
    `fingerprints` name them. `majority` has a row per label that trainings have most of, as a rule one.
    """

    task: str
    source: str
    dataset: Dataset
    languages: tuple[str, ...]
    sizes: Mapping[str, int]
    fingerprints: Mapping[str, str]
    rows: tuple[Row, ...]
    majority: tuple[Row, ...]
    notes: tuple[str, ...]

    @property
    def targets(self) -> tuple[str, ...]:
        """The languages that averages are over."""
        return targets(self.languages, self.source)

    @property
    def lines(self) -> tuple[Row, ...]:
        """All that is printed: the rows, then those of the majority class."""
        return (*self.rows, *self.majority)


def targets(languages: Iterable[str], source: str) -> tuple[str, ...]:
    """The languages without the source; the source itself where there is no other, as in a monolingual suite."""
    languages = tuple(languages)
    return tuple(language for language in languages if language != source) or languages


@dataclass(frozen=True)
class SuiteRow:
    """A model and a recipe on all tasks of a suite: official scores, 0..100, None where something is lacking.

    `tasks` and `groups` are scores by name, `score` the suite's. `to_best`, `tie` and `rank` are as of `Row`, by it.
    """

    model: str
    recipe: str
    tasks: Mapping[str, float | None]
    groups: Mapping[str, float | None]
    score: Estimate = Estimate()
    to_best: Estimate = Estimate()
    tie: bool = False
    rank: int | None = None


@dataclass(frozen=True)
class Summary:
    """The scores of a suite of several tasks from one source, over `languages` of each; `average` as of `Suite`.

    All are means over the same `seeds`. `languages` and `metrics` are by task.
    """

    suite: str
    source: str
    average: str
    languages: Mapping[str, tuple[str, ...]]
    metrics: Mapping[str, str]
    groups: Mapping[str, tuple[str, ...]]
    seeds: tuple[int, ...]
    rows: tuple[SuiteRow, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Board:
    """All tables, by task, source and data; above them what a suite of several tasks comes to, by source.

    `references` are published numbers: nothing else depends on them.
    """

    tables: tuple[Table, ...]
    summaries: tuple[Summary, ...] = ()
    references: tuple[Reference, ...] = ()


def ranked(table: Table, items: Sequence[Mapping[str, Values]]) -> Table:
    """The table with intervals, differences to the best row and ranks; best first, rows without average last.

    `items` are each row's values per example by language, shape (seeds, examples[, 2]); a row whose targets are
    not all there gets no interval. The best row and those that tie with it have rank 1, any other has one
    more than the number of rows with a better average.
    """
    sign = 1 if table.dataset.higher_is_better else -1
    merits = [-inf if row.average.value is None else sign * row.average.value for row in table.rows]
    best = merits.index(max(merits)) if merits else 0
    drawn = bootstrap(items, parallel=table.dataset.parallel)
    rows = []
    for index, row in enumerate(table.rows):
        if row.average.value is not None:
            better = sum(merit > merits[index] for merit in merits)
            row = _compared(_estimated(row, index, table, drawn), (index, best), table, drawn)
            row = replace(row, rank=1 if row.tie else 1 + better)
        rows.append(row)
    order = sorted(range(len(rows)), key=lambda at: (-merits[at], rows[at].model, rows[at].recipe))
    return replace(table, rows=tuple(rows[at] for at in order))


def _estimated(row: Row, index: int, table: Table, drawn: Bootstrap) -> Row:
    """The row with the intervals of its average and gap, where its values per example are there."""
    if not drawn.has(index, table.targets):
        return row
    row = replace(row, average=replace(row.average, interval=drawn.average(index, table.targets)))
    if row.gap.value is None or not drawn.has(index, [table.source]):
        return row
    return replace(row, gap=replace(row.gap, interval=drawn.gap(index, table.source, table.targets)))


def _compared(row: Row, pair: tuple[int, int], table: Table, drawn: Bootstrap) -> Row:
    """The row with its difference to the best row."""
    index, best = pair
    other = table.rows[best].average.value
    if index == best or row.average.value is None or other is None:
        return row
    found = None
    if drawn.has(index, table.targets) and drawn.has(best, table.targets):
        found = drawn.difference(index, best, table.targets)
    tie = found is not None and found.covers(0.0)
    return replace(row, to_best=Estimate(row.average.value - other, found), tie=tie)
