"""A board as LaTeX, for a paper: its tables as floats, ruled by booktabs. No date or machine: same bytes."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xbench.markup import NONE, decimals, number, one_line
from xbench.notes import seeded, supervision
from xbench.references import Reference
from xbench.sheets import WIDEST
from xbench.standings import Board, Estimate, Row, SuiteRow, Summary, Table

PREAMBLE = r"""% Needs \usepackage{booktabs}, and XeLaTeX or LuaLaTeX where there is text beyond Latin.
% For tables without intervals, say \newcommand{\xbenchinterval}[2]{} before them.
\providecommand{\xbenchinterval}[2]{ {\scriptsize[#1, #2]}}"""
KEY = r"Bold: the best. $\approx$: the 95\,\% interval of the difference to the best covers zero. Brackets: 95\,\%."

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    '"': r"{\char34}",  # a shorthand in some languages of babel
    **{character: f"\\{character}" for character in "{}$&#%_"},
}
_LIGATURE = re.compile(r"(?<=[-',])(?=[-',])")  # -- is a dash, '' and ,, are quotation marks


def escape(text: str) -> str:
    """Text from data or plugins as one line of LaTeX that shows what it says and does nothing else."""
    apart = _LIGATURE.split(one_line(text))
    return "{}".join("".join(_SPECIAL.get(character, character) for character in part) for part in apart)


@dataclass(frozen=True)
class _Sheet:
    """A float: all is LaTeX; `columns` are its alignment, between `blocks` of lines stands a rule."""

    caption: str
    columns: str
    head: Sequence[str]
    blocks: Sequence[Sequence[Sequence[str]]]
    notes: Sequence[str] = ()


def to_latex(board: Board) -> str:
    """The tables of `markdown`, each a float with a caption, notes and the label `tab:xbench-N`.

    A number has the digits that its interval supports; intervals are calls of a macro that a document may redefine.
    With more than 16 languages a second table has a line per language. Of published numbers only averages stand here.
    """
    if not board.tables:
        return "% No results.\n"
    sheets = [*map(_suite, board.summaries), *(sheet for table in board.tables for sheet in _task(table))]
    sheets += _published(board.references)
    return "\n\n".join([PREAMBLE, *(_float(sheet, at) for at, sheet in enumerate(sheets, 1))]) + "\n"


def _float(sheet: _Sheet, at: int) -> str:
    body = "\n\\midrule\n".join("\n".join(map(_line, block)) for block in (*([sheet.head],), *sheet.blocks) if block)
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{sheet.caption}}}",
        rf"\label{{tab:xbench-{at}}}",
        rf"\begin{{tabular}}{{{sheet.columns}}}",
        r"\toprule",
        body,
        r"\bottomrule",
        r"\end{tabular}",
        *(f"\n\\footnotesize {note}" for note in sheet.notes),
        r"\end{table}",
    ]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    r"""Cells as a line; after `\\`, a bracket or star at its start would be an argument."""
    return "{}" * cells[0].startswith(("[", "*")) + " & ".join(cells) + r" \\"


def _suite(summary: Summary) -> _Sheet:
    tasks, groups = list(summary.languages), list(summary.groups)
    lines = [
        [
            *_named(row),
            _best(row, row.score),
            *(_number(row.tasks[task]) for task in tasks),
            *(_number(row.groups[group]) for group in groups),
        ]
        for row in summary.rows
    ]
    over = f"mean of the {summary.average}' scores; {seeded(summary.seeds)}"
    return _Sheet(
        caption=f"{escape(f'{summary.suite} (source {summary.source}): {over}')}. {KEY}",
        columns="rll" + "r" * (1 + len(tasks) + len(groups)),
        head=["rank", "model", "recipe", "score", *map(escape, (*tasks, *groups))],
        blocks=[lines],
        notes=[escape(note) for note in summary.notes],
    )


def _task(table: Table) -> list[_Sheet]:
    """The table, and one with a line per language where there are too many to stand beside each other."""
    wide = len(table.languages) > WIDEST
    beside = () if wide else table.languages
    readings = list(dict.fromkeys(name for row in table.rows for name in row.readings))
    columns = [*beside, *readings]
    blocks = [[_scores(row, beside, readings) for row in rows] for rows in (table.rows, table.majority)]
    title, notes = escape(f"{table.task} (source {table.source})"), [escape(note) for note in table.notes]
    made = [
        _Sheet(
            caption=f"{title}: {_data(table)} {KEY}",
            columns="rllrr" + "r" * len(columns) + "ll",
            head=["rank", "model", "recipe", "avg", "gap", *map(escape, columns), "seeds", "supervision"],
            blocks=blocks,
            notes=notes,
        )
    ]
    if wide:
        below = [[escape(at), *(_score(row, at) for row in table.lines)] for at in table.languages]
        names = [escape(f"{row.model} {row.recipe}") for row in table.lines]
        made.append(_Sheet(f"{title} by language.", "l" + "r" * len(names), ["language", *names], [below]))
    return made


def _scores(row: Row, languages: Iterable[str], readings: Iterable[str]) -> list[str]:
    return [
        *_named(row),
        _best(row, row.average),
        _estimate(row.gap),
        *(_score(row, language) for language in languages),
        *(_number(row.readings.get(name)) for name in readings),
        ", ".join(str(seed) for seed in row.seeds),
        escape(supervision(row.supervision)),
    ]


def _named(row: Row | SuiteRow) -> list[str]:
    return ["" if row.rank is None else str(row.rank), escape(row.model), rf"\texttt{{{escape(row.recipe)}}}"]


def _best(row: Row | SuiteRow, estimate: Estimate) -> str:
    """What the row is ranked by: bold in the best row, marked in those that tie with it."""
    shown = _number(estimate.value, decimals(estimate.interval))
    if row.rank and row.to_best.value is None:
        shown = rf"\textbf{{{shown}}}"
    return shown + r"$^{\approx}$" * row.tie + _interval(estimate)


def _estimate(estimate: Estimate) -> str:
    return _number(estimate.value, decimals(estimate.interval)) + _interval(estimate)


def _score(row: Row, language: str) -> str:
    return _number(row.scores.get(language), decimals(row.intervals.get(language)))


def _interval(estimate: Estimate) -> str:
    found = estimate.interval
    ends = () if found is None else (found.lower, found.upper)
    return r"\xbenchinterval" * bool(ends) + "".join(f"{{{_number(end, decimals(found))}}}" for end in ends)


def _number(value: float | None, digits: int = 1) -> str:
    return number(value, digits).replace("-", "$-$")


def _data(table: Table) -> str:
    of = table.dataset
    if not table.sizes:
        return "no scores."
    least, most = min(table.sizes.values()), max(table.sizes.values())
    sizes = f"n = {least:,}" if least == most else f"n = {least:,} to {most:,}"
    metric = of.metric + " (lower is better)" * (not of.higher_is_better)
    revision = f", revision {of.revision}" if of.revision else ""
    return escape(f"{metric} on {of.id}{revision}, origin {of.origin}, split {of.split}; {sizes} per language.")


def _published(references: Sequence[Reference]) -> list[_Sheet]:
    """A table of averages, a row per model and source, each number as it was published."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for one in (one for one in references if not one.language):
        rows.setdefault((one.model, one.source), {})[f"{one.of} {one.metric}"] = str(one.score)
    columns = list(dict.fromkeys(column for found in rows.values() for column in found))
    lines = [[*map(escape, named), *(found.get(column, NONE) for column in columns)] for named, found in rows.items()]
    caption = "Published by others, as their sources print them; no row above is compared with these."
    head = ["model", "source", *map(escape, columns)]
    return [_Sheet(caption, "ll" + "r" * len(columns), head, [lines])] if rows else []
