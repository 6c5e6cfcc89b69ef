"""The journal: the results file, one JSON object a line, append-only."""

import json
import logging
import os
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock

from xbench.cell import Cell, Result
from xbench.errors import StoreError

log = logging.getLogger("xbench")


def read(path: Path) -> list[Result]:
    """All results in the order they were written; a last line torn by a kill is passed over with a warning.

    Raises StoreError that names file and line when any other line is no record.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
    lines = content.split(b"\n")
    torn = lines.pop()
    if torn:
        log.warning("%s: the last line is torn (%d bytes) and passed over", path, len(torn))
    return [_record(path, number, one) for number, one in enumerate(lines, 1)]


def _record(path: Path, number: int, text: bytes) -> Result:
    try:
        return Result.from_json(json.loads(text))
    except (ValueError, AttributeError, StoreError) as error:
        raise StoreError(f"{path}, line {number}: {error}") from error


def latest(results: Iterable[Result]) -> dict[Cell, Result]:
    """The last result of every cell."""
    return {result.cell: result for result in results}


def line(result: Result) -> str:
    """A result as a line of the journal, its end included."""
    return json.dumps(result.to_json(), ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"


class Journal:
    """Appends results to a file, each fact once, also when several processes write to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(path.with_name(f".{path.name}.lock"))
        self._end = 0
        self._lines = 0
        self._latest: dict[Cell, Result] = {}

    def latest(self) -> dict[Cell, Result]:
        """The last result of every cell; reads only what was added since the last call."""
        try:
            with self.path.open("rb") as file:
                if file.seek(0, os.SEEK_END) < self._end:
                    self._forget()
                file.seek(self._end)
                added = file.read()
        except FileNotFoundError:
            self._forget()
            return self._latest
        whole = added[: added.rfind(b"\n") + 1]
        for one in whole.split(b"\n")[:-1]:
            result = _record(self.path, self._lines + 1, one)
            self._latest[result.cell] = result
            self._lines += 1
            self._end += len(one) + 1
        return self._latest

    def _forget(self) -> None:
        self._end, self._lines, self._latest = 0, 0, {}

    def append(self, result: Result) -> bool:
        """Add a result unless the cell's last record says the same; True when it was added.

        A torn last line is cut off first. Raises StoreError when the file cannot be written; then it is unchanged.
        """
        written = line(result)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._lock:
                last = self.latest().get(result.cell)
                if last is not None and last.identity == result.identity:
                    return False
                self._write(written.encode(errors="backslashreplace"))
        except OSError as error:
            raise StoreError(f"{self.path}: cannot be written: {error.strerror or error}") from error
        return True

    def _write(self, text: bytes) -> None:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:  # a buffer would write again what the disk refused
            file.truncate(self._end)
            file.seek(self._end)
            try:
                while text:
                    text = text[file.write(text) :]
                os.fsync(file.fileno())
            except OSError:
                file.truncate(self._end)
                raise
