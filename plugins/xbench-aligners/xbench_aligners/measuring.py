"""What the diagnostic `alignment` computes."""

import math
from collections.abc import Sequence

import numpy as np
from xbench_encoders.encoder import TransformerEncoder
from xbench_encoders.probe import probe_accuracy
from xbench_encoders.vectors import mean_vectors
from xbench_encoders.writing import UNSPACED, spells

from xbench.contracts import HeldOut
from xbench_aligners.csls import cosine, csls
from xbench_aligners.diagnostics import cosines, hub_share, most_chosen, retrieval, translation

FEWEST = 20  # pairs: of fewer, a share of right ones says nothing
LONG = 512  # tokens of a text that are counted: parallel sentences are shorter


def of_sentences(encoder: TransformerEncoder, pairs: HeldOut) -> dict[str, float]:
    """Readings of parallel sentences, each different source and target once."""
    kept = _distinct(pairs.parallel)
    if len(kept) < FEWEST:
        return {}
    x, y = (
        mean_vectors(encoder, [pair[side] for pair in kept], language)
        for side, language in enumerate((pairs.source, pairs.target))
    )
    scores = cosine(x, y)
    forward, backward = retrieval(scores)
    paired, others = cosines(x, y)
    choices = scores.nearest().indices
    return {
        "retrieval": forward,
        "retrieval back": backward,
        "gap": 100 * (paired - others),
        "hubs": hub_share(choices, most_chosen(choices, math.ceil(len(kept) / 100))),
        "language probe": probe_accuracy(x, y, pairs.seed),
        **_fertility(encoder, [pair[1] for pair in kept], pairs.target),
    }


def _fertility(encoder: TransformerEncoder, texts: Sequence[str], language: str) -> dict[str, float]:
    """The tokens that a word of the target has in the mean; a text without blanks between its words does not count."""
    spaced = [text for text in texts if not UNSPACED.search(text)]
    if len(spaced) < FEWEST:
        return {}
    tokens = encoder.tokenize(spaced, None, language, LONG)
    counts = [sum(side >= 0 for side in sides) for sides in tokens.sides]
    words = [sum(any(map(spells, word)) for word in text.split()) for text in spaced]
    return {"tokens per word": sum(counts) / max(1, sum(words))}


def _distinct(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pairs whose texts no pair before them has, so that each text has one counterpart."""
    seen: tuple[set[str], set[str]] = set(), set()
    kept = []
    for pair in pairs:
        if all(text not in of for text, of in zip(pair, seen, strict=True)):
            kept.append(pair)
            for text, of in zip(pair, seen, strict=True):
                of.add(text)
    return kept


def of_words(encoder: TransformerEncoder, pairs: HeldOut) -> dict[str, float]:
    """Readings of the words of a dictionary among themselves."""
    if len(pairs.dictionary) < FEWEST:
        return {}
    sides = [list(dict.fromkeys(pair[side] for pair in pairs.dictionary)) for side in (0, 1)]
    found, rows = [], []
    for words, language in zip(sides, (pairs.source, pairs.target), strict=True):
        vectors = mean_vectors(encoder, words, language)
        there = [at for at, one in enumerate(vectors) if np.any(one)]
        found.append(vectors[there])
        rows.append({words[at]: row for row, at in enumerate(there)})
    if not all(map(len, found)):
        return {"words": 0.0, "coverage": 0.0, "words of all": 0.0}
    right = translation(csls(found[0], found[1]), pairs.dictionary, *rows)
    return {"words": right.precision, "coverage": right.coverage, "words of all": right.overall}
