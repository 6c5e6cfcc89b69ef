"""Linear maps between two spaces, from pairs of rows, and their refinement on the words nobody paired.

The target is mapped into the space of the source, in which the classifier lives: `mapped = target @ weight`.
Row i of both sides is a pair, wherever pairs are asked for.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, orthogonal_procrustes, svd

from xbench.errors import StageError
from xbench_aligners.csls import csls, mutual
from xbench_aligners.normalisation import Indices, Vectors, matrix, unit


@dataclass(frozen=True, eq=False)
class LinearMap:
    """Weights (own dimension, shared dimension): the target's, and the source's where the map is two-sided.

    `renormalise` gives mapped rows the length one, for weights that are no isometry. `notes` are to be shown to the
    user; `history` is what was optimised, round by round, and says in its maker's docstring what that is.
    """

    weight: Vectors
    source_weight: Vectors | None = None
    renormalise: bool = False
    notes: tuple[str, ...] = ()
    history: tuple[float, ...] = ()

    @property
    def one_sided(self) -> bool:
        """Whether the source stays as it is, so that one classifier serves every target."""
        return self.source_weight is None

    def map_target(self, rows: NDArray[Any]) -> Vectors:
        """Rows of the target, (rows, its dimension), in the shared space."""
        return self._mapped(rows, self.weight)

    def map_source(self, rows: NDArray[Any]) -> Vectors:
        """Rows of the source in the shared space: the same rows, where the map is one-sided."""
        return matrix(rows) if self.source_weight is None else self._mapped(rows, self.source_weight)

    def _mapped(self, rows: NDArray[Any], weight: Vectors) -> Vectors:
        found = matrix(rows)
        if found.shape[1] != len(weight):
            raise StageError(f"a map of {len(weight)} dimensions meets vectors of {found.shape[1]}")
        return unit(found @ weight) if self.renormalise else found @ weight


def identity(dimension: int) -> LinearMap:
    """The vectors as they are: the baseline of spaces that are shared already."""
    return LinearMap(np.eye(dimension))


def procrustes(source: NDArray[Any], target: NDArray[Any]) -> LinearMap:
    """min |Y W - X|_F over orthogonal W: W = U V' of the singular value decomposition Y'X = U S V'.

    Schönemann 1966; for embeddings Xing et al. 2015 and Conneau et al. 2018. With fewer pairs than dimensions a note
    says that they do not determine the map. Raises StageError where the sides differ in shape.
    """
    x, y = paired(source, target)
    if x.shape != y.shape:
        raise StageError(f"an orthogonal map needs equal dimensions, not {x.shape[1]} and {y.shape[1]}")
    try:
        weight, _ = orthogonal_procrustes(y, x)
    except LinAlgError:  # divide and conquer may not converge where many singular values are 0
        u, _, vt = svd(y.T @ x, lapack_driver="gesvd")
        weight = u @ vt
    return LinearMap(weight, notes=_too_few(len(x), x.shape[1]))


def ridge(source: NDArray[Any], target: NDArray[Any], penalty: float = 0.0) -> LinearMap:
    """min |Y W - X|^2 + penalty |W|^2 (Mikolov et al. 2013); a penalty of 0 gives the shortest least squares solution.

    The dimensions may differ. With fewer pairs than the target has dimensions, and no penalty, a note says so.
    """
    x, y = paired(source, target)
    if penalty < 0:
        raise StageError(f"the penalty of a ridge is 0 or more, not {penalty}")
    u, s, vt = _thin_svd(y)
    weight = (vt.T * (s / (s**2 + penalty))) @ (u.T @ x)
    return LinearMap(weight, notes=() if penalty else _too_few(len(x), y.shape[1]))


def cca(source: NDArray[Any], target: NDArray[Any], dimension: int | None = None) -> LinearMap:
    """Canonical correlation analysis (Faruqui and Dyer 2014): both sides projected to where they correlate most.

    Two-sided. The columns of the shared space have unit norm over the pairs and come in the order of their
    correlations; `dimension` keeps the first ones. Rows are taken as centred.
    """
    x, y = paired(source, target)
    (ux, sx, vtx), (uy, sy, vty) = _thin_svd(x), _thin_svd(y)
    left, _, right_t = svd(ux.T @ uy, full_matrices=False)
    source_weight, weight = (vtx.T / sx) @ left, (vty.T / sy) @ right_t.T
    notes = _too_few(len(x), max(x.shape[1], y.shape[1]))
    return LinearMap(weight[:, :dimension], source_weight[:, :dimension], notes=notes)


@dataclass(frozen=True)
class Refinement:
    """How a map is refined: `rank` is up to where words are frequent enough to be paired.

    `confident` is how many pairs the criterion looks at; a round that improves it by no more than `tolerance` is the
    last one.
    """

    rounds: int = 5
    rank: int = 10_000
    neighbours: int = 10
    confident: int = 10_000
    tolerance: float = 0.0

    def __post_init__(self) -> None:
        if self.rounds < 0 or min(self.rank, self.neighbours, self.confident) < 1:
            raise ValueError("rounds must be 0 or more, rank, neighbours and confident 1 or more")


def refine(source: NDArray[Any], target: NDArray[Any], start: LinearMap, options: Refinement) -> LinearMap:
    """Pair the words that choose each other by CSLS under the map, solve Procrustes on them, and again.

    source (n, d) and target (m, d) are whole tables, the most frequent words first (Conneau et al. 2018). The round
    with the best criterion is kept, the start among them: the mean cosine of the most confident choices of source
    words, which looks at no dictionary, so at none that evaluates. `history` is the criterion.
    """
    best = start
    pairs, criterion = _induced(source, target, start, options)
    history = [criterion]
    while len(history) <= options.rounds and len(pairs):
        found = solve(source, target, pairs)
        pairs, criterion = _induced(source, target, found, options)
        history.append(criterion)
        if criterion - history[-2] <= options.tolerance:
            break
        best = found
    return replace(best, history=tuple(history))


def bootstrap(source: NDArray[Any], target: NDArray[Any], pairs: Indices, options: Refinement) -> LinearMap:
    """PROC-B (Glavaš et al. 2019): Procrustes on the pairs, then on them and the mutual neighbours that this makes.

    Of the options, `rank` and `neighbours` count.
    """
    found, _ = _induced(source, target, solve(source, target, pairs), options)
    return solve(source, target, np.unique(np.concatenate([pairs, found]), axis=0))


def solve(source: NDArray[Any], target: NDArray[Any], pairs: Indices) -> LinearMap:
    """Procrustes on the pairs (row of the source, row of the target), (pairs, 2), of two tables."""
    return procrustes(source[pairs[:, 0]], target[pairs[:, 1]])


def paired(source: NDArray[Any], target: NDArray[Any]) -> tuple[Vectors, Vectors]:
    """Both sides in float64. Raises StageError where they have different numbers of rows."""
    x, y = matrix(source), matrix(target)
    if len(x) != len(y):
        raise StageError(f"{len(x)} and {len(y)} rows are not pairs")
    return x, y


def _induced(
    source: NDArray[Any], target: NDArray[Any], found: LinearMap, options: Refinement
) -> tuple[Indices, float]:
    """Mutual neighbours among the frequent words under a map, and the mean cosine of the most confident choices."""
    scores = csls(found.map_source(source), found.map_target(target), options.neighbours)
    sources, targets = (np.arange(min(options.rank, len(side))) for side in (scores.source, scores.target))
    forward, backward = scores.nearest(sources), scores.transposed.nearest(targets)
    sure = np.argsort(-forward.similarities, kind="stable")[: options.confident]
    cosines = (scores.source[sure] * scores.target[forward.indices[sure]]).sum(axis=1)
    return mutual(forward.indices, backward.indices), float(cosines.mean())


def _thin_svd(rows: Vectors) -> tuple[Vectors, Vectors, Vectors]:
    """Without the directions in which there is nothing."""
    u, s, vt = svd(rows, full_matrices=False)
    kept = s > max(rows.shape) * np.finfo(np.float64).eps * s[0]
    return u[:, kept], s[kept], vt[kept]


def _too_few(pairs: int, dimension: int) -> tuple[str, ...]:
    if pairs >= dimension:
        return ()
    return (f"{pairs} pairs do not determine a map of {dimension} dimensions: it fits them and may be wrong elsewhere",)
