"""A linear probe, trained afresh: how well two groups of vectors can still be told apart."""

from typing import Any

import numpy as np


def probe_accuracy(first: "np.ndarray[Any, Any]", second: "np.ndarray[Any, Any]", seed: int) -> float:
    """Held-out accuracy (0..100) of logistic regression that tells rows of `first` from rows of `second`.

    Both are (rows, dimension), of equally many rows, so that chance is 50; half of each is held out.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    generator = np.random.default_rng(seed)
    vectors = np.concatenate([first, second])
    sides = np.repeat([0, 1], [len(first), len(second)])
    held_out = np.concatenate([_half(len(first), generator), _half(len(second), generator)])
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(vectors[~held_out], sides[~held_out])
    return 100.0 * float(model.score(vectors[held_out], sides[held_out]))


def _half(size: int, generator: np.random.Generator) -> "np.ndarray[Any, Any]":
    chosen = np.zeros(size, dtype=bool)
    chosen[generator.permutation(size)[: size // 2]] = True
    return chosen
