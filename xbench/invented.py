"""Tiny tasks in two invented languages, the second a cipher of the first, to try plugins on: made, never read.

Every text is a few words and one number; numbers are the same in both languages, as in real ones. A clue is a word
that means a label. Row i of a split says the same in both languages.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from xbench import tables
from xbench.contracts import Data, Examples, Pairs, Provenance, Resource, Scores, Split, TaskKind
from xbench.errors import DataError, MissingDataError
from xbench.keys import digest

SPOKEN = ("qaa", "qab")  # the tags that ISO 639 leaves to private use
CLUES = {"rain": ("mikasu", "lodun"), "snow": ("ferito", "gabel"), "sun": ("zunopa", "harim")}
FILLERS = ("teno", "ralu", "sodek", "vimal", "pagoni", "kesur", "dolba", "nufi")
NUMBERS = tuple(str(number) for number in range(11, 61))
SIZES = {Split.TRAIN: 60, Split.VALIDATION: 30, Split.TEST: 60}
ODD = ("", "   ", "\t\n", "\u200b", "🙂🙂", "?!…", "[MASK] [SEP] <s>", "a" * 3000, "mikasu " * 2000, "雨が降る")
_CIPHER = str.maketrans("aeioubdfghklmnprstvz", "eioaudfbhgplnmkstrzv")


def said(text: str, language: str) -> str:
    """A text of the first language in one of the two."""
    return text if language == SPOKEN[0] else text.translate(_CIPHER)


def words() -> tuple[str, ...]:
    """Every word of both languages."""
    own = [word for clues in CLUES.values() for word in clues] + [*FILLERS]
    return (*(said(word, language) for language in SPOKEN for word in own), *NUMBERS)


@dataclass(frozen=True)
class InventedTask:
    """Which label do the clues of a text mean? Of words, which does each; of retrieval, which text is the same?

    `hidden` gives the test rows other labels and leaves everything else as it is, so that whoever has seen
    the labels predicts otherwise. `odd` puts texts among the rows of every split that no one expects.
    """

    name: str
    kind: TaskKind
    hidden: bool = False
    odd: bool = False
    summary: str = "a task in two invented languages"
    revision: str = "1"
    main_metric: str = "accuracy"
    donor: str | None = None
    prepared_by: str | None = None
    parallel: bool = True
    sample: str | None = None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """The three labels; none of retrieval."""
        return tuple(CLUES) if tables.COLUMNS[self.kind].closed else ()

    @property
    def languages(self) -> tuple[str, ...]:
        """Both; of retrieval, the one that is searched from."""
        return SPOKEN if self.train_on else SPOKEN[1:]

    @property
    def train_on(self) -> str | None:
        """The first language; nothing of retrieval."""
        return None if self.kind is TaskKind.RETRIEVAL else SPOKEN[0]

    @property
    def chance(self) -> float:
        """What is right by chance, of 100."""
        return 100 / (SIZES[Split.TEST] if self.kind is TaskKind.RETRIEVAL else len(CLUES))

    def available(self, split: Split, data: Data) -> tuple[str, ...]:
        """Every language has every split."""
        return self.languages

    def load(self, language: str, split: Split, data: Data) -> Examples:
        """The rows, the same each time. Raises MissingDataError for other languages."""
        if language not in self.languages:
            raise MissingDataError(f"{self.name} has no {language!r}; it has {', '.join(self.languages)}")
        split = Split.TRAIN if split is Split.LENT else split
        drawn = [self._row(split, row) for row in range(SIZES[split])]
        texts = [" ".join(word for word, _ in row) for row in drawn]
        odd = ODD if self.odd else ()
        inputs: dict[str, list[Any]]
        gold: dict[str, list[Any]]
        match self.kind:
            case TaskKind.TOKEN_CLASSIFICATION:
                tokens = [[said(word, language) for word, _ in row] for row in drawn]
                tokens = [[*odd[at : at + 1], *row][: len(row)] for at, row in enumerate(tokens)]
                inputs, gold = {"tokens": tokens}, {"tags": [[label for _, label in row] for row in drawn]}
            case TaskKind.RETRIEVAL:
                inputs, gold = _search([*odd, *texts[len(odd) :]], language)
            case _:
                inputs = {"text": [*odd, *(said(text, language) for text in texts[len(odd) :])]}
                gold = {"label": [row[-1][1] for row in drawn]}
        fingerprint = digest([inputs, gold])  # of what the labels are before some are hidden: keys stay as they are
        if self.hidden and split is Split.TEST:
            gold = {name: [*rows[1:], rows[0]] for name, rows in gold.items()}
        of = Provenance(self.name, self.revision, split, data.origin, len(next(iter(inputs.values()))), fingerprint)
        return Examples(pa.table(inputs), pa.table(gold), of)

    def _row(self, split: Split, row: int) -> list[tuple[str, str]]:
        """Words with what they mean; a text ends in its clue, and tokens are clues alone."""
        draw = random.Random(f"{self.kind} {split} {row}")
        if self.kind is TaskKind.TOKEN_CLASSIFICATION:
            labels = [draw.choice(list(CLUES)) for _ in range(6)]
            return [(draw.choice(CLUES[label]), label) for label in labels]
        label = list(CLUES)[row % len(CLUES)]
        number = NUMBERS[row % len(NUMBERS)] if self.kind is TaskKind.RETRIEVAL else draw.choice(NUMBERS)
        return [(word, label) for word in (*draw.sample(FILLERS, 3), number, draw.choice(CLUES[label]))]

    def score(self, gold: pa.Table, predictions: pa.Table, language: str) -> Scores:
        """Accuracy: of rows, of tokens, or of the first match of a query. Raises DataError on unequal lengths."""
        columns = tables.COLUMNS[self.kind]
        wanted, given = gold[columns.gold].to_pylist(), predictions[columns.answer].to_pylist()
        if len(wanted) != len(given):
            raise DataError(f"{self.name}: {len(given)} predictions for {len(wanted)} rows")
        pairs = list(zip(wanted, given, strict=True))
        if not columns.listed:
            items, totals = [float(one == other) for one, other in pairs], [1.0] * len(pairs)
        else:  # a candidate has no match, and counts nothing
            same = [[a == b for a, b in zip(one, other[: len(one)], strict=False)] for one, other in pairs]
            items, totals = [float(sum(row)) for row in same], [float(len(one)) for one, _ in pairs]
        return Scores({"accuracy": 100 * sum(items) / sum(totals)}, items, totals)


def _search(texts: list[str], language: str) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """Queries in the language, candidates in the first one in another order."""
    order = random.Random(len(texts)).sample(range(len(texts)), len(texts))
    rows = [(f"q{at}", said(text, language), language, "query") for at, text in enumerate(texts)]
    rows += [(f"c{at}", texts[at], SPOKEN[0], "candidate") for at in order]
    columns = dict(zip(("id", "text", "language", "side"), map(list, zip(*rows, strict=True)), strict=True))
    return columns, {"matches": [[f"c{at}"] for at in range(len(texts))] + [[] for _ in texts]}


@dataclass(frozen=True)
class InventedPairs:
    """What the cipher makes of words, or of texts of the classification task's kind that no split has."""

    name: str
    supplies: Resource
    summary: str = "pairs in two invented languages"

    def targets(self, source: str, data: Data) -> tuple[str, ...]:
        """The second language, from the first."""
        return SPOKEN[1:] if source == SPOKEN[0] else ()

    def load(self, source: str, target: str, data: Data) -> Pairs:
        """Every pair. Raises MissingDataError where there are none."""
        if target not in self.targets(source, data):
            raise MissingDataError(f"{self.name} has no pairs of {source} with {target}")
        own = [*FILLERS, *(word for clues in CLUES.values() for word in clues)]
        draw = random.Random(self.name)
        texts = own if self.supplies is Resource.DICTIONARY else [" ".join(draw.sample(own, 4)) for _ in range(200)]
        rows = [(text, said(text, target)) for text in texts]
        return Pairs(rows, Provenance(self.name, "1", "all", data.origin, len(rows), digest(rows)))
