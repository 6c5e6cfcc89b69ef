"""A board as Markdown, to read. No date, time or machine: the same bytes."""

from collections.abc import Callable, Iterable, Sequence

from xbench import crossed, legends, spending, typological, verified
from xbench.beside import beside, comparisons, places
from xbench.markup import NONE, between, code, decimals, escape, grid, number, to_best
from xbench.notes import seeded, supervision
from xbench.references import Reference
from xbench.sheets import WIDEST, common_decimals
from xbench.sheets import to_markdown as _chapter
from xbench.standings import Board, Estimate, Row, Summary, Table


def to_markdown(board: Board) -> str:
    """Tables to read: what a suite comes to; per task a title, the data, the rows and the notes; a legend at the end.

    With more than 16 languages the rows come without them, and a second table has a line per language. Sections of
    transfer matrices follow where there are several sources, and of typology if asked for. Published numbers, if asked
    for, stand after the tables, in tables of their own.
    """
    if not board.tables:
        return "No results.\n"
    parts = [*map(_suite, board.summaries), *map(_section, board.tables)]
    spent = spending.chapters(board)
    parts += map(_chapter, [*crossed.chapters(board.matrices), *typological.chapters(board), *spent])
    parts += _published(board.references)
    parts += [f"{verified.LEGEND} {code(board.results)}."] * bool(board.results)
    parts += _notes([board.ignored] * bool(board.ignored))
    compared = any(beside(table.rows) for table in board.tables) or any(beside(one.rows) for one in board.summaries)
    legend = [legends.LEGEND, *[legends.COMPARED_LEGEND] * compared, *legends.besides(board, bool(spent))]
    return "\n\n".join([*parts, "\n".join(legend)]) + "\n"


def _suite(summary: Summary) -> str:
    tasks, groups = list(summary.languages), list(summary.groups)
    head = ["rank", "model", "recipe", "score", "95 %", "to best", *map(escape, tasks), *map(code, groups)]
    lines = [
        [
            "" if row.rank is None else str(row.rank),
            code(row.model),
            code(row.recipe),
            *_estimated(row.score),
            to_best(row, decimals(row.to_best.interval)),
            *(number(row.tasks[task]) for task in tasks),
            *(number(row.groups[group]) for group in groups),
        ]
        for row in summary.rows
    ]
    about = [f"{task} {summary.metrics[task]}".strip() + f" ({len(summary.languages[task])})" for task in tasks]
    parts = [
        f"## {escape(summary.suite)} (source {escape(summary.source)})",
        escape(f"Tasks (languages): {'; '.join(about)}."),
    ]
    over = "tasks'" if summary.average == "tasks" else "groups'"
    grouped = "".join(f" Group {code(group)}: {escape(', '.join(summary.groups[group]))}." for group in groups)
    parts.append(f"The score is the mean of the {over} scores; {seeded(summary.seeds)}.{grouped}")
    parts.append(grid(head, lines, {"model", "recipe"}))
    return "\n\n".join([*parts, *places(summary.rows), *_notes(summary.notes)])


def _section(table: Table) -> str:
    parts = [f"## {escape(table.task)} (source {escape(table.source)})", _data(table)]
    if table.rows or table.majority:
        wide = len(table.languages) > WIDEST
        columns = () if wide else table.languages
        head = ["rank", "model", "recipe", "avg", "95 %", "to best", "gap", escape(f"avg with {table.source}")]
        head = [*head, *map(escape, columns), "seeds", "supervision"]
        digits = _digits(table.rows)
        lines = [_summary(row, code, columns, digits) for row in table.rows]
        lines += [_summary(row, escape, columns, digits) for row in table.majority]
        if any(row.verified for row in table.rows):
            head.append("verified")
            lines = [[*line, row.verified] for line, row in zip(lines, table.lines, strict=True)]
        parts.append(grid(head, lines, {"model", "recipe", "supervision", "verified"}))
        if wide:
            head = ["language", *(code(f"{row.model} {row.recipe}") for row in table.rows)]
            head += [escape(f"{row.model} {row.recipe}") for row in table.majority]
            below = [
                [escape(at), *(number(row.scores.get(at), digits) for row in table.lines)] for at in table.languages
            ]
            parts.append(grid(head, below, {"language"}))
    parts += comparisons(table)
    parts += [_readings(table)] if any(row.readings for row in table.rows) else []
    return "\n\n".join([*parts, *_notes(table.notes)])


def _readings(table: Table) -> str:
    """What diagnostics say of the encoders, a column a reading."""
    names = list(dict.fromkeys(name for row in table.rows for name in row.readings))
    lines = [
        [code(row.model), code(row.recipe), *(number(row.readings.get(name)) for name in names)] for row in table.rows
    ]
    title = "Readings of the encoders, with pairs that no fit has read, means over target languages and seeds:"
    return f"{title}\n\n{grid(['model', 'recipe', *map(escape, names)], lines, {'model', 'recipe'})}"


def _notes(notes: Sequence[str]) -> list[str]:
    return ["\n".join(f"- {escape(note)}" for note in notes)] if notes else []


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


def _summary(row: Row, name: Callable[[str], str], languages: Iterable[str], digits: int) -> list[str]:
    return [
        "" if row.rank is None else str(row.rank),
        name(row.model),
        name(row.recipe),
        *_estimated(row.average),
        to_best(row, decimals(row.to_best.interval)),
        number(row.gap.value, decimals(row.gap.interval)),
        number(row.average_with_source, decimals(row.average.interval)),
        *(number(row.scores.get(language), digits) for language in languages),
        ", ".join(str(seed) for seed in row.seeds),
        escape(supervision(row.supervision)),
    ]


def _estimated(estimate: Estimate) -> list[str]:
    """A number and its interval, with the digits that this supports."""
    digits = decimals(estimate.interval)
    return [number(estimate.value, digits), between(estimate, digits)]


def _digits(rows: Sequence[Row]) -> int:
    """What the mean interval of a row in a language supports."""
    return common_decimals(found for row in rows for found in row.intervals.values())


def _published(references: Sequence[Reference]) -> list[str]:
    """A table of averages, a column per task and metric, then one per task and metric with a column per language."""
    averages = [one for one in references if not one.language]
    parts = [_columns([(one, f"{one.of} {one.metric}") for one in averages])] if averages else []
    spoken: dict[tuple[str, str], list[Reference]] = {}
    for one in references:
        if one.language:
            spoken.setdefault((one.of, one.metric), []).append(one)
    for (of, metric), members in spoken.items():
        parts += [f"### {escape(of)}: {escape(metric)}", _columns([(one, one.language) for one in members])]
    return [legends.PUBLISHED, *parts] if parts else []


def _columns(cells: Sequence[tuple[Reference, str]]) -> str:
    """A row per model and source, each number in the named column as it was published."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for one, column in cells:
        rows.setdefault((one.model, one.source), {})[column] = str(one.score)
    columns = list(dict.fromkeys(column for _, column in cells))
    lines = [
        [escape(model), escape(source), *(found.get(column, NONE) for column in columns)]
        for (model, source), found in rows.items()
    ]
    return grid(["model", "source", *map(escape, columns)], lines, {"model", "source"})
