"""Sentence vectors of pairs, how near they are, and whether they went to a point."""

from collections.abc import Mapping, Sequence

import torch
from xbench_encoders.encoder import Tokens, TransformerEncoder
from xbench_encoders.heads import pool
from xbench_encoders.sampling import length_order

from xbench_aligners.bitext import Bitext

ROWS = 64  # encoded at once
READ = 300  # pairs of a language that are looked at: enough for a mean, a few seconds of encoding
COLLAPSE = 0.5  # vectors of half the length, or others at half the distance, are on their way to a point

Sides = Mapping[str, tuple[torch.Tensor, torch.Tensor]]  # by language: source and target vectors, row i a pair


def sentence_vectors(encoder: TransformerEncoder, tokens: Tokens, pooling: str = "mean") -> torch.Tensor:
    """One vector per row, (rows, dimension), in float32 on the CPU; see `xbench_encoders.heads.pool`."""
    order = length_order(tokens.lengths)
    found = torch.zeros(len(order), encoder.dimension)
    with torch.no_grad():  # and no inference mode: a teacher's vectors take part in a training
        for start in range(0, len(order), ROWS):
            rows = order[start : start + ROWS]
            batch = encoder.batch(tokens, rows)
            found[rows] = pool(encoder.states(batch), batch, pooling).float().cpu()
    return found


def looked_at(bitext: Bitext) -> dict[str, Sequence[int]]:
    """The first pairs of every language."""
    return {language: pairs[:READ] for language, pairs in bitext.languages.items()}


def sides(encoder: TransformerEncoder, bitext: Bitext) -> Sides:
    """The vectors of both sides of the pairs that are looked at."""
    found = {}
    for language, pairs in looked_at(bitext).items():
        first, second = zip(*(bitext.pairs[pair] for pair in pairs), strict=True)
        found[language] = tuple(
            sentence_vectors(encoder, _rows(bitext.tokens[side[0][0]], [row for _, row in side]))
            for side in (first, second)
        )
    return found  # type: ignore[return-value]


def _rows(tokens: Tokens, rows: Sequence[int]) -> Tokens:
    ids, types, parts = ([of[row] for row in rows] for of in (tokens.ids, tokens.types, tokens.sides))
    return Tokens(tokens.language, ids, types, parts)


def cosines(first: torch.Tensor, second: torch.Tensor) -> tuple[float, float]:
    """Mean cosine of rows at the same place, and of rows at different places."""
    x, y = (torch.nn.functional.normalize(one.double(), dim=-1) for one in (first, second))
    count, parallel = len(x), float((x * y).sum())
    others = float(x.sum(0) @ y.sum(0)) - parallel
    return parallel / count, others / (count * (count - 1))


def told(found: Sides) -> dict[str, dict[str, float]]:
    """By language the mean cosine of pairs and that of other sentences."""
    by_language = {language: cosines(*vectors) for language, vectors in found.items()}
    return {at: {"pairs": round(pairs, 4), "others": round(others, 4)} for at, (pairs, others) in by_language.items()}


def collapse(found: Sides, reference: Mapping[str, torch.Tensor]) -> str:
    """Why the vectors went to a point, or an empty text; the reference has source vectors as they should be.

    They did where they are half as long as those, or where sentences that are no pairs are half as far apart (one
    minus the mean cosine).
    """
    length = _mean([float(torch.cat(vectors).norm(dim=-1).mean()) for vectors in found.values()])
    wanted = _mean([float(vectors.norm(dim=-1).mean()) for vectors in reference.values()])
    if length < COLLAPSE * wanted:
        return f"the sentence vectors shrank: their mean length is {length:.3g}, where {wanted:.3g} is right"
    apart = 1.0 - _mean([cosines(*vectors)[1] for vectors in found.values()])
    right = 1.0 - _mean([cosines(vectors, vectors)[1] for vectors in reference.values()])
    if apart < COLLAPSE * right:
        return f"sentences that are no pairs became alike: their mean cosine is {1 - apart:.2f}, not {1 - right:.2f}"
    return ""


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
