"""A sequence classifier on an encoder: its training objective and its predictor."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import torch
from xbench_encoders.encoder import Tokens, TransformerEncoder
from xbench_encoders.heads import ClassificationHead, LinearHead, beside
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
class Classifier:
    """Encoder and head; predicts any language that the encoder knows."""

    encoder: TransformerEncoder
    head: ClassificationHead | LinearHead
    labels: tuple[str, ...]
    max_length: int

    def predict(self, inputs: pa.Table, language: str) -> pa.Table:
        """The most probable label (the first in a tie) and the probability of each, one row per input."""
        scores = torch.softmax(self.scores(_tokenize(self, inputs, language)), dim=-1)
        chosen = [self.labels[index] for index in scores.argmax(dim=-1).tolist()]
        return pa.table({"label": chosen, "scores": pa.array(scores.tolist(), pa.list_(pa.float32()))})

    def scores(self, tokens: Tokens) -> torch.Tensor:
        """Label scores before the softmax, (rows, labels) in float32 on the CPU."""
        found = torch.zeros(len(tokens.lengths), len(self.labels))
        with torch.inference_mode():
            for rows in batches_by_length(tokens.lengths, PREDICTION_BATCH):
                batch = self.encoder.batch(tokens, rows)
                found[rows] = self.head(self.encoder.states(batch), batch).float().cpu()
        return found

    def save(self, folder: Path) -> None:
        """Encoder and head as safetensors."""
        save(self.encoder, self.head, folder)


class CrossEntropy(PartsObjective):
    """Objective: mean cross-entropy of the labels over rows of one or more languages."""

    def __init__(self, classifier: Classifier, parts: Sequence[tuple[Tokens, list[int]]]) -> None:
        self.classifier, self.parts = classifier, parts
        super().__init__(classifier.encoder, classifier.head, [tokens.lengths for tokens, _ in parts])

    def summed(self, part: int, members: Sequence[int]) -> torch.Tensor:
        """The cross-entropies of rows of a part."""
        tokens, gold = self.parts[part]
        batch = self.classifier.encoder.batch(tokens, members)
        scores = self.classifier.head(self.classifier.encoder.states(batch), batch)
        wanted = torch.tensor([gold[at] for at in members], device=scores.device)
        return torch.nn.functional.cross_entropy(scores.float(), wanted, reduction="sum")


def load_classifier(
    encoder: TransformerEncoder, task: TaskView, options: ClassifierOptions, folder: Path
) -> Classifier:
    """Read back what `Classifier.save` wrote. Raises StageError when the weights do not fit."""
    with reading(folder) as state:
        pairs = state["dense.weight"].shape[1] != encoder.dimension
        classifier = _new(encoder.load(folder), task, options, pairs, seed=0)
        classifier.head.load_state_dict(state)
    return classifier


def new(
    encoder: TransformerEncoder,
    task: TaskView,
    options: ClassifierOptions,
    sets: Sequence[tuple[str, Examples]],
    seed: int,
) -> Classifier:
    """A classifier of the examples of some sets, with a fresh head that is drawn from the seed alone."""
    return _new(encoder, task, options, any(has_pairs(examples) for _, examples in sets), seed)


def _new(encoder: TransformerEncoder, task: TaskView, options: ClassifierOptions, pairs: bool, seed: int) -> Classifier:
    pooling = pooling_of(encoder, options.pooling, pairs)
    with drawn_from(seed):
        head = ClassificationHead(encoder.dimension, len(task.labels), pooling)
    return Classifier(encoder, beside(head, encoder), tuple(task.labels), options.max_length)


def pooling_of(encoder: TransformerEncoder, wanted: str, pairs: bool) -> str:
    """The pooling that an option asks for; `auto` is the encoder's own, and `compare` for pairs of mean pooling."""
    if wanted != "auto":
        return wanted
    return "compare" if pairs and encoder.pooling == "mean" else encoder.pooling


def has_pairs(examples: Examples) -> bool:
    """Whether the inputs are pairs of texts."""
    return "text_pair" in examples.inputs.column_names


def _tokenize(classifier: Classifier, inputs: pa.Table, language: str) -> Tokens:
    pairs = inputs["text_pair"].to_pylist() if "text_pair" in inputs.column_names else None
    return classifier.encoder.tokenize(inputs["text"].to_pylist(), pairs, language, classifier.max_length)


def part(classifier: Classifier, examples: Examples, language: str) -> tuple[Tokens, list[int]]:
    """Tokenized inputs and the index of each row's label. Raises StageError when there are no labels."""
    index = {label: at for at, label in enumerate(classifier.labels)}
    gold = [index[label] for label in gold_of(examples, language)["label"].to_pylist()]
    return _tokenize(classifier, examples.inputs, language), gold
