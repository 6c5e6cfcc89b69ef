"""A number of a board with its intervals, and what it was measured on."""

from dataclasses import dataclass

from xbench.cell import Result
from xbench.statistics import Interval


@dataclass(frozen=True)
class Estimate:
    """A number and its 95 % intervals: of these languages, and for languages `beyond` these; None is n/a.

    The second is of averages over three languages or more, and takes them as a sample of languages.
    """

    value: float | None = None
    interval: Interval | None = None
    beyond: Interval | None = None


UNKNOWN = Estimate()


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
