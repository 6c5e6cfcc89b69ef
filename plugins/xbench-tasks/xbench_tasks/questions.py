"""Extractive question answering: what the tasks of this plugin share. A task is a value of `QuestionTask`.

Files are JSON of SQuAD v1.1 (Rajpurkar et al. 2016, https://arxiv.org/abs/1606.05250): articles of paragraphs, each
with a `context` and its `qas`, which have `id`, `question` and `answers`, each with `text` and `answer_start`, the
character of the context (counted from 0) that it begins at.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from xbench.contracts import Scores, TaskKind
from xbench.errors import DataError, PluginError
from xbench_tasks.columns import Columns
from xbench_tasks.dataset import DatasetTask
from xbench_tasks.files import read_json
from xbench_tasks.metrics.squad import member, per_cent, questions, squad_items
from xbench_tasks.rows import digest

if TYPE_CHECKING:
    import pyarrow

# XTREME's scripts/train_qa.sh (google-research/xtreme@838c13b). Its 500 updates of warm-up are given as the share they
# are of the three epochs on SQuAD, of about 8,300 updates; of TyDiQA's, about 350, they would be more than all.
RECIPE = MappingProxyType(
    {
        "learning_rate": 3e-5,
        "epochs": 3,
        "max_length": 384,
        "stride": 128,
        "question_length": 64,
        "answer_length": 30,
        "n_best": 20,
        "batch_size": 32,
        "warmup": 0.06,
        "weight_decay": 1e-4,
    }
)
COLUMNS = MappingProxyType({name: name for name in ("id", "question", "context", "answers")})  # as the hub has them
_SURROGATE = re.compile("[\ud800-\udfff]")
Answers: TypeAlias = Mapping[str, str]
Gold: TypeAlias = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Question:
    """A question, the context that answers it, its right answers, and the character that each begins at."""

    id: str
    question: str
    context: str
    answers: Sequence[str]
    starts: Sequence[int]


@dataclass(frozen=True)
class Questions:
    """Questions in the order of their file. `note` says what is unusual."""

    rows: Sequence[Question]
    note: str = ""

    def __len__(self) -> int:
        """Questions."""
        return len(self.rows)

    def inputs(self) -> "pyarrow.Table":
        """A table with the columns `id`, `question` and `context`."""
        import pyarrow

        names = ("id", "question", "context")
        return pyarrow.table({name: [getattr(row, name) for row in self.rows] for name in names})

    def gold(self) -> "pyarrow.Table":
        """A table with the columns `answers`, lists of texts, and `starts`, lists of as many characters."""
        import pyarrow

        return pyarrow.table(
            {
                "answers": pyarrow.array([row.answers for row in self.rows], pyarrow.list_(pyarrow.string())),
                "starts": pyarrow.array([row.starts for row in self.rows], pyarrow.list_(pyarrow.int64())),
            }
        )

    def fingerprint(self) -> str:
        """The SHA-256 (hex) of inputs and gold, question by question; each has its number of answers in it."""
        return digest(
            f"answered {len(self)} questions\n",
            (
                (row.id, row.question, row.context, str(len(row.answers)), *row.answers, *map(str, row.starts))
                for row in self.rows
            ),
        )


def of_squad(predictions: Answers, references: Gold, language: str) -> dict[str, list[float]]:
    """Exact match and F1 of every question as SQuAD scores them, in every language alike."""
    return squad_items(predictions, references)


@dataclass(frozen=True, eq=False)
class QuestionTask(DatasetTask):
    """A task of `xbench.contracts.Task`: answers are spans of contexts, scored as XTREME does.

    `scored` gives `exact_match` and `f1` (0..1) of every question, of answers and gold answers by id, in the language
    of the contexts. `labels` are empty: an answer is a text.
    """

    kind: TaskKind = TaskKind.EXTRACTIVE_QA
    main_metric: str = "em_f1"
    scored: Callable[[Answers, Gold, str], Mapping[str, Sequence[float]]] = of_squad

    def score(self, gold: "pyarrow.Table", predictions: "pyarrow.Table", language: str) -> Scores:
        """Exact match, F1, and `em_f1`, the mean of both (0..100), which XTREME averages; `em_f1` per question.

        An answer that is null was not given, which counts 0. Raises DataError when there are not as many answers as
        questions, PluginError when there are none.
        """
        if "answer" not in predictions.column_names:
            there = ", ".join(predictions.column_names) or "none"
            raise PluginError(
                f"the predictions of {self.name} in {language!r} have no column 'answer' (there are: {there})"
            )
        if len(predictions) != len(gold):
            raise DataError(
                f"{self.name} in {language!r}: {len(predictions):,} answers are given to {len(gold):,} questions"
            )
        items = self.scored(_by_row(predictions["answer"].to_pylist()), _by_row(gold["answers"].to_pylist()), language)
        metrics = per_cent(items)
        metrics["em_f1"] = (metrics["exact_match"] + metrics["f1"]) / 2
        return Scores(metrics, [sum(both) / 2 for both in zip(items["exact_match"], items["f1"], strict=True)])


def _by_row(column: Iterable[Any]) -> dict[str, Any]:
    """Predictions and gold are aligned by row, so that the number of the row is the id; what is null has none."""
    return {str(row): value for row, value in enumerate(column) if value is not None}


def read_squad(path: Path) -> Questions:
    """The questions of a file of SQuAD v1.1 JSON, in its order.

    Raises DataError that names file and question where there are none, anything is missing, an id occurs twice, or an
    answer does not stand in the context where it is said to.
    """
    return _collected(questions(read_json(path), str(path)), str(path))


def answered(columns: Columns, language: str, prefix: str = "") -> Questions:
    """The questions of `COLUMNS` whose id begins with `prefix`; `answers` are lists, by `text` and `answer_start`.

    Raises DataError as `read_squad` does, but names the row.
    """
    rows = zip(*(columns[name] for name in COLUMNS), strict=True)
    found = (
        (f"row {number}", {"context": context}, {"id": id_, "question": question, "answers": _listed(answers)})
        for number, (id_, question, context, answers) in enumerate(rows, start=1)
        if str(id_).startswith(prefix)
    )
    return _collected(found, f"of ids that begin with {prefix!r}" if prefix else "the table")


def _listed(answers: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Answers as the official files have them, of two lists."""
    both = zip(answers["text"], answers["answer_start"], strict=True)
    return [{"text": text, "answer_start": start} for text, start in both]


def _collected(rows: Iterable[tuple[str, object, object]], name: str) -> Questions:
    """The questions of rows: where each stands, its paragraph and itself, as the official files have them."""
    found: dict[str, Question] = {}
    for where, paragraph, question in rows:
        id_ = member(question, "id", str, where)
        where = f"{where}, id {id_!r}"
        if id_ in found:
            raise DataError(f"{where}: the id occurs a second time")
        found[id_] = _question(id_, paragraph, question, where)
    if not found:
        raise DataError(f"{name}: there is no question in it")
    return Questions(list(found.values()))


def _question(id_: str, paragraph: object, question: object, where: str) -> Question:
    context, asked = member(paragraph, "context", str, where), member(question, "question", str, where)
    answers = member(question, "answers", list, where)
    texts = [member(answer, "text", str, where) for answer in answers]
    starts = [member(answer, "answer_start", int, where) for answer in answers]
    for name, text in (("id", id_), ("question", asked), ("context", context)):
        _check_text(text, name, where)
    if not "".join(texts):
        raise DataError(f"{where}: has no answer; XTREME's preparation takes them out: put the original file there")
    for text, start in zip(texts, starts, strict=True):
        _check_text(text, "answer", where)
        there = context[max(0, start) :][: len(text)]
        if start < 0 or there != text:
            raise DataError(f"{where}: the answer {text!r} is said to be at {start}, where the context has {there!r}")
    return Question(id_, asked, context, texts, starts)


def _check_text(text: str, name: str, where: str) -> None:
    if not text:
        raise DataError(f"{where}: the {name} is empty")
    if _SURROGATE.search(text):
        raise DataError(f"{where}: the {name} holds half of a surrogate pair, which is no character")
