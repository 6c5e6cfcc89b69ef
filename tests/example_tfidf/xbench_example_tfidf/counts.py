"""The model: counts of character n-grams, found by hashing, so that there is nothing to train and nothing to load."""

from collections.abc import Mapping, Sequence
from typing import Any

from xbench.contracts import ModelInfo
from xbench.keys import digest

COUNTS = "ngram-counts"  # the type of its encoder: methods that take states of tokens are skipped with it
COLUMNS = 1 << 16
LENGTHS = (2, 4)  # of n-grams, within words


class CountingEncoder:
    """Text to counts; no torch in it, and the same for every language."""

    def counts(self, texts: Sequence[str], language: str) -> Any:
        """How often each n-gram stands in each text: a sparse matrix (texts, columns)."""
        from sklearn.feature_extraction.text import HashingVectorizer

        hashing = HashingVectorizer(
            analyzer="char_wb", ngram_range=LENGTHS, n_features=COLUMNS, norm=None, alternate_sign=False
        )
        return hashing.transform(texts)

    def copy(self) -> "CountingEncoder":
        """Itself: no fit changes it."""
        return self

    def describe(self) -> Mapping[str, Any]:
        """Nothing is learned."""
        return {"parameters": 0, "dtype": "float64"}


class CharCounts:
    """Character n-grams of 2 to 4 letters within words, as in text categorisation (Cavnar and Trenkle 1994)."""

    name = "char-counts"
    summary = "counts of hashed character n-grams; not pretrained, no transformer"
    encoder_type = COUNTS
    languages = None  # any may be tried
    revision = "1"  # raise it when the counts change: it is part of every key
    hyperparameters: Mapping[str, Any] = {}

    def info(self) -> ModelInfo:
        """What names it; of weights in files it would be their digest."""
        return ModelInfo(self.name, self.revision, digest([self.name, self.revision, COLUMNS, list(LENGTHS)]))

    def load(self, device: str) -> CountingEncoder:
        """The encoder; there is no device for it to be on."""
        return CountingEncoder()
