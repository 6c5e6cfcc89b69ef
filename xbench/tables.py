"""The tables of each kind of task: which columns inputs, gold and predictions have, and what is read from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from xbench.values import TaskKind

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Columns:
    """Columns by name. `answer` is that of gold and predictions; where `per_token`, a row holds a list of texts."""

    inputs: tuple[str, ...]
    optional: tuple[str, ...]
    answer: str
    per_token: bool = False


COLUMNS: Mapping[TaskKind, Columns] = MappingProxyType(
    {
        TaskKind.SEQUENCE_CLASSIFICATION: Columns(("text",), ("text_pair",), "label"),
        TaskKind.TOKEN_CLASSIFICATION: Columns(("tokens",), (), "tags", per_token=True),
    }
)


def texts(kind: TaskKind, inputs: "pa.Table") -> list[str]:
    """Every text of the inputs, column by column; tokens are joined by a blank, in every language alike."""
    columns = COLUMNS[kind]
    found = [inputs[name].to_pylist() for name in (*columns.inputs, *columns.optional) if name in inputs.column_names]
    if columns.per_token:
        return [" ".join(tokens) for column in found for tokens in column]
    return [text for column in found for text in column]


def labels(kind: TaskKind, answers: "pa.Table") -> list[str]:
    """Every label of gold or predictions: one a row, or one a token."""
    column: list[Any] = answers[COLUMNS[kind].answer].to_pylist()
    return [label for row in column for label in row] if COLUMNS[kind].per_token else column


def constant(kind: TaskKind, gold: "pa.Table", label: str) -> "pa.Table":
    """Predictions that say the same of every row or token of gold."""
    column = gold.select([COLUMNS[kind].answer])
    rows: list[Any] = column[0].to_pylist()
    same = [[label] * len(tags) for tags in rows] if COLUMNS[kind].per_token else [label] * len(rows)
    # By way of gold, whose types these are, without importing pyarrow: `xbench --help` does not wait for it.
    return type(gold).from_pydict({COLUMNS[kind].answer: same}, schema=column.schema)
