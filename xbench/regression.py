"""Regression on few examples, judged by what it says of each one when it has not seen it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xbench.draws import DRAWS, SEED

Vector = NDArray[np.float64]
FEWEST = 5  # examples: of fewer, what one says of the others is chance
PENALTY = 1.0  # of squared slopes, where columns have variance 1: as much as one example's weight


@dataclass(frozen=True)
class Regression:
    """A ridge regression with a penalty of 1 on columns of variance 1.

    `error` is the root mean square of each example's own error when the regression is made of all others, and
    `error_of_mean` that of saying their mean. `p` is how often columns dealt out anew to the examples do so well or
    better. `slopes` are what a standard deviation more of a column adds.
    """

    examples: int
    error: float
    error_of_mean: float
    p: float
    slopes: Mapping[str, float]


def regress(values: Vector, columns: Mapping[str, Vector]) -> Regression:
    """Regress values, shape (examples,), on columns of that shape; those that do not vary count for nothing.

    Leaving one out needs no new fit: its error is the residual over one minus the leverage (Hastie, Tibshirani &
    Friedman 2009, The Elements of Statistical Learning, section 7.10). Raises ValueError below five examples.
    """
    n = len(values)
    if n < FEWEST:
        raise ValueError(f"{n} examples are too few for a regression; it takes {FEWEST}")
    varying = {name: column for name, column in columns.items() if np.ptp(column) > 0}
    raw = np.stack([(column - column.mean()) / column.std() for column in varying.values()] or [np.zeros(n)], axis=1)
    solved = np.linalg.solve(raw.T @ raw + PENALTY * np.eye(raw.shape[1]), raw.T)
    smooth = np.full((n, n), 1 / n) + raw @ solved
    left_out = (np.eye(n) - smooth) / (1 - np.diag(smooth))[:, np.newaxis]
    dealt = np.random.default_rng([SEED, n]).permuted(np.tile(values, (DRAWS, 1)), axis=1)
    errors = ((left_out @ np.vstack([values, dealt]).T) ** 2).mean(axis=0)
    return Regression(
        examples=n,
        error=float(np.sqrt(errors[0])),
        error_of_mean=float(np.sqrt(np.mean(((values - values.mean()) * n / (n - 1)) ** 2))),
        p=float(1 + np.sum(errors[1:] <= errors[0] * (1 + 1e-9))) / (1 + DRAWS),
        slopes=dict(zip(varying, map(float, solved @ (values - values.mean())), strict=False)),
    )
