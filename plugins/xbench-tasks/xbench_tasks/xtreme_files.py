"""What stands in XTREME's files of predictions and labels, by kind of file; `xtreme_format` says which task has which.

Files of what is retrieved are in `xtreme_retrieval`. Read with some patience for whoever wrote them (CR LF, no line
end at the last line, answers that lack) and written in one way: LF, UTF-8, one final line end.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from xbench.contracts import Task
from xbench.errors import DataError
from xbench_tasks.choices import Choices, read_objects
from xbench_tasks.files import check_labels, read_json, read_lines
from xbench_tasks.metrics.squad import gold_answers
from xbench_tasks.questions import Question, Questions
from xbench_tasks.rows import Content, Rows, Sentences
from xbench_tasks.tagging import read_tags

if TYPE_CHECKING:
    import pyarrow

_SURROGATE = re.compile("[\ud800-\udfff]")


class Kind(Protocol):
    """A kind of file: the functions of `xbench.formats.Format`, but that labels are `Content`."""

    suffix: str
    columns: tuple[str, ...]

    def write(self, predictions: "pyarrow.Table") -> str:
        """The text of a file. Raises DataError."""

    def read(self, task: Task, file: Path, inputs: "pyarrow.Table") -> "pyarrow.Table":
        """The predictions of a file. Raises DataError with file and line."""

    def labels(self, task: Task, file: Path) -> Content:
        """What a file of labels tells. Raises DataError with file and line."""


class Labels:
    """A label a line."""

    suffix = "tsv"
    columns: tuple[str, ...] = ()

    def write(self, predictions: "pyarrow.Table") -> str:
        """The labels."""
        return text_of(predictions["label"].to_pylist())

    def read(self, task: Task, file: Path, inputs: "pyarrow.Table") -> "pyarrow.Table":
        """The label of every row."""
        rows = self.labels(task, file)
        check_count(file, "lines", len(rows), len(inputs))
        return rows.gold()

    def labels(self, task: Task, file: Path) -> Rows:
        """The labels of rows without text."""
        found = lines_of(file)
        check_labels(file, found, task.labels)
        return Rows([""] * len(found), None, found)


class Tags:
    """A tag a line, and an empty line between sentences."""

    suffix = "tsv"
    columns: tuple[str, ...] = ()

    def write(self, predictions: "pyarrow.Table") -> str:
        """The tags."""
        return text_of(["\n".join(tags) for tags in predictions["tags"].to_pylist()], "\n\n")

    def read(self, task: Task, file: Path, inputs: "pyarrow.Table") -> "pyarrow.Table":
        """The tags of every sentence."""
        found = read_tags(file, task.labels)
        for (line, tags), words in zip(found, inputs["tokens"].to_pylist(), strict=False):
            if len(tags) != len(words):
                raise DataError(f"{file}:{line}: {len(tags)} tags for a sentence of {len(words)} words")
        if len(found) != len(inputs):
            line, given, wanted = found[-1][0], len(found), len(inputs)
            raise DataError(f"{file}:{line}: here begins the last of {given:,} tagged sentences; there are {wanted:,}")
        return _sentences(found).gold()

    def labels(self, task: Task, file: Path) -> Sentences:
        """The tags of sentences whose words are empty."""
        return _sentences(read_tags(file, task.labels))


def _sentences(blocks: Sequence[tuple[int, Sequence[Sequence[str]]]]) -> Sentences:
    tags = [[tag for (tag,) in rows] for _, rows in blocks]
    return Sentences([[""] * len(one) for one in tags], tags)


class Numbers:
    """A JSON object a line, whose `label` is the number of the choice, 0 or 1; what else it has is not read."""

    suffix = "jsonl"
    columns: tuple[str, ...] = ()

    def write(self, predictions: "pyarrow.Table") -> str:
        """The numbers, alone in their objects."""
        return text_of([json.dumps({"label": int(label)}) for label in predictions["label"].to_pylist()])

    def read(self, task: Task, file: Path, inputs: "pyarrow.Table") -> "pyarrow.Table":
        """The choice of every row; a text is refused, for officially it equals no number."""
        rows = self.labels(task, file)
        check_count(file, "lines", len(rows), len(inputs))
        return rows.gold()

    def labels(self, task: Task, file: Path) -> Choices:
        """The right choices of rows without text, of as many choices as there are labels."""
        found = [str(row["label"]) for row in read_objects(file, {"label": int}, ended=False)]
        check_labels(file, found, task.labels)
        return Choices([""] * len(found), [[""] * len(task.labels)] * len(found), found)


class Answers:
    """A JSON object of answers by the id of the question; labels are JSON of SQuAD, or its bare list of articles."""

    suffix = "json"
    columns: tuple[str, ...] = ("id",)

    def write(self, predictions: "pyarrow.Table") -> str:
        """The answers in the order of the questions, without those that were not given."""
        rows = zip(predictions["id"].to_pylist(), predictions["answer"].to_pylist(), strict=True)
        answers = {id_: answer for id_, answer in rows if answer is not None}
        return json.dumps(answers, ensure_ascii=False, indent=1) + "\n"

    def read(self, task: Task, file: Path, inputs: "pyarrow.Table") -> "pyarrow.Table":
        """The answer to every question, null where there is none; officially answers to other questions are ignored."""
        import pyarrow

        found = read_object(file, "answers by question id")
        for id_, answer in found.items():
            check_text(f"{file}: the answer to {id_!r}", answer)
        ids = inputs["id"].to_pylist()
        check_known(file, found, ids, "questions")
        return pyarrow.table({"answer": pyarrow.array([found.get(id_) for id_ in ids], pyarrow.string())})

    def labels(self, task: Task, file: Path) -> Questions:
        """The gold answers to questions without text; where they begin is not read."""
        gold = gold_answers(read_json(file), str(file))
        if not all(gold.values()) or not gold:
            raise DataError(f"{file}: there is no gold answer to {next(iter(gold), 'any question')!r}")
        return Questions([Question(id_, "", "", answers, []) for id_, answers in gold.items()])


def lines_of(file: Path) -> list[str]:
    """The lines of a file, of any line end. Raises DataError with file and line."""
    return read_lines(file, crlf=True, ended=False)


def text_of(parts: Sequence[str], between: str = "\n") -> str:
    """The text of a file of these parts, none where there are no parts."""
    return between.join(parts) + "\n" if parts else ""


def check_count(file: Path, what: str, given: int, wanted: int) -> None:
    """Raise DataError at the first line that has no counterpart."""
    if given != wanted:
        line = min(given, wanted) + 1
        raise DataError(f"{file}:{line}: {given:,} {what} for {wanted:,} examples: line {line:,} has no counterpart")


def read_object(file: Path, what: str) -> dict[str, Any]:
    """The one JSON object of a file. Raises DataError where it holds something else."""
    found = read_json(file)
    if not isinstance(found, dict):
        raise DataError(f"{file}:1: an object of {what} is expected, not {type(found).__name__}")
    return found


def check_text(where: str, value: Any) -> None:
    """Raise DataError unless the value is a text that can be written as UTF-8."""
    if not isinstance(value, str):
        raise DataError(f"{where} is {value!r}; a text is expected")
    if _SURROGATE.search(value):
        raise DataError(f"{where} holds half of a surrogate pair, which is no character")


def check_known(file: Path, given: Mapping[str, Any], asked: Sequence[str], what: str) -> None:
    """Raise DataError where answers are given and not one is to what is asked."""
    if given and not given.keys() & set(asked):
        one = next(iter(given))
        raise DataError(f"{file}: there is no answer to any of the {len(asked):,} {what}; one is to {one!r}")
