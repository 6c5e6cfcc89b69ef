"""What retrieval computes: vectors of both sides, the candidates near each query, and a threshold."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from xbench_encoders.encoder import TransformerEncoder
from xbench_encoders.heads import pool_text
from xbench_encoders.sampling import batches_by_length
from xbench_tasks.metrics.bucc import Candidates, Side, candidates, extract, mine, tune_threshold
from xbench_tasks.metrics.neighbours import nearest, unit

from xbench.contracts import FitContext, Split, TaskView
from xbench.errors import StageError
from xbench_methods.learning import PREDICTION_BATCH, gold_of
from xbench_methods.retrieve import RetrieveOptions, usual_layer

THRESHOLD = "threshold.json"
Vectors: TypeAlias = NDArray[Any]
Text: TypeAlias = tuple[str, str, str]  # id, text, language
Report: TypeAlias = Callable[[int, int], None]


def _silent(batch: int, batches: int) -> None:
    """A predictor has nobody to tell how far it is."""


@dataclass
class Retriever:
    """An encoder and how to search with its vectors; pairs that score below the threshold are no matches."""

    encoder: TransformerEncoder
    task: str
    options: RetrieveOptions
    threshold: float = -np.inf

    def predict(self, inputs: pa.Table, language: str) -> pa.Table:
        """The `matches` of each query, best first, and their `scores`; both empty for candidates."""
        found = self.search(inputs)
        kept = extract(found, self.threshold)
        rows: dict[str, list[tuple[str, float]]] = {}
        for (query, candidate), score in zip(kept, found.scores[: len(kept)].tolist(), strict=True):
            rows.setdefault(query, []).append((candidate, score))
        sides = zip(inputs["id"].to_pylist(), inputs["side"].to_pylist(), strict=True)
        matches = [rows.get(id_, []) if side == "query" else [] for id_, side in sides]
        return pa.table(
            {
                "matches": pa.array([[id_ for id_, _ in row] for row in matches], pa.list_(pa.string())),
                "scores": pa.array([[score for _, score in row] for row in matches], pa.list_(pa.float32())),
            }
        )

    def search(self, inputs: pa.Table, report: Report = _silent) -> Candidates:
        """Pairs of a query's and a candidate's id, and their scores, best first."""
        queries, pool_ = _side(inputs, "query"), _side(inputs, "candidate")
        if not queries or not pool_:
            return Candidates([], np.empty(0))
        if self.options.search == "margin":
            return self._mined(queries, pool_, report)
        queries, asked = self._placed(queries, report)
        pool_, held = self._placed(pool_, report)
        if not queries or not pool_:
            return Candidates([], np.empty(0))
        ids = [id_ for id_, _, _ in pool_]
        sides = unit(asked, "query"), unit(held, "candidate")
        if self.options.search == "csls":
            sides = _scaled(*sides, self.options.nearest)
        found = nearest(*sides, self.options.depth)
        pairs = [(id_, ids[at]) for (id_, _, _), row in zip(queries, found.indices, strict=True) for at in row.tolist()]
        scores = found.similarities.ravel()
        order = np.argsort(-scores, kind="stable")
        return Candidates([pairs[at] for at in order.tolist()], scores[order].astype(np.float64))

    def _placed(self, texts: Sequence[Text], report: Report) -> tuple[list[Text], Vectors]:
        """The texts that have a direction, and their vectors: a word that a table lacks has none, and no match."""
        vectors = self.vectors(texts, report)
        there = np.any(vectors, axis=1)
        return [text for text, has in zip(texts, there.tolist(), strict=True) if has], vectors[there]

    def _mined(self, queries: Sequence[Text], pool_: Sequence[Text], report: Report) -> Candidates:
        matches = mine(
            self.vectors(_unique(queries), report), self.vectors(_unique(pool_), report), self.options.nearest
        )
        return candidates(matches, _named(queries), _named(pool_))

    def vectors(self, texts: Sequence[Text], report: Report = _silent) -> Vectors:
        """Sentence vectors in float32, (texts, dimension); each language is batched by itself."""
        found = np.empty((len(texts), self.encoder.dimension), dtype=np.float32)
        places: dict[str, list[int]] = {}
        for at, (_, _, language) in enumerate(texts):
            places.setdefault(language, []).append(at)
        done, batches = 0, sum(-(-len(rows) // PREDICTION_BATCH) for rows in places.values())
        for language, members in places.items():
            tokens = self.encoder.tokenize([texts[at][1] for at in members], None, language, self.options.max_length)
            layer = self._layer(language)
            for rows in batches_by_length(tokens.lengths, PREDICTION_BATCH):
                with torch.inference_mode():
                    batch = self.encoder.batch(tokens, rows)
                    pooled = pool_text(self.encoder.states(batch, layer), batch, self.options.pooling)
                found[[members[row] for row in rows]] = pooled.float().cpu().numpy()
                done += 1
                report(done, batches)
        return found

    def _layer(self, language: str) -> int | None:
        """The layer that is asked for, or the usual one; None is the last."""
        if self.options.layer is not None or self.encoder.pooling == "mean" or self.encoder.maps:
            return self.options.layer
        config = self.encoder.tower(language).module.config
        return usual_layer(self.task, config.model_type, config.num_hidden_layers)

    def save(self, folder: Path) -> None:
        """The threshold as JSON, where there is one; the encoder is as it was."""
        value = self.threshold if np.isfinite(self.threshold) else None
        (folder / THRESHOLD).write_text(json.dumps({"threshold": value}) + "\n", encoding="utf-8")


def fit_retriever(
    encoder: TransformerEncoder, task: TaskView, options: RetrieveOptions, context: FitContext
) -> Retriever:
    """Tune the threshold on the validation split of the target, where the options say so.

    Raises StageError when it has no gold, DataError when there is no pair in it.
    """
    retriever = Retriever(encoder, task.name, options)
    if isinstance(options.threshold, float):
        retriever.threshold = options.threshold
    if options.threshold == "dev":
        (target,) = context.targets
        examples = context.labelled(target, Split.VALIDATION)
        rows = zip(examples.inputs["id"].to_pylist(), gold_of(examples, target)["matches"].to_pylist(), strict=True)
        gold = [(query, candidate) for query, matches in rows for candidate in matches]
        found = retriever.search(examples.inputs, lambda batch, batches: context.progress(batch, batches, 0.0))
        retriever.threshold = tune_threshold(found, gold)
        context.log("threshold", retriever.threshold)
    return retriever


def load_retriever(encoder: TransformerEncoder, task: TaskView, options: RetrieveOptions, folder: Path) -> Retriever:
    """Read back what `Retriever.save` wrote. Raises StageError when it is broken."""
    try:
        value = json.loads((folder / THRESHOLD).read_text(encoding="utf-8"))["threshold"]
        threshold = -np.inf if value is None else float(value)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StageError(f"{folder / THRESHOLD}: the threshold cannot be read: {error}") from error
    return Retriever(encoder, task.name, options, threshold)


def _side(inputs: pa.Table, side: str) -> list[Text]:
    columns = [inputs[name].to_pylist() for name in ("id", "text", "language", "side")]
    return [(id_, text, language) for id_, text, language, of in zip(*columns, strict=True) if of == side]


def _scaled(queries: Vectors, candidates: Vectors, neighbours: int) -> tuple[Vectors, Vectors]:
    """Rows whose inner products are the CSLS of unit rows: 2 q.c less the mean cosine of each with its nearest."""
    own = nearest(queries, candidates, neighbours).similarities.mean(axis=1, keepdims=True)
    other = nearest(candidates, queries, neighbours).similarities.mean(axis=1, keepdims=True)
    return np.hstack([2 * queries, -own, -np.ones_like(own)]), np.hstack([candidates, np.ones_like(other), other])


def _unique(texts: Sequence[Text]) -> list[Text]:
    """The different texts, each where it comes first; the same words of two languages are two texts."""
    first: dict[tuple[str, str], Text] = {}
    for one in texts:
        first.setdefault(one[1:], one)
    return list(first.values())


def _named(texts: Sequence[Text]) -> Side:
    """A side of the mining, in which a sentence is its language and its words."""
    return Side([id_ for id_, _, _ in texts], [f"{language} {text}" for _, text, language in texts])
