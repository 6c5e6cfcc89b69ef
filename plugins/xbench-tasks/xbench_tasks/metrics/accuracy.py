"""Accuracy as XTREME's official scorer computes it, and as an `evaluate` metric.

`Accuracy` is made when it is asked for (PEP 562): importing evaluate takes seconds, and scoring needs none.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from xbench.errors import DataError


def accuracy(predictions: Sequence[str], references: Sequence[str]) -> float:
    """The share of predictions that equal their reference, 0..100.

    The formula is that of `evaluate.py` in google-research/xtreme@838c13b. Raises DataError when there are
    not as many predictions as references, or none.
    """
    if len(predictions) != len(references):
        raise DataError(f"there are {len(predictions):,} predictions for {len(references):,} rows")
    if not predictions:
        raise DataError("there is no accuracy of no predictions")
    correct = sum(given == wanted for given, wanted in zip(predictions, references, strict=True))
    return correct / len(predictions) * 100  # in this order: the official score to the last bit


@cache
def _metric() -> type[Any]:
    import datasets
    import evaluate

    class Accuracy(evaluate.Metric):  # type: ignore[misc]
        """Accuracy, 0..100, of predicted labels (text) as an `evaluate` metric; needs no network."""

        def _info(self) -> Any:
            label = datasets.Value("string")
            return evaluate.MetricInfo(
                description="Share of predictions that equal their reference, 0..100.",
                citation="Hu et al. 2020, XTREME, https://arxiv.org/abs/2003.11080",
                inputs_description="predictions, references: lists of labels (text), one a row.",
                features=datasets.Features({"predictions": label, "references": label}),
            )

        def _compute(self, predictions: Sequence[str], references: Sequence[str]) -> dict[str, float]:
            return {"accuracy": accuracy(predictions, references)}

    return Accuracy


def __getattr__(name: str) -> Any:
    if name == "Accuracy":
        return _metric()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
