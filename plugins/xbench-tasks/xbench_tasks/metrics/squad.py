"""Exact match and F1 of SQuAD v1.1, as XTREME scores XQuAD and TyDiQA-GoldP with it in every language.

After `evaluate-v1.1.py` of SQuAD (Rajpurkar et al. 2016, https://arxiv.org/abs/1606.05250) as called by `evaluate.py`
of google-research/xtreme@838c13b. Nothing is segmented: an answer in Chinese or Thai is normally one token, and only
ASCII punctuation is removed. `Squad` is the `evaluate` metric, made when it is asked for.
"""

import re
import string
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from xbench.errors import DataError
from xbench_tasks.metrics.definition import Definition, on_demand

_PUNCTUATION = dict.fromkeys(map(ord, string.punctuation))
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalise(text: str) -> str:
    """Lower-case; without ASCII punctuation; English articles become spaces; single spaces between tokens."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def token_f1(prediction: str, answer: str) -> float:
    """F1, 0..1, of two normalised texts as multisets of tokens; 0 where they share none, also where both are empty."""
    given, wanted = prediction.split(), answer.split()
    shared = sum((Counter(given) & Counter(wanted)).values())
    if shared == 0:
        return 0.0
    precision, recall = shared / len(given), shared / len(wanted)
    return (2 * precision * recall) / (precision + recall)


def answer_items(
    predictions: Mapping[str, str], references: Mapping[str, Sequence[str]], normalised: Callable[[str], str]
) -> dict[str, list[float]]:
    """`exact_match` and `f1` (0..1) of every question, in the order of the references.

    `predictions` maps ids to answers, `references` ids to their gold answers; `normalised` makes answers comparable.
    Each metric takes its own best gold answer. A question without prediction gets 0; a prediction for an id that is
    not asked for is ignored, as officially. Raises DataError where there are no questions, a question has no gold
    answer, an answer is not text, or predictions are given and not one is for a question.
    """
    _check(predictions, references)
    items: dict[str, list[float]] = {"exact_match": [], "f1": []}
    for id_, answers in references.items():
        given = predictions.get(id_)
        pairs = [] if given is None else [(normalised(given), normalised(answer)) for answer in answers]
        items["exact_match"].append(max((float(one == other) for one, other in pairs), default=0.0))
        items["f1"].append(max((token_f1(one, other) for one, other in pairs), default=0.0))
    return items


def per_cent(items: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The metrics (0..100) that the values per item (0..1) average to, as the official script adds and divides."""
    metrics = {}
    for name, values in items.items():
        total = 0.0
        for value in values:  # one after the other: from Python 3.12 on, sum() of floats rounds otherwise
            total += value
        metrics[name] = 100.0 * total / len(values)
    return metrics


def squad_items(predictions: Mapping[str, str], references: Mapping[str, Sequence[str]]) -> dict[str, list[float]]:
    """`exact_match` and `f1` (0..1) of every question, in the order of the references; see `answer_items`."""
    return answer_items(predictions, references, normalise)


def squad(predictions: Mapping[str, str], references: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """`exact_match` and `f1`, 0..100, unrounded, of one language; arguments and errors as of `answer_items`."""
    return per_cent(squad_items(predictions, references))


def gold_answers(document: object, name: str) -> dict[str, list[str]]:
    """The gold answers by question id, in file order, of SQuAD JSON: `{"data": [...]}` or the bare list.

    `name` is what errors call the document. Raises DataError where the form is another or an id occurs twice.
    """
    gold: dict[str, list[str]] = {}
    for where, _, question in questions(document, name):
        id_ = member(question, "id", str, where)
        if id_ in gold:
            raise DataError(f"{where}: the id {id_!r} occurs a second time")
        gold[id_] = [member(answer, "text", str, where) for answer in member(question, "answers", list, where)]
    return gold


def questions(document: object, name: str) -> Iterator[tuple[str, object, object]]:
    """Where each question of SQuAD JSON stands, its paragraph and itself, in file order; see `gold_answers`."""
    articles = member(document, "data", list, name) if isinstance(document, dict) else document
    if not isinstance(articles, list):
        raise DataError(f"{name}: this is no SQuAD JSON: it is neither a list nor an object with 'data'")
    for first, article in enumerate(articles):
        outer = f"{name}: data[{first}]"
        for second, paragraph in enumerate(member(article, "paragraphs", list, outer)):
            inner = f"{outer}.paragraphs[{second}]"
            for third, question in enumerate(member(paragraph, "qas", list, inner)):
                yield f"{inner}.qas[{third}]", paragraph, question


def member(holder: object, key: str, kind: type, where: str) -> Any:
    """What an object of SQuAD JSON has by that key. Raises DataError (`where`) unless it is there, and of the kind."""
    value = holder.get(key) if isinstance(holder, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        form = {list: "a list", str: "a text", int: "a whole number"}[kind]
        raise DataError(f"{where}: SQuAD JSON has {form} called {key!r} here; there is {type(value).__name__}")
    return value


def _check(predictions: Mapping[str, str], references: Mapping[str, Sequence[str]]) -> None:
    if not references:
        raise DataError("there are no questions to score answers to")
    for id_, answers in references.items():
        if isinstance(answers, str) or not answers or not all(isinstance(answer, str) for answer in answers):
            raise DataError(f"question {id_!r} needs a list of one or more gold answers (text); it has {answers!r}")
    for id_, given in predictions.items():
        if not isinstance(given, str):
            raise DataError(f"the prediction for question {id_!r} is {given!r}; a text is expected")
    if predictions and not predictions.keys() & references.keys():
        raise DataError(
            f"none of the {len(predictions):,} predictions is for one of the {len(references):,} questions "
            f"(an id of theirs: {next(iter(predictions))!r}; asked for: {next(iter(references))!r}); "
            "the predictions are of another file"
        )


def by_id(rows: Sequence[Mapping[str, Any]], field: Callable[[Mapping[str, Any]], Any]) -> dict[str, Any]:
    """What `field` gives of each row, by the row's `id`. Raises DataError where an id occurs twice."""
    found: dict[str, Any] = {}
    for row in rows:
        if row["id"] in found:
            raise DataError(f"the id {row['id']!r} occurs more than once; give each question one row")
        found[row["id"]] = field(row)
    return found


def from_rows(
    predictions: Sequence[Mapping[str, Any]], references: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Predictions and gold answers by id, of rows as `evaluate` hands them over."""
    given = by_id(predictions, lambda row: row["prediction_text"])
    return given, by_id(references, lambda row: list(row["answers"]["text"]))


PREDICTION_ROW = {"id": "string", "prediction_text": "string"}
REFERENCE_ROW = {"id": "string", "answers": {"text": ["string"]}}
ROWS = (
    "predictions: rows {id, prediction_text}; references: rows {id, answers: {text: [gold answers]}}; "
    "joined by id, not by position."
)


def _compute(predictions: Sequence[Any], references: Sequence[Any]) -> dict[str, float]:
    return squad(*from_rows(predictions, references))


__getattr__ = on_demand(
    __name__,
    Definition(
        name="Squad",
        description="Exact match and F1 of SQuAD v1.1 as XTREME computes them, 0..100.",
        inputs=ROWS,
        citation="Rajpurkar et al. 2016, SQuAD, https://arxiv.org/abs/1606.05250",
        prediction=PREDICTION_ROW,
        reference=REFERENCE_ROW,
        compute=_compute,
    ),
)
