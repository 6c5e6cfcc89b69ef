"""The levels of verification that rows have passed, in a file beside the results, for these very results alone."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from xbench.cell import LEVELS, Cell, Result, Status
from xbench.errors import StoreError
from xbench.keys import file_digest
from xbench.standings import Board, Table

FILE = "verified.json"
LEGEND = """\
*verified* is the highest level that a row has passed, as `verified.json` beside the results says: *rescore*, its scores
follow from its predictions; *repredict*, also these from its checkpoints; *retrain*, trainings made again come to the
same. It is said of results.jsonl with the sha256"""

_Row = tuple[str, str, str, str]  # model, recipe, task, source
_ROW = ("model", "recipe", "task", "source")


@dataclass(frozen=True)
class Verified:
    """What was verified of results with this sha256: by row and level how many of how many scored cells hold.

    `versions` are those that were installed, by level.
    """

    results: str
    rows: Mapping[_Row, Mapping[str, tuple[int, int]]] = field(default_factory=dict)
    versions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def highest(self, row: _Row) -> str:
        """The highest level that the row has passed, and in how many of its cells if not in all; empty for none."""
        passed = self.rows.get(row, {})
        level = next((level for level in reversed(LEVELS) if level in passed), "")
        held, of = passed.get(level, (0, 0))
        return level if held == of else f"{level} ({held} of {of} cells)"

    def after(self, level: str, results: Iterable[Result], held: Iterable[Cell], wrong: Iterable[Cell]) -> "Verified":
        """With what a verification of these results came to; of two of a row and level the one of more cells counts.

        A row with a cell that is wrong keeps the levels below alone.
        """
        scored = [result.cell for result in results if result.status is Status.OK]
        holds, fails = set(held), {_row(cell) for cell in wrong}
        rows: dict[_Row, dict[str, tuple[int, int]]] = {}
        for row in sorted({_row(cell) for cell in scored}):
            passed, cells = dict(self.rows.get(row, {})), [cell for cell in scored if _row(cell) == row]
            if row in fails:
                passed = {one: counts for one, counts in passed.items() if LEVELS.index(one) < LEVELS.index(level)}
            elif count := len(holds.intersection(cells)):
                passed[level] = max((count, len(cells)), passed.get(level, (0, 0)))
            rows |= {row: passed} if passed else {}
        return replace(self, rows=rows)

    def to_json(self) -> str:
        """The file."""
        rows = [
            {
                **dict(zip(_ROW, row, strict=True)),
                "levels": {level: {"held": held, "of": of} for level, (held, of) in passed.items()},
            }
            for row, passed in self.rows.items()
        ]
        values = {"results": self.results, "versions": self.versions, "rows": rows}
        return json.dumps(values, ensure_ascii=False, indent=1) + "\n"


def _row(cell: Cell) -> _Row:
    return cell.model, cell.recipe, cell.task, cell.source


def read(folder: Path) -> Verified | None:
    """What is beside the results, if anything is. Raises StoreError when it is no such file."""
    file = folder / FILE
    if not file.is_file():
        return None
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        rows = {tuple(str(row[what]) for what in _ROW): _levels(row["levels"]) for row in values["rows"]}
        return Verified(str(values["results"]), rows, dict(values["versions"]))  # type: ignore[arg-type]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{file}: cannot be read: {error}") from error


def _levels(levels: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    return {level: (int(levels[level]["held"]), int(levels[level]["of"])) for level in LEVELS if level in levels}


def marked(board: Board, results: Path) -> Board:
    """The board with what is verified of the file of its results; or with why that is ignored."""
    try:
        found = read(results.parent)
    except StoreError as error:
        return replace(board, ignored=f"{FILE} is ignored: {str(error).partition(': ')[2]}")
    if found is None:
        return board
    sha256 = file_digest(results)
    if found.results != sha256:
        other = f"it is of results with the sha256 {found.results}, and these have {sha256}"
        return replace(board, ignored=f"{FILE} is ignored: {other}")
    return replace(board, tables=tuple(_marked(table, found) for table in board.tables), results=sha256)


def _marked(table: Table, found: Verified) -> Table:
    rows = [
        replace(row, verified=found.highest((row.model, row.recipe, table.task, table.source))) for row in table.rows
    ]
    return replace(table, rows=tuple(rows))
