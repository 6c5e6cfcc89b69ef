"""A board as YAML for the cards of models on a hub: `model-index` metadata, and files of `.eval_results`.

After https://github.com/huggingface/hub-docs/blob/main/modelcard.md and https://huggingface.co/docs/hub/eval-results.
No date or machine: same bytes.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from xbench import names
from xbench.contracts import Origin, TaskKind
from xbench.markup import one_line
from xbench.notes import seeded, supervision
from xbench.registry import Registry
from xbench.render import rounded
from xbench.standings import Board, Row, Table

_TYPES = {
    TaskKind.SEQUENCE_CLASSIFICATION: "text-classification",
    TaskKind.TOKEN_CLASSIFICATION: "token-classification",
    TaskKind.MULTIPLE_CHOICE: "multiple-choice",
    TaskKind.EXTRACTIVE_QA: "question-answering",
    TaskKind.RETRIEVAL: "sentence-similarity",
}


def to_model_index(board: Board, registry: Registry) -> str:
    """`model-index` of a model card: an entry per model and recipe, with all it has scores of; those are 0..100.

    A language is the `config` of its data set; an average has none. The registry tells what kind of task one is:
    `other` where it does not know. Whoever publishes a model takes the entry that is the model's.
    """
    types = {name: _TYPES[task.kind] for task in registry.objects["task"].values() for name in (task.name, task.sample)}
    entries: dict[str, list[dict[str, Any]]] = {}
    for table, row in _rows(board):
        results = entries.setdefault(f"{row.model} {row.recipe}", [])
        kind = types.get(names.parse(table.task).name, "other")
        results += [_indexed(table, row, kind, at, score) for at, score in row.scores.items()]
        if row.average.value is not None:
            results.append(_indexed(table, row, kind, "", row.average.value))
    index = [{"name": name, "results": results} for name, results in entries.items()]
    return _yaml({"model-index": index}) if index else "# No results.\n"


def _indexed(table: Table, row: Row, kind: str, language: str, score: float) -> dict[str, Any]:
    """A number of the row: a score in a language, or, without one, its average."""
    of = table.dataset
    over = "" if language else f", mean over {', '.join(table.targets)}"
    about = f"{of.metric}, 0 to 100{over}; labels in {table.source}, {seeded(row.seeds)}"
    config = {"config": language} if language else {}
    dataset = {"name": " ".join([table.task, language]).strip(), "type": of.id, **config, "split": of.split}
    return {
        "task": {"type": kind, "name": table.task},
        "dataset": dataset | ({"revision": of.revision} if of.revision else {}),
        "metrics": [{"type": of.metric, "value": rounded(score), "name": about}],
    }


def to_eval_results(board: Board) -> str:
    """Entries of `.eval_results/NAME.yaml`, a document per model, each a file of that model; scores are 0..100.

    `task_id` is the language, and the recipe stands in the notes. Samples are no benchmarks and are left out.
    """
    entries: dict[str, list[dict[str, Any]]] = {}
    for table, row in _rows(board):
        if table.dataset.origin != Origin.SAMPLE:
            entries.setdefault(row.model, []).extend(_entry(table, row, at, score) for at, score in row.scores.items())
    if not entries:
        return "# No results on official data.\n"
    return "".join(f"--- # {one_line(model)}\n{_yaml(found)}" for model, found in entries.items())


def _entry(table: Table, row: Row, language: str, score: float) -> dict[str, Any]:
    of = table.dataset
    dataset = {"id": of.id, "task_id": language} | ({"revision": of.revision} if of.revision else {})
    read = supervision(row.supervision)
    notes = f"{row.recipe} on {table.task}: {of.metric}, labels in {table.source}, {seeded(row.seeds)}; read: {read}"
    return {"dataset": dataset, "value": rounded(score), "notes": notes}


def _rows(board: Board) -> Iterator[tuple[Table, Row]]:
    """Every row with its table, by model and recipe."""
    every = ((table, row) for table in board.tables for row in table.rows)
    yield from sorted(every, key=lambda one: (one[1].model, one[1].recipe))


def _yaml(value: Mapping[str, Any] | list[dict[str, Any]]) -> str:
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=120)
    return text
