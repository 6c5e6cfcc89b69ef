"""Typology of a board: its languages in URIEL, the regression of transfer gaps on it, and sources by distance."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np

from xbench.cell import Result
from xbench.languages import script
from xbench.regression import FEWEST, regress
from xbench.sheets import common_decimals
from xbench.standings import Board, Row, Table
from xbench.typology import GapFit, Measured, Profile, Serving, Typology
from xbench.uriel import Uriel, read

TOKENS = "tokens per word"  # the reading of an encoder by that name
SCRIPT = "other script"
_MISSING = 0.1  # share of the targets in URIEL that may lack a column; of more it is left out, of fewer they are
_NEAREST = 3  # candidates that are told


def described(board: Board, results: Iterable[Result], folder: Path) -> Board:
    """The board with what `folder` (see `uriel`) says of its languages. Raises DataError when it is not there."""
    tables = [table for table in board.tables if table.rows and table.source not in table.targets]
    uriel = read(folder, sorted({language for table in tables for language in (table.source, *table.languages)}))
    tokens = _tokens(results)
    grouped = groupby(tables, key=lambda table: (table.task, table.dataset))
    return replace(
        board,
        typologies=tuple(_typology(table, uriel, tokens) for table in tables),
        servings=tuple(_serving(board, list(each), uriel) for _, each in grouped),
    )


def _tokens(results: Iterable[Result]) -> dict[str, dict[str, float]]:
    """Language -> model -> tokens per word, the mean of what diagnostics say of the encoder."""
    found: dict[str, dict[str, list[float]]] = {}
    for result in results:
        told = result.diagnostics.get("encoder", {}).get("readings", {}).get(TOKENS)
        if told is not None:
            found.setdefault(result.cell.target, {}).setdefault(result.cell.model, []).append(float(told))
    return {at: {model: float(np.mean(values)) for model, values in of.items()} for at, of in found.items()}


def _typology(table: Table, uriel: Uriel, tokens: Mapping[str, Mapping[str, float]]) -> Typology:
    profiles = tuple(
        Profile(
            language=target,
            family=uriel.families.get(target, ""),
            script=script(target),
            distances={space: uriel.between(space, table.source, target) for space in uriel.distances},
            tokens=tokens.get(target, {}),
        )
        for target in table.targets
    )
    known = [one for one in profiles if one.language not in uriel.unknown]
    lacking = {space: sum(one.distances[space] is None for one in known) for space in uriel.distances}
    there = tuple(space for space, count in lacking.items() if count <= _MISSING * len(known))
    columns = (*there, SCRIPT)
    return Typology(
        task=table.task,
        source=table.source,
        dataset=table.dataset,
        profiles=profiles,
        fits=tuple(_fit(row, table, profiles, columns) for row in table.rows),
        columns=columns,
        left_out=tuple(space for space in uriel.distances if space not in there),
        unknown=tuple(language for language in table.languages if language in uriel.unknown),
    )


def _fit(row: Row, table: Table, profiles: Sequence[Profile], columns: Sequence[str]) -> GapFit:
    made = GapFit(row.model, row.recipe, {}, common_decimals(row.intervals.values()))
    if table.source not in row.scores:
        return replace(made, lacking=f"no score in {table.source}, so that there is no gap")
    gaps = {one.language: row.scores[table.source] - row.scores[one.language]
            for one in profiles if one.language in row.scores}  # fmt: skip
    values = {one.language: _values(one, table.source, row.model, columns) for one in profiles}
    if all(row.model in one.tokens for one in profiles):
        columns = (*columns, TOKENS)
    whole = [language for language in gaps if None not in (values[language][column] for column in columns)]
    made = replace(made, gaps=gaps, without=tuple(one.language for one in profiles if one.language not in whole))
    if len(whole) < FEWEST:
        return replace(made, lacking=f"{len(whole)} languages, and a regression takes {FEWEST}")
    by_column = {column: np.array([values[at][column] for at in whole], dtype=np.float64) for column in columns}
    found = regress(np.array([gaps[at] for at in whole]), by_column)
    return replace(made, gap=float(np.mean([gaps[at] for at in whole])), regression=found)


def _values(profile: Profile, source: str, model: str, columns: Sequence[str]) -> dict[str, float | None]:
    other = float(profile.script != script(source))
    return {**profile.distances, SCRIPT: other, TOKENS: profile.tokens.get(model)}


def _serving(board: Board, tables: Sequence[Table], uriel: Uriel) -> Serving:
    """The candidates of each target by their mean distance over the spaces in which it is known."""
    first = tables[0]
    crossed = [one for one in board.matrices if (one.task, one.dataset) == (first.task, first.dataset)]
    several = [one for one in crossed if len(one.sources) > 1]
    languages = sorted({language for table in tables for language in table.languages})
    candidates = sorted({source for one in several for source in one.sources}) or languages
    nearest = {}
    for target in languages:
        means = {at: _mean(uriel, target, at) for at in candidates if at != target}
        order = sorted((mean, at) for at, mean in means.items() if mean is not None)
        nearest[target] = tuple((at, mean) for mean, at in order[:_NEAREST])
    measured = tuple(Measured(one.model, one.recipe, one.best, one.ties) for one in several)
    return Serving(first.task, first.dataset, tuple(candidates), nearest, measured)


def _mean(uriel: Uriel, one: str, other: str) -> float | None:
    known = [value for space in uriel.distances if (value := uriel.between(space, one, other)) is not None]
    return float(np.mean(known)) if known else None
