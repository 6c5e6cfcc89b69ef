"""Word translation: the share of words whose nearest candidate is one of their translations, as MUSE scores it.

Conneau et al. 2018, Word Translation Without Parallel Data (https://arxiv.org/abs/1710.04087): of the different words
asked for, whichever of its translations a word is given counts in full. `WordTranslation` is the `evaluate` metric,
made when it is asked for.
"""

from collections.abc import Sequence

from xbench_tasks.metrics.definition import Definition, check_rows, on_demand


def bli_items(predictions: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> list[float]:
    """1.0 for each word whose first candidate is one of its translations, else 0.0; a word without one is wrong.

    Raises DataError where there are not as many of one as of the other, or none.
    """
    check_rows(predictions, references)
    return [float(bool(given) and given[0] in right) for given, right in zip(predictions, references, strict=True)]


def bli(predictions: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> dict[str, float]:
    """`p@1`, 0..100, unrounded: precision at 1 over the words. Raises DataError as `bli_items`."""
    items = bli_items(predictions, references)
    return {"p@1": 100 * sum(items) / len(items)}


__getattr__ = on_demand(
    __name__,
    Definition(
        name="WordTranslation",
        description="Precision at 1 of word translation, 0..100.",
        inputs="predictions, references: a list of candidates a word, best first, and the list of its translations.",
        citation="Conneau et al. 2018, Word Translation Without Parallel Data, https://arxiv.org/abs/1710.04087",
        prediction=["string"],
        reference=["string"],
        compute=bli,
    ),
)
