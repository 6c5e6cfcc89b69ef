"""One vector per text, as aligners and diagnostics compare them."""

from collections.abc import Sequence
from typing import Any

import torch
from numpy.typing import NDArray

from xbench_encoders.encoder import Tokens, TransformerEncoder
from xbench_encoders.heads import pool_text
from xbench_encoders.sampling import batches_by_length

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
