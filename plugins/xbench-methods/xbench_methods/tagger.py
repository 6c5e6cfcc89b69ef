"""A token classifier on an encoder: its training objective and its predictor."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import torch
from xbench_encoders.encoder import TransformerEncoder, Words
from xbench_encoders.heads import TokenClassificationHead, beside
from xbench_encoders.sampling import batches_by_length, drawn_from

from xbench.contracts import Examples, TaskView
from xbench_methods.learning import (
    PREDICTION_BATCH,
    PartsObjective,
    gold_of,
    reading,
    save,
)
from xbench_methods.options import ClassifierOptions


@dataclass
class Tagger:
    """Encoder and head; predicts any language that the encoder knows."""

    encoder: TransformerEncoder
    head: TokenClassificationHead
    labels: tuple[str, ...]
    max_length: int

    def predict(self, inputs: pa.Table, language: str) -> pa.Table:
        """The most probable tag of every word, a list per sentence; the first in a tie."""
        sentences = inputs["tokens"].to_pylist()
        words = self.encoder.tokenize_words(sentences, language, self.max_length)
        return pa.table({"tags": pa.array(self._tags(words, len(sentences)), pa.list_(pa.string()))})

    def _tags(self, words: Words, sentences: int) -> list[list[str]]:
        """The tags by sentence, the rows of a long one joined again."""
        found: list[list[str]] = [[] for _ in range(sentences)]
        for sentence, scores in zip(words.sentences, self._scores(words), strict=True):
            found[sentence] += [self.labels[index] for index in scores.argmax(dim=-1).tolist()]
        return found

    def _scores(self, words: Words) -> list[torch.Tensor]:
        """Per row, label scores before the softmax of its words, (words, labels) in float32 on the CPU."""
        found: dict[int, torch.Tensor] = {}
        with torch.inference_mode():
            for rows in batches_by_length(words.tokens.lengths, PREDICTION_BATCH):
                firsts = [words.firsts[row] for row in rows]
                scores = self.scores(words, rows, firsts).float().cpu()
                found |= zip(rows, torch.split(scores, [len(places) for places in firsts]), strict=True)
        return [found[row] for row in range(len(words.tokens.lengths))]

    def scores(self, words: Words, rows: Sequence[int], firsts: Sequence[Sequence[int]]) -> torch.Tensor:
        """Label scores before the softmax of the rows' words, (words, labels), row by row."""
        scores: torch.Tensor = self.head(self.encoder.states(self.encoder.batch(words.tokens, rows)), firsts)
        return scores

    def save(self, folder: Path) -> None:
        """Encoder and head as safetensors."""
        save(self.encoder, self.head, folder)


@dataclass(frozen=True)
class Part:
    """Words of one language and, by row, the index of each word's label."""

    words: Words
    gold: Sequence[Sequence[int]]


class CrossEntropy(PartsObjective):
    """Objective: cross-entropy of the words' labels; every word of the training set weighs the same.

    The sum over a batch is divided by its rows times the words that a row has on average, not by its own words:
    batches are of like length, and a word of a short sentence would weigh more than one of a long sentence.
    """

    def __init__(self, tagger: Tagger, parts: Sequence[Part]) -> None:
        self.tagger, self.parts = tagger, parts
        rows = [row for part in parts for row in part.gold]
        words_a_row = sum(map(len, rows)) / max(1, len(rows))
        super().__init__(tagger.encoder, tagger.head, [part.words.tokens.lengths for part in parts], words_a_row)

    def summed(self, part: int, members: Sequence[int]) -> torch.Tensor:
        """The cross-entropies of rows of a part."""
        of = self.parts[part]
        scores = self.tagger.scores(of.words, members, [of.words.firsts[at] for at in members])
        wanted = torch.tensor([index for at in members for index in of.gold[at]], device=scores.device)
        return torch.nn.functional.cross_entropy(scores.float(), wanted, reduction="sum")


def load_tagger(encoder: TransformerEncoder, task: TaskView, options: ClassifierOptions, folder: Path) -> Tagger:
    """Read back what `Tagger.save` wrote. Raises StageError when the weights do not fit."""
    with reading(folder) as state:
        tagger = new(encoder.load(folder), task, options, (), seed=0)
        tagger.head.load_state_dict(state)
    return tagger


def new(
    encoder: TransformerEncoder,
    task: TaskView,
    options: ClassifierOptions,
    sets: Sequence[tuple[str, Examples]],
    seed: int,
) -> Tagger:
    """A tagger with a fresh head, drawn from the seed alone."""
    with drawn_from(seed):
        head = TokenClassificationHead(encoder.dimension, len(task.labels))
    return Tagger(encoder, beside(head, encoder), tuple(task.labels), options.max_length)


def labelled_words(tagger: Tagger, examples: Examples, language: str) -> Part:
    """Tokenized sentences and, by row, the index of each word's tag. Raises StageError when there are no tags."""
    index = {label: at for at, label in enumerate(tagger.labels)}
    tags = gold_of(examples, language)["tags"].to_pylist()
    words = tagger.encoder.tokenize_words(examples.inputs["tokens"].to_pylist(), language, tagger.max_length)
    gold: list[list[int]] = []
    taken = [0] * len(tags)  # words of each sentence that stand in rows already
    for sentence, firsts in zip(words.sentences, words.firsts, strict=True):
        start = taken[sentence]
        taken[sentence] += len(firsts)
        gold.append([index[tag] for tag in tags[sentence][start : taken[sentence]]])
    return Part(words, gold)
