"""Affine maps that take the language out of vectors, without pairs: centring, LIR and LEACE."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh, svd

from xbench.errors import StageError
from xbench_aligners.normalisation import Vectors, matrix


@dataclass(frozen=True, eq=False)
class Affine:
    """`rows @ weight + bias`, weight (d, d) and bias (d,)."""

    weight: Vectors
    bias: Vectors

    def apply(self, rows: NDArray[Any]) -> Vectors:
        """(rows, d), transformed. Raises StageError for rows of another dimension."""
        found = matrix(rows)
        if found.shape[1] != len(self.weight):
            raise StageError(f"a map of {len(self.weight)} dimensions meets vectors of {found.shape[1]}")
        return found @ self.weight + self.bias


def centring(rows: NDArray[Any], onto: NDArray[Any] | None = None) -> Affine:
    """h - mean of the language's rows (Libovický et al. 2020, arXiv:2004.05160).

    `onto` is where the mean goes, (d,): the source's mean leaves the source's own vectors as they are, None is 0.
    """
    mean = matrix(rows).mean(axis=0)
    return Affine(np.eye(len(mean)), -mean if onto is None else np.asarray(onto, dtype=np.float64) - mean)


def without_directions(rows: NDArray[Any], count: int) -> Affine:
    """h - C C'h, with C the first `count` right singular vectors of the language's rows, which are not centred.

    LIR, language information removal (Yang et al. 2021, arXiv:2109.04727). Raises StageError where there are no more
    directions than are to go.
    """
    found = matrix(rows)
    if not 0 < count < min(found.shape):
        raise StageError(f"of {len(found)} vectors of {found.shape[1]} dimensions {count} directions cannot be removed")
    first = svd(found, full_matrices=False)[2][:count]
    return Affine(np.eye(found.shape[1]) - first.T @ first, np.zeros(found.shape[1]))


def leace(groups: Sequence[NDArray[Any]]) -> Affine:
    """h - W^+ P W (h - mean): the least change, in mean squares, after which every language has the same mean.

    W whitens all rows together and P projects onto the whitened means of the languages, so that no linear classifier
    does better than one that ignores h; others may (Belrose et al. 2023, arXiv:2306.03819). groups
    holds the rows of each language, (rows, d). Raises StageError for fewer than two, or different dimensions.
    """
    sides = [matrix(rows) for rows in groups]
    if len(sides) < 2 or len({rows.shape[1] for rows in sides}) > 1:
        raise StageError("LEACE needs vectors of one dimension from two languages or more")
    rows = np.concatenate(sides)
    mean = rows.mean(axis=0)
    values, vectors = eigh((rows - mean).T @ (rows - mean) / len(rows))
    kept = values > len(values) * np.finfo(np.float64).eps * values[-1]
    roots, axes = np.sqrt(values[kept]), vectors[:, kept]
    differences = np.array([side.mean(axis=0) - mean for side in sides])
    _, s, vt = svd((differences @ axes) / roots, full_matrices=False)
    # Whitened differences are of order 1 where languages differ at all: below this they are rounding.
    directions = vt[s > np.sqrt(np.finfo(np.float64).eps)]
    removed = (axes / roots) @ directions.T @ directions @ (axes * roots).T
    return Affine(np.eye(len(mean)) - removed, mean @ removed)
