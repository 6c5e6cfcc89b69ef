"""Labelled rows of one language, as a classifier or a tagger reads them, and as they are read once they are changed."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from xbench_encoders.encoder import Tokens, TransformerEncoder, Words, joined

from xbench.contracts import Examples, TaskKind
from xbench_methods import classifier, tagger
from xbench_methods.classifier import Classifier
from xbench_methods.lexicon import replaced, words_of
from xbench_methods.tagger import Tagger

Change = Callable[[Sequence[str]], list[str]]  # words to as many words
By = Callable[[int], TransformerEncoder]  # whose tokenizer reads a row


class Texts:
    """Labelled texts, or pairs of them, of one language, and how a classifier reads them."""

    def __init__(self, predictor: Classifier, examples: Examples, language: str) -> None:
        self.encoder, self.max_length = predictor.encoder, predictor.max_length
        self.language = language
        names = ("text", "text_pair") if classifier.has_pairs(examples) else ("text",)
        self.columns: list[list[str]] = [examples.inputs[name].to_pylist() for name in names]
        self.read, labels = classifier.part(predictor, examples, language)
        self.gold = [[label] for label in labels]

    @property
    def lengths(self) -> list[int]:
        """Tokens by row."""
        return self.read.lengths

    def changed(self, rows: Sequence[int], change: Change) -> tuple[Tokens, Sequence[int]]:
        """Rows whose words are changed: tokens, and which rows of them."""
        first, *second = ([_changed(column[row], change) for row in rows] for column in self.columns)
        tokens = self.encoder.tokenize(first, second[0] if second else None, self.language, self.max_length)
        return tokens, range(len(rows))

    def reread(self, rows: Sequence[int], by: By) -> tuple[Tokens, Sequence[int]]:
        """Rows as other tokenizers read them: tokens, and which rows of them."""
        parts = []
        for row in rows:
            first, *second = ([column[row]] for column in self.columns)
            parts.append(by(row).tokenize(first, second[0] if second else None, self.language, self.max_length))
        return joined(parts), range(len(rows))

    def scores(self, predictor: Classifier, tokens: Tokens, rows: Sequence[int]) -> torch.Tensor:
        """Label scores before the softmax, (rows, labels)."""
        batch = predictor.encoder.batch(tokens, rows)
        scores: torch.Tensor = predictor.head(predictor.encoder.states(batch), batch)
        return scores


def _changed(text: str, change: Change) -> str:
    words = words_of(text)
    new = change([text[start:end] for start, end in words])
    return replaced(text, words, lambda at: (1, new[at]))


class Sentences:
    """Tagged sentences of one language, and how a tagger reads them; what is scored are their words."""

    def __init__(self, predictor: Tagger, examples: Examples, language: str) -> None:
        self.encoder, self.max_length = predictor.encoder, predictor.max_length
        self.language = language
        part = tagger.labelled_words(predictor, examples, language)
        self.read, self.gold = part.words, part.gold
        sentences: list[list[str]] = examples.inputs["tokens"].to_pylist()
        taken = [0] * len(sentences)  # words of each sentence that stand in rows already
        self.words: list[list[str]] = []
        for sentence, firsts in zip(self.read.sentences, self.read.firsts, strict=True):
            start = taken[sentence]
            taken[sentence] += len(firsts)
            self.words.append(sentences[sentence][start : taken[sentence]])

    @property
    def lengths(self) -> list[int]:
        """Tokens by row."""
        return self.read.tokens.lengths

    def changed(self, rows: Sequence[int], change: Change) -> tuple[Words, Sequence[int]]:
        """Rows whose words are changed; one that becomes too long is several, with all its words in order."""
        words = self.encoder.tokenize_words([change(self.words[row]) for row in rows], self.language, self.max_length)
        return words, range(len(words.firsts))

    def reread(self, rows: Sequence[int], by: By) -> tuple[Words, Sequence[int]]:
        """Rows as other tokenizers read them; one that becomes too long is several, with all its words in order."""
        parts = [by(row).tokenize_words([self.words[row]], self.language, self.max_length) for row in rows]
        firsts = [places for part in parts for places in part.firsts]
        owners = [row for row, part in zip(rows, parts, strict=True) for _ in part.firsts]
        return Words(joined([part.tokens for part in parts]), firsts, owners), range(len(firsts))

    def scores(self, predictor: Tagger, words: Words, rows: Sequence[int]) -> torch.Tensor:
        """Label scores before the softmax, (words, labels), row by row."""
        return predictor.scores(words, rows, [words.firsts[row] for row in rows])


ROWS: dict[TaskKind, Callable[[Any, Examples, str], Any]] = {
    TaskKind.SEQUENCE_CLASSIFICATION: Texts,
    TaskKind.TOKEN_CLASSIFICATION: Sentences,
}
