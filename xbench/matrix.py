"""What a transfer matrix holds. `crossings` makes it, `crossed` says how it is printed."""

from collections.abc import Mapping
from dataclasses import dataclass

from xbench.estimates import Dataset, Estimate


@dataclass(frozen=True)
class Matrix:
    """A model and a recipe from each of its `sources` to each target: means over `seeds`, which all sources have.

    `scores` are source -> target -> score, where no seed is lacking. `averages` are over the targets of the source's
    own table without itself, None where one of them is lacking. The best source of a target is one of those that are
    not the target itself, where there are two or more: `best` names it, `to_best` has source -> target -> this score
    minus the best one's, and `ties` the sources for which the interval of that covers zero. A recipe that stands beside
    others may have a single source.
    """

    task: str
    dataset: Dataset
    model: str
    recipe: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    seeds: tuple[int, ...]
    scores: Mapping[str, Mapping[str, Estimate]]
    averages: Mapping[str, Estimate]
    best: Mapping[str, str]
    to_best: Mapping[str, Mapping[str, Estimate]]
    ties: Mapping[str, tuple[str, ...]]
