"""What stands in XTREME's files of predictions and labels, by kind of file; `xtreme_format` says which task has which.

Read with some patience for whoever wrote them (CR LF, no line end at the last line, answers that lack) and written in
one way: LF, UTF-8, one final line end.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from xbench.contracts import Task
from xbench.errors import DataError
from xbench_tasks.files import check_labels, read_json, read_lines
from xbench_tasks.metrics.squad import gold_answers
from xbench_tasks.questions import Question, Questions
from xbench_tasks.retrieval import Pool, Text
from xbench_tasks.rows import Content, Rows, Sentences
from xbench_tasks.tagging import read_tags

if TYPE_CHECKING:
    import pyarrow

_NUMBER = re.compile(r"0|[1-9][0-9]*")  # officially lines are compared as text: `012` and `[12]` are not `12`
_SURROGATE = re.compile("[\ud800-\udfff]")
_WHOLE = ""  # the id of the one row that stands for a whole file of pairs


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
        return _text(predictions["label"].to_pylist())

    def read(self, task: Task, file: Path, inputs: "pyarrow.Table") -> "pyarrow.Table":
        """The label of every row."""
        rows = self.labels(task, file)
        _check_count(file, "lines", len(rows), len(inputs))
        return rows.gold()

    def labels(self, task: Task, file: Path) -> Rows:
        """The labels of rows without text."""
        found = _lines(file)
        check_labels(file, found, task.labels)
        return Rows([""] * len(found), None, found)


class Tags:
    """A tag a line, and an empty line between sentences."""

    suffix = "tsv"
    columns: tuple[str, ...] = ()

    def write(self, predictions: "pyarrow.Table") -> str:
        """The tags."""
        return _text(["\n".join(tags) for tags in predictions["tags"].to_pylist()], "\n\n")

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

        found = read_json(file)
        if not isinstance(found, dict):
            raise DataError(f"{file}:1: an object of answers by question id is expected, not {type(found).__name__}")
        for id_, answer in found.items():
            if not isinstance(answer, str):
                raise DataError(f"{file}: the answer to {id_!r} is {answer!r}; a text is expected")
            if _SURROGATE.search(answer):
                raise DataError(f"{file}: the answer to {id_!r} holds half of a surrogate pair, which is no character")
        ids = inputs["id"].to_pylist()
        if found and not found.keys() & set(ids):
            one = next(iter(found))
            raise DataError(f"{file}: there is no answer to any of the {len(ids):,} questions; one is to {one!r}")
        return pyarrow.table({"answer": pyarrow.array([found.get(id_) for id_ in ids], pyarrow.string())})

    def labels(self, task: Task, file: Path) -> Questions:
        """The gold answers to questions without text; where they begin is not read."""
        gold = gold_answers(read_json(file), str(file))
        if not all(gold.values()) or not gold:
            raise DataError(f"{file}: there is no gold answer to {next(iter(gold), 'any question')!r}")
        return Questions([Question(id_, "", "", answers, []) for id_, answers in gold.items()])


class Places:
    """A number a line, the place from 0 of the sentence found for each query: for the sorted English sentences."""

    suffix = "tsv"
    columns: tuple[str, ...] = ("id", "side")

    def write(self, predictions: "pyarrow.Table") -> str:
        """The best match of every query."""
        found = _found(predictions)
        for id_, matches in found:
            if not matches:
                raise DataError(f"there is no match of the query {id_!r}, and every line needs one")
        return _text([matches[0] for _, matches in found])

    def read(self, task: Task, file: Path, inputs: "pyarrow.Table") -> "pyarrow.Table":
        """The one match of every query; it must be a candidate where candidates are known."""
        queries, candidates = _sides(inputs)
        found = self._places(file)
        _check_count(file, "lines", len(found), len(queries))
        known = set(candidates)
        for number, place in enumerate(found, start=1):
            if known and place not in known:
                raise DataError(f"{file}:{number}: there is no sentence {place}: they go from 0 to {len(known) - 1}")
        return _matches([[place] for place in found], candidates)

    def labels(self, task: Task, file: Path) -> Pool:
        """Queries without text and their matches; which candidates there are, labels do not tell."""
        found = self._places(file)
        return Pool([Text(f"en-{line}", "", "en") for line, _ in enumerate(found)], [], [[place] for place in found])

    def _places(self, file: Path) -> list[str]:
        found = _lines(file)
        for number, place in enumerate(found, start=1):
            if not _NUMBER.fullmatch(place):
                raise DataError(f"{file}:{number}: {place!r} is no place: a plain number such as 12 is expected")
        return found


class Pairs:
    """The ids of a pair a line, with a tab between; the order says nothing, and repeated pairs count once.

    Labels do not tell which sentences there are: with them, the whole file is one row, whose matches are pairs.
    """

    suffix = "tsv"
    columns: tuple[str, ...] = ("id", "side")

    def write(self, predictions: "pyarrow.Table") -> str:
        """The pairs, query by query."""
        rows = [(id_, match) for id_, matches in _found(predictions) for match in matches]
        return _text([match if id_ == _WHOLE else f"{id_}\t{match}" for id_, match in rows])

    def read(self, task: Task, file: Path, inputs: "pyarrow.Table") -> "pyarrow.Table":
        """The matches of every query."""
        queries, candidates = _sides(inputs)
        pairs = self._pairs(file)
        if queries == [_WHOLE]:
            return _matches([list(dict.fromkeys(map("\t".join, pairs)))], candidates)
        matches: dict[str, dict[str, None]] = {id_: {} for id_ in queries}
        known = set(candidates)
        for number, (source, target) in enumerate(pairs, start=1):
            for id_, there in ((source, matches), (target, known)):
                if id_ not in there:
                    raise DataError(f"{file}:{number}: the data have no sentence {id_!r} on this side")
            matches[source][target] = None
        return _matches([list(targets) for targets in matches.values()], candidates)

    def labels(self, task: Task, file: Path) -> Pool:
        """All gold pairs as the matches of one row."""
        pairs = list(dict.fromkeys(map("\t".join, self._pairs(file))))
        if not pairs:
            raise DataError(f"{file}:1: there are no gold pairs")
        note = "labels do not tell the sentences, so that the whole file is one example"
        return Pool([Text(_WHOLE, "", "")], [], [pairs], note)

    def _pairs(self, file: Path) -> list[tuple[str, str]]:
        from xbench_tasks.metrics.bucc import read_pairs

        if file.is_file() and not file.stat().st_size:  # nothing was mined
            return []
        return read_pairs(_lines(file), str(file))


def _lines(file: Path) -> list[str]:
    return read_lines(file, crlf=True, ended=False)


def _text(parts: Sequence[str], between: str = "\n") -> str:
    return between.join(parts) + "\n" if parts else ""


def _check_count(file: Path, what: str, given: int, wanted: int) -> None:
    if given != wanted:
        line = min(given, wanted) + 1
        raise DataError(f"{file}:{line}: {given:,} {what} for {wanted:,} examples: line {line:,} has no counterpart")


def _sides(inputs: "pyarrow.Table") -> tuple[list[str], list[str]]:
    """The ids of queries and of candidates; the rows of a pool are the queries and then the candidates."""
    rows = list(zip(inputs["id"].to_pylist(), inputs["side"].to_pylist(), strict=True))
    return [id_ for id_, side in rows if side == "query"], [id_ for id_, side in rows if side != "query"]


def _found(predictions: "pyarrow.Table") -> list[tuple[str, list[str]]]:
    """Each query and its matches, best first."""
    columns = (predictions[name].to_pylist() for name in ("id", "side", "matches"))
    return [(id_, matches) for id_, side, matches in zip(*columns, strict=True) if side == "query"]


def _matches(found: Sequence[Sequence[str]], candidates: Sequence[str]) -> "pyarrow.Table":
    """Predictions of queries that have these matches, and of candidates, which have none."""
    return Pool([], [Text("", "", "")] * len(candidates), found).gold()
