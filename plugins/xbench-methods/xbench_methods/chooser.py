"""A chooser on an encoder: scores every choice paired with its text; its training objective and its predictor."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import torch
from xbench_encoders.encoder import Tokens, TransformerEncoder
from xbench_encoders.heads import ClassificationHead, beside
from xbench_encoders.sampling import batches_by_length, drawn_from

from xbench.contracts import Examples, TaskView
from xbench.errors import StageError
from xbench_methods.classifier import pooling_of
from xbench_methods.learning import (
    PREDICTION_BATCH,
    PartsObjective,
    gold_of,
    reading,
    save,
)
from xbench_methods.options import ClassifierOptions


@dataclass(frozen=True)
class Pairs:
    """Every choice paired with its text, tokenized; by row, where in `tokens` the pairs of its choices stand."""

    tokens: Tokens
    places: Sequence[range]

    @property
    def lengths(self) -> list[int]:
        """The length of each row's longest pair, in tokens."""
        lengths = self.tokens.lengths
        return [max(lengths[at] for at in places) for places in self.places]


@dataclass
class Chooser:
    """Encoder and a head that gives one score a pair; predicts any language that the encoder knows."""

    encoder: TransformerEncoder
    head: ClassificationHead
    max_length: int

    def predict(self, inputs: pa.Table, language: str) -> pa.Table:
        """The place of the most probable choice (the first in a tie) and the probability of each of the row's."""
        pairs = self.pairs(inputs, language)
        found: dict[int, list[float]] = {}
        with torch.inference_mode():
            for rows in batches_by_length(
                pairs.lengths, PREDICTION_BATCH
            ):  # whole rows: choices that are alike are padded alike
                scores = self.scores(pairs, rows)
                found |= zip(rows, (torch.softmax(one, dim=0).tolist() for one in scores), strict=True)
        chances = [found[row] for row in range(len(pairs.lengths))]
        labels = [str(row.index(max(row))) for row in chances]
        return pa.table({"label": pa.array(labels, pa.string()), "scores": pa.array(chances, pa.list_(pa.float32()))})

    def pairs(self, inputs: pa.Table, language: str) -> Pairs:
        """Tokenized pairs of all rows. Raises StageError where a row has no choices."""
        texts, choices = inputs["text"].to_pylist(), inputs["choices"].to_pylist()
        places: list[range] = []
        for row, options in enumerate(choices):
            if not options:
                raise StageError(f"row {row} in {language} has no choices")
            start = places[-1].stop if places else 0
            places.append(range(start, start + len(options)))
        first = [text for text, options in zip(texts, choices, strict=True) for _ in options]
        second = [choice for options in choices for choice in options]
        return Pairs(self.encoder.tokenize(first, second, language, self.max_length), places)

    def scores(self, pairs: Pairs, rows: Sequence[int]) -> tuple[torch.Tensor, ...]:
        """Scores before the softmax in float32, for each of the rows one per choice."""
        batch = self.encoder.batch(pairs.tokens, [at for row in rows for at in pairs.places[row]])
        scores = self.head(self.encoder.states(batch), batch).squeeze(-1).float()
        return torch.split(scores, [len(pairs.places[row]) for row in rows])

    def save(self, folder: Path) -> None:
        """Encoder and head as safetensors."""
        save(self.encoder, self.head, folder)


@dataclass(frozen=True)
class Part:
    """Pairs of one language and, by row, the place of the right choice."""

    pairs: Pairs
    gold: Sequence[int]


class CrossEntropy(PartsObjective):
    """Objective: mean cross-entropy of the right choice among those of its row."""

    def __init__(self, chooser: Chooser, parts: Sequence[Part]) -> None:
        self.chooser, self.parts = chooser, parts
        super().__init__(chooser.encoder, chooser.head, [part.pairs.lengths for part in parts])

    def summed(self, part: int, members: Sequence[int]) -> torch.Tensor:
        """The cross-entropies of rows of a part."""
        of = self.parts[part]
        # A choice that a row does not have is as good as impossible.
        scores = torch.nn.utils.rnn.pad_sequence(
            list(self.chooser.scores(of.pairs, members)), batch_first=True, padding_value=-math.inf
        )
        wanted = torch.tensor([of.gold[at] for at in members], device=scores.device)
        return torch.nn.functional.cross_entropy(scores, wanted, reduction="sum")


def load_chooser(encoder: TransformerEncoder, task: TaskView, options: ClassifierOptions, folder: Path) -> Chooser:
    """Read back what `Chooser.save` wrote. Raises StageError when the weights do not fit."""
    with reading(folder) as state:
        chooser = new(encoder.load(folder), task, options, (), seed=0)
        chooser.head.load_state_dict(state)
    return chooser


def new(
    encoder: TransformerEncoder,
    task: TaskView,
    options: ClassifierOptions,
    sets: Sequence[tuple[str, Examples]],
    seed: int,
) -> Chooser:
    """A chooser with a fresh head, drawn from the seed alone."""
    with drawn_from(seed):
        head = ClassificationHead(encoder.dimension, 1, pooling_of(encoder, options.pooling, pairs=True))
    return Chooser(encoder, beside(head, encoder), options.max_length)


def part(chooser: Chooser, examples: Examples, language: str) -> Part:
    """Tokenized pairs and, by row, the place of the right choice. Raises StageError where there are no labels."""
    gold = [int(label) for label in gold_of(examples, language)["label"].to_pylist()]
    return Part(chooser.pairs(examples.inputs, language), gold)
