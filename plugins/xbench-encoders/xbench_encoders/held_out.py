"""Text that measures, kept apart from the text that teaches, and what it says of a training."""

import math
from collections.abc import Mapping, Sequence

import torch

from xbench.contracts import Context
from xbench.errors import StageError
from xbench_encoders.encoder import TransformerEncoder
from xbench_encoders.masking import MaskedModel, perplexity
from xbench_encoders.tokens import Tokens

HELD_OUT = 10  # of so many texts one measures
MOST = 200  # measure: enough for a perplexity, seconds of encoding


def split_texts(
    encoder: TransformerEncoder, texts: Sequence[str], language: str, max_length: int, seed: int
) -> tuple[Tokens, Tokens]:
    """One text in ten, drawn by the seed, and the rest, tokenized; texts of no words are left out.

    Raises StageError where there are fewer than 2.
    """
    tokens = encoder.tokenize(texts, None, language, max_length)
    rows = [row for row, sides in enumerate(tokens.sides) if any(side >= 0 for side in sides)]
    if len(rows) < 2:
        raise StageError(f"masked language modelling needs at least 2 texts in {language}; there are {len(rows)}")
    generator = torch.Generator().manual_seed(seed)
    order = [rows[at] for at in torch.randperm(len(rows), generator=generator).tolist()]
    size = max(1, min(MOST, len(order) // HELD_OUT))
    return _part(tokens, order[:size]), _part(tokens, order[size:])


def perplexities(model: MaskedModel, measured: Mapping[str, Tokens], seed: int) -> dict[str, float]:
    """By language, where anything was hidden; of the same tokens whenever it is asked."""
    model.eval()
    found = {language: perplexity(model, tokens, seed) for language, tokens in measured.items()}
    return {language: round(value, 3) for language, value in found.items() if not math.isnan(value)}


def log_perplexities(context: Context, before: Mapping[str, float], after: Mapping[str, float]) -> None:
    """Log both; where one rose, the run is degenerate."""
    context.log("perplexity_before", dict(before))
    context.log("perplexity", dict(after))
    worse = [language for language in before if after[language] > before[language]]
    if worse:
        context.log("degenerate", f"the perplexity of held-out text rose in {', '.join(worse)}")


def _part(tokens: Tokens, rows: Sequence[int]) -> Tokens:
    ids, types, sides = ([of[row] for row in rows] for of in (tokens.ids, tokens.types, tokens.sides))
    return Tokens(tokens.language, ids, types, sides)
