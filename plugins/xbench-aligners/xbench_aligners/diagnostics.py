"""How well two spaces meet, apart from any task: translation, retrieval, hubs and cosines. Shares are on 0..100."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xbench.errors import StageError
from xbench_aligners.csls import Scores
from xbench_aligners.normalisation import Indices, unit


@dataclass(frozen=True)
class Translation:
    """Word translation: how many source words of a dictionary are covered, and how many of these are right."""

    precision: float
    coverage: float

    @property
    def overall(self) -> float:
        """The right ones among all source words of the dictionary: what is not covered counts as wrong."""
        return self.precision * self.coverage / 100.0


def translation(
    scores: Scores,
    dictionary: Iterable[tuple[str, str]],
    source_rows: Mapping[str, int],
    target_rows: Mapping[str, int],
) -> Translation:
    """P@1 over the different source words of the dictionary; any of the translations of a word is right.

    The rows say where a word is in the tables that were scored. A source word is covered when it and at least one of
    its translations have a row; without a covered word the precision is 0. Published figures differ in what they
    divide by, so both shares and their product are given. Raises StageError for a dictionary without pairs.
    """
    pairs = list(dictionary)
    words = {source for source, _ in pairs}
    if not words:
        raise StageError("a dictionary without pairs says nothing about translation")
    wanted: dict[int, set[int]] = {}
    for source, target in pairs:
        if source in source_rows and target in target_rows:
            wanted.setdefault(source_rows[source], set()).add(target_rows[target])
    if not wanted:
        return Translation(0.0, 0.0)
    choices = scores.nearest(np.fromiter(wanted, dtype=np.intp)).indices.tolist()
    right = sum(choice in rows for choice, rows in zip(choices, wanted.values(), strict=True))
    return Translation(100.0 * right / len(wanted), 100.0 * len(wanted) / len(words))


def retrieval(scores: Scores) -> tuple[float, float]:
    """How often a row's nearest is the row at its own place: source to target, and target to source.

    Raises StageError where the sides have different numbers of rows.
    """
    if len(scores.source) != len(scores.target):
        raise StageError(f"{len(scores.source)} and {len(scores.target)} rows are not pairs")
    places = np.arange(len(scores.source))
    forward, backward = (100.0 * float((one.nearest().indices == places).mean()) for one in (scores, scores.transposed))
    return forward, backward


def most_chosen(choices: Indices, count: int) -> Indices:
    """The `count` keys that most queries choose, the first of equals; (queries,) to (count,) or fewer."""
    keys, times = np.unique(choices, return_counts=True)
    return keys[np.argsort(-times, kind="stable")[:count]]


def hub_share(choices: Indices, hubs: Indices) -> float:
    """The share of the queries whose choice is a hub."""
    return 100.0 * float(np.isin(choices, hubs).mean())


def cosines(source: NDArray[Any], target: NDArray[Any]) -> tuple[float, float]:
    """Mean cosine of the pairs (rows at the same place), and that of all rows at different places, -1..1.

    Raises StageError for fewer than two pairs, or sides that differ in shape.
    """
    x, y = unit(source), unit(target)
    if x.shape != y.shape or len(x) < 2:
        raise StageError(f"rows of the shapes {x.shape} and {y.shape} are not two pairs or more")
    count, paired = len(x), float((x * y).sum())
    others = float(x.sum(axis=0) @ y.sum(axis=0)) - paired
    return paired / count, others / (count * (count - 1))
