"""Parts of an encoder that do not learn while an aligner trains the rest."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile

import torch
from xbench_encoders.encoder import TransformerEncoder

from xbench.errors import StageError


@contextmanager
def frozen(encoder: TransformerEncoder, what: str) -> Iterator[None]:
    """Hold a part of each tower still inside, and no longer: whatever comes after the aligner trains all.

    `none`; the token `embeddings`; `lower-half`, which is all that stands before the upper half of the layers;
    `upper-half`, which is the rest. Raises StageError where a tower has no stack of layers.
    """
    held: list[torch.nn.Parameter] = []
    if what == "embeddings":
        held = encoder.embeddings()
    elif what != "none":
        halves = [_halves(tower.module) for tower in encoder.towers.values()]
        held = [parameter for lower, upper in halves for parameter in (lower if what == "lower-half" else upper)]
    held = [parameter for parameter in held if parameter.requires_grad]
    for parameter in held:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in held:
            parameter.requires_grad_(True)


def _halves(module: torch.nn.Module) -> tuple[list[torch.nn.Parameter], list[torch.nn.Parameter]]:
    """What stands before the first layer of the upper half, in the order of the model, and what from there on."""
    count = int(module.config.num_hidden_layers)  # type: ignore[union-attr, arg-type]
    stacks = [one for one in module.modules() if isinstance(one, torch.nn.ModuleList) and len(one) == count > 0]
    if not stacks:
        raise StageError(f"half of a model is frozen by its stack of layers; the model has none of its {count}")
    first = next(stacks[0][count // 2].parameters())
    every = list(module.parameters())
    lower = list(takewhile(lambda parameter: parameter is not first, every))
    return lower, every[len(lower) :]
