"""One vector per text, as aligners and diagnostics compare them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from xbench_encoders.encoder import TransformerEncoder
from xbench_encoders.heads import pool
from xbench_encoders.sampling import length_order

ROWS = 64  # encoded at once


def mean_vectors(
    encoder: TransformerEncoder, texts: Sequence[str], language: str, max_length: int = 128
) -> NDArray[Any]:
    """The mean of each text's last states, mapped, without the special tokens: (texts, dimension) in float32.

    A text that is nothing to the tokenizer has the mean of its special tokens.
    """
    tokens = encoder.tokenize(texts, None, language, max_length)
    order = length_order(tokens.lengths)
    found = np.zeros((len(order), encoder.dimension), dtype=np.float32)
    for start in range(0, len(order), ROWS):
        rows = order[start : start + ROWS]
        with torch.inference_mode():
            batch = encoder.batch(tokens, rows)
            states = encoder.states(batch)
            bare = (batch.sides < 0).all(dim=1, keepdim=True)
            pooled = torch.where(bare, pool(states, batch, "mean-all"), pool(states, batch, "mean"))
        found[rows] = pooled.float().cpu().numpy()
    return found
