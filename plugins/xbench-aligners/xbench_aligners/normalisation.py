"""What is done to a table of vectors before it is mapped: unit length, centring, and the two in turn.

Everywhere in this plugin rows are vectors, computed in float64; float32 is accepted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from xbench.errors import StageError

Vectors: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.intp]
Step: TypeAlias = Literal["unit", "center"]

STEPS: tuple[Step, ...] = get_args(Step)
UNIT_CENTER_UNIT: tuple[Step, ...] = ("unit", "center", "unit")
ITERATIVE: tuple[Step, ...] = ("unit", "center") * 5 + ("unit",)


def matrix(rows: NDArray[Any]) -> Vectors:
    """The rows in float64. Raises StageError unless they are (rows, dimension), not empty, and all finite."""
    found = np.asarray(rows, dtype=np.float64)
    if found.ndim != 2 or 0 in found.shape:
        raise StageError(f"vectors of the shape {found.shape} cannot be aligned; (rows, dimension) is expected")
    if not np.isfinite(found).all():
        raise StageError(f"{int((~np.isfinite(found).all(axis=1)).sum())} of {len(found)} vectors are not finite")
    return found


def unit(rows: NDArray[Any]) -> Vectors:
    """The rows divided by their Euclidean lengths; a row of zeros, which has no direction, stays as it is."""
    found = matrix(rows)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    divided: Vectors = found / np.where(lengths == 0, 1.0, lengths)
    return divided


@dataclass(frozen=True, eq=False)
class Normalisation:
    """Steps in their order, with the mean that each `center` takes away: means is (number of centers, dimension).

    The means are those of the rows it was fitted on, so that other rows of the language undergo the same.
    Raises StageError for a step that there is not, and for another number of means than of centers.
    """

    steps: tuple[Step, ...]
    means: Vectors

    def __post_init__(self) -> None:
        if not set(self.steps) <= set(STEPS):
            raise StageError(f"the steps {', '.join(self.steps)} are not all among {', '.join(STEPS)}")
        if self.means.ndim != 2 or len(self.means) != self.steps.count("center"):
            raise StageError(f"means of the shape {self.means.shape} for {self.steps.count('center')} centers")

    def apply(self, rows: NDArray[Any]) -> Vectors:
        """(rows, dimension), normalised. Raises StageError for rows of another dimension."""
        found = matrix(rows)
        if found.shape[1] != self.means.shape[1]:
            raise StageError(f"a normalisation of {self.means.shape[1]} dimensions meets {found.shape[1]}")
        means = iter(self.means)
        for step in self.steps:
            found = unit(found) if step == "unit" else found - next(means)
        return found

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What is to be kept: `steps`, places in STEPS in uint8, and `means`."""
        return {"steps": np.array([STEPS.index(step) for step in self.steps], dtype=np.uint8), "means": self.means}


def fit_normalisation(rows: NDArray[Any], steps: tuple[Step, ...] = ITERATIVE) -> Normalisation:
    """The normalisation of these rows by these steps.

    ITERATIVE is iterative normalisation (Zhang et al. 2019, https://arxiv.org/abs/1906.01622): five rounds of unit
    and center, and a last unit, after which lengths are one and the mean is almost zero.
    """
    found, means = matrix(rows), []
    for step in steps:
        if step == "center":
            means.append(found.mean(axis=0))
            found = found - means[-1]
        else:
            found = unit(found)
    return Normalisation(steps, np.array(means).reshape(-1, found.shape[1]))


def read_normalisation(arrays: Mapping[str, NDArray[Any]]) -> Normalisation:
    """What `Normalisation.arrays` gave. Raises StageError where that cannot be."""
    try:
        steps = tuple(STEPS[place] for place in arrays["steps"].tolist())
        return Normalisation(steps, np.asarray(arrays["means"], dtype=np.float64))
    except (KeyError, IndexError, TypeError) as error:
        raise StageError(f"the normalisation cannot be read: {error}") from error
