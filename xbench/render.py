"""A board as text: Markdown to read, CSV and JSON to compute with. No date, time or machine: same bytes."""

import dataclasses
import difflib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from tabulate import tabulate

from xbench.errors import StoreError
from xbench.notes import LEGEND, supervision
from xbench.standings import Board, Estimate, Row, Table

WIDEST = 16  # languages beside each other; more stand below each other in a table of their own
DECIMALS = 4  # of CSV and JSON: what is beyond differs from machine to machine
NONE = "n/a"
_WORD = re.compile(r"(\(?)([^\s`|]+?)([.,;:)]*)(?=[\s`|]|$)|[`|]")
_ACTIVE = re.compile(r"[\\*_~\[\]<>&@$]|:(?!$)|www|#\w", re.IGNORECASE)  # what Markdown or GitHub takes for more
_ABOUT = ["task", "source", "dataset", "revision", "split", "origin", "metric", "rank", "model", "recipe"]
_COLUMNS = [*_ABOUT, "measure", "language", "score", "lower", "upper", "n", "seeds", "supervision"]


def escape(text: str) -> str:
    """Text from data or plugins as one line of Markdown that shows what it says and does nothing else.

    A word that would do something stands in backticks: GitHub looks for mentions, emoji and mathematics after
    backslashes and entities are resolved, but nowhere in code.
    """
    return _WORD.sub(_shown, _line(text))


def code(text: str) -> str:
    """Text as code, one line as well; `escape` does it where a backtick or a pipe would end the code."""
    line = _line(text)
    return f"`{line}`" if line and not {"`", "|"} & set(line) else escape(line)


def _line(text: str) -> str:
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _shown(word: re.Match[str]) -> str:
    before, inside, after = word.groups()
    if inside is None:
        return f"\\{word[0]}"
    return f"{before}`{inside}`{after}" if _ACTIVE.search(inside) else word[0]


def to_markdown(board: Board) -> str:
    """Tables to read: per task a title, the data, the rows and the notes; a legend at the end.

    With more than 16 languages the rows come without them, and a second table has a line per language.
    """
    if not board.tables:
        return "No results.\n"
    return "\n\n".join([*(_section(table) for table in board.tables), LEGEND]) + "\n"


def to_csv(board: Board) -> str:
    """One line per row and language, then its averages (column `measure`); what there is not is empty.

    `nan` and `NA` are texts, so read it with `keep_default_na=False`. Notes are in the other formats only.
    """
    lines = [line for table in board.tables for row in _rows(table) for line in _lines(row, table)]
    return pd.DataFrame(lines, columns=_COLUMNS, dtype=object).to_csv(index=False, lineterminator="\n")


def to_json(board: Board) -> str:
    """The board's values, field by field; n/a is null."""
    return json.dumps(_plain(dataclasses.asdict(board)), ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def check(text: str, path: Path) -> str:
    """How the file differs from what it should be, as a unified diff; empty when it does not.

    A file that is not there differs by every line. Raises StoreError when it cannot be read.
    """
    try:
        found = path.read_bytes().decode("utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"cannot read {path}: {error}") from error
    if found == text:
        return ""
    lines = difflib.unified_diff(found.splitlines(True), text.splitlines(True), str(path), "generated")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _rows(table: Table) -> list[Row]:
    return [*table.rows, *table.majority]


def _section(table: Table) -> str:
    parts = [f"## {escape(table.task)} (source {escape(table.source)})", _data(table)]
    if table.rows or table.majority:
        wide = len(table.languages) > WIDEST
        beside = () if wide else table.languages
        head = ["rank", "model", "recipe", "avg", "95 %", "to best", "gap", escape(f"avg with {table.source}")]
        head = [*head, *map(escape, beside), "seeds", "supervision"]
        lines = [_summary(row, beside, code) for row in table.rows]
        lines += [_summary(row, beside, escape) for row in table.majority]
        parts.append(_grid(head, lines, {"model", "recipe", "supervision"}))
        if wide:
            head = ["language", *(code(f"{row.model} {row.recipe}") for row in table.rows)]
            head += [escape(f"{row.model} {row.recipe}") for row in table.majority]
            below = [[escape(at), *(_number(row.scores.get(at)) for row in _rows(table))] for at in table.languages]
            parts.append(_grid(head, below, {"language"}))
    if table.notes:
        parts.append("\n".join(f"- {escape(note)}" for note in table.notes))
    return "\n\n".join(parts)


def _data(table: Table) -> str:
    if not table.sizes:
        return "No scores."
    data, counts = table.dataset, sorted(set(table.sizes.values()), reverse=True)
    sizes = [f"{n:,} ({', '.join(at for at, m in table.sizes.items() if m == n)})" for n in counts]
    if len(counts) == 1 < len(table.sizes):
        sizes = [f"{counts[0]:,} in each of {len(table.sizes)} languages"]
    kind = "parallel" if data.parallel else "not parallel"
    metric = data.metric + " (lower is better)" * (not data.higher_is_better)
    revision = f", revision {data.revision}" if data.revision else ""
    named = f"{data.id}{revision}, origin {data.origin}, split {data.split}"
    return escape(f"Data: {named}; {metric}; n = {'; '.join(sizes)}, {kind}.")


def _summary(row: Row, languages: Iterable[str], name: Callable[[str], str]) -> list[str]:
    return [
        "" if row.rank is None else str(row.rank),
        name(row.model),
        name(row.recipe),
        _number(row.average.value),
        _between(row.average),
        _to_best(row),
        _number(row.gap.value),
        _number(row.average_with_source),
        *(_number(row.scores.get(language)) for language in languages),
        ", ".join(str(seed) for seed in row.seeds),
        escape(supervision(row.supervision)),
    ]


def _number(value: float | None, digits: int = 1) -> str:
    return NONE if value is None else f"{round(value, digits) + 0.0:.{digits}f}"  # + 0.0: never -0.0


def _between(estimate: Estimate, digits: int = 1) -> str:
    found = estimate.interval
    return NONE if found is None else f"{_number(found.lower, digits)} to {_number(found.upper, digits)}"


def _to_best(row: Row) -> str:
    if row.to_best.value is None:
        return "best" if row.rank else NONE
    found = _number(row.to_best.value)
    if row.to_best.interval is not None:  # an end that rounds to zero must not look as if it were zero
        near = not row.tie and "0.0" in _between(row.to_best).split(" to ")
        found += f" ({_between(row.to_best, 3 if near else 1)})"
    return f"tie, {found}" if row.tie else found


def _grid(head: Sequence[str], lines: Sequence[Sequence[str]], left: Iterable[str]) -> str:
    return tabulate(
        lines,
        headers=head,
        tablefmt="pipe",
        disable_numparse=True,
        colalign=["left" if cell in left else "right" for cell in head],
    )


def _lines(row: Row, table: Table) -> list[list[Any]]:
    of = table.dataset
    about = [table.task, table.source, of.id, of.revision, of.split, of.origin, of.metric]
    measures = [("score", language, Estimate(row.scores.get(language))) for language in table.languages]
    measures += [
        ("average", "", row.average),
        ("average with source", "", Estimate(row.average_with_source)),
        ("transfer gap", "", row.gap),
        ("difference to best", "", row.to_best),
    ]
    behind = [" ".join(str(seed) for seed in row.seeds), supervision(row.supervision)]
    lines = []
    for measure, language, estimate in measures:
        ends = (None, None) if estimate.interval is None else dataclasses.astuple(estimate.interval)
        numbers = [*_plain([estimate.value, *ends]), table.sizes.get(language)]
        lines.append([*about, row.rank, row.model, row.recipe, measure, language, *numbers, *behind])
    return lines


def _plain(value: Any) -> Any:
    """JSON values with rounded numbers."""
    if isinstance(value, float):
        return round(value, DECIMALS) + 0.0
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
