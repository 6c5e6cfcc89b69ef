"""What rows cost as tables: what was spent on each, what for what score, and which rows none beats for less."""

from collections.abc import Sequence

from xbench.costs import front
from xbench.markup import NONE, number
from xbench.sheets import Chapter, Sheet, common_decimals
from xbench.standings import Board, Cost, Table


def chapters(board: Board) -> list[Chapter]:
    """A chapter for each table of which something is told."""
    tables = zip(board.tables, board.costs, strict=False)  # a board that nobody asked has none
    return [_chapter(table, costs) for table, costs in tables if any(cost != Cost() for cost in costs)]


def _chapter(table: Table, costs: Sequence[Cost]) -> Chapter:
    sign = 1 if table.dataset.higher_is_better else -1
    averages = [row.average.value for row in table.rows]
    best = front(costs, [None if value is None else sign * value for value in averages])
    columns = [
        ("seconds of training", [_rounded(cost.seconds) for cost in costs]),
        ("shared", [_rounded(cost.shared) for cost in costs]),
        ("seconds of prediction", [_rounded(cost.predicting) for cost in costs]),
        ("memory, MiB", [_rounded(cost.memory) for cost in costs]),
        ("accelerator, MiB", [_rounded(cost.accelerator) for cost in costs]),
        ("energy, kJ", [number(None if cost.energy is None else cost.energy / 1000) for cost in costs]),
        ("parameters", [_rounded(cost.parameters) for cost in costs]),
        ("trained", [_rounded(cost.trained) for cost in costs]),
    ]
    told = [(head, texts) for head, texts in columns if any(text != NONE for text in texts)]
    digits = common_decimals(row.average.interval for row in table.rows)
    lines = tuple(
        (row.model, row.recipe, number(row.average.value, digits), *texts, "yes" if first else "")
        for row, first, *texts in zip(table.rows, best, *(texts for _, texts in told), strict=True)
    )
    head = ("model", "recipe", "avg", *(head for head, _ in told), "Pareto front")
    sheet = Sheet("Cost, means over seeds", head, lines, left=("model", "recipe"))
    return Chapter(f"{table.task}: cost (source {table.source})", table.task, "", (sheet,))


def _rounded(value: float | None) -> str:
    """Whole numbers, but for those below ten."""
    if value is None:
        return NONE
    return f"{value:,.1f}" if 0 < value < 10 and value != int(value) else f"{value:,.0f}"
