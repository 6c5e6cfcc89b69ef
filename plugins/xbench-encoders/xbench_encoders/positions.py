"""Positions that start again for the second text of a pair, as XLM has them (Conneau & Lample 2019)."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from xbench.errors import ModelError
from xbench_encoders.encoder import TransformerEncoder
from xbench_encoders.tokens import Batch, Tokens, first_position


def restarted(batch: Batch, first: int) -> Batch:
    """The batch with positions from `first` on, those of a second text counted as if it stood in place of the first.

    So the first tokens of both texts have the same position, and special tokens before them too: that which closes the
    first text is its own, and one more after it, as of RoBERTa, opens the second.
    """
    places = torch.arange(batch.ids.shape[1], device=batch.ids.device).expand_as(batch.ids)
    one, other = batch.sides == 0, batch.sides == 1
    begins, again = (side.int().argmax(dim=1, keepdim=True) for side in (one, other))
    ends = torch.where(one, places, -1).amax(dim=1, keepdim=True)
    second = (places >= torch.minimum(ends + 2, again)) & one.any(dim=1, keepdim=True) & other.any(dim=1, keepdim=True)
    return replace(batch, positions=first + places - torch.where(second, again - begins, 0))


def check_restarting(encoder: TransformerEncoder, tokens: Tokens, rows: Sequence[int]) -> None:
    """Raise ModelError where positions that start again do not reach the model, as these rows of pairs show."""
    tower = encoder.tower(tokens.language)
    batch = encoder.batch(tokens, rows)
    with torch.inference_mode():
        usual = encoder.states(batch)
        try:
            heard = not torch.equal(encoder.states(restarted(batch, first_position(tower))), usual)
        except TypeError:  # what a function raises that knows no such argument
            heard = False
    if not heard:
        what = f"positions=restart: {tower.module.config.model_type} models take no position_ids"
        raise ModelError(f"{what}, so that their positions can only run on; use positions=on")
