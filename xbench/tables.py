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
    """Columns by name. `texts` are those inputs that hold text, or lists of it.

    `gold` and `answer` are what is told of a row: a text, or where `listed` a list of texts; where `per_token` there
    is one for each token of the row. `closed` says that every answer is one of the task's labels, `named` that labels
    mean the same in every task that has them: those of multiple choice are places, 0 for the first.
    """

    inputs: tuple[str, ...]
    optional: tuple[str, ...]
    texts: tuple[str, ...]
    gold: str
    answer: str
    listed: bool = False
    per_token: bool = False
    closed: bool = False
    named: bool = False


_CHOICE = Columns(("text", "choices"), (), ("text", "choices"), "label", "label", closed=True)
_QUESTION = Columns(("id", "question", "context"), (), ("question", "context"), "answers", "answer")
_SEARCH = Columns(("id", "text", "language", "side"), (), ("text",), "matches", "matches", listed=True)
COLUMNS: Mapping[TaskKind, Columns] = MappingProxyType(
    {
        TaskKind.SEQUENCE_CLASSIFICATION: Columns(
            ("text",), ("text_pair",), ("text", "text_pair"), "label", "label", closed=True, named=True
        ),
        TaskKind.TOKEN_CLASSIFICATION: Columns(
            ("tokens",), (), ("tokens",), "tags", "tags", listed=True, per_token=True, closed=True, named=True
        ),
        TaskKind.MULTIPLE_CHOICE: _CHOICE,
        TaskKind.EXTRACTIVE_QA: _QUESTION,
        TaskKind.RETRIEVAL: _SEARCH,
    }
)


def texts(kind: TaskKind, inputs: "pa.Table", language: str | None = None) -> list[str]:
    """Every text of the inputs, column by column; of a language those alone, where rows say which they are in.

    Tokens are joined by a blank, in every language alike.
    """
    columns = COLUMNS[kind]
    if language and "language" in columns.inputs:
        rows = zip(inputs["language"].to_pylist(), inputs[columns.texts[0]].to_pylist(), strict=True)
        return [text for spoken, text in rows if spoken == language]
    found: list[Any] = [
        value for name in columns.texts if name in inputs.column_names for value in inputs[name].to_pylist()
    ]
    if columns.per_token:
        return [" ".join(tokens) for tokens in found]
    return [text for value in found for text in (value if isinstance(value, list) else [value])]


def texts_by_row(kind: TaskKind, inputs: "pa.Table") -> list[tuple[int, str]]:
    """Every text of the inputs with the row it is of; tokens are joined by a blank."""
    columns = COLUMNS[kind]
    found: list[tuple[int, str]] = []
    for name in (name for name in columns.texts if name in inputs.column_names):
        for row, value in enumerate(inputs[name].to_pylist()):
            if columns.per_token:
                found.append((row, " ".join(value)))
            else:
                found += [(row, text) for text in (value if isinstance(value, list) else [value])]
    return found


def first(kind: TaskKind, inputs: "pa.Table", count: int) -> list[int]:
    """The rows that are left of a trial on the first `count`: of queries that many, with every candidate."""
    if kind is not TaskKind.RETRIEVAL:
        return list(range(min(count, len(inputs))))
    sides = inputs["side"].to_pylist()
    queries = [row for row, side in enumerate(sides) if side == "query"][:count]
    return sorted({*queries, *(row for row, side in enumerate(sides) if side != "query")})


def labels(kind: TaskKind, gold: "pa.Table") -> list[str]:
    """Every label of gold: one a row, or one a token; none where answers are no labels."""
    columns = COLUMNS[kind]
    if not columns.closed:
        return []
    column: list[Any] = gold[columns.gold].to_pylist()
    return [label for row in column for label in row] if columns.per_token else column


def perfect(kind: TaskKind, gold: "pa.Table") -> "pa.Table":
    """Predictions that gold has nothing to say against: of several right answers to a question the first."""
    columns = COLUMNS[kind]
    if columns.gold == columns.answer:
        return gold.select([columns.gold])
    return type(gold).from_pydict({columns.answer: [right[0] for right in gold[columns.gold].to_pylist()]})


def constant(kind: TaskKind, gold: "pa.Table", label: str) -> "pa.Table":
    """Predictions that say the same label of every row or token of gold."""
    columns = COLUMNS[kind]
    column = gold.select([columns.gold])
    rows: list[Any] = column[0].to_pylist()
    same = [[label] * len(tags) for tags in rows] if columns.per_token else [label] * len(rows)
    # By way of gold, whose types these are, without importing pyarrow: `xbench --help` does not wait for it.
    return type(gold).from_pydict({columns.answer: same}, schema=column.schema)
