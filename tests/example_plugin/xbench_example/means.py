"""Class means of pooled vectors, and the predictor they make."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import torch
from safetensors.torch import load_file, save_file
from torch.nn.functional import normalize
from xbench_encoders.encoder import TransformerEncoder
from xbench_encoders.heads import pool
from xbench_encoders.sampling import batches_by_length

from xbench.contracts import Examples

FILE = "means.safetensors"
ROWS = 64  # encoded at once


@dataclass
class NearestMeanPredictor:
    """`centre` has the shape (width,), `means` (labels, width) with rows of length 1."""

    encoder: TransformerEncoder
    labels: tuple[str, ...]
    max_length: int
    centre: torch.Tensor
    means: torch.Tensor

    def predict(self, inputs: pa.Table, language: str) -> pa.Table:
        """The label with the nearest mean, one row per input; the encoder knows how to read the language."""
        vectors = embed(self.encoder, inputs, language, self.max_length)
        cosines = normalize(vectors - self.centre, dim=1) @ self.means.T
        return pa.table({"label": [self.labels[at] for at in cosines.argmax(1).tolist()]})

    def save(self, folder: Path) -> None:
        """Centre and means; the encoder is handed in again when they are read."""
        save_file({"centre": self.centre, "means": self.means}, folder / FILE)


def class_means(
    encoder: TransformerEncoder, examples: Examples, language: str, labels: tuple[str, ...], max_length: int
) -> NearestMeanPredictor:
    """The predictor that labelled examples of one language make."""
    vectors = embed(encoder, examples.inputs, language, max_length)
    centre = vectors.mean(0)
    gold = examples.gold["label"].to_pylist()
    rows = {label: [at for at, own in enumerate(gold) if own == label] for label in labels}
    # A label without examples gets the zero vector: its cosine is 0 with everything.
    means = torch.stack([normalize((vectors[rows[label]] - centre).sum(0), dim=0) for label in labels])
    return NearestMeanPredictor(encoder, labels, max_length, centre, means)


def read_means(
    encoder: TransformerEncoder, labels: tuple[str, ...], max_length: int, folder: Path
) -> NearestMeanPredictor:
    """The predictor that `save` wrote."""
    return NearestMeanPredictor(encoder, labels, max_length, **load_file(folder / FILE))


def embed(encoder: TransformerEncoder, inputs: pa.Table, language: str, max_length: int) -> torch.Tensor:
    """One vector per row, on the CPU: the mean of its states; for a pair, both means and how they compare."""
    pairs = inputs["text_pair"].to_pylist() if "text_pair" in inputs.column_names else None
    tokens = encoder.tokenize(inputs["text"].to_pylist(), pairs, language, max_length)
    found = {}
    with torch.inference_mode():
        for rows in batches_by_length(tokens.lengths, ROWS):
            batch = encoder.batch(tokens, rows)
            pooled = pool(encoder.states(batch), batch, "compare" if pairs else "mean")
            found |= zip(rows, pooled.float().cpu(), strict=True)
    return torch.stack([found[row] for row in range(len(tokens.ids))])
