"""Sentence vectors of pairs, how near they are, and whether they went to a point."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from xbench_encoders.encoder import TransformerEncoder
from xbench_encoders.vectors import text_vectors

from xbench_aligners.bitext import Bitext
from xbench_aligners.diagnostics import cosines

READ = 300  # pairs of a language that are looked at: enough for a mean, a few seconds of encoding
COLLAPSE = 0.5  # vectors of half the length, or others at half the distance, are on their way to a point

Vectors: TypeAlias = NDArray[np.float32]
Sides: TypeAlias = Mapping[str, tuple[Vectors, Vectors]]  # by language: source and target vectors, row i a pair


def looked_at(bitext: Bitext) -> dict[str, Sequence[int]]:
    """The first pairs of every language."""
    return {language: pairs[:READ] for language, pairs in bitext.languages.items()}


def sides(encoder: TransformerEncoder, bitext: Bitext) -> Sides:
    """The vectors of both sides of the pairs that are looked at."""
    found = {}
    for language, pairs in looked_at(bitext).items():
        first, second = zip(*(bitext.pairs[pair] for pair in pairs), strict=True)
        found[language] = tuple(
            text_vectors(encoder, bitext.tokens[side[0][0]].part([row for _, row in side])).numpy()
            for side in (first, second)
        )
    return found  # type: ignore[return-value]


def told(found: Sides) -> dict[str, dict[str, float]]:
    """By language the mean cosine of pairs and that of other sentences."""
    by_language = {language: cosines(*vectors) for language, vectors in found.items()}
    return {at: {"pairs": round(pairs, 4), "others": round(others, 4)} for at, (pairs, others) in by_language.items()}


def collapse(found: Sides, reference: Mapping[str, Vectors]) -> str:
    """Why the vectors went to a point, or an empty text; the reference has source vectors as they should be.

    They did where they are half as long as those, or where sentences that are no pairs are half as far apart (one
    minus the mean cosine).
    """
    length = _mean([_length(np.concatenate(vectors)) for vectors in found.values()])
    wanted = _mean([_length(vectors) for vectors in reference.values()])
    if length < COLLAPSE * wanted:
        return f"the sentence vectors shrank: their mean length is {length:.3g}, where {wanted:.3g} is right"
    apart = 1.0 - _mean([cosines(*vectors)[1] for vectors in found.values()])
    right = 1.0 - _mean([cosines(vectors, vectors)[1] for vectors in reference.values()])
    if apart < COLLAPSE * right:
        return f"sentences that are no pairs became alike: their mean cosine is {1 - apart:.2f}, not {1 - right:.2f}"
    return ""


def _length(vectors: Vectors) -> float:
    """Of a vector in the mean."""
    return float(np.linalg.norm(vectors, axis=-1).mean())


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
