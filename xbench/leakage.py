"""The leakage guard: what a training reads must not be what it is judged on, in whatever language.

Texts are compared without case and punctuation. A test example is seen when one of its texts shares eight words in a
row with a text that trains (16 or 36 characters in scripts that write no blanks), or is shorter and equal to one. Where
test examples are parallel, an example that is seen in one language is seen in all. The official training labels of a
task are reported and never refused: they are what its published scores were trained on.
"""

import contextlib
import functools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xbench import tables
from xbench.access import Grant
from xbench.contracts import Split, Task
from xbench.errors import DataError
from xbench.plan import Plan, PlannedCell, PredictStage, SkippedCell, align_chain
from xbench.shelf import Shelf, teaching
from xbench.values import MEASURING

WORDS = 8  # in a row; of characters, in scripts that write no blanks, about as much
SHORTEST = 20  # characters of a text that is compared as a whole
REFUSED = 0.05  # a larger share than this: passages that two samples of an encyclopedia have in common are fewer
# Vowel signs and the like are no letters to \w, which would cut words of Hindi or Tamil to pieces.
_MARKS = "".join(chr(code) for code in range(0x300, 0x2000) if unicodedata.category(chr(code)).startswith("M"))
_WORD = re.compile(rf"[\w{_MARKS}]+")
_RUNS = (
    (re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"), 36),  # Thai, Lao, Burmese, Khmer: letters
    (re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"), 16),  # Chinese, Japanese: mostly syllables
)


@dataclass(frozen=True)
class Reading:
    """What a fit may read: the digest of it, its texts, and whether they are the task's official training labels."""

    what: str
    key: str
    texts: Callable[[], Sequence[str]]
    official: bool = False


@dataclass(frozen=True)
class Leak:
    """How many of `size` test examples stand in what a fit reads."""

    what: str
    seen: int
    size: int
    official: bool

    @property
    def refused(self) -> bool:
        """Whether it is too much to call the test examples unseen."""
        return self.seen > REFUSED * self.size and not self.official


@dataclass
class Guard:
    """Compares what trains with what judges; each pair of data sets once."""

    shelf: Shelf
    _tests: dict[tuple[str, Split], dict[str, "Index"]] = field(default_factory=dict)
    _marks: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    _found: dict[tuple[str, str, Split], dict[str, frozenset[int]]] = field(default_factory=dict)

    def leaks(self, planned: PlannedCell) -> list[Leak]:
        """What the training of a cell has seen of its test examples, a leak for each thing it reads."""
        predict = planned.score.predict
        size = self.shelf.load(predict.task, predict.target, predict.split).provenance.n_rows
        found = ((reading, len(self._seen(reading, predict))) for reading in self._read(planned))
        return [Leak(reading.what, seen, size, reading.official) for reading, seen in found if seen]

    def _read(self, planned: PlannedCell) -> Iterator[Reading]:
        fit = planned.score.predict.fit
        for grant in (*(stage.grant for stage in align_chain(fit.before)), fit.grant):
            yield from self._granted(grant, planned.score.predict.task)

    def _granted(self, grant: Grant, judged: Task) -> Iterator[Reading]:
        places = [(f"{split} labels in {at}", at, place) for (at, split), place in grant.labels.items()]
        for what, of in (("text", grant.texts), ("unlabelled examples", grant.inputs), ("shots", grant.shots)):
            places += [(f"{what} in {at}", at, place) for at, place in of.items()]
        if grant.preparation:
            places.append((f"preparation labels in {grant.source}", grant.source, grant.preparation))
        for what, language, (task, split) in places:
            examples = self.shelf.load(task, language, split)
            official = task is judged or task.name == judged.donor
            texts = functools.partial(tables.texts, task.kind, examples.inputs)
            yield Reading(f"{task.name} {what}", examples.provenance.fingerprint, texts, official)
        for (resource, target), paired in grant.pairs.items():
            pairs = self.shelf.pairs(paired, grant.source, target)
            texts = functools.partial(_of_pairs, pairs.rows, resource in MEASURING)
            yield Reading(f"{resource} of {paired.name} with {target}", pairs.provenance.fingerprint, texts)

    def _seen(self, reading: Reading, predict: PredictStage) -> frozenset[int]:
        """The rows of the target's test split that are seen."""
        at = (reading.key, predict.task.name, predict.split)
        if at not in self._found:
            if reading.key not in self._marks:
                self._marks[reading.key] = _marks(reading.texts())
            marks = self._marks[reading.key]
            self._found[at] = {language: index.rows(marks) for language, index in self._indexed(predict).items()}
        by_language = self._found[at]
        return frozenset().union(*by_language.values()) if predict.task.parallel else by_language[predict.target]

    def _indexed(self, predict: PredictStage) -> dict[str, "Index"]:
        at = (predict.task.name, predict.split)
        if at not in self._tests:
            self._tests[at] = {}
            for language in self.shelf.languages(predict.task, predict.split):
                with contextlib.suppress(DataError):  # a file that is broken fails its own cells, and says so there
                    inputs = self.shelf.load(predict.task, language, predict.split).inputs
                    self._tests[at][language] = Index.of(predict.task, inputs)
        return self._tests[at]


@dataclass(frozen=True, eq=False)
class Index:
    """Marks of the texts of a test split, and the row that each belongs to."""

    marks: NDArray[np.int64]
    owners: NDArray[np.int64]

    @classmethod
    def of(cls, task: Task, inputs: Any) -> "Index":
        """The index of a split's inputs."""
        found = [(mark, row) for row, text in tables.texts_by_row(task.kind, inputs) for mark in marks_of(text)]
        marks, owners = np.array(found, dtype=np.int64).reshape(-1, 2).T
        return cls(marks, owners)

    def rows(self, marks: NDArray[np.int64]) -> frozenset[int]:
        """The rows that have one of some sorted marks."""
        if not len(marks):
            return frozenset()
        places = np.minimum(np.searchsorted(marks, self.marks), len(marks) - 1)
        return frozenset(self.owners[marks[places] == self.marks].tolist())


def marks_of(text: str) -> Iterator[int]:
    """What stands for a text: a number for every stretch of words, or for all of a short text; none of a very short."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    words, length = _WORD.findall(plain), WORDS
    for script, characters in _RUNS:
        if script.search(plain):
            words, length = [character for word in words for character in word], characters
            break
    if len(words) < length:
        whole = " ".join(words)
        if len(whole) >= SHORTEST:
            yield hash(whole)
        return
    for start in range(len(words) - length + 1):
        yield hash(tuple(words[start : start + length]))


def _of_pairs(rows: Sequence[tuple[str, str]], measuring: bool) -> list[str]:
    """Both sides of the pairs that teach."""
    return [text for pair in (teaching(rows) if measuring else rows) for text in pair]


def _marks(texts: Iterable[str]) -> NDArray[np.int64]:
    return np.unique(np.fromiter((mark for text in texts for mark in marks_of(text)), dtype=np.int64))


def guarded(plan: Plan, shelf: Shelf, allowed: bool) -> Plan:
    """The plan without the cells whose training has seen too much of what judges them; with `allowed` they are kept.

    What is kept says what was seen. Raises DataError when nothing is left.
    """
    guard, cells, skipped = Guard(shelf), [], []
    for planned in plan.cells:
        leaks = guard.leaks(planned)
        told = [f"{one.seen:,} of {one.size:,} test examples stand in the {one.what}" for one in leaks if one.refused]
        if told and not allowed:
            advice = "--allow-leakage runs it all the same and marks the row"
            skipped.append(SkippedCell(planned.cell, f"leakage: {'; '.join(told)}; {advice}"))
        else:
            cells.append(replace(planned, leaks=tuple((one.what, one.seen / one.size) for one in leaks)))
    if not cells:
        raise DataError(f"nothing of {plan.label} can be run: {'; '.join({skip.reason: None for skip in skipped})}")
    return replace(plan, cells=tuple(cells), skipped=(*plan.skipped, *skipped))
