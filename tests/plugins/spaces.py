"""Made-up spaces of vectors: clustered and anisotropic as those of words are, rotated, with hubs."""

import numpy as np
from scipy.stats import ortho_group


def rotation(dimension, seed=0):
    """A rotation or reflection, from the Haar distribution."""
    return ortho_group.rvs(dimension, random_state=np.random.default_rng(seed))


def words(rows, dimension, seed=0, clusters=20):
    """Rows around centres, along axes of unequal spread."""
    draw = np.random.default_rng(seed)
    centres = draw.standard_normal((clusters, dimension))
    points = centres[draw.integers(clusters, size=rows)] + 0.6 * draw.standard_normal((rows, dimension))
    return points * np.linspace(2.0, 0.3, dimension)


def languages(rows, dimension, noise=0.0, seed=0):
    """Source rows, target rows that are pairs of them, and the map Q with `target @ Q = source` but for the noise."""
    source, turn = words(rows, dimension, seed), rotation(dimension, seed)
    draw = np.random.default_rng([seed, 1])
    return source, (source + noise * draw.standard_normal(source.shape)) @ turn.T, turn
