"""RCSLS: a map that is trained on the criterion it is retrieved with (Joulin et al. 2018, arXiv:1804.07745)."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import svd

from xbench_aligners.csls import top
from xbench_aligners.maps import LinearMap, procrustes
from xbench_aligners.normalisation import Vectors

ENOUGH_PAIRS = 1000  # with fewer, the map fits its dictionary better than the language


@dataclass(frozen=True)
class RcslsOptions:
    """Full-batch descent; `spectral` keeps the singular values of the map in [0, 1].

    Without it the loss is unbounded: it is homogeneous in the map, and only the number of iterations ends its fall.
    """

    neighbours: int = 10
    learning_rate: float = 1.0
    smallest_rate: float = 1e-4
    iterations: int = 10
    spectral: bool = True

    def __post_init__(self) -> None:
        if self.neighbours < 1 or self.iterations < 0 or not 0 < self.smallest_rate <= self.learning_rate:
            raise ValueError("neighbours must be 1 or more, iterations 0 or more, 0 < smallest_rate <= learning_rate")


@dataclass(frozen=True, eq=False)
class Problem:
    """Pairs of unit rows, (n, d) each, and the tables of unit rows in which neighbours are sought."""

    source: Vectors
    target: Vectors
    source_table: Vectors
    target_table: Vectors
    neighbours: int = 10

    def loss(self, weight: Vectors) -> tuple[float, Vectors]:
        """The loss and its gradient at a map.

        The mean over pairs of -2 <y W, x> + mean <y W, x'> over the k sources x' nearest to y W + mean <y' W, x> over
        the k targets y' that are mapped nearest to x. Convex: each mean is a maximum of linear functions of W.
        """
        mapped = self.target @ weight
        sources = self.source_table[top(mapped, self.source_table, self.neighbours).indices].mean(axis=1)
        nearest = top(self.source, self.target_table @ weight, self.neighbours).indices
        targets = self.target_table[nearest].mean(axis=1)
        terms = mapped * (sources - 2.0 * self.source) + (targets @ weight) * self.source
        gradient: Vectors = self.target.T @ (sources - 2.0 * self.source) + targets.T @ self.source
        return float(terms.sum()) / len(mapped), gradient / len(mapped)


def rcsls(problem: Problem, options: RcslsOptions) -> LinearMap:
    """The map after descent from Procrustes, `mapped = unit(target @ weight)`; `history` is the loss, always falling.

    A step that would raise the loss is not taken, and halves the rate. The map is no isometry, so mapped rows are
    renormalised; a note says where there are too few pairs. Raises StageError as `procrustes`.
    """
    start = procrustes(problem.source, problem.target)
    weight, rate = start.weight, options.learning_rate
    loss, gradient = problem.loss(weight)
    history = [loss]
    for _ in range(options.iterations):
        candidate = weight - rate * gradient
        if options.spectral:
            candidate = in_spectral_ball(candidate)
        reached, slope = problem.loss(candidate)
        if reached < loss:
            weight, loss, gradient = candidate, reached, slope
            history.append(loss)
        else:
            rate /= 2
        if rate < options.smallest_rate:
            break
    return LinearMap(weight, renormalise=True, notes=start.notes + _too_few(problem), history=tuple(history))


def in_spectral_ball(weight: Vectors) -> Vectors:
    """The nearest matrix whose singular values are at most 1: the greater ones are clipped."""
    u, s, vt = svd(weight, full_matrices=False)
    clipped: Vectors = (u * np.minimum(s, 1.0)) @ vt
    return clipped


def _too_few(problem: Problem) -> tuple[str, ...]:
    if (pairs := len(problem.source)) >= ENOUGH_PAIRS:
        return ()
    return (f"RCSLS on {pairs} pairs fits them rather than the languages: below {ENOUGH_PAIRS} Procrustes is safer",)
