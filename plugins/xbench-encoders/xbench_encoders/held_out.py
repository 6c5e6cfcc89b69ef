"""Text that measures, kept apart from the text that teaches, and what it says of a training."""

import math
from collections.abc import Mapping, Sequence

import torch

from xbench.contracts import Context
from xbench.errors import StageError
from xbench_encoders.encoder import TransformerEncoder
from xbench_encoders.masking import MaskedModel, perplexity
from xbench_encoders.tokens import Tokens

HELD_OUT = 10  # of so many rows one measures
MOST = 200  # measure: enough for a perplexity, seconds of encoding


def split(size: int, generator: torch.Generator, most: int = MOST) -> tuple[list[int], list[int]]:
    """One row in ten, at least one and at most so many, and the rest, drawn from the generator."""
    order: list[int] = torch.randperm(size, generator=generator).tolist()
    count = max(1, min(most, size // HELD_OUT))
    return order[:count], order[count:]


def parts(tokens: Tokens, name: str, generator: torch.Generator) -> tuple[Tokens, Tokens]:
    """The rows that measure and those that teach; rows of special tokens alone are left out.

    Raises StageError, which calls the text by name, where there are fewer than 2.
    """
    rows = tokens.worded
    if len(rows) < 2:
        raise StageError(f"masked language modelling needs at least 2 texts in {name}; there are {len(rows)}")
    measured, taught = (tokens.part([rows[at] for at in some]) for some in split(len(rows), generator))
    return measured, taught


def split_texts(
    encoder: TransformerEncoder, texts: Sequence[str], language: str, max_length: int, seed: int
) -> tuple[Tokens, Tokens]:
    """Texts of a language, tokenized, as `parts` divides them by the seed."""
    tokens = encoder.tokenize(texts, None, language, max_length)
    return parts(tokens, language, torch.Generator().manual_seed(seed))


def perplexities(model: MaskedModel, measured: Mapping[str, Tokens], seed: int) -> dict[str, float]:
    """By name, where anything was hidden; of the same tokens whenever it is asked."""
    found = {name: perplexity(model, tokens, seed) for name, tokens in measured.items()}
    return {name: value for name, value in found.items() if not math.isnan(value)}


def log_perplexities(context: Context, before: Mapping[str, float], after: Mapping[str, float]) -> None:
    """Log both, to three decimals."""
    for key, found in (("perplexity_before", before), ("perplexity", after)):
        context.log(key, {name: round(value, 3) for name, value in found.items()})


def log_rise(context: Context, before: Mapping[str, float], after: Mapping[str, float]) -> None:
    """Where a perplexity rose, the run is degenerate."""
    worse = [language for language in before if after[language] > before[language]]
    if worse:
        context.log("degenerate", f"the perplexity of held-out text rose in {', '.join(worse)}")
