"""A new embedding table for another vocabulary: each row a weighted mean of rows of the old one.

A `Composition` holds the weights. They depend on the vocabularies and on static vectors alone, so one composition
serves every table that has a row per piece: input embeddings, untied output embeddings, an output bias as one column.
Rows that nothing is known of are drawn from the old table's distribution, or set to its mean. So the baselines are:

    random        specials(overlap).table(source, seed=seed)
    mean          specials(overlap).table(source, rest="mean")
    copy          copies(overlap).table(source, seed=seed)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from xbench_aligners.vocabulary import Overlap

Vectors: TypeAlias = NDArray[Any]
Rows: TypeAlias = NDArray[np.intp]
Entries: TypeAlias = tuple[Rows, Rows, Vectors]  # target pieces, source pieces, weights

BLOCK = 256  # rows at a time: with 120,000 pieces on the other side, 250 MB of similarities


@dataclass(frozen=True, eq=False)
class Composition:
    """What every new row is made of.

    `weights` is (target pieces, source pieces), each row at least 0 with the sum 1, or empty where nothing is known;
    `copied` is boolean (target pieces,): rows that are one old row as it is.
    """

    weights: csr_array
    copied: NDArray[np.bool_]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which target pieces have a row made of old ones."""
        filled: NDArray[np.bool_] = np.diff(self.weights.indptr) > 0
        return filled

    def diagnostics(self) -> dict[str, float]:
        """How many rows are copied, composed, and fall back; of how many old rows a composed one is made, at a mean."""
        composed = self.known & ~self.copied
        sizes = np.diff(self.weights.indptr)[composed]
        return {
            "copied": int(self.copied.sum()),
            "composed": int(composed.sum()),
            "fallen_back": int((~self.known).sum()),
            "support": float(sizes.mean()) if len(sizes) else 0.0,
        }

    def table(self, source: Vectors, rest: Literal["normal", "mean"] = "normal", seed: int = 0) -> Vectors:
        """The new table, (target pieces, dimension), in the precision of `source`, (source pieces, dimension).

        Rows that fall back are drawn from N(mean, standard deviation) of each dimension of `source`, or are the mean
        itself. `source` may have more rows than its vocabulary has pieces, as padded tables have: those are not read.
        Raises ValueError when it has fewer.
        """
        pieces = self.weights.shape[1]
        if source.ndim != 2 or len(source) < pieces:
            raise ValueError(f"the table has the shape {source.shape}; ({pieces}, dimension) is expected")
        source = source[:pieces]
        wide = source.astype(np.promote_types(source.dtype, np.float32), copy=False)
        table: Vectors = (self.weights @ wide).astype(source.dtype)
        table[self.copied] = source[self.weights[self.copied].indices]  # as they are: a sum forgets the sign of zero
        mean = wide.mean(axis=0, dtype=np.float64)
        if rest == "mean":
            table[~self.known] = mean
            return table
        # Every piece has its draw, used or not, so that what is known of one does not move the others.
        drawn = np.random.default_rng(seed).standard_normal(table.shape, dtype=np.float32)[~self.known]
        table[~self.known] = mean + drawn * wide.std(axis=0, dtype=np.float64)
        return table


def specials(overlap: Overlap) -> Composition:
    """Special tokens copied by role; of all other pieces nothing is known."""
    return _composition(overlap, overlap.special)


def copies(overlap: Overlap) -> Composition:
    """Pieces that both vocabularies have copied; of all others nothing is known."""
    return _composition(overlap, overlap.matched)


@dataclass(frozen=True, eq=False)
class Aligned:
    """Static vectors of the pieces of both vocabularies in one space, by id; a row of zeros is unknown."""

    source: Vectors
    target: Vectors


def wechsel(overlap: Overlap, vectors: Aligned, neighbours: int = 10, temperature: float = 0.1) -> Composition:
    """WECHSEL (Minixhofer et al. 2022, https://arxiv.org/abs/2112.06598), after the alignment of the static vectors.

    e_t is the sum over the `neighbours` nearest source pieces j of softmax(cos(u_t, u_j) / temperature)_j e_j.
    Special tokens are copied; a piece without a static vector is unknown, on either side. Raises ValueError.
    """
    if neighbours < 1 or temperature <= 0:
        raise ValueError("neighbours must be at least 1, temperature above 0")
    _check("source", vectors.source, overlap.size)
    _check("target", vectors.target, len(overlap.rows))
    keys = np.flatnonzero(vectors.source.any(axis=1))
    queries = np.flatnonzero(vectors.target.any(axis=1) & ~overlap.special)
    many = min(neighbours, len(keys))
    entries: list[Entries] = []
    for rows, cosines in _cosines(vectors.target, queries, vectors.source, keys):
        near = np.argpartition(cosines, -many, axis=1)[:, -many:]
        weights = _softmax(np.take_along_axis(cosines, near, axis=1) / temperature)
        entries.append((np.repeat(rows, many), keys[near].ravel(), weights.ravel()))
    return _composition(overlap, overlap.special, entries)


def focus(overlap: Overlap, auxiliary: Vectors) -> Composition:
    """FOCUS (Dobler and de Melo 2023, https://arxiv.org/abs/2305.14481).

    Pieces that both vocabularies have are copied; any other is the mean of those, e_a the sum over o of w_o e_o with
    w = sparsemax(cos(u_a, u_o)). `auxiliary` is (target pieces, dimension), the static vectors u of target pieces, of
    target text; a row of zeros is unknown, so that a rare piece is no basis for others. Special tokens are none
    either. Raises ValueError.
    """
    _check("target", auxiliary, len(overlap.rows))
    heard = auxiliary.any(axis=1)
    keys = np.flatnonzero(heard & overlap.matched & ~overlap.special)
    queries = np.flatnonzero(heard & ~overlap.matched)
    entries: list[Entries] = []
    for rows, cosines in _cosines(auxiliary, queries, auxiliary, keys):
        weights = sparsemax(cosines)
        of, at = np.nonzero(weights)
        entries.append((rows[of], overlap.rows[keys[at]], weights[of, at]))
    return _composition(overlap, overlap.matched, entries)


def sparsemax(scores: Vectors) -> Vectors:
    """The nearest point of the simplex to every row of `scores`, (rows, n): most weights are 0, and all sum to 1.

    Martins and Astudillo 2016, https://arxiv.org/abs/1602.02068, algorithm 1.
    """
    ranked = np.sort(scores.astype(np.float64), axis=1)[:, ::-1]
    excess = np.cumsum(ranked, axis=1) - 1
    ranks = np.arange(1, scores.shape[1] + 1)
    support = (ranks * ranked > excess).sum(axis=1, keepdims=True)
    threshold = np.take_along_axis(excess, support - 1, axis=1) / support
    weights: Vectors = np.maximum(scores - threshold, 0)
    return weights


def _softmax(scores: Vectors) -> Vectors:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Vectors = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _cosines(first: Vectors, rows: Rows, second: Vectors, columns: Rows) -> Iterator[tuple[Rows, Vectors]]:
    """Some rows of `first`, and their cosines with these of `second`, block by block."""
    if not len(columns):
        return
    keys = _unit(second[columns]).T
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        yield block, _unit(first[block]) @ keys


def _unit(vectors: Vectors) -> Vectors:
    # By the greatest number first: squares of very small ones are zero.
    scaled = vectors / np.abs(vectors).max(axis=1, keepdims=True)
    divided: Vectors = scaled / np.linalg.norm(scaled, axis=1, keepdims=True)
    return divided


def _check(side: str, vectors: Vectors, pieces: int) -> None:
    if vectors.ndim != 2 or len(vectors) != pieces:
        raise ValueError(f"the {side} vectors have the shape {vectors.shape}; ({pieces}, dimension) is expected")
    if not np.isfinite(vectors).all():
        raise ValueError(f"a {side} vector holds a number that is not finite")


def _composition(overlap: Overlap, copied: NDArray[np.bool_], entries: list[Entries] | None = None) -> Composition:
    as_they_are = (np.flatnonzero(copied), overlap.rows[copied], np.ones(int(copied.sum())))
    rows, columns, weights = (np.concatenate(parts) for parts in zip(as_they_are, *(entries or []), strict=True))
    shape = (len(overlap.rows), overlap.size)
    return Composition(csr_array(coo_array((weights, (rows, columns)), shape=shape)), copied)
