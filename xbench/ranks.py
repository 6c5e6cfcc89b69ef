"""Where rows may stand among each other, from the differences of every two."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from string import ascii_lowercase

import numpy as np

from xbench.effects import CONFIDENCE, effect
from xbench.items import Values


@dataclass(frozen=True)
class Place:
    """The ranks that a row may have, from `best` to `worst`, and a letter for each group of ties it belongs to."""

    best: int
    worst: int
    groups: tuple[str, ...]


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values of several tests made good for all at once, in the same order (Holm 1979, A Simple Sequentially
    Rejective Multiple Test Procedure): where those up to 0.05 are believed, a single false one is believed at most
    one time in twenty."""
    found = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(found, kind="stable")
    adjusted = np.empty_like(found)
    adjusted[order] = np.minimum(np.maximum.accumulate(found[order] * np.arange(len(found), 0, -1)), 1.0)
    return [float(value) for value in adjusted]


def places(rows: Sequence[Values], sign: int = 1) -> list[Place]:
    """The place of every row; `rows` stand best first, each the draws of what ranks it, (seeds, 1 + draws).

    Rows tie where the interval of their difference covers zero; a group is as many rows as all tie with each other.
    A row's ranks are with 95 % confidence those of its true value: above it stand at least the rows that are better
    and below it those that are worse, by Holm among all differences of the row. Ranks counted draw by draw
    would be too sure of themselves where rows are nearly equal (Xie, Singh & Zhang 2009, Confidence Intervals for
    Population Ranks in the Presence of Ties and Near Ties; differences: Mogstad et al. 2024, Inference for Ranks).
    `sign` is -1 where less is better.
    """
    n = len(rows)
    p, ahead, tie = np.ones((n, n)), np.zeros((n, n)), np.ones((n, n), dtype=bool)
    for one, other in combinations(range(n), 2):
        found = effect(rows[one] - rows[other])
        p[one, other] = p[other, one] = found.p
        tie[one, other] = tie[other, one] = found.interval.covers(0.0)
        ahead[one, other] = sign * found.value
        ahead[other, one] = -ahead[one, other]
    letters = groups([(one, other) for one, other in combinations(range(n), 2) if not tie[one, other]], n)
    made = []
    for at in range(n):
        others = [other for other in range(n) if other != at]
        adjusted = holm([p[at, other] for other in others])
        apart = [
            float(ahead[at, other])
            for other, chance in zip(others, adjusted, strict=True)
            if chance <= 1 - CONFIDENCE and not tie[at, other]
        ]
        made.append(Place(1 + sum(by < 0 for by in apart), n - sum(by > 0 for by in apart), letters[at]))
    return made


def groups(apart: Sequence[tuple[int, int]], n: int) -> list[tuple[str, ...]]:
    """Letters of n rows, of which two have one in common unless they are a pair in `apart`.

    By inserting one pair after another and absorbing what is part of another group (Piepho 2004, An Algorithm for a
    Letter-Based Representation of All-Pairwise Comparisons). Groups go by their first rows.
    """
    found = [frozenset(range(n))]
    for pair in apart:
        parts = [part for group in found for part in _parts(group, pair)]
        found = [part for part in dict.fromkeys(parts) if not any(part < other for other in parts)]
    ordered = sorted(map(sorted, found))
    return [tuple(lettered(index) for index, group in enumerate(ordered) if at in group) for at in range(n)]


def _parts(group: frozenset[int], pair: tuple[int, int]) -> list[frozenset[int]]:
    return [group - {at} for at in pair] if group >= set(pair) else [group]


def lettered(index: int) -> str:
    """a to z, then aa, ab and so on."""
    before, last = divmod(index, len(ascii_lowercase))
    return (lettered(before - 1) if before else "") + ascii_lowercase[last]
