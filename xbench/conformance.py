"""What the tables and scores of a task must be; `xbench.testing` and the stages check it."""

from typing import Any

import pyarrow as pa

from xbench import tables
from xbench.contracts import Examples, Scores, TaskKind
from xbench.errors import PluginError
from xbench.items import ratios, score_of
from xbench.plugins import members


def require(fact: bool, problem: str) -> None:
    """Raise PluginError with the problem unless the fact holds."""
    if not fact:
        raise PluginError(problem)


def check_members(thing: Any, what: str, form: type) -> None:
    """Raise PluginError where the thing lacks a member that its contract names."""
    lacking = [member for member in members(form) if not hasattr(thing, member)]
    needed = f"an object with {' and '.join(members(form))}"
    require(not lacking, f"{what} must be {needed}, not {type(thing).__name__}")


def wrong_inputs(kind: TaskKind, inputs: Any) -> str:
    """What is wrong with the columns of inputs; empty when they are those of the kind."""
    columns = tables.COLUMNS[kind]
    found = _named(inputs)
    if set(columns.inputs) <= found <= {*columns.inputs, *columns.optional}:
        return ""
    wanted = " and ".join(columns.inputs) + (f", for pairs also {', '.join(columns.optional)}" * bool(columns.optional))
    return f"inputs must be a table of the columns {wanted}; there are {', '.join(sorted(found)) or 'none'}"


def wrong_answers(kind: TaskKind, answers: Any, inputs: pa.Table) -> str:
    """What is wrong with predictions of these inputs; empty when there is one answer a row or token."""
    columns = tables.COLUMNS[kind]
    return _wrong(columns, columns.answer, columns.listed, answers, inputs)


def wrong_gold(kind: TaskKind, gold: Any, inputs: pa.Table) -> str:
    """What is wrong with the gold of these inputs; empty when it has something for each row or token."""
    columns = tables.COLUMNS[kind]
    return _wrong(columns, columns.gold, columns.listed or columns.gold != columns.answer, gold, inputs)


def _wrong(columns: tables.Columns, name: str, listed: bool, answers: Any, inputs: pa.Table) -> str:
    found = _named(answers)
    if name not in found:
        return f"a table with the column {name!r} is wanted; there are {', '.join(sorted(found)) or 'none'}"
    if len(answers) != len(inputs):
        return f"{len(answers)} rows for {len(inputs)} inputs"
    what = "a list of texts" if listed else "a text"
    rows = answers[name].to_pylist()
    for row, answer in enumerate(rows):
        if not isinstance(answer, list if listed else str):
            return f"row {row} of {name!r} must be {what}, not {answer!r}"
    if not columns.per_token:
        return ""
    pairs = zip(rows, inputs[columns.inputs[0]].to_pylist(), strict=True)
    for row, (tags, tokens) in enumerate(pairs):
        if len(tags) != len(tokens):
            return f"{len(tags)} {name} for the {len(tokens)} {columns.inputs[0]} of row {row}"
    return ""


def _named(table: Any) -> set[str]:
    """The columns of a table; none of anything else."""
    return set(table.column_names) if isinstance(table, pa.Table) else set()


def check_examples(task: Any, where: str, examples: Any) -> None:
    """Tables of the task's kind, as many rows as the provenance says, labels of the task."""
    require(isinstance(examples, Examples), f"{where}: load must give Examples, not {type(examples).__name__}")
    inputs, gold, rows = examples.inputs, examples.gold, examples.provenance.n_rows
    wrong = wrong_inputs(task.kind, inputs)
    require(not wrong, f"{where}: {wrong}")
    require(len(inputs) == rows > 0, f"{where}: provenance says {rows} rows, inputs have {len(inputs)}")
    require(bool(examples.provenance.fingerprint), f"{where}: provenance needs a fingerprint of the rows")
    if gold is not None:
        wrong = wrong_gold(task.kind, gold, inputs)
        require(not wrong, f"{where}: of gold: {wrong}")
        strange = set(tables.labels(task.kind, gold)) - set(task.labels)
        require(not strange, f"{where}: gold holds labels that the task does not name: {sorted(map(str, strange))}")


def check_score(task: Any, where: str, test: Examples, language: str) -> None:
    """Gold against itself is perfect, items make the main score, predictions of another length are refused."""
    if test.gold is None:
        return
    perfect = tables.perfect(task.kind, test.gold)
    scores = task.score(test.gold, perfect, language)
    require(isinstance(scores, Scores), f"{where}: score must give Scores, not {type(scores).__name__}")
    require(task.main_metric in scores.metrics, f"{where}: score lacks the main metric {task.main_metric!r}")
    require(scores.metrics[task.main_metric] == 100, f"{where}: gold against itself must score 100: {scores.metrics}")
    require(len(scores.items) == len(test.gold), f"{where}: score must give one item per row")
    totals = [1] * len(scores.items) if scores.totals is None else list(scores.totals)
    require(len(totals) == len(scores.items), f"{where}: score must give one total per item, or none")
    whole = list(scores.items) == totals
    require(whole, f"{where}: the items of gold against itself must be 1, or equal their totals")
    for label in task.labels:
        same = task.score(test.gold, tables.constant(task.kind, test.gold, label), language)
        score, made = same.metrics[task.main_metric], score_of(ratios(same.items, same.totals))
        require(abs(score - made) < 1e-6, f"{where}: the items make a main score of {made}, metrics say {score}")
    try:
        task.score(test.gold, perfect.slice(1), language)
    except Exception:  # any refusal will do: the core counts rows itself and says so better
        return
    raise PluginError(f"{where}: score must refuse predictions of another length than gold")
