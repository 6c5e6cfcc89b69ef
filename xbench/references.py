"""Published numbers, from a CSV file beside a suite: shown apart from a board's rows, never ranked with them."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, fields
from math import isfinite
from pathlib import Path

from xbench.errors import DataError


@dataclass(frozen=True)
class Reference:
    """One published number (0..100), as its source has it.

    `source` is a paper, README or leaderboard; the same model by another source is another row. `of` is a task of
    the suite, a group, or the suite itself; `language` is empty where the number is an average.
    """

    source: str
    model: str
    of: str
    metric: str
    language: str
    score: float


COLUMNS = tuple(field.name for field in fields(Reference))


def read(path: Path) -> tuple[Reference, ...]:
    """The numbers of a file, in its order. Raises DataError that names file and line, also of a number said twice."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot read the published numbers: {error}") from error
    lines = csv.reader(text.splitlines())
    if tuple(next(lines, ())) != COLUMNS:
        raise DataError(f"{path}, line 1: the columns must be {','.join(COLUMNS)}")
    found: dict[tuple[str, ...], Reference] = {}
    for cells in lines:
        where = f"{path}, line {lines.line_num}"
        if len(cells) != len(COLUMNS) or not all(cells[:4]):
            raise DataError(f"{where}: needs {', '.join(COLUMNS)}; only the language may be empty")
        source, model, of, metric, language, number = cells
        key = (source, model, of, metric, language)
        if key in found:
            raise DataError(f"{where}: the same number stands above: {', '.join(key)}")
        found[key] = Reference(*key, _score(number, where))
    return tuple(found.values())


def _score(text: str, where: str) -> float:
    try:
        score = float(text)
    except ValueError:
        score = float("nan")
    if not isfinite(score):
        raise DataError(f"{where}: the score must be a number, not {text!r}")
    return score


def about(references: Iterable[Reference], things: Iterable[str]) -> tuple[Reference, ...]:
    """The numbers of these tasks, groups and suites, in their order."""
    wanted = set(things)
    return tuple(one for one in references if one.of in wanted)
