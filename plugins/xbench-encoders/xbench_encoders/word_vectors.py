"""Static vectors, one a word: the text format of word2vec and fastText, read and written."""

import gzip
import zlib
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from xbench.errors import DataError, MissingDataError

Vectors: TypeAlias = NDArray[Any]


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


def write_vectors(path: Path, vectors: StaticVectors) -> None:
    """Write the vectors as text; every number reads back as it is. The file exists whole or not at all.

    Raises DataError for a token that would not be read back.
    """
    wrong = [token for token in vectors.tokens if not token or "\n" in token]
    if wrong:
        raise DataError(f"{path}: the token {wrong[0]!r} cannot stand in a file of vectors")
    rows, dimension = vectors.vectors.shape
    beside = path.with_name(f".{path.name}.new")
    with beside.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(f"{rows} {dimension}\n")
        for token, vector in zip(vectors.tokens, vectors.vectors, strict=True):
            stream.write(" ".join([token, *map(str, vector.astype(np.float32))]) + "\n")
    beside.replace(path)


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
