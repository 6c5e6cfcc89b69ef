"""Entity linking of Mewsli-X as XTREME-R scores it: called mAP@20, in truth the mean reciprocal rank at 20.

With one right entity per mention the two are the same. After `evaluate.py` of google-research/xtreme@838c13b (Ruder et
al. 2021, https://arxiv.org/abs/2104.07412). `Mewslix` is the `evaluate` metric, made when it is asked for.
"""

from collections.abc import Mapping, Sequence

from xbench.errors import DataError
from xbench_tasks.metrics.definition import Definition, on_demand

DEPTH = 20


def reciprocal_rank(ranked: Sequence[str], entity: str) -> float:
    """1 / the rank (from 1) of the entity among the first 20, or 0 where it is not there."""
    first = list(ranked[:DEPTH])
    return 1 / (first.index(entity) + 1) if entity in first else 0.0


def mewslix_items(predictions: Mapping[str, Sequence[str]], references: Mapping[str, Sequence[str]]) -> list[float]:
    """The reciprocal rank at 20 (0..1) of every mention, in the order of the references.

    `predictions` has ranked entity ids (Wikidata) by mention, best first; `references` a list with the one right
    entity. A mention without prediction gets 0; a prediction for a mention that is not asked for is ignored. Raises
    DataError where there are no mentions, one has not exactly one right entity, a ranking is no list, or predictions
    are given and not one is for a mention.
    """
    _check(predictions, references)
    return [reciprocal_rank(predictions.get(id_, ()), entities[0]) for id_, entities in references.items()]


def _check(predictions: Mapping[str, Sequence[str]], references: Mapping[str, Sequence[str]]) -> None:
    if not references:
        raise DataError("there are no mentions to score rankings of")
    for id_, entities in references.items():
        if isinstance(entities, str) or len(entities) != 1:
            raise DataError(f"mention {id_!r} needs a list of exactly one right entity; it has {entities!r}")
    for id_, ranked in predictions.items():
        if isinstance(ranked, str) or not all(isinstance(entity, str) for entity in ranked):
            raise DataError(f"the ranking for mention {id_!r} is {ranked!r}; a list of entity ids (text) is expected")
    if predictions and not predictions.keys() & references.keys():
        raise DataError(
            f"none of the {len(predictions):,} rankings is for one of the {len(references):,} mentions; "
            "they are of another file"
        )


def mewslix(predictions: Mapping[str, Sequence[str]], references: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """`map@20`, 0..100, unrounded, of one language; arguments and errors as of `mewslix_items`."""
    total = 0.0
    items = mewslix_items(predictions, references)
    for item in items:  # one after the other: from Python 3.12 on, sum() of floats rounds otherwise
        total += item
    return {"map@20": total / len(items) * 100}


def _compute(predictions: Sequence[Sequence[str]], references: Sequence[str]) -> dict[str, float]:
    return mewslix(
        {str(row): ranked for row, ranked in enumerate(predictions)},
        {str(row): [entity] for row, entity in enumerate(references)},
    )


__getattr__ = on_demand(
    __name__,
    Definition(
        name="Mewslix",
        description="Mean reciprocal rank at 20 of Mewsli-X (officially called mAP@20), 0..100.",
        inputs="predictions: ranked entity ids, best first; references: the right entity id; one row a mention.",
        citation="Ruder et al. 2021, XTREME-R, https://arxiv.org/abs/2104.07412",
        prediction=["string"],
        reference="string",
        compute=_compute,
    ),
)
