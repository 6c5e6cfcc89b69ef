"""Which rows of two spaces belong together: by cosine, CSLS or inverted softmax, in blocks of bounded memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from xbench.errors import StageError
from xbench_aligners.normalisation import Indices, Vectors, matrix, unit

BLOCK = 2**24  # similarities held at a time: 128 MB


def blocks(rows: int, columns: int) -> Iterator[slice]:
    """Slices of the rows with at most BLOCK similarities to the columns each, or with one row."""
    size = max(1, BLOCK // columns)
    return (slice(start, min(start + size, rows)) for start in range(0, rows, size))


@dataclass(frozen=True, eq=False)
class Nearest:
    """Keys of each query and the similarities to them: (queries,) for the best one, (queries, k) for k of them."""

    indices: Indices
    similarities: Vectors


def top(queries: NDArray[Any], keys: NDArray[Any], k: int) -> Nearest:
    """The k keys (all, where there are fewer) with the greatest inner products, in no order of their own.

    queries (n, d) and keys (m, d) are taken as they are: unit rows give cosines. Raises StageError where the
    dimensions differ.
    """
    queries, keys = _comparable(queries, keys)
    count = min(k, len(keys))
    found = Nearest(np.empty((len(queries), count), dtype=np.intp), np.empty((len(queries), count)))
    for rows in blocks(len(queries), len(keys)):
        tile = queries[rows] @ keys.T
        places = np.argpartition(tile, len(keys) - count, axis=1)[:, len(keys) - count :]
        found.indices[rows] = places
        found.similarities[rows] = np.take_along_axis(tile, places, axis=1)
    return found


@dataclass(frozen=True, eq=False)
class Scores:
    """score_ij = factor <x_i, y_j> - a_i - b_j of the unit rows x (n, d) of the source and y (m, d) of the target.

    Cosine, CSLS and the logarithm of the inverted softmax are all of this form; a is (n,) and b (m,).
    """

    source: Vectors
    target: Vectors
    factor: float
    a: Vectors
    b: Vectors

    @property
    def transposed(self) -> "Scores":
        """The same scores with the target's rows first."""
        return Scores(self.target, self.source, self.factor, self.b, self.a)

    def block(self, rows: slice | Indices) -> Vectors:
        """The scores of some rows of the source with all of the target, (rows, m)."""
        tile: Vectors = self.source[rows] @ self.target.T
        tile *= self.factor
        tile -= self.a[rows, None] + self.b  # their sum first: transposing then changes no bit of it
        return tile

    def nearest(self, queries: Indices | None = None) -> Nearest:
        """The row of the target with the greatest score for each query, a row of the source; None is every row."""
        rows = np.arange(len(self.source)) if queries is None else queries
        found = Nearest(np.empty(len(rows), dtype=np.intp), np.empty(len(rows)))
        for part in blocks(len(rows), len(self.target)):
            tile = self.block(rows[part])
            found.indices[part] = tile.argmax(axis=1)
            found.similarities[part] = tile.max(axis=1)
        return found


def cosine(source: NDArray[Any], target: NDArray[Any]) -> Scores:
    """Cosines of the rows of both sides."""
    x, y = _comparable(unit(source), unit(target))
    return Scores(x, y, 1.0, np.zeros(len(x)), np.zeros(len(y)))


def csls(source: NDArray[Any], target: NDArray[Any], k: int = 10) -> Scores:
    """2 cos(x_i, y_j) - r_T(x_i) - r_S(y_j), r the mean cosine with the k nearest rows of the other side.

    Cross-domain similarity local scaling (Conneau et al. 2018, https://arxiv.org/abs/1710.04087).
    """
    x, y = unit(source), unit(target)
    return Scores(x, y, 2.0, top(x, y, k).similarities.mean(axis=1), top(y, x, k).similarities.mean(axis=1))


def inverted_softmax(source: NDArray[Any], target: NDArray[Any], inverse_temperature: float = 30.0) -> Scores:
    """The logarithm of exp(beta cos(x_i, y_j)) over its sum over all rows of the source.

    A target that is near to everything loses by it, as in CSLS (Smith et al. 2017, https://arxiv.org/abs/1702.03859).
    """
    x, y = _comparable(unit(source), unit(target))
    sums = [logsumexp(inverse_temperature * (y[rows] @ x.T), axis=1) for rows in blocks(len(y), len(x))]
    return Scores(x, y, inverse_temperature, np.zeros(len(x)), np.concatenate(sums))


def mutual(forward: Indices, backward: Indices) -> Indices:
    """The pairs (source, target) that choose each other, (pairs, 2), in the source's order.

    forward_i is what row i of the source chooses and backward_j what row j of the target chooses; where one of them
    covers only the first rows of its side, choices of later rows make no pairs.
    """
    rows = np.flatnonzero(forward < len(backward))
    rows = rows[backward[forward[rows]] == rows]
    return np.stack([rows, forward[rows]], axis=1)


def union(forward: Indices, backward: Indices) -> Indices:
    """The pairs in which either side chooses the other, (pairs, 2): agreement counts twice, a choice of -1 is none."""
    rows, columns = np.flatnonzero(forward >= 0), np.flatnonzero(backward >= 0)
    return np.concatenate([np.stack([rows, forward[rows]], axis=1), np.stack([backward[columns], columns], axis=1)])


def _comparable(source: NDArray[Any], target: NDArray[Any]) -> tuple[Vectors, Vectors]:
    x, y = matrix(source), matrix(target)
    if x.shape[1] != y.shape[1]:
        raise StageError(f"vectors of {x.shape[1]} and of {y.shape[1]} dimensions cannot be compared")
    return x, y
