"""Examples drawn again with replacement, and the scores of the draws: always the same ones."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from xbench.items import Values

DRAWS = 2000
SEED = 20040725  # any constant: the same results always give the same bytes
_CELLS = 400_000  # draws x examples held at a time: three arrays of 8 bytes each, which fit in a cache
_GRID = 2.0**24  # the precision of float32 below 1; sums of whole numbers come out the same in any order


def redrawn(items: Values, stream: str, draws: int) -> Values:
    """Scores (0..100) of all examples and then of every draw: (entries, seeds, 1 + draws).

    `items` (entries, seeds, examples), or (entries, seeds, examples, 2) where sums are divided in each draw, are
    drawn alike; the draws are those of the stream's name and the number of examples.
    """
    entries, seeds, n = items.shape[:3]
    flat = np.ascontiguousarray(np.rint(np.moveaxis(items, 2, -1) * _GRID).reshape(-1, n).T)
    sums = np.concatenate([flat.sum(axis=0, keepdims=True), *(chunk @ flat for chunk in _counts(stream, n, draws))])
    sums, whole = sums.reshape(-1, entries, seeds, *items.shape[3:]), _GRID * n
    if items.ndim == 4:  # the sums of a seed are divided before seeds are averaged, as the scores themselves are
        parts, wholes = sums[..., 0], sums[..., 1]
        sums, whole = np.divide(parts, wholes, out=np.zeros_like(parts), where=wholes != 0), 1.0
    scores: Values = np.ascontiguousarray(np.moveaxis(sums, 0, -1)) * (100 / whole)
    return scores


def _counts(stream: str, n: int, draws: int) -> Iterator[Values]:
    """How often each of n examples is drawn, some draws at a time: (size, n), multinomial."""
    generator = np.random.default_rng([SEED, n, *stream.encode()])
    step = max(1, _CELLS // n)
    for start in range(0, draws, step):
        size = min(step, draws - start)
        picks = generator.integers(0, n, (size, n))
        picks += np.arange(size)[:, np.newaxis] * n
        counts: NDArray[np.intp] = np.bincount(picks.ravel(), minlength=size * n).reshape(size, n)
        yield counts.astype(np.float64)


def drawn_seeds(n: int, draws: int) -> Values:
    """How often each of n seeds is drawn, shape (n, draws); of several one less than there are."""
    generator = np.random.default_rng([SEED + 1, n])
    return generator.multinomial(max(1, n - 1), np.full(n, 1 / n), draws).T.astype(np.float64)
