"""Static vectors of sub-word pieces, made of those of words: what WECHSEL compares vocabularies by.

fastText keeps vectors of n-grams in its binary files; text files have those of words only, so that an n-gram is
here the mean of the words it is part of, each weighted by how frequent it is.
"""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from xbench_encoders.word_vectors import StaticVectors

from xbench_aligners.vocabulary import Piece

Vectors: TypeAlias = NDArray[Any]
Parts: TypeAlias = Sequence[Sequence[int]]

SHORTEST, LONGEST = 3, 6  # letters of an n-gram (Bojanowski et al. 2017)


def vectors_from_words(words: StaticVectors, cut: Parts, size: int) -> Vectors:
    """The mean of the words that a piece is part of, weighted by their frequency: float32 (size, dimension).

    `cut` has the ids of the pieces of every word, as the tokenizer cuts it, and `size` is how many pieces there are. A
    piece of no word has a vector of zeros.
    """
    return _means(_incidence(cut, size), words)


def vectors_from_ngrams(words: StaticVectors, pieces: Sequence[Piece | None]) -> Vectors:
    """The mean of the n-grams of a piece that occur in words: float32 (pieces, dimension).

    As in fastText (Bojanowski et al. 2017, https://arxiv.org/abs/1607.04606), n-grams have 3 to 6 letters, `<` stands
    before a word and `>` behind it; a shorter piece is an n-gram itself. A special token, a piece that is no whole
    letters, and one whose n-grams occur in no word have a vector of zeros.
    """
    ngrams: dict[str, int] = {}
    of_pieces = [[ngrams.setdefault(ngram, len(ngrams)) for ngram in _ngrams(piece)] for piece in pieces]
    of_words = [[ngrams[part] for part in _parts(f"<{word}>", 1) if part in ngrams] for word in words.tokens]
    vectors = _means(_incidence(of_words, len(ngrams)), words)
    holders = csr_array(_incidence(of_pieces, len(ngrams)).T)
    holders = holders * vectors.any(axis=1)  # an n-gram of no word says nothing
    return _divided(holders @ vectors, holders.sum(axis=1))


def _ngrams(piece: Piece | None) -> Iterator[str]:
    text = piece.decoded if piece else None
    if piece and text:
        framed = f"<{text}" if piece.start else text
        yield from _parts(framed, min(SHORTEST, len(framed)))


def _parts(text: str, shortest: int) -> Iterator[str]:
    for start in range(len(text)):
        for end in range(start + shortest, min(start + LONGEST, len(text)) + 1):
            yield text[start:end]


def _incidence(parts: Parts, size: int) -> csr_array:
    """1 where a part is in a whole, else 0: (size, wholes)."""
    wholes = np.repeat(np.arange(len(parts)), [len(row) for row in parts])
    flat = np.array([part for row in parts for part in row], dtype=np.intp)
    found = csr_array(coo_array((np.ones(len(flat)), (flat, wholes)), shape=(size, len(parts))))
    found.data[:] = 1  # a part that a whole has twice is in it all the same
    return found


def _means(incidence: csr_array, words: StaticVectors) -> Vectors:
    weighted = csr_array(incidence * words.frequencies)
    return _divided(weighted @ words.vectors, weighted.sum(axis=1))


def _divided(sums: Vectors, weights: Vectors) -> Vectors:
    means: Vectors = np.divide(sums, weights[:, None], out=np.zeros_like(sums), where=weights[:, None] > 0)
    return means.astype(np.float32)
