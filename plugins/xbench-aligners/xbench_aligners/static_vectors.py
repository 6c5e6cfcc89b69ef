"""Static vectors, one a token: read from a file of the text format of word2vec and fastText, or trained on text."""

import gzip
import zlib
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from xbench.errors import DataError, MissingDataError

Vectors: TypeAlias = NDArray[Any]

SMOOTHING = 0.75  # of the distribution of contexts: without it, what is rare is near to everything
SPARE = 10  # dimensions beside those asked for, and rounds: what a random start needs to find them (Halko et al. 2011)
ROUNDS = 5


@dataclass(frozen=True, eq=False)
class StaticVectors:
    """Tokens, the most frequent first; their vectors, float32 (tokens, dimension); and how frequent they are.

    `frequencies` is float64 (tokens,): counts, or 1 / rank where only the order is known (Zipf). `repeated` is how
    many rows of a file were left out because their token had come before.
    """

    tokens: Sequence[str]
    vectors: Vectors
    frequencies: Vectors
    repeated: int = 0

    def rows(self, tokens: Sequence[str]) -> Vectors:
        """The vectors of these tokens, (tokens, dimension); zeros for one that is unknown."""
        ids = {token: at for at, token in enumerate(self.tokens)}
        found = np.array([ids.get(token, -1) for token in tokens], dtype=np.intp)
        vectors = np.zeros((len(tokens), self.vectors.shape[1]), dtype=self.vectors.dtype)
        vectors[found >= 0] = self.vectors[found[found >= 0]]
        return vectors


def read_vectors(path: Path, limit: int | None = None) -> StaticVectors:
    """The first `limit` rows, or all, of a text file of vectors; gzip where the name ends in `.gz`.

    The first line has the numbers of rows and of dimensions, every other a token and its numbers, with one blank
    between. Raises DataError with file and line for anything else, for a number that is not finite, and for a file
    that has fewer or more rows than it says; MissingDataError when there is none; ValueError for a limit below 1.
    """
    if limit is not None and limit < 1:
        raise ValueError("limit must be at least 1")
    read: dict[str, Vectors] = {}
    with closing(_lines(path)) as lines:
        rows, dimension = _header(path, next(lines, ""))
        wanted = rows if limit is None else min(limit, rows)
        for number in range(2, wanted + 2):
            line = next(lines, None)
            if line is None:
                raise DataError(f"{path}:{number}: the file ends where {rows:,} rows are announced; fetch it again")
            token, vector = _row(f"{path}:{number}", line, dimension)
            read.setdefault(token, vector)
        if wanted == rows and next(lines, None) is not None:
            raise DataError(f"{path}:{rows + 2}: there is a row more than the {rows:,} that are announced")
    return StaticVectors(tuple(read), np.stack([*read.values()]), 1 / np.arange(1.0, len(read) + 1), wanted - len(read))


def _lines(path: Path) -> Generator[str, None, None]:
    """The lines of a file; only LF ends one, since all else may stand in a token."""
    number = 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):  # noqa: B007 - told where reading stops
                yield line.decode().rstrip(" \r\n")
    except FileNotFoundError as error:
        raise MissingDataError(f"{path}: there is no such file") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}:{number}: is not valid UTF-8") from error
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}:{number + 1}: cannot be read: {error}") from error


def _header(path: Path, line: str) -> tuple[int, int]:
    fields = line.split(" ")
    if len(fields) != 2 or not all(field.isascii() and field.isdigit() and int(field) for field in fields):
        raise DataError(f"{path}:1: the numbers of rows and of dimensions are expected, not {line[:80]!r}")
    return int(fields[0]), int(fields[1])


def _row(place: str, line: str, dimension: int) -> tuple[str, Vectors]:
    token, *numbers = line.rsplit(" ", dimension)  # from the right: a token of word2vec may hold a blank
    if not token or len(numbers) != dimension:
        raise DataError(f"{place}: a token and {dimension} numbers are expected")
    try:
        with np.errstate(over="ignore"):  # told below
            vector = np.array(numbers, dtype=np.float32)
    except ValueError as error:
        raise DataError(f"{place}: {error}") from error
    if not np.isfinite(vector).all():
        raise DataError(f"{place}: the vector of {token!r} holds a number that is not finite")
    return token, vector


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
