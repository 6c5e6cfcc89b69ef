"""Official text files, read strictly: every error names file and line (counted from 1).

Quotes are text, and only LF ends a line: U+2028, U+0085 and others that `str.splitlines` knows are text too. A file
whose name ends in `.gz` is unpacked.
"""

import gzip
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xbench.errors import DataError, MissingDataError


def read_lines(path: Path, crlf: bool = False, ended: bool = True) -> list[str]:
    """The lines of a UTF-8 file; with `crlf` CR LF may end one as well, and nothing the last unless it must be `ended`.

    Raises DataError; MissingDataError when there is no such file.
    """
    text = _text(path)
    if ended and not text.endswith("\n"):
        last = text.count("\n") + 1
        raise DataError(f"{path}:{last}: the last line is cut off (no line end); fetch the file again")
    lines = text.removesuffix("\n").split("\n")
    if crlf:
        return [line.removesuffix("\r") for line in lines]
    for number, line in enumerate(lines, start=1):
        if line.endswith("\r"):
            raise DataError(f"{path}:{number}: the line ends with CR LF where LF is expected")
    return lines


def read_json(path: Path) -> Any:
    """What a UTF-8 file of JSON holds. Raises DataError; MissingDataError when there is no such file."""
    try:
        return json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise DataError(f"{path}:{error.lineno}: is no JSON, or is cut off: {error.msg}; fetch it again") from error


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise MissingDataError(f"{path}: there is no such file") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    if path.suffix == ".gz":
        data = _unpacked(path, data)
    if not data:
        raise DataError(f"{path}:1: the file is empty")
    return _decoded(path, data)


def _unpacked(path: Path, data: bytes) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: is no gzip file, or is cut off: {error}; fetch it again") from error


def _decoded(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise DataError(
            f"{path}:{line}: byte {column} of the line (0x{data[error.start]:02x}) is not valid UTF-8"
        ) from error


def read_table(path: Path, columns: Sequence[str], header: bool) -> list[list[str]]:
    """The rows of a TSV file, header left out, each with exactly these columns. Raises DataError."""
    rows = [line.split("\t") for line in read_lines(path)]
    for number, row in enumerate(rows, start=1):
        if len(row) != len(columns):
            expected = f"{len(columns)} are expected ({', '.join(columns)})"
            raise DataError(f"{path}:{number}: {len(row)} columns where {expected}")
    if not header:
        return rows
    if rows[0] != list(columns):
        found, expected = ", ".join(rows[0]), ", ".join(columns)
        raise DataError(f"{path}:1: the header is {found} where {expected} is expected")
    if len(rows) == 1:
        raise DataError(f"{path}:2: there is nothing below the header")
    return rows[1:]


def check_aligned(first: Path, first_count: int, second: Path, second_count: int) -> None:
    """Raise DataError unless two files that belong together line by line have as many lines."""
    if first_count != second_count:
        line = min(first_count, second_count) + 1
        raise DataError(
            f"{first} has {first_count:,} lines but {second}, aligned with it line by line, "
            f"has {second_count:,}: line {line:,} has no counterpart"
        )


def check_texts(path: Path, name: str, texts: Sequence[str], first_line: int = 1) -> None:
    """Raise DataError where a text is empty. Blank ones pass: AmericasNLI's Nahuatl test set has three."""
    for number, text in enumerate(texts, start=first_line):
        if not text:
            raise DataError(f"{path}:{number}: the {name} is empty")


def check_labels(path: Path, found: Sequence[str], labels: Sequence[str], first_line: int = 1) -> None:
    """Raise DataError where a label is none of the task's."""
    known = set(labels)
    for number, label in enumerate(found, start=first_line):
        if label not in known:
            raise DataError(f"{path}:{number}: the label {label!r} is none of {', '.join(labels)}")
