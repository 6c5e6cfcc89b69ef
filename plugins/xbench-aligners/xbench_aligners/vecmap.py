"""Self-learning of a map from a small dictionary or none (Artetxe et al. 2018, https://arxiv.org/abs/1805.06297).

Tables are (words, dimension), normalised, the most frequent words first; pairs are (row of the source, row of the
target), (pairs, 2). The target is mapped into the space of the source: `mapped = target @ weight`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import svd

from xbench.errors import StageError
from xbench_aligners.csls import Scores, blocks, csls, top, union
from xbench_aligners.maps import LinearMap, paired, procrustes, solve
from xbench_aligners.normalisation import (
    UNIT_CENTER_UNIT,
    Indices,
    Vectors,
    fit_normalisation,
    matrix,
    unit,
)


@dataclass(frozen=True)
class VecmapOptions:
    """The published choices, but one: the last map is orthogonal and leaves the source alone, unless `two_sided`.

    `cutoff` words of each side take part in the learning, `initial` in the start without a dictionary. A score is
    kept with the probability `keep`, times `growth` whenever the objective has not risen by `tolerance` for
    `interval` rounds, until all are. Of several `restarts` the one that ends with the best objective counts.
    """

    cutoff: int = 20_000
    initial: int = 4_000
    neighbours: int = 10
    keep: float = 0.1
    growth: float = 2.0
    interval: int = 50
    tolerance: float = 1e-6
    restarts: int = 1
    two_sided: bool = False

    def __post_init__(self) -> None:
        if min(self.cutoff, self.initial, self.neighbours, self.interval, self.restarts) < 1:
            raise ValueError("cutoff, initial, neighbours, interval and restarts must be 1 or more")
        if not 0 < self.keep <= 1 or self.growth <= 1 or self.tolerance <= 0:
            raise ValueError("keep must be in (0, 1], growth above 1, tolerance above 0")


def identical_pairs(source_words: Sequence[str], target_words: Sequence[str]) -> Indices:
    """The rows of words that are spelt the same: mostly names and numbers. Raises StageError where there are none."""
    rows = {word: row for row, word in enumerate(target_words)}
    found = [(row, rows[word]) for row, word in enumerate(source_words) if word in rows]
    if not found:
        raise StageError("no word of the source is spelt like a word of the target")
    return np.array(found, dtype=np.intp)


def structural_pairs(source: NDArray[Any], target: NDArray[Any], options: VecmapOptions) -> Indices:
    """Pairs without any dictionary: words whose similarities to the words of their own language are distributed alike.

    Each word is described by its row of (X X')^1/2, sorted, which no rotation of the space and no order of the words
    changes; descriptions are normalised and compared by CSLS, and both directions chosen.
    """
    size = min(options.initial, len(source), len(target))
    scores = csls(_described(source[:size]), _described(target[:size]), options.neighbours)
    return union(scores.nearest().indices, scores.transposed.nearest().indices)


def _described(rows: NDArray[Any]) -> Vectors:
    u, s, _ = svd(matrix(rows), full_matrices=False)
    described = np.sort((u * s) @ u.T, axis=1)
    return fit_normalisation(described, UNIT_CENTER_UNIT).apply(described)


def learn(
    source: NDArray[Any], target: NDArray[Any], pairs: Indices, options: VecmapOptions, generator: np.random.Generator
) -> LinearMap:
    """The map after self-learning from the pairs, which only start it; `history` is the objective, round by round.

    The objective is half the mean best cosine of the source's words with mapped ones plus half that of mapped words
    with the source's. Its last value tells a run that converged from one that did not.
    """
    runs = [_learned(source, target, pairs, options, one) for one in generator.spawn(options.restarts)]
    return max(runs, key=lambda run: run.history[-1])


def solved(source: NDArray[Any], target: NDArray[Any], pairs: Indices, options: VecmapOptions) -> LinearMap:
    """The map from the pairs alone, which is all that the supervised variant does."""
    make = reweighted if options.two_sided else procrustes
    return make(source[pairs[:, 0]], target[pairs[:, 1]])


def _learned(
    source: NDArray[Any], target: NDArray[Any], pairs: Indices, options: VecmapOptions, generator: np.random.Generator
) -> LinearMap:
    keep, best, idle, history = options.keep, -np.inf, 0, []
    while True:
        mapped = solve(source, target, pairs).map_target(target[: options.cutoff])
        scores, objective = _compared(source[: options.cutoff], mapped, options.neighbours)
        history.append(objective)
        idle = 0 if objective - best >= options.tolerance else idle + 1
        best = max(best, objective)
        if idle > options.interval:
            if keep == 1:
                break
            keep, idle = min(1.0, options.growth * keep), 0
        forward, backward = (stochastic_choices(one, keep, generator) for one in (scores, scores.transposed))
        last, pairs = pairs, union(forward, backward)
        if keep == 1 and np.array_equal(last, pairs):
            break  # nothing is drawn any more: all further rounds would be this one
    return replace(solved(source, target, pairs, options), history=tuple(history))


def _compared(source: NDArray[Any], mapped: Vectors, neighbours: int) -> tuple[Scores, float]:
    """CSLS and the objective, from the same two searches."""
    x, y = unit(source), unit(mapped)
    near = [top(x, y, neighbours).similarities, top(y, x, neighbours).similarities]
    objective = sum(float(one.max(axis=1).mean()) for one in near) / 2
    return Scores(x, y, 2.0, near[0].mean(axis=1), near[1].mean(axis=1)), objective


def stochastic_choices(scores: Scores, keep: float, generator: np.random.Generator) -> Indices:
    """The best row of the target for each of the source, (n,), each score being kept with the probability `keep`.

    A score that is dropped cannot be chosen, and where none is left the choice is -1; the authors' program sets
    dropped scores to 0, which beats the negative ones.
    """
    found = []
    for rows in blocks(len(scores.source), len(scores.target)):
        tile = scores.block(rows)
        if keep < 1:
            tile[generator.random(tile.shape, dtype=np.float32) >= keep] = -np.inf
        found.append(np.where(np.isfinite(tile.max(axis=1)), tile.argmax(axis=1), -1))
    return np.concatenate(found)


def reweighted(source: NDArray[Any], target: NDArray[Any], dimension: int | None = None) -> LinearMap:
    """The two-sided map of the pairs (Artetxe et al. 2018, AAAI): whiten, rotate, re-weight, de-whiten.

    Both sides are rotated to where they correlate, weighted by the square root of the correlations, and given back
    their own covariances; `dimension` keeps the first columns, which correlate most. Raises StageError where the
    pairs do not span the space, which cannot be whitened then.
    """
    x, y = paired(source, target)
    (white_x, colour_x), (white_y, colour_y) = _whitening(x), _whitening(y)
    left, correlations, right_t = svd(white_x @ x.T @ y @ white_y, full_matrices=False)
    weights = []
    for white, colour, rotation in ((white_x, colour_x, left), (white_y, colour_y, right_t.T)):
        weights.append(((white @ rotation) * np.sqrt(correlations) @ rotation.T @ colour @ rotation)[:, :dimension])
    return LinearMap(weights[1], weights[0])


def _whitening(rows: Vectors) -> tuple[Vectors, Vectors]:
    """(A'A)^-1/2 and its inverse."""
    _, s, vt = svd(rows, full_matrices=False)
    if len(s) < rows.shape[1] or s[-1] <= max(rows.shape) * np.finfo(np.float64).eps * s[0]:
        raise StageError(f"{len(rows)} pairs do not span {rows.shape[1]} dimensions, which re-weighting needs")
    return (vt.T / s) @ vt, (vt.T * s) @ vt
