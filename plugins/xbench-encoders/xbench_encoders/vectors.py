"""One vector per text, as aligners and diagnostics compare them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from xbench_encoders.encoder import Tokens, TransformerEncoder
from xbench_encoders.heads import pool_text
from xbench_encoders.sampling import batches_by_length

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 64  # encoded at once


def text_vectors(encoder: TransformerEncoder, tokens: Tokens, pooling: str = "mean") -> torch.Tensor:
    """One vector per row, of the last states, mapped: (rows, dimension) in float32 on the CPU; see `pool_text`."""
    found = torch.zeros(len(tokens.ids), encoder.dimension)
    with torch.no_grad():  # and no inference mode: a teacher's vectors take part in a training
        for rows in batches_by_length(tokens.lengths, ROWS):
            batch = encoder.batch(tokens, rows)
            found[rows] = pool_text(encoder.states(batch), batch, pooling).float().cpu()
    return found


def mean_vectors(
    encoder: TransformerEncoder, texts: Sequence[str], language: str, max_length: int = 128
) -> NDArray[Any]:
    """The means of the texts' states without the special tokens: (texts, dimension) in float32."""
    vectors: NDArray[Any] = text_vectors(encoder, encoder.tokenize(texts, None, language, max_length)).numpy()
    return vectors


def input_vectors(
    encoder: TransformerEncoder, inputs: "pa.Table", language: str, max_length: int = 128
) -> NDArray[Any]:
    """One vector per row of a task's inputs, (rows, dimension) in float32, from `mean_vectors`.

    Of a pair of texts it is [u; v; |u-v|; u*v], four times as wide: the features of InferSent (Conneau et al. 2017,
    https://aclanthology.org/D17-1070/), each text encoded by itself.
    """
    columns = [name for name in ("text", "text_pair") if name in inputs.column_names]
    sides = [mean_vectors(encoder, inputs[name].to_pylist(), language, max_length) for name in columns]
    return sides[0] if len(sides) == 1 else np.hstack([*sides, abs(sides[0] - sides[1]), sides[0] * sides[1]])
