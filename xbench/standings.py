"""What a leaderboard holds. `leaderboard` makes it, `ranking` ranks its rows, `render` prints it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from xbench.estimates import UNKNOWN, Dataset, Estimate
from xbench.matrix import Matrix
from xbench.ranks import Place
from xbench.references import Reference
from xbench.statistics import Interval
from xbench.typology import Serving, Typology

__all__ = ["Board", "Comparison", "Dataset", "Estimate", "Row", "SuiteRow", "Summary", "Table", "targets"]


@dataclass(frozen=True)
class Comparison:
    """A row beside its baseline, the row of the same model with the recipe `baseline`, over the target languages.

    `average` and `languages` are differences of the averages and by language; where the interval of a language's
    own difference is all on one side of zero, it is `won` or `lost`. `p_values` are made good for all languages at
    once (Holm), and the row is called `better` or `worse` in those won or lost ones where they are up to 0.05.
    `detectable` is the difference of averages that as many examples and seeds would show four times out of five.
    """

    baseline: str
    average: Estimate
    detectable: float
    languages: Mapping[str, Estimate]
    p_values: Mapping[str, float]
    won: tuple[str, ...]
    lost: tuple[str, ...]
    better: tuple[str, ...]
    worse: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A model and a recipe.

    `scores` are means over seeds by language; `average` is over the target languages, without the source.
    `gap` is the source's score minus that average. `supervision` is kind -> language -> count. `to_best` is
    this average minus the best row's, None for the best row; a `tie` is a difference whose interval covers
    zero. A row without `rank` has no average, or is the majority class. `readings` are means over targets and seeds of
    what diagnostics say of the encoder. `intervals` are those of `scores`, `place` is the ranks that the row may have;
    these and `comparison` are there where values per example are, the latter of rows beside a baseline. `verified` is
    the highest level of verification that the row has passed, empty where none is recorded.
    """

    model: str
    recipe: str
    scores: Mapping[str, float]
    seeds: tuple[int, ...] = ()
    supervision: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    average: Estimate = UNKNOWN
    average_with_source: float | None = None
    gap: Estimate = UNKNOWN
    to_best: Estimate = UNKNOWN
    tie: bool = False
    rank: int | None = None
    readings: Mapping[str, float] = field(default_factory=dict)
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    place: Place | None = None
    comparison: Comparison | None = None
    verified: str = ""


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

    `tasks` and `groups` are scores by name, `score` the suite's. `to_best`, `tie`, `rank` and `place` are as of `Row`,
    by it.
    """

    model: str
    recipe: str
    tasks: Mapping[str, float | None]
    groups: Mapping[str, float | None]
    score: Estimate = UNKNOWN
    to_best: Estimate = UNKNOWN
    tie: bool = False
    rank: int | None = None
    place: Place | None = None


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
class Cost:
    """What a row cost, each a mean over seeds; None is not told.

    `seconds` are those of all its alignments and fits, `shared` those with every stage divided among the rows of the
    table that it serves, so that they add up to what was spent; `predicting` are those of all its predictions.
    `memory` and `accelerator` are the largest MiB of any stage, `energy` the joules of all of them. `parameters` are
    the encoder's, `trained` those that the row's largest training changed.
    """

    seconds: float | None = None
    parameters: int | None = None
    shared: float | None = None
    predicting: float | None = None
    memory: float | None = None
    accelerator: float | None = None
    energy: float | None = None
    trained: int | None = None


@dataclass(frozen=True)
class Board:
    """All tables, by task, source and data; above them what a suite of several tasks comes to, by source.

    `matrices` are there where tables of several sources are, `typologies` and `servings` where URIEL was asked for.
    `costs` are there where they were asked for: a tuple per table, one for each row.
    `references` are published numbers: nothing else depends on them. `results` is the sha256 of the results, where
    something is verified of them, and `ignored` why what is recorded of that does not count.
    """

    tables: tuple[Table, ...]
    summaries: tuple[Summary, ...] = ()
    references: tuple[Reference, ...] = ()
    results: str = ""
    ignored: str = ""
    matrices: tuple[Matrix, ...] = ()
    typologies: tuple[Typology, ...] = ()
    servings: tuple[Serving, ...] = ()
    costs: tuple[tuple[Cost, ...], ...] = ()
