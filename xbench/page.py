"""A board as one HTML file, which opens from disk and fetches nothing: tables to sort and filter, and plots."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xbench import costs, crossed, legends, notes, spending, typological, verified
from xbench.cell import Result
from xbench.markup import between, number, one_line, to_best
from xbench.ranks import lettered
from xbench.standings import Board, Cost, Estimate, Row, Table

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from xbench.plots import Mark


@dataclass(frozen=True)
class Line:
    """A line of the page's table: a row of the board over all targets, or in one `language` of it."""

    table: Table
    row: Row
    key: str
    language: str
    score: Estimate
    gap: Estimate
    cost: Cost


@dataclass(frozen=True)
class Section:
    """A table of the board as plots, each an SVG: whiskers, cost against score by what was paid, heat map."""

    table: Table
    keys: Mapping[str, Row]
    whiskers: str
    costs: Mapping[str, str]
    heat: Sequence[str]


def to_html(board: Board, results: Iterable[Result], title: str = "") -> str:
    """The page. What a row cost is in `results`, of which the board is; the same ones give the same bytes.

    Text from data and plugins is text wherever it stands.
    """
    results, keys = list(results), _keys(board)
    board = costs.told(board, results)
    paid = board.costs
    sections = [
        _section(f"Table {at}, {table.task}", table, keys, paid[at - 1]) for at, table in enumerate(board.tables, 1)
    ]
    lines = [line for table, of in zip(board.tables, paid, strict=True) for line in _lines(table, keys, of)]
    values: dict[str, Any] = {"board": board, "title": title or "Leaderboard", "keys": keys, "counts": _counts(board)}
    spent = spending.chapters(board)
    values |= {"sections": sections, "lines": lines, "filters": _filters(lines), "legend": _legend(board, bool(spent))}
    values["chapters"] = [*crossed.chapters(board.matrices), *typological.chapters(board), *spent]
    values["published"] = _emphasised(legends.PUBLISHED.partition("\n\n")[2])
    values["verified"] = _emphasised(verified.LEGEND)
    return _environment().get_template("page.html.j2").render(values) + "\n"


def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    def shown(value: Any) -> Any:
        return one_line(value) if isinstance(value, str) and not hasattr(value, "__html__") else value

    loader = FileSystemLoader(Path(__file__).parent)
    made = Environment(loader=loader, undefined=StrictUndefined, autoescape=True, finalize=shown,
                       trim_blocks=True, lstrip_blocks=True)  # fmt: skip
    made.filters |= {"number": number, "between": between, "to_best": to_best, "supervision": notes.supervision}
    made.filters |= {"kinds": _kinds, "seeded": notes.seeded}
    return made


def _keys(board: Board) -> dict[tuple[str, str], str]:
    """A letter for every model and recipe, the same in all tables: best first, as the board has them."""
    every = [(row.model, row.recipe) for summary in board.summaries for row in summary.rows]
    every += [(row.model, row.recipe) for table in board.tables for row in table.rows]
    return {named: lettered(at).upper() for at, named in enumerate(dict.fromkeys(every))}


def _lines(table: Table, keys: Mapping[tuple[str, str], str], paid: Sequence[Cost]) -> Iterator[Line]:
    """Of every row the line over all targets and one per language, the majority class last."""
    for row, cost in zip(table.lines, [*paid, *(Cost() for _ in table.majority)], strict=True):
        key = keys.get((row.model, row.recipe), "") if row in table.rows else ""
        yield Line(table, row, key, "", row.average, row.gap, cost)
        source = row.scores.get(table.source)
        for language in table.languages:
            score = row.scores.get(language)
            gap = None if score is None or source is None or language == table.source else source - score
            yield Line(table, row, key, language, Estimate(score), Estimate(gap), Cost())


def _section(title: str, table: Table, keys: Mapping[tuple[str, str], str], paid: Sequence[Cost]) -> Section:
    from xbench import plots

    named = {keys[row.model, row.recipe]: row for row in table.rows}
    marks: dict[str, Mark] = {}
    for key, row in named.items():
        if row.average.value is not None:
            marks[key] = plots.Mark(key, row.average.value, row.average.interval, row.rank == 1)
    chance = [row.average.value for row in table.majority if row.average.value is not None]
    spent = dict(zip(named, paid, strict=True))
    sign = 1 if table.dataset.higher_is_better else -1
    merits = {key: sign * mark.score for key, mark in marks.items()}
    drawn = {}
    for what, about in (("seconds", "seconds of training"), ("parameters", "parameters")):
        values = {key: getattr(spent[key], what) for key in marks if getattr(spent[key], what) is not None}
        if len(set(values.values())) > 1:
            best = costs.front([Cost(value) for value in values.values()], [merits[key] for key in values])
            shown = [marks[key] for key in values]
            drawn[about] = plots.costs(shown, list(values.values()), best, f"{title}: {about}")
    return Section(
        table=table,
        keys=named,
        whiskers=plots.whiskers(list(marks.values()), chance, f"{title}: averages") if marks else "",
        costs=drawn,
        heat=_heat(table, named, f"{title}: scores by language") if named else (),
    )


def _heat(table: Table, keys: Mapping[str, Row], title: str) -> list[str]:
    """The source, then the targets from the best to the worst score that rows have in the mean."""
    from xbench import plots

    rows = list(keys.values())
    means = {at: np.mean([row.scores[at] for row in rows if at in row.scores] or [0.0]) for at in table.languages}
    sign = -1 if table.dataset.higher_is_better else 1
    order = sorted(table.languages, key=lambda at: (at != table.source, sign * means[at], at))
    scores = {at: [row.scores.get(at) for row in rows] for at in order}
    averages, gaps = [row.average.value for row in rows], [row.gap.value for row in rows]
    return plots.Heat(list(keys), scores, averages, gaps).blocks(title)


def _kinds(row: Row) -> str:
    """The kinds of supervision that a row had, without counts."""
    kinds = [kind for kind, counts in sorted(row.supervision.items()) if counts or kind == notes.UNTOLD]
    return ", ".join(kinds) or "none"


def _filters(lines: Sequence[Line]) -> dict[str, list[str]]:
    """What there are several of to choose from, in the order of the page, by what it is chosen of."""
    values = [
        {
            "task": line.table.task,
            "source": line.table.source,
            "language": line.language,
            "model": line.row.model,
            "recipe": line.row.recipe,
            "supervision": _kinds(line.row),
        }
        for line in lines
    ]
    found = {name: list(dict.fromkeys(one_line(one[name]) for one in values)) for name in (values or [{}])[0]}
    return {name: there for name, there in found.items() if len(there) > 1}


def _counts(board: Board) -> list[str]:
    """How much there is, as text."""
    languages = {language for table in board.tables for language in table.languages}
    systems = {(row.model, row.recipe) for table in board.tables for row in table.rows}
    counts = {"task": len({table.task for table in board.tables}), "language": len(languages), "row": len(systems)}
    return [f"{count} {what}{'s' * (count != 1)}" for what, count in counts.items()]


def _legend(board: Board, spent: bool) -> list["Markup"]:
    """The items of the legend."""
    text = "\n".join([legends.LEGEND, *legends.besides(board, spent)])
    return [_emphasised(item) for item in re.split(r"^- ", text, flags=re.MULTILINE)[1:]]


def _emphasised(text: str) -> "Markup":
    """Our own Markdown as HTML: emphasis between asterisks and code between backticks, and no other markup."""
    from markupsafe import Markup, escape

    made = re.sub(r"\*(.+?)\*", r"<em>\1</em>", str(escape(text)), flags=re.DOTALL)
    return Markup(re.sub(r"`(.+?)`", r"<code>\1</code>", made))  # noqa: S704 - escaped
