"""Accuracy over the two choices of XCOPA, as XTREME-R scores it.

After `evaluate.py` of google-research/xtreme@838c13b (Ponti et al. 2020, https://aclanthology.org/2020.emnlp-main.185).
`Xcopa` is the `evaluate` metric, made when it is asked for.
"""

from collections.abc import Sequence
from numbers import Integral

from xbench.errors import DataError
from xbench_tasks.metrics.definition import Definition, check_rows, on_demand


def xcopa_items(predictions: Sequence[int], references: Sequence[int]) -> list[float]:
    """1.0 for each prediction that equals its label, else 0.0. Raises DataError as `xcopa`."""
    _check(predictions, references)
    return [float(given == wanted) for given, wanted in zip(predictions, references, strict=True)]


def xcopa(predictions: Sequence[int], references: Sequence[int]) -> dict[str, float]:
    """`accuracy`, 0..100, unrounded, of choices (0 or 1) of one language.

    Raises DataError for different counts, none, and any choice but the numbers 0 and 1: officially JSON values are
    compared, so that the text "1" never equals the number and a file of texts would score 0.
    """
    items = xcopa_items(predictions, references)
    return {"accuracy": int(sum(items)) / len(items) * 100}


def _check(predictions: Sequence[object], references: Sequence[object]) -> None:
    check_rows(predictions, references)
    for kind, choices in (("prediction", predictions), ("label", references)):
        for row, choice in enumerate(choices, start=1):
            if not isinstance(choice, Integral) or isinstance(choice, bool) or choice not in (0, 1):
                raise DataError(f"the {kind} of row {row} is {choice!r}; the number 0 or 1 is expected")


__getattr__ = on_demand(
    __name__,
    Definition(
        name="Xcopa",
        description="Accuracy over the two choices of XCOPA, 0..100.",
        inputs="predictions, references: the number of the choice (0 or 1), one a row.",
        citation="Ponti et al. 2020, XCOPA, https://aclanthology.org/2020.emnlp-main.185",
        prediction="int64",
        reference="int64",
        compute=xcopa,
        check=_check,
    ),
)
