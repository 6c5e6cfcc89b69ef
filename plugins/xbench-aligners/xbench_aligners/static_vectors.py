"""Static vectors, one a token, trained on text."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from xbench_encoders.word_vectors import StaticVectors

from xbench.errors import DataError

Vectors: TypeAlias = NDArray[Any]

SMOOTHING = 0.75  # of the distribution of contexts: without it, what is rare is near to everything
SPARE = 10  # dimensions beside those asked for, and rounds: what a random start needs to find them (Halko et al. 2011)
ROUNDS = 5


def train_vectors(
    sequences: Sequence[Sequence[str]], dimension: int = 100, window: int = 5, min_count: int = 10, seed: int = 42
) -> StaticVectors:
    """Vectors of tokens that keep the same company are near: U sqrt(S) of the truncated SVD of their PPMI.

    Levy, Goldberg and Dagan 2015 (https://aclanthology.org/Q15-1016): with the contexts smoothed and the singular
    values at half their power, this does what skip-grams do. Tokens of fewer than `min_count` occurrences are left
    out before the window is laid; it weighs a neighbour at distance d by (window + 1 - d) / window. Sequences are
    apart. One seed gives one result. The dimensions are as many as there are tokens, where those are fewer.

    Raises DataError when no token is frequent enough, ValueError when a size is below 1.
    """
    if min(dimension, window, min_count) < 1:
        raise ValueError("dimension, window and min_count must be at least 1")
    counts = Counter(token for sequence in sequences for token in sequence)
    frequent = [token for token, count in counts.items() if count >= min_count]
    tokens = sorted(frequent, key=lambda token: (-counts[token], token))
    if not tokens:
        raise DataError(f"none of {len(counts):,} tokens occurs {min_count} times: there is too little text")
    ids = {token: at for at, token in enumerate(tokens)}
    known = [[ids[token] for token in sequence if token in ids] for sequence in sequences]
    left, values = _leading(ppmi(company(known, len(tokens), window)), dimension, seed)
    frequencies = np.array([counts[token] for token in tokens], dtype=np.float64)
    return StaticVectors(tuple(tokens), (left * np.sqrt(values)).astype(np.float32), frequencies)


def company(sequences: Sequence[Sequence[int]], size: int, window: int) -> csr_array:
    """How often every two tokens stand near each other, (size, size) and symmetric, weighted as in `train_vectors`."""
    tokens = np.array([token for sequence in sequences for token in sequence], dtype=np.intp)
    owner = np.repeat(np.arange(len(sequences)), [len(sequence) for sequence in sequences])
    found = csr_array((size, size), dtype=np.float64)
    for distance in range(1, window + 1):
        near = np.flatnonzero(owner[:-distance] == owner[distance:])
        weights = np.full(len(near), (window + 1 - distance) / window)
        found = found + csr_array(coo_array((weights, (tokens[near], tokens[near + distance])), shape=(size, size)))
    return csr_array(found + found.T)


def ppmi(company: csr_array) -> csr_array:
    """max(0, log p(w, c) / (p(w) p(c))), where p(c) is proportional to the count of c to the power `SMOOTHING`."""
    counts = company.sum(axis=1)
    contexts = company.sum(axis=0) ** SMOOTHING
    pairs = company.tocoo()
    expected = counts[pairs.row] * (contexts / max(contexts.sum(), 1.0))[pairs.col]
    values = np.log(pairs.data / expected)
    kept = values > 0
    return csr_array(coo_array((values[kept], (pairs.row[kept], pairs.col[kept])), shape=company.shape))


def _leading(matrix: csr_array, rank: int, seed: int) -> tuple[Vectors, Vectors]:
    """The greatest singular values of a matrix and their left vectors, (rows, rank), by seeded subspace iteration.

    Halko, Martinsson and Tropp 2011, algorithm 4.4. The largest number of every vector is positive.
    """
    rank = min(rank, *matrix.shape)
    start = np.random.default_rng(seed).standard_normal((matrix.shape[1], min(rank + SPARE, *matrix.shape)))
    basis, _ = np.linalg.qr(matrix @ start)
    for _ in range(ROUNDS):
        other, _ = np.linalg.qr(matrix.T @ basis)
        basis, _ = np.linalg.qr(matrix @ other)
    small, values, _ = np.linalg.svd((matrix.T @ basis).T, full_matrices=False)
    left = (basis @ small)[:, :rank]
    signs = np.sign(left[np.abs(left).argmax(axis=0), np.arange(rank)])
    return left * signs, values[:rank]
