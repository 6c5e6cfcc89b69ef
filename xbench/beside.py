"""Rows beside each other, as Markdown: ranks that they may have, ties, and differences to the baseline."""

from collections.abc import Sequence
from typing import TypeVar

from xbench.markup import NONE, between, code, decimals, difference, grid, number
from xbench.ranks import Place
from xbench.standings import Estimate, Row, SuiteRow, Table

AnyRow = TypeVar("AnyRow", bound=Row | SuiteRow)


def beside(rows: Sequence[AnyRow]) -> list[tuple[AnyRow, Place]]:
    """The rows that have a place and another one to be compared with."""
    found = [(row, row.place) for row in rows if row.place]
    return found if len(found) > 1 else []


def places(rows: Sequence[Row | SuiteRow]) -> list[str]:
    """A table of the ranks that rows may have, and of their ties; none where there is nothing to compare."""
    lines = [_placed(row, place) for row, place in beside(rows)]
    return [grid(["model", "recipe", "ranks", "ties"], lines, {"model", "recipe"})] if lines else []


def _placed(row: Row | SuiteRow, place: Place) -> list[str]:
    ranks = str(place.best) if place.best == place.worst else f"{place.best} to {place.worst}"
    return [code(row.model), code(row.recipe), ranks, ", ".join(place.groups)]


def comparisons(table: Table) -> list[str]:
    """The table of `places`, and what rows are beside their baselines where there are any."""
    if not any(row.comparison for row in table.rows):
        return places(table.rows)
    head = ["model", "recipe", "ranks", "ties", "to baseline", "other languages", "better in", "worse in"]
    bases = {(row.model, row.comparison.baseline) for row in table.rows if row.comparison}
    lines = [
        [*_placed(row, place), *_compared(row, (row.model, row.recipe) in bases)] for row, place in beside(table.rows)
    ]
    named = "; ".join(f"{code(recipe)} for {code(model)}" for model, recipe in sorted(bases))
    body = grid([*head, "won, tied, lost", "detectable"], lines, {"model", "recipe"})
    return [f"Beside the baseline, which is {named}:", body]


def _compared(row: Row, base: bool) -> list[str]:
    made = row.comparison
    if made is None:
        return ["baseline" if base else NONE, *[NONE] * 5]
    digits, n = decimals(made.average.interval), len(made.languages)
    tied = n - len(made.won) - len(made.lost)
    return [
        difference(made.average, digits),
        between(Estimate(None, made.average.beyond), digits),
        f"{len(made.better)} of {n}",
        f"{len(made.worse)} of {n}",
        f"{len(made.won)}, {tied}, {len(made.lost)}",
        number(made.detectable, digits),
    ]
