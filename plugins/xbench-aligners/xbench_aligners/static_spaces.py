"""The words of two languages in one space: static vectors trained on the text of each, rotated by a dictionary."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from xbench_encoders.word_vectors import StaticVectors

from xbench.errors import StageError
from xbench_aligners.initialisation import Vectors
from xbench_aligners.maps import solve
from xbench_aligners.normalisation import fit_normalisation
from xbench_aligners.piece_vectors import vectors_from_words
from xbench_aligners.static_vectors import train_vectors
from xbench_aligners.words import words


@dataclass(frozen=True, eq=False)
class Heard:
    """What text says of words: their vectors, lower-cased, and how often each of their spellings occurs."""

    words: StaticVectors
    spellings: Counter[str]


def hear(texts: Sequence[str], dimension: int, min_count: int, seed: int) -> Heard:
    """The words of texts. Raises DataError when none is frequent enough."""
    spoken = [words(text) for text in texts]
    lower = [[word.lower() for word in sentence] for sentence in spoken]
    spellings = Counter(word for sentence in spoken for word in sentence)
    return Heard(train_vectors(lower, dimension, min_count=min_count, seed=seed), spellings)


def in_one_space(source: Heard, target: Heard, pairs: Sequence[tuple[str, str]]) -> tuple[Heard, Heard, int]:
    """Both sides, normalised, the target's rotated onto the source's by the pairs it knows; and how many these are.

    Iterative normalisation (Zhang et al. 2019), then Procrustes; pairs are told without regard to case, and one
    counts once. Raises StageError where both texts have the words of none.
    """
    width = min(side.words.vectors.shape[1] for side in (source, target))  # of a small vocabulary there are fewer
    x, y = (fit_normalisation(one.words.vectors[:, :width]).apply(one.words.vectors[:, :width])
            for one in (source, target))  # fmt: skip
    rows, columns = ({word: at for at, word in enumerate(side.words.tokens)} for side in (source, target))
    lower = dict.fromkeys((one.lower(), other.lower()) for one, other in pairs)
    known = [(rows[one], columns[other]) for one, other in lower if one in rows and other in columns]
    if not known:
        raise StageError(f"of {len(lower):,} pairs of the dictionary there is none in the text of both languages")
    found = solve(x, y, np.array(known, dtype=np.intp))
    return _with(source, x), _with(target, found.map_target(y)), len(known)


def _with(heard: Heard, vectors: Vectors) -> Heard:
    return replace(heard, words=replace(heard.words, vectors=vectors.astype(np.float32)))


def of_pieces(heard: Heard, tokenizer: Any, size: int) -> Vectors:
    """The mean of the words that each piece is part of, by their frequency: (size, dimension); zeros where of none."""
    spelt = list(heard.spellings)
    counts = np.array([heard.spellings[word] for word in spelt], dtype=np.float64)
    every = StaticVectors(spelt, heard.words.rows([word.lower() for word in spelt]), counts)
    cut = tokenizer([f" {word}" for word in spelt], add_special_tokens=False, verbose=False)["input_ids"]
    return vectors_from_words(every, cut, size)
