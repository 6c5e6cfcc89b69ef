"""What linear maps are fitted on: tables of word vectors of two languages, and which of their rows are pairs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xbench_encoders.encoder import TransformerEncoder
from xbench_encoders.vectors import mean_vectors

from xbench.contracts import Context, Resource
from xbench.errors import StageError
from xbench_aligners.links import Linked, links, word_states
from xbench_aligners.normalisation import Indices
from xbench_aligners.words import frequent


@dataclass(frozen=True, eq=False)
class Table:
    """Different words of a language, and their vectors, (words, dimension)."""

    language: str
    words: Sequence[str]
    vectors: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Anchors:
    """A table of each language, and pairs (row of the source, row of the target), (pairs, 2)."""

    source: Table
    target: Table
    pairs: Indices


def drawn(context: Context, resource: Resource, target: str, limit: int) -> list[tuple[str, str]]:
    """So many of the pairs, drawn by the seed, in the order of their data set. Raises StageError for none."""
    found = list(context.pairs(resource, target))
    if not found:
        raise StageError(f"there are no {resource} of {context.source} with {target}")
    chosen = np.random.default_rng(context.seed).permutation(len(found))[:limit]
    return [found[at] for at in sorted(chosen.tolist())]


def frequent_words(encoder: TransformerEncoder, context: Context, language: str, count: int) -> Table:
    """The most frequent words of a language's text, most frequent first, each encoded alone.

    Raises StageError for text without a word.
    """
    found = frequent(context.text(language), count)
    if not found:
        raise StageError(f"there is no word in the text of {language}")
    return Table(language, found, mean_vectors(encoder, found, language))


def with_pairs(encoder: TransformerEncoder, source: Table, target: Table, pairs: Sequence[tuple[str, str]]) -> Anchors:
    """The tables with the words of the pairs at their ends, where they have them not yet, and the pairs as rows."""
    source = _extended(encoder, source, (one for one, _ in pairs))
    target = _extended(encoder, target, (other for _, other in pairs))
    return Anchors(source, target, _places(source.words, target.words, pairs))


def dictionary_anchors(
    encoder: TransformerEncoder, pairs: Sequence[tuple[str, str]], source: str, target: str
) -> Anchors:
    """The words of a dictionary, each encoded alone, and its pairs."""
    empty = np.empty((0, encoder.dimension), dtype=np.float32)
    return with_pairs(encoder, Table(source, (), empty), Table(target, (), empty), pairs)


def parallel_anchors(
    encoder: TransformerEncoder,
    pairs: Sequence[tuple[str, str]],
    source: str,
    target: str,
    layer: int | None = None,
) -> Anchors:
    """The words that are linked in parallel sentences, and the word that each of the source is linked to most often.

    The vector of a word is the mean of its states where it is linked (Schuster et al. 2019,
    https://arxiv.org/abs/1902.09492); `layer` is that of the links. Raises StageError where nothing is linked.
    """
    linked = links(encoder, pairs, source, target, layer)
    together = Counter((one.source[i], one.target[j]) for one in linked for i, j in one.links.tolist())
    if not together:
        raise StageError(f"no words of {source} and {target} are linked in {len(pairs)} parallel sentences")
    best: dict[str, str] = {}
    for (word, translation), _ in together.most_common():
        best.setdefault(word, translation)
    ours, theirs = (_contextual(encoder, linked, side, language) for side, language in ((0, source), (1, target)))
    return Anchors(ours, theirs, _places(ours.words, theirs.words, list(best.items())))


def _contextual(encoder: TransformerEncoder, linked: Sequence[Linked], side: int, language: str) -> Table:
    sentences = [(one.source, one.target)[side] for one in linked]
    spoken: list[str] = []
    states: list[NDArray[Any]] = []
    for one, sentence, own in zip(linked, sentences, word_states(encoder, sentences, language), strict=True):
        spoken += [sentence[at] for at in one.links[:, side]]
        states.append(own[one.links[:, side]])
    rows = {word: row for row, word in enumerate(dict.fromkeys(spoken))}
    places = [rows[word] for word in spoken]
    sums = np.zeros((len(rows), encoder.dimension))
    np.add.at(sums, places, np.concatenate(states))
    return Table(language, list(rows), sums / np.bincount(places)[:, None])


def _extended(encoder: TransformerEncoder, table: Table, more: Iterable[str]) -> Table:
    known = set(table.words)
    new = [word for word in dict.fromkeys(more) if word not in known]
    vectors = np.concatenate([table.vectors, mean_vectors(encoder, new, table.language)])
    return Table(table.language, [*table.words, *new], vectors)


def _places(source: Sequence[str], target: Sequence[str], pairs: Sequence[tuple[str, str]]) -> Indices:
    rows, columns = ({word: row for row, word in enumerate(side)} for side in (source, target))
    return np.array([(rows[one], columns[other]) for one, other in dict.fromkeys(pairs)], dtype=np.intp)
