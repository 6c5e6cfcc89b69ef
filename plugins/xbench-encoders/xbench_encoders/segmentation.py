"""Segmentations that are drawn: one more way in which a tokenizer's own pieces spell a word, by seed.

The library draws too (`dropout`, `alpha`), but from a generator of its own that cannot be seeded.
"""

import itertools
import json
import math
import random
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from tokenizers import Token

Span = tuple[int, int]  # of characters of a word
KEPT = 100_000  # words whose ways are remembered
UNKNOWN = 10.0  # how far below the least likely piece a character is that no piece spells, as in the library


class Pieces(ABC):
    """Draws how a word, as the tokenizer's normaliser and pre-tokenizer leave it, falls into pieces of its vocabulary.

    `prefix` marks pieces that go on with a word, `suffix` those that end it, `added` finds tokens that a text names.
    `backend` is the library's tokenizer, and `state` its model as the library writes it.
    """

    def __init__(self, backend: Any, state: Mapping[str, Any]) -> None:
        self.backend, self.model = backend, backend.model
        contents = [re.escape(token.content) for token in backend.get_added_tokens_decoder().values()]
        self.added = re.compile("|".join(contents) or r"(?!)", re.IGNORECASE)
        self.prefix: str = state.get("continuing_subword_prefix") or ""
        self.suffix: str = state.get("end_of_word_suffix") or ""
        named = state["vocab"]
        self.entries = dict(named) if isinstance(named, dict) else {one: at for at, (one, _) in enumerate(named)}

    @abstractmethod
    def cuts(self, word: str, draw: random.Random) -> list[Span]:
        """Pieces in order; stretches that the vocabulary does not spell are one each."""

    def entry(self, word: str, start: int, end: int) -> str:
        """How the vocabulary writes these characters of a word."""
        return (self.prefix if start else "") + word[start:end] + (self.suffix if end == len(word) else "")

    def fused(self, word: str, spans: Sequence[Span]) -> list[Span]:
        """The spans, neighbours that the vocabulary does not have as one."""
        found: list[Span] = []
        for known, some in itertools.groupby(spans, lambda span: self.entry(word, *span) in self.entries):
            of = list(some)
            found += of if known else [(of[0][0], of[-1][1])]
        return found

    def tokens(self, word: str, draw: random.Random) -> list[Token]:
        """The pieces that were drawn; what they do not spell is left to the tokenizer, which has bytes or <unk>."""
        found: list[Token] = []
        for start, end in self.cuts(word, draw):
            entry, first, last = self.entry(word, start, end), len(word[:start].encode()), len(word[:end].encode())
            if entry in self.entries:
                found.append(Token(self.entries[entry], entry, (first, last)))
            else:
                found += [Token(one.id, one.value, (first, last)) for one in self.model.tokenize(word[start:end])]
        return found


class Unigram(Pieces):
    """P(pieces | word) ~ (product of the pieces' probabilities)^alpha, over all ways to spell it (Kudo 2018).

    Sums over all beginnings of a word first; then it is drawn piece by piece, from its end.
    """

    def __init__(self, backend: Any, state: Mapping[str, Any], alpha: float) -> None:
        super().__init__(backend, state)
        self.scores = {piece: alpha * score for piece, score in state["vocab"]}
        self.widest = max(map(len, self.scores))
        self.unknown = min(self.scores.values()) - alpha * UNKNOWN
        self.ways = lru_cache(KEPT)(self._ways)

    def _ways(self, word: str) -> list[tuple[list[int], list[float]]]:
        """By end of a beginning of the word: where its last piece may start, and how likely each is (sum 1)."""
        sums = [0.0]
        found: list[tuple[list[int], list[float]]] = [([], [])]
        for end in range(1, len(word) + 1):
            ways = [
                (start, sums[start] + self.scores[word[start:end]])
                for start in range(max(0, end - self.widest), end)
                if word[start:end] in self.scores
            ]
            if word[end - 1] not in self.scores:
                ways.append((end - 1, sums[end - 1] + self.unknown))
            best = max(score for _, score in ways)
            weights = [math.exp(score - best) for _, score in ways]
            sums.append(best + math.log(sum(weights)))
            found.append(([start for start, _ in ways], [weight / sum(weights) for weight in weights]))
        return found

    def cuts(self, word: str, draw: random.Random) -> list[Span]:
        """See the class."""
        ways, end = self.ways(word), len(word)
        found: list[Span] = []
        while end:
            start = draw.choices(*ways[end])[0]
            found.append((start, end))
            end = start
        return self.fused(word, found[::-1])


class Merges(Pieces):
    """BPE-dropout: at each step a merge that could be made is left out with the chance `drop` (Provilkov et al. 2020).

    Of the others the earliest learned is made; where none is left, the word stays as it is cut.
    """

    def __init__(self, backend: Any, state: Mapping[str, Any], drop: float) -> None:
        super().__init__(backend, state)
        merges = (one.split(" ") if isinstance(one, str) else one for one in state["merges"])
        self.ranks = {(first, second): rank for rank, (first, second) in enumerate(merges)}
        self.drop, self.whole = drop, bool(state.get("ignore_merges"))

    def cuts(self, word: str, draw: random.Random) -> list[Span]:
        """See the class."""
        if self.whole and word in self.entries and draw.random() >= self.drop:
            return [(0, len(word))]
        spans = [(at, at + 1) for at in range(len(word))]
        while len(spans) > 1:
            names = [self.entry(word, *span) for span in spans]
            ranks = [self.ranks.get((names[at], names[at + 1])) for at in range(len(names) - 1)]
            left = [(rank, at) for at, rank in enumerate(ranks) if rank is not None and draw.random() >= self.drop]
            if not left:
                break
            at = min(left)[1]
            spans[at : at + 2] = [(spans[at][0], spans[at + 1][1])]
        return self.fused(word, spans)


class Matches(Pieces):
    """MaxMatch-dropout: of the pieces that match from the left, the longest that is not left out (Hiraoka 2022).

    Each is left out with the chance `drop`, a single character never. A word that cannot be spelt so is cut as usual.
    """

    def __init__(self, backend: Any, state: Mapping[str, Any], drop: float) -> None:
        super().__init__(backend, state)
        self.drop, self.most = drop, int(state["max_input_chars_per_word"])
        self.widest = max(map(len, self.entries))

    def cuts(self, word: str, draw: random.Random) -> list[Span]:
        """See the class."""
        whole = [(0, len(word))]
        if len(word) > self.most:
            return whole
        return self._matched(word, draw, self.drop) or self._matched(word, draw, 0.0) or whole

    def _matched(self, word: str, draw: random.Random, drop: float) -> list[Span]:
        """None at all where some of it cannot be spelt."""
        found: list[Span] = []
        start = 0
        while start < len(word):
            ends = (
                end
                for end in range(min(len(word), start + self.widest), start, -1)
                if self.entry(word, start, end) in self.entries and (end == start + 1 or draw.random() >= drop)
            )
            end = next(ends, None)
            if end is None:
                return []
            found.append((start, end))
            start = end
        return found


def pieces_of(tokenizer: Any, alpha: float, drop: float) -> Pieces | None:
    """What draws segmentations for a tokenizer: by `alpha` where its pieces have scores, else by `drop`.

    None for those of another kind, which have one way to spell a word.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return None
    state = json.loads(backend.to_str())["model"]
    match state["type"]:
        case "Unigram":
            return Unigram(backend, state, alpha)
        case "BPE":
            return Merges(backend, state, drop)
        case "WordPiece":
            return Matches(backend, state, drop)
        case _:
            return None


class Cutter:
    """Cuts each word anew with the chance `ratio`, and counts those that fall into other pieces than usual."""

    def __init__(self, pieces: Pieces, ratio: float) -> None:
        self.pieces, self.ratio = pieces, ratio
        self.words = self.otherwise = 0

    def cut(self, word: str, draw: random.Random) -> list[Token]:
        """The pieces of a word, as usual or as they are drawn."""
        usual: list[Token] = self.pieces.model.tokenize(word)
        self.words += 1
        if draw.random() >= self.ratio:
            return usual
        found = self.pieces.tokens(word, draw)
        self.otherwise += [token.id for token in found] != [token.id for token in usual]
        return found

    def rate(self) -> float:
        """The share of words so far that fell into other pieces."""
        return self.otherwise / max(1, self.words)
