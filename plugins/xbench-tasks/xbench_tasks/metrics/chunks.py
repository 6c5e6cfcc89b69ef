"""Chunk precision, recall and F1 as XTREME's official scorer computes them, and the same as `evaluate` metrics.

The scorer (`evaluate.py` in google-research/xtreme@838c13b) calls seqeval with raw tags; published numbers are those
of its versions up to 0.0.13, whose algorithm is followed here. 0.0.15 to 0.0.17 refuse tags without a prefix, and
from 0.0.18 on CCONJ and SCONJ are one type, so that confusing them counts as right. On BIO tags all agree.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from xbench.errors import DataError
from xbench_tasks.metrics.definition import Definition, on_demand

Tags = Sequence[str]
_CITATION = "Hu et al. 2020, XTREME, https://arxiv.org/abs/2003.11080; Nakayama 2018, seqeval"
_OUTSIDE = ("O", ".")


class Chunk(NamedTuple):
    """A run of tokens of one type: tokens `start` to `end`, both included."""

    type: str
    start: int
    end: int


class Counts(NamedTuple):
    """Chunks of a sentence: those of gold that were predicted, those predicted, those of gold."""

    correct: int
    predicted: int
    gold: int


def chunks(tags: Tags) -> list[Chunk]:
    """The chunks of a sentence by the rules of conlleval, as seqeval <= 0.0.13 applies them to any tag.

    A tag's prefix is its first character and its type what stands after the last hyphen, all of it where there is
    none: NOUN has the prefix N, SYM the prefix S. So neighbours of one UPOS tag are one chunk, but those of SYM and
    SCONJ are chunks of their own.
    """
    found: list[Chunk] = []
    begin, previous = 0, ("O", "")
    for at, tag in enumerate([*tags, "O"]):
        here = (tag[0], tag.rpartition("-")[2])
        if _ends(previous, here):
            found.append(Chunk(previous[1], begin, at - 1))
        if _starts(previous, here):
            begin = at
        previous = here
    return found


def _ends(previous: tuple[str, str], here: tuple[str, str]) -> bool:
    (before, kind), (prefix, other) = previous, here
    if before in ("E", "S") or (before in ("B", "I") and prefix in ("B", "S", "O")):
        return True
    return before not in _OUTSIDE and kind != other


def _starts(previous: tuple[str, str], here: tuple[str, str]) -> bool:
    (before, kind), (prefix, other) = previous, here
    if prefix in ("B", "S") or (before in ("E", "S", "O") and prefix in ("E", "I")):
        return True
    return prefix not in _OUTSIDE and kind != other


def counts(predictions: Sequence[Tags], references: Sequence[Tags]) -> list[Counts]:
    """What every sentence adds to the score; a chunk is right when start, end and type are.

    Raises DataError unless there are as many sentences, and in each as many tags, none of them empty.
    """
    check(predictions, references)
    found = []
    for given, wanted in zip(predictions, references, strict=True):
        predicted, gold = set(chunks(given)), set(chunks(wanted))
        found.append(Counts(len(predicted & gold), len(predicted), len(gold)))
    return found


def check(predictions: Sequence[Tags], references: Sequence[Tags]) -> None:
    """Raise DataError unless there are as many sentences, and in each as many tags, none of them empty."""
    if len(predictions) != len(references):
        raise DataError(f"there are {len(predictions):,} tagged sentences for {len(references):,} sentences")
    if not references:
        raise DataError("there is nothing to score: no sentences")
    for row, (given, wanted) in enumerate(zip(predictions, references, strict=True)):
        if len(given) != len(wanted):
            raise DataError(f"sentence {row}: there are {len(given)} tags for {len(wanted)} words")
        if not all(given) or not all(wanted):
            raise DataError(f"sentence {row}: a tag is empty")


def chunk_scores(sentences: Sequence[Counts]) -> dict[str, float]:
    """Precision, recall and F1, 0..100, over the chunks of all sentences; 0 where there is nothing to divide by."""
    correct, predicted, gold = (sum(column) for column in zip(*sentences, strict=True))
    precision = correct / predicted if predicted else 0.0
    recall = correct / gold if gold else 0.0
    total = precision + recall
    f1 = 2 * precision * recall / total if total else 0.0
    return {"f1": f1 * 100, "precision": precision * 100, "recall": recall * 100}


def token_accuracy(predictions: Sequence[Tags], references: Sequence[Tags]) -> float:
    """The share of words whose tag is right, 0..100; no official score. Raises DataError as `counts` does."""
    check(predictions, references)
    pairs = [
        (one, other)
        for given, wanted in zip(predictions, references, strict=True)
        for one, other in zip(given, wanted, strict=True)
    ]
    return sum(one == other for one, other in pairs) / len(pairs) * 100 if pairs else 0.0


_TEXTS = ("predictions, references: one list of tags (text) a sentence.", _CITATION, ["string"], ["string"])
_METRICS = {
    definition.name: on_demand(__name__, definition)
    for definition in (
        Definition(
            "ChunkScore",
            "Precision, recall and F1 of chunks, 0..100, as seqeval <= 0.0.13 finds them.",
            *_TEXTS,
            lambda predictions, references: chunk_scores(counts(predictions, references)),
            check,
        ),
        Definition(
            "TokenAccuracy",
            "Share of words whose tag equals its reference, 0..100.",
            *_TEXTS,
            lambda predictions, references: {"token_accuracy": token_accuracy(predictions, references)},
            check,
        ),
    )
}


def __getattr__(name: str) -> Any:
    return _METRICS.get(name, _METRICS["ChunkScore"])(name)
