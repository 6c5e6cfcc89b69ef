"""A tiny task and model without torch, for tests of the core and of plugins; see `xbench.testing`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from xbench.contracts import Data, Examples, ModelInfo, Provenance, Scores, Split, TaskKind
from xbench.errors import DataError, MissingDataError
from xbench.keys import digest

LABELS = ("rain", "snow", "sun")


@dataclass(frozen=True)
class FakeTask:
    """Weather in three languages: a text holds the word for its label, and every label comes equally often.

    Outside the source every other row says the word in the language's own way (`sun-de`), so that what was learned
    on source words is right on half of the rows and an aligner can make it perfect. `sizes` are rows by split,
    `absent` the (language, split) that are not there, `relabelled` rows (language, split, row) with another label.
    """

    name: str = "fake-task"
    summary: str = "weather words"
    revision: str = "1"
    labels: tuple[str, ...] = LABELS
    languages: tuple[str, ...] = ("en", "de", "fr")
    sizes: Mapping[Split, int] = field(default_factory=lambda: {Split.TRAIN: 12, Split.VALIDATION: 6, Split.TEST: 12})
    absent: frozenset[tuple[str, Split]] = frozenset()
    relabelled: Mapping[tuple[str, Split, int], str] = field(default_factory=dict)
    donor: str | None = None
    prepared_by: str | None = None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    kind: TaskKind = TaskKind.SEQUENCE_CLASSIFICATION
    main_metric: str = "accuracy"
    train_on: str | None = "en"
    parallel: bool = True
    sample: str | None = None

    def available(self, split: Split, data: Data) -> tuple[str, ...]:
        """The languages that are not `absent`."""
        return tuple(language for language in self.languages if (language, self._part(split)) not in self.absent)

    def load(self, language: str, split: Split, data: Data) -> Examples:
        """Texts such as `en test 4: sun`. Raises MissingDataError where they are `absent`."""
        split = self._part(split)
        if language not in self.available(split, data):
            raise MissingDataError(f"{self.name} has no {split} split in {language!r}")
        labels = [self.labels[row % len(self.labels)] for row in range(self.sizes[split])]
        foreign = language != self.train_on
        words = [f"{label}-{language}" if foreign and row % 2 else label for row, label in enumerate(labels)]
        texts = [f"{language} {split} {row}: {word}" for row, word in enumerate(words)]
        labels = [self.relabelled.get((language, split, row), label) for row, label in enumerate(labels)]
        fingerprint = digest([texts, labels])
        about = Provenance(self.name, self.revision, split, data.origin, len(texts), fingerprint)
        return Examples(pa.table({"text": texts}), pa.table({"label": labels}), about)

    def score(self, gold: pa.Table, predictions: pa.Table, language: str) -> Scores:
        """Accuracy. Raises DataError on unequal lengths."""
        wanted, given = gold["label"].to_pylist(), predictions["label"].to_pylist()
        if len(wanted) != len(given):
            raise DataError(f"{self.name}: {len(given)} predictions for {len(wanted)} rows")
        items = [float(one == other) for one, other in zip(wanted, given, strict=True)]
        return Scores({"accuracy": 100 * sum(items) / len(items)}, items)

    @staticmethod
    def _part(split: Split) -> Split:
        return Split.TRAIN if split is Split.LENT else split


@dataclass
class FakeEncoder:
    """Knows for some words what they mean; everything else is what it says."""

    meanings: dict[str, str] = field(default_factory=dict)

    def copy(self) -> "FakeEncoder":
        """An independent copy."""
        return FakeEncoder(dict(self.meanings))

    def describe(self) -> Mapping[str, Any]:
        """One parameter a word."""
        return {"parameters": len(self.meanings), "dtype": "text"}

    def word(self, text: str) -> str:
        """The meaning of a text's last word."""
        last = text.rpartition(" ")[2]
        return self.meanings.get(last, last)


@dataclass(frozen=True)
class FakeModel:
    """Loads a FakeEncoder that knows nothing yet."""

    name: str = "fake-model"
    summary: str = "knows no words"
    languages: tuple[str, ...] | None = None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    revision: str = "1"

    def info(self) -> ModelInfo:
        """Name and revision."""
        return ModelInfo(self.name, self.revision, digest([self.name, self.revision]))

    def load(self, device: str) -> FakeEncoder:
        """An encoder."""
        return FakeEncoder()
