"""Linked words of parallel sentences, as realignment trains on them: where in the tokens they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from xbench_encoders.encoder import Tokens, TransformerEncoder

from xbench_aligners.links import links
from xbench_aligners.words import words

Span: TypeAlias = tuple[int, int]  # from the first to behind the last: words of a sentence, or tokens of a row
Link: TypeAlias = tuple[Span, Span]
Words: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class LinkedBitext:
    """Parallel sentences, a row of `source` and `target` each, and their links by row, in tokens."""

    source: Tokens
    target: Tokens
    links: Sequence[Sequence[Link]]

    @property
    def lengths(self) -> list[int]:
        """Tokens of the longer side, by row."""
        return [max(pair) for pair in zip(self.source.lengths, self.target.lengths, strict=True)]

    def part(self, rows: Sequence[int]) -> "LinkedBitext":
        """These rows, in this order."""
        return LinkedBitext(self.source.part(rows), self.target.part(rows), [self.links[row] for row in rows])


def linked_by_states(
    encoder: TransformerEncoder, pairs: Sequence[tuple[str, str]], target: str, source: str, layer: int
) -> list[list[Link]]:
    """The links of each pair, in words, by mutual nearness of the states after `layer`; see `links`."""
    found = links(encoder, pairs, source, target, layer)
    return [[((i, i + 1), (j, j + 1)) for i, j in one.links.tolist()] for one in found]


def linked_by_dictionary(pairs: Sequence[tuple[str, str]], dictionary: Sequence[tuple[str, str]]) -> list[list[Link]]:
    """The links of each pair, in words: entries of which each side is there, spelt in any case.

    An entry may have several words. A word that two links would share has none, since which is right cannot be told.
    """
    entries = {(_folded(one), _folded(other)) for one, other in dictionary}
    translations: dict[Words, list[Words]] = {}
    for one, other in sorted(entries):
        translations.setdefault(one, []).append(other)
    longest = max((len(side) for entry in entries for side in entry), default=0)
    found = []
    for pair in pairs:
        ours, theirs = (_spans(_folded(text), longest) for text in pair)
        candidates = [
            (mine, their)
            for one in ours.keys() & translations.keys()
            for other in translations[one]
            for mine in ours[one]
            for their in theirs.get(other, ())
        ]
        found.append(sorted(link for link in candidates if not any(_share(link, other) for other in candidates)))
    return found


def _folded(text: str) -> Words:
    return tuple(word.casefold() for word in words(text))


def _spans(sentence: Words, longest: int) -> dict[Words, list[Span]]:
    """Where every run of so many words or fewer stands."""
    found: dict[Words, list[Span]] = {}
    for start in range(len(sentence)):
        for end in range(start + 1, min(start + longest, len(sentence)) + 1):
            found.setdefault(sentence[start:end], []).append((start, end))
    return found


def _share(link: Link, other: Link) -> bool:
    """Whether two different links have a word in common on either side."""
    return link != other and any(one[0] < two[1] and two[0] < one[1] for one, two in zip(link, other, strict=True))


def tokenized(
    encoder: TransformerEncoder,
    pairs: Sequence[tuple[str, str]],
    linked: Sequence[Sequence[Link]],
    languages: tuple[str, str],
    max_length: int,
) -> LinkedBitext:
    """The pairs that have links, cut to `max_length` tokens a side, with what is left of their links."""
    chosen = [row for row, of in enumerate(linked) if of]
    sides = [
        _rows(encoder, [words(pairs[row][side]) for row in chosen], language, max_length)
        for side, language in enumerate(languages)
    ]
    placed = [
        [
            (_placed(one, ours), _placed(other, theirs))
            for one, other in linked[row]
            if one[1] < len(ours) and other[1] < len(theirs)
        ]
        for row, ours, theirs in zip(chosen, *(bounds for _, bounds in sides), strict=True)
    ]
    (source, _), (target, _) = sides
    return LinkedBitext(source, target, placed).part([row for row, of in enumerate(placed) if of])


def _placed(span: Span, bounds: Sequence[int]) -> Span:
    return bounds[span[0]], bounds[span[1]]


def _rows(
    encoder: TransformerEncoder, sentences: Sequence[Sequence[str]], language: str, max_length: int
) -> tuple[Tokens, list[list[int]]]:
    """The first row of each sentence, and the tokens its words begin at, with the end of the last behind them."""
    found = encoder.tokenize_words(sentences, language, max_length)
    rows: Mapping[int, int] = {sentence: row for row, sentence in reversed(list(enumerate(found.sentences)))}
    firsts = [rows[sentence] for sentence in range(len(sentences))]
    ends = [max(at for at, side in enumerate(found.tokens.sides[row]) if side >= 0) + 1 for row in firsts]
    return found.tokens.part(firsts), [[*found.firsts[row], end] for row, end in zip(firsts, ends, strict=True)]


def span_states(
    encoder: TransformerEncoder, tokens: Tokens, rows: Sequence[int], spans: Sequence[Sequence[Span]], layer: int
) -> torch.Tensor:
    """The mean state of each span, (spans, dimension) in float32, row by row; `spans` are those of the rows."""
    states = encoder.states(encoder.batch(tokens, rows), layer).float()
    flat = [(row, span) for row, of in enumerate(spans) for span in of]
    places = [(row, at, number) for number, (row, (start, end)) in enumerate(flat) for at in range(start, end)]
    row, at, number = torch.tensor(places, dtype=torch.long, device=states.device).reshape(-1, 3).T
    sizes = torch.tensor([end - start for _, (start, end) in flat], device=states.device)
    sums = states.new_zeros(len(flat), states.shape[-1]).index_add(0, number, states[row, at])
    return sums / sizes[:, None]
