"""A board as text: CSV and JSON to compute with, and Markdown (see `markdown`). No date or machine: same bytes."""

import dataclasses
import difflib
import json
from pathlib import Path
from typing import Any

import pandas as pd

from xbench.errors import StoreError
from xbench.markdown import to_markdown
from xbench.matrix import Matrix
from xbench.notes import supervision
from xbench.references import Reference
from xbench.standings import Board, Comparison, Estimate, Row, SuiteRow, Summary, Table
from xbench.statistics import Interval

__all__ = ["check", "to_csv", "to_json", "to_markdown"]
DECIMALS = 4  # of CSV and JSON: what is beyond differs from machine to machine
_ABOUT = ["task", "source", "dataset", "revision", "split", "origin", "metric", "rank", "model", "recipe"]
_COLUMNS = [*_ABOUT, "measure", "language", "score", "lower", "upper", "n", "seeds", "supervision", "verified"]


def to_csv(board: Board) -> str:
    """One line per number (column `measure`): of suites, of each table's rows, of transfer
    matrices, then published ones; n/a is empty.

    `lower` and `upper` are the ends of its interval, of `ranks` the best and the worst.

    `nan` and `NA` are texts, so read it with `keep_default_na=False`. Notes are in the other formats only.
    """
    lines = [line for summary in board.summaries for row in summary.rows for line in _suite_lines(row, summary)]
    lines += [line for table in board.tables for row in table.lines for line in _lines(row, table)]
    lines += [line for matrix in board.matrices for line in _crossed(matrix)]
    lines += [_line(one) for one in board.references]
    return pd.DataFrame(lines, columns=_COLUMNS, dtype=object).to_csv(index=False, lineterminator="\n")


def to_json(board: Board) -> str:
    """The board's values, field by field; n/a is null. Summaries and references are there where there are any."""
    plain = {key: value for key, value in _plain(dataclasses.asdict(board)).items() if value or key == "tables"}
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


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


def _lines(row: Row, table: Table) -> list[list[Any]]:
    of = table.dataset
    about = [table.task, table.source, of.id, of.revision, of.split, of.origin, of.metric]
    measures = [("score", at, Estimate(row.scores.get(at), row.intervals.get(at))) for at in table.languages]
    measures += [
        ("average", "", row.average),
        ("average with source", "", Estimate(row.average_with_source)),
        ("transfer gap", "", row.gap),
        ("difference to best", "", row.to_best),
    ]
    measures += [(f"reading {name}", "", Estimate(value)) for name, value in row.readings.items()]
    measures += [("ranks", "", _ranks(row))] if row.place else []
    measures += _compared(row.comparison) if row.comparison else []
    measures += [(f"{measure}, other languages", at, Estimate(found.value, found.beyond))
                 for measure, at, found in measures if found.beyond]  # fmt: skip
    behind = [" ".join(str(seed) for seed in row.seeds), supervision(row.supervision), row.verified]
    of_row = [row.rank, row.model, row.recipe]
    return [
        [*about, *of_row, measure, language, *_numbers(estimate), table.sizes.get(language), *behind]
        for measure, language, estimate in measures
    ]


def _compared(made: Comparison) -> list[tuple[str, str, Estimate]]:
    """What the row is beside its baseline: by language, then over all of them."""
    found = [("difference to baseline", at, difference) for at, difference in made.languages.items()]
    found += [("p, by Holm", at, Estimate(p)) for at, p in made.p_values.items()]
    counts = {"won": made.won, "lost": made.lost, "better": made.better, "worse": made.worse}
    found += [(f"languages {name}", "", Estimate(len(languages))) for name, languages in counts.items()]
    found += [("detectable difference", "", Estimate(made.detectable))]
    return [*found, ("difference to baseline", "", made.average)]


def _ranks(row: Row | SuiteRow) -> Estimate:
    return Estimate(row.rank, Interval(row.place.best, row.place.worst) if row.place else None)


def _suite_lines(row: SuiteRow, summary: Summary) -> list[list[Any]]:
    """`task` is a task, a group, or the suite, as `measure` says."""
    scores = [("task score", task, Estimate(score)) for task, score in row.tasks.items()]
    scores += [("group score", group, Estimate(score)) for group, score in row.groups.items()]
    scores += [("suite score", summary.suite, row.score), ("difference to best", summary.suite, row.to_best)]
    scores += [("ranks", summary.suite, _ranks(row))] if row.place else []
    about, of_row = [summary.source, "", "", "", ""], [row.rank, row.model, row.recipe]
    seeds = " ".join(str(seed) for seed in summary.seeds)
    return [
        [of, *about, summary.metrics.get(of, ""), *of_row, measure, "", *_numbers(estimate), None, seeds, "", ""]
        for measure, of, estimate in scores
    ]


def _crossed(matrix: Matrix) -> list[list[Any]]:
    """Of every target the score of its best source, and how far others are behind; the other scores are the tables'."""
    of, seeds = matrix.dataset, " ".join(str(seed) for seed in matrix.seeds)
    measures = [("best source", source, at, matrix.scores[source][at]) for at, source in matrix.best.items()]
    measures += [("difference to best source", source, at, found)
                 for source, by in matrix.to_best.items() for at, found in by.items()]  # fmt: skip
    about = [of.id, of.revision, of.split, of.origin, of.metric, None, matrix.model, matrix.recipe]
    return [
        [matrix.task, source, *about, measure, target, *_numbers(found), None, seeds, "", ""]
        for measure, source, target, found in measures
    ]


def _line(one: Reference) -> list[Any]:
    """A published number: its source stands for the data set."""
    about = [one.of, "", one.source, "", "", "published", one.metric, None, one.model, ""]
    return [*about, "published", one.language, one.score, None, None, None, "", "", ""]


def _numbers(estimate: Estimate) -> list[Any]:
    ends = (None, None) if estimate.interval is None else dataclasses.astuple(estimate.interval)
    return [_plain(value) for value in (estimate.value, *ends)]


def rounded(value: float) -> float:
    """A number as CSV and JSON have it; zero has no sign."""
    return round(value, DECIMALS) + 0.0


def _plain(value: Any) -> Any:
    """JSON values with rounded numbers."""
    if isinstance(value, float):
        return rounded(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
