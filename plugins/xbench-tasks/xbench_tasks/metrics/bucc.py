"""Bitext mining of BUCC 2018: precision, recall and F1 on sets of pairs, and the mining with margin scores.

Scores and mining are those of google-research/xtreme@838c13b; the margin is the ratio of Artetxe and Schwenk 2019
(https://arxiv.org/abs/1811.01136). Officially the threshold is tuned on the gold pairs of the
development files and then applied to the test files. `Bucc` is the `evaluate` metric, made when it is asked for.

The order of work: `unique_sentences` of both sides, an encoder's vectors of those, `mine`, `candidates`,
`tune_threshold` (development) and `extract`.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from xbench.errors import DataError
from xbench_tasks.metrics.definition import Definition, on_demand
from xbench_tasks.metrics.neighbours import Vectors, nearest, unit

Pair: TypeAlias = tuple[str, str]


def read_pairs(lines: Sequence[str], name: str) -> list[Pair]:
    """The pairs of lines `source id<TAB>target id`. Raises DataError (name and line, from 1) for any other line."""
    pairs = []
    for number, line in enumerate(lines, start=1):
        ids = line.split("\t")
        if len(ids) != 2 or not all(ids) or any(id_ != id_.strip() for id_ in ids):
            raise DataError(f"{name}:{number}: {line!r} is no pair: 'source id<TAB>target id' is expected")
        pairs.append((ids[0], ids[1]))
    return pairs


def bucc_counts(predicted: Collection[Pair], gold: Collection[Pair]) -> tuple[list[str], NDArray[np.int64]]:
    """The sufficient statistics of the metric, one row a source id.

    Gives the source ids of either set, sorted, and (ids, 3) counts: correct, predicted and gold pairs. With their
    sums c, p, g over any resample of ids, precision is c / p, recall c / g and F1 2c / (p + g); a mean over ids of
    anything is not the metric. Raises DataError where there is no gold pair.
    """
    found, wanted = _sets(predicted, gold)
    ids = sorted({source for source, _ in found | wanted})
    counts = [Counter(source for source, _ in pairs) for pairs in (found & wanted, found, wanted)]
    return ids, np.array([[count[id_] for count in counts] for id_ in ids], dtype=np.int64)


def bucc(predicted: Collection[Pair], gold: Collection[Pair]) -> dict[str, float]:
    """`precision`, `recall` and `f1`, 0..100, unrounded, of pairs as sets: repeated pairs count once.

    All three are 0 where no pair is right, also where none is predicted. Raises DataError where there is no gold pair.
    """
    found, wanted = _sets(predicted, gold)
    correct = len(found & wanted)
    if correct == 0:
        return {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    precision, recall = correct / len(found), correct / len(wanted)
    f1 = 2 * precision * recall / (precision + recall)
    return {"precision": precision * 100, "recall": recall * 100, "f1": f1 * 100}


def _sets(predicted: Collection[Pair], gold: Collection[Pair]) -> tuple[set[Pair], set[Pair]]:
    if not gold:
        raise DataError("there are no gold pairs: mining cannot be scored without them")
    return set(predicted), set(gold)


def unique_sentences(sentences: Sequence[str]) -> list[str]:
    """The different sentences in the order of their first occurrence: what the encoder is given."""
    return list(dict.fromkeys(sentences))


@dataclass(frozen=True, eq=False)
class Matches:
    """Matched sentences, best first: positions among the unique sentences of either side, and margin scores, (n,)."""

    sources: NDArray[np.intp]
    targets: NDArray[np.intp]
    scores: NDArray[np.float64]


def mine(sources: Vectors, targets: Vectors, neighbours: int = 4) -> Matches:
    """Match the sentences of two sides one to one by margin ("max" retrieval).

    sources, targets: (sentences, dimensions) of the unique sentences, of any length other than 0. The margin of a
    pair is its cosine divided by the mean of two means: of the source's cosines with its nearest targets and of the
    target's with its nearest sources; 0 where that is 0. The best match of every source and of every target are
    candidates; from the highest score down, a candidate is accepted when neither side is taken. Of equal scores the
    matches of sources come first, in their order. Raises DataError for vectors that cannot be compared.
    """
    source_units, target_units = unit(sources, "source"), unit(targets, "target")
    forward = nearest(source_units, target_units, neighbours)
    backward = nearest(target_units, source_units, neighbours)
    source_means, target_means = forward.similarities.mean(axis=1), backward.similarities.mean(axis=1)
    forward_scores = _margins(forward.similarities, source_means[:, None], target_means[forward.indices])
    backward_scores = _margins(backward.similarities, target_means[:, None], source_means[backward.indices])
    best_targets = _best(forward.indices, forward_scores)
    best_sources = _best(backward.indices, backward_scores)
    return _one_to_one(
        np.concatenate([np.arange(len(source_units)), best_sources]),
        np.concatenate([best_targets, np.arange(len(target_units))]),
        np.concatenate([forward_scores.max(axis=1), backward_scores.max(axis=1)]).astype(np.float64),
    )


def _margins(cosines: Vectors, own: Vectors, other: Vectors) -> Vectors:
    mean = (own + other) / 2
    margins: Vectors = np.divide(cosines, mean, out=np.zeros_like(cosines), where=mean != 0)
    return margins


def _best(indices: NDArray[np.intp], scores: Vectors) -> NDArray[np.intp]:
    return np.take_along_axis(indices, scores.argmax(axis=1)[:, None], axis=1)[:, 0]


def _one_to_one(sources: NDArray[np.intp], targets: NDArray[np.intp], scores: NDArray[np.float64]) -> Matches:
    taken_sources: set[int] = set()
    taken_targets: set[int] = set()
    kept = []
    for place in np.argsort(-scores, kind="stable").tolist():
        source, target = int(sources[place]), int(targets[place])
        if source not in taken_sources and target not in taken_targets:
            taken_sources.add(source)
            taken_targets.add(target)
            kept.append(place)
    return Matches(sources[kept], targets[kept], scores[kept])


@dataclass(frozen=True)
class Side:
    """The monolingual file of one side: ids and sentences, line by line."""

    ids: Sequence[str]
    sentences: Sequence[str]

    def __post_init__(self) -> None:
        if len(self.ids) != len(self.sentences):
            raise DataError(f"there are {len(self.ids):,} ids for {len(self.sentences):,} sentences; each has one")
        repeated = [id_ for id_, count in Counter(self.ids).items() if count > 1]
        if repeated:
            raise DataError(f"the id {repeated[0]!r} occurs more than once; a line has an id of its own")

    def unique_ids(self) -> list[str | None]:
        """The id of each unique sentence, in their order; None where the sentence occurs more than once."""
        counts = Counter(self.sentences)
        ids = dict(zip(self.sentences, self.ids, strict=True))
        return [ids[sentence] if count == 1 else None for sentence, count in counts.items()]


@dataclass(frozen=True, eq=False)
class Candidates:
    """Mined pairs of ids, best first, and their margin scores, (pairs,)."""

    pairs: Sequence[Pair]
    scores: NDArray[np.float64]


def candidates(matches: Matches, source: Side, target: Side, minimum: float = 0.0) -> Candidates:
    """The matches as pairs of ids, without scores below `minimum` and without sentences that their file repeats.

    Raises DataError where a match is of a sentence that a file does not have.
    """
    source_ids, target_ids = source.unique_ids(), target.unique_ids()
    if max(matches.sources, default=-1) >= len(source_ids) or max(matches.targets, default=-1) >= len(target_ids):
        raise DataError(
            f"the matches are not of these files, which have {len(source_ids):,} and {len(target_ids):,} different "
            "sentences; mine the vectors of their unique sentences"
        )
    pairs, scores = [], []
    rows = zip(matches.sources.tolist(), matches.targets.tolist(), matches.scores.tolist(), strict=True)
    for source_place, target_place, score in rows:
        one, other = source_ids[source_place], target_ids[target_place]
        if score >= minimum and one is not None and other is not None:
            pairs.append((one, other))
            scores.append(score)
    return Candidates(pairs, np.array(scores, dtype=np.float64))


def tune_threshold(found: Candidates, gold: Collection[Pair]) -> float:
    """The threshold of the best F1: half-way between the score at the best place of the sorted list and the next.

    The first of equally good places is taken; at the list's end the threshold is the last score, and 0.0 where no
    candidate is a gold pair. Raises DataError where there is no gold pair.
    """
    _, wanted = _sets(found.pairs, gold)
    correct = np.cumsum([pair in wanted for pair in found.pairs])
    if not correct.any():
        return 0.0
    precision, recall = correct / np.arange(1, len(correct) + 1), correct / len(wanted)
    none = np.zeros(len(correct))
    f1 = np.divide(2 * precision * recall, precision + recall, out=none, where=correct > 0)
    best = int(f1.argmax())
    following = min(best + 1, len(correct) - 1)
    return float((found.scores[best] + found.scores[following]) / 2)


def extract(found: Candidates, threshold: float) -> list[Pair]:
    """The pairs with a score not below the threshold, best first."""
    return [pair for pair, kept in zip(found.pairs, found.scores >= threshold, strict=True) if kept]


def _compute(predictions: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> dict[str, float]:
    predicted = [line for lines in predictions for line in lines]
    gold = [line for lines in references for line in lines]
    return bucc(read_pairs(predicted, "predictions"), read_pairs(gold, "references"))


__getattr__ = on_demand(
    __name__,
    Definition(
        name="Bucc",
        description="Precision, recall and F1 of mined sentence pairs as sets, 0..100.",
        inputs="predictions, references: one row a file, its lines 'source id<TAB>target id'; rows are pooled.",
        citation="Zweigenbaum et al. 2018, BUCC shared task, https://comparable.limsi.fr/bucc2018",
        prediction=["string"],
        reference=["string"],
        compute=_compute,
    ),
)
