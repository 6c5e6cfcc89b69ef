"""What the rows of a table cost, from the results that they are made of."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from xbench.cell import Result, Status
from xbench.standings import Row, Table


@dataclass(frozen=True)
class Cost:
    """Seconds of training, mean over seeds, and parameters of the encoder; None is not told."""

    seconds: float | None = None
    parameters: int | None = None


def costs(table: Table, results: Iterable[Result]) -> list[Cost]:
    """What each row of the table cost, from the results of its board; a row without average has no cost.

    A stage that serves several targets is paid once. Stages that different alignments of a row have in common are
    paid by each, for results tell the sum of an alignment's stages alone.
    """
    rows: dict[tuple[str, str], list[Result]] = {}
    for one in results:
        there = (one.cell.task, one.cell.source) == (table.task, table.source) and one.cell.target in table.targets
        if there and one.status is Status.OK:
            rows.setdefault((one.cell.model, one.cell.recipe), []).append(one)
    return [_cost(row, rows.get((row.model, row.recipe), ())) for row in table.rows]


def _cost(row: Row, results: Iterable[Result]) -> Cost:
    """A row with an average has all cells of its seeds: no other row of the board has results of its name there."""
    of = [one for one in results if one.cell.seed in row.seeds]
    if row.average.value is None or not of:
        return Cost()
    parameters = max(int(one.model.get("parameters") or 0) for one in of) or None
    paid: dict[tuple[Any, ...], float | None] = {}
    for one in of:
        for kind in ("align", "fit"):
            paid[one.cell.seed, kind, str(one.keys.get(kind))] = one.timings.get(f"{kind}_seconds")
    seconds = [each for each in paid.values() if each is not None]
    return Cost(sum(seconds) / len(row.seeds) if len(seconds) == len(paid) else None, parameters)
