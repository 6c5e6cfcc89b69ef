"""Mean average precision at 20 of LAReQA: answer retrieval from one pool of sentences in all languages (XQuAD-R).

The metric of XTREME-R (Ruder et al. 2021, https://arxiv.org/abs/2104.07412), whose official script has no reader for
it; the original of LAReQA (Roy et al. 2020, https://arxiv.org/abs/2004.05484) does not cut off at 20. `Lareqa` is the
`evaluate` metric, made when it is asked for.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from xbench.errors import DataError, suggestion
from xbench_tasks.metrics.definition import Definition, on_demand
from xbench_tasks.metrics.neighbours import Vectors, nearest
from xbench_tasks.metrics.squad import per_cent

DEPTH = 20


def rank(questions: Vectors, candidates: Vectors) -> NDArray[np.intp]:
    """The positions of the 20 candidates (fewer where there are fewer) with the greatest inner product, best first.

    questions: (questions, dimensions); candidates: (candidates, dimensions); gives (questions, 20). Raises DataError
    for vectors that cannot be compared.
    """
    return nearest(questions, candidates, DEPTH).indices


def average_precision(ranked: Sequence[str], targets: Collection[str]) -> float:
    """The precisions at the ranks of the targets among the first 20, summed, by the number of targets, 20 at most."""
    hits, total = 0, 0.0
    for place, candidate in enumerate(ranked[:DEPTH], start=1):
        if candidate in targets:
            hits += 1
            total += hits / place
    return total / min(len(targets), DEPTH)


def lareqa_items(
    predictions: Mapping[str, Sequence[str]],
    references: Mapping[str, Collection[str]],
    candidates: Collection[str] | None = None,
) -> list[float]:
    """Average precision at 20 (0..1) of every question, in the order of the references.

    `predictions` has ranked candidate ids by question id, best first, `references` the ids of the right ones (one in
    each language). A question without prediction gets 0. Raises DataError where there are no questions, a question
    has no target, is not known or ranks a candidate twice, or, given `candidates`, one that is not in the pool.
    """
    if not references:
        raise DataError("there are no questions to score rankings of")
    pool = None if candidates is None else set(candidates)
    for id_, ranked in predictions.items():
        if id_ not in references:
            raise DataError(f"no question is called {id_!r}{suggestion(id_, references)}; rank for the questions only")
        _check_ranking(id_, ranked, pool)
    items = []
    for id_, targets in references.items():
        if isinstance(targets, str) or not targets:
            raise DataError(f"question {id_!r} needs a list of one or more right candidates; it has {targets!r}")
        items.append(average_precision(predictions.get(id_, ()), set(targets)))
    return items


def _check_ranking(id_: str, ranked: Sequence[str], pool: set[str] | None) -> None:
    if isinstance(ranked, str):
        raise DataError(f"the ranking for question {id_!r} is the text {ranked!r}; a list of ids is expected")
    if len(set(ranked)) != len(ranked):
        raise DataError(f"the ranking for question {id_!r} has a candidate more than once")
    strange = [candidate for candidate in ranked if pool is not None and candidate not in pool]
    if strange:
        raise DataError(f"the ranking for question {id_!r} has {strange[0]!r}, which is not in the pool of candidates")


def lareqa(
    predictions: Mapping[str, Sequence[str]],
    references: Mapping[str, Collection[str]],
    candidates: Collection[str] | None = None,
) -> dict[str, float]:
    """`map@20`, 0..100, unrounded, over all questions of all languages; arguments and errors as of `lareqa_items`."""
    return per_cent({"map@20": lareqa_items(predictions, references, candidates)})


def _compute(predictions: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> dict[str, float]:
    return lareqa(
        {str(row): ranked for row, ranked in enumerate(predictions)},
        {str(row): targets for row, targets in enumerate(references)},
    )


__getattr__ = on_demand(
    __name__,
    Definition(
        name="Lareqa",
        description="Mean average precision at 20 of LAReQA, 0..100.",
        inputs="predictions: ranked candidate ids, best first; references: the right ids; one row a question.",
        citation="Ruder et al. 2021, XTREME-R, https://arxiv.org/abs/2104.07412",
        prediction=["string"],
        reference=["string"],
        compute=_compute,
    ),
)
