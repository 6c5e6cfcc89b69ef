"""Which words of parallel sentences translate each other, by the states that an encoder gives them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from xbench_encoders.encoder import TransformerEncoder
from xbench_encoders.sampling import batches_by_length

from xbench_aligners.csls import mutual
from xbench_aligners.normalisation import Indices, unit
from xbench_aligners.words import words

ROWS = 64  # encoded at once
MAX_LENGTH = 128  # tokens of a row; longer sentences become several


@dataclass(frozen=True, eq=False)
class Linked:
    """Two sentences as words, and their links: (links, 2), the places of a source word and of a target word."""

    source: Sequence[str]
    target: Sequence[str]
    links: Indices


def links(
    encoder: TransformerEncoder, pairs: Sequence[tuple[str, str]], source: str, target: str, layer: int | None = None
) -> list[Linked]:
    """The words of each pair of sentences, and the links between them, in the order of the pairs.

    ArgMax of SimAlign (Jalili Sabet et al. 2020, https://aclanthology.org/2020.findings-emnlp.147) on words: two are
    linked that are nearest to each other by cosine, so that no word has two links. A word is the mean of its
    sub-words. `layer` as in `TransformerEncoder.states`: None is the last, mapped; SimAlign takes 8 of 12.
    """
    sides = [[words(pair[side]) for pair in pairs] for side in (0, 1)]
    states = [
        word_states(encoder, side, language, layer) for side, language in zip(sides, (source, target), strict=True)
    ]
    return [Linked(one, other, argmax(x, y)) for one, other, x, y in zip(*sides, *states, strict=True)]


def argmax(source: NDArray[Any], target: NDArray[Any]) -> Indices:
    """The rows (n, d) and (m, d) of two sides that are nearest to each other by cosine, (links, 2)."""
    if not len(source) or not len(target):
        return np.empty((0, 2), dtype=np.intp)
    cosines = unit(source) @ unit(target).T
    return mutual(cosines.argmax(axis=1), cosines.argmax(axis=0))


def word_states(
    encoder: TransformerEncoder, sentences: Sequence[Sequence[str]], language: str, layer: int | None = None
) -> list[NDArray[Any]]:
    """The states of the words of each sentence, (words, dimension) in float32: the mean of their sub-words."""
    found = encoder.tokenize_words(sentences, language, MAX_LENGTH)
    rows: list[NDArray[Any]] = [np.empty(0, dtype=np.float32)] * len(found.firsts)
    for chosen in batches_by_length(found.tokens.lengths, ROWS):
        with torch.inference_mode():
            states = encoder.states(encoder.batch(found.tokens, chosen), layer).float().cpu().numpy()
        for row, own in zip(chosen, states, strict=True):
            rows[row] = _means(own, found.firsts[row], found.tokens.sides[row])
    parts: list[list[NDArray[Any]]] = [[np.empty((0, encoder.dimension), dtype=np.float32)] for _ in sentences]
    for sentence, states in zip(found.sentences, rows, strict=True):
        parts[sentence].append(states)
    return [np.concatenate(part) for part in parts]


def _means(states: NDArray[Any], firsts: Sequence[int], sides: Sequence[int]) -> NDArray[Any]:
    """The mean from each first sub-word to the next, or to the end of the sentence."""
    end = max(at for at, side in enumerate(sides) if side >= 0) + 1
    sizes = np.diff([*firsts, end])
    means: NDArray[Any] = np.add.reduceat(states[:end], firsts, axis=0) / sizes[:, None].astype(np.float32)
    return means
