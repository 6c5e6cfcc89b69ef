"""Pairs of sentences as an encoder reads them, and which of them are drawn."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import torch
from xbench_encoders.encoder import Tokens, TransformerEncoder, joined
from xbench_encoders.sampling import endless

from xbench.contracts import Context, Resource
from xbench.errors import StageError
from xbench_aligners.sentences import BitextOptions
from xbench_aligners.simcse import SimcseOptions

SOURCE = ""  # the source's texts, which may share a tower with those of a target
Text = tuple[str, int]  # where a text stands: under which name in `Bitext.tokens`, and its row there
Pair = tuple[Text, Text]
Row = TypeVar("Row")


@dataclass(frozen=True)
class Bitext:
    """Pairs of texts of the source and of targets, each text once.

    `tokens` are the source's under "" and the targets' by the share of the encoder they belong to; `sources` are the
    source's texts, by row; `languages` say which of the pairs are a target's.
    """

    sources: Sequence[str]
    tokens: Mapping[str, Tokens]
    pairs: Sequence[Pair]
    languages: Mapping[str, Sequence[int]]

    def length(self, pair: int) -> int:
        """Tokens of the longer side."""
        return max(len(self.tokens[name].ids[row]) for name, row in self.pairs[pair])

    def size(self, pair: int) -> int:
        """Tokens of both sides."""
        return sum(len(self.tokens[name].ids[row]) for name, row in self.pairs[pair])


def read(encoder: TransformerEncoder, options: BitextOptions, context: Context) -> Bitext:
    """All pairs of the targets that have some, or `max_pairs` of a target, drawn from the seed.

    Left out are repeated pairs, and those with a side that is nothing to the tokenizer. Raises StageError where fewer
    than two are left of a target.
    """
    chosen = {
        target: _some(list(dict.fromkeys(context.pairs(Resource.PARALLEL, target))), options.max_pairs, context.seed)
        for target in context.paired(Resource.PARALLEL)
    }
    sources = {
        text: row for row, text in enumerate(dict.fromkeys(one for pairs in chosen.values() for one, _ in pairs))
    }
    source = encoder.tokenize(list(sources), None, context.source, options.max_length)
    parts: dict[str, list[Tokens]] = {}
    pairs: list[Pair] = []
    languages: dict[str, Sequence[int]] = {}
    told = set(source.worded)
    for target, rows in chosen.items():
        texts = {text: row for row, text in enumerate(dict.fromkeys(other for _, other in rows))}
        tokens = encoder.tokenize(list(texts), None, target, options.max_length)
        share = parts.setdefault(encoder.share(target), [])
        begin, first, says = sum(len(part.ids) for part in share), len(pairs), set(tokens.worded)
        share.append(tokens)
        for one, other in ((sources[one], texts[other]) for one, other in rows):
            if one in told and other in says:
                pairs.append(((SOURCE, one), (encoder.share(target), begin + other)))
        languages[target] = range(first, len(pairs))
        if len(languages[target]) < 2:
            raise StageError(f"sentences are aligned by 2 pairs or more; {target} has {len(languages[target])}")
    if not languages:
        raise StageError(f"there are no parallel sentences of {context.source} with {', '.join(context.targets)}")
    context.log("pairs", {language: len(rows) for language, rows in languages.items()})
    by_share = {share: joined(some) for share, some in parts.items()}
    return Bitext(list(sources), {SOURCE: source, **by_share}, pairs, languages)


def read_alone(encoder: TransformerEncoder, options: SimcseOptions, context: Context) -> Bitext:
    """Texts of the source, each paired with itself; what is left out as above. Raises StageError below two texts."""
    texts = _some(list(dict.fromkeys(context.text(context.source))), options.max_texts, context.seed)
    tokens = encoder.tokenize(texts, None, context.source, options.max_length)
    pairs = [((SOURCE, row), (SOURCE, row)) for row in tokens.worded]
    if len(pairs) < 2:
        raise StageError(f"sentences are contrasted with others; {context.source} has {len(pairs)}")
    context.log("texts", len(pairs))
    return Bitext(texts, {SOURCE: tokens}, pairs, {context.source: range(len(pairs))})


def _some(rows: Sequence[Row], most: int, seed: int) -> list[Row]:
    """All rows, or so many drawn from the seed, in their order."""
    if len(rows) <= most:
        return list(rows)
    generator = torch.Generator().manual_seed(seed)
    return [rows[at] for at in sorted(torch.randperm(len(rows), generator=generator)[:most].tolist())]


def singles(bitext: Bitext, count: int, alpha: float, seed: int) -> list[list[int]]:
    """So many pairs, each by itself, of languages drawn in proportion to their sizes to the power of `alpha`."""
    generator = torch.Generator().manual_seed(seed)
    streams = _streams(bitext, generator)
    return [[next(streams[language])] for language in _drawn(bitext, count, alpha, generator)]


def batches(bitext: Bitext, count: int, size: int, alpha: float, seed: int) -> list[list[int]]:
    """So many batches of up to `size` pairs of one language each, drawn as above, that share no text with each other.

    A batch is smaller only where two passes over the language do not fill it.
    """
    generator = torch.Generator().manual_seed(seed)
    streams = _streams(bitext, generator)
    return [
        _distinct(bitext, islice(streams[language], 2 * len(bitext.languages[language])), size)
        for language in _drawn(bitext, count, alpha, generator)
    ]


def _distinct(bitext: Bitext, stream: Iterator[int], size: int) -> list[int]:
    """The next pairs, passing over those with a text that is there already: their turn comes again."""
    chosen: list[int] = []
    seen: set[Text] = set()
    for pair in stream:
        if seen.isdisjoint(bitext.pairs[pair]):
            seen.update(bitext.pairs[pair])
            chosen.append(pair)
        if len(chosen) == size:
            break
    return chosen


def _streams(bitext: Bitext, generator: torch.Generator) -> dict[str, Iterator[int]]:
    return {
        language: map(pairs.__getitem__, endless(len(pairs), generator)) for language, pairs in bitext.languages.items()
    }


def _drawn(bitext: Bitext, count: int, alpha: float, generator: torch.Generator) -> list[str]:
    sizes = torch.tensor([len(pairs) for pairs in bitext.languages.values()], dtype=torch.float64)
    found = torch.multinomial(sizes**alpha, count, replacement=True, generator=generator)
    names = list(bitext.languages)
    return [names[at] for at in found.tolist()]
