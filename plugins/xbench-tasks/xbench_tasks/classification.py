"""Sequence classification: what the tasks of this plugin share. A task is a value of `ClassificationTask`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xbench.contracts import Scores, TaskKind
from xbench.errors import PluginError
from xbench_tasks.dataset import DatasetTask
from xbench_tasks.metrics.accuracy import accuracy

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True, eq=False)
class ClassificationTask(DatasetTask):
    """A task of `xbench.contracts.Task`: texts or pairs of texts and one of `labels`, scored by accuracy."""

    kind: TaskKind = TaskKind.SEQUENCE_CLASSIFICATION
    main_metric: str = "accuracy"

    def score(self, gold: "pyarrow.Table", predictions: "pyarrow.Table", language: str) -> Scores:
        """Accuracy (0..100), and 1.0 or 0.0 per row.

        Raises DataError when there are not as many predictions as rows, PluginError when they have no labels.
        """
        if "label" not in predictions.column_names:
            there = ", ".join(predictions.column_names) or "none"
            raise PluginError(
                f"the predictions of {self.name} in {language!r} have no column 'label' (there are: {there})"
            )
        wanted, given = gold["label"].to_pylist(), predictions["label"].to_pylist()
        score = accuracy(given, wanted)
        items = [float(one == other) for one, other in zip(given, wanted, strict=True)]
        return Scores(metrics={"accuracy": score}, items=items)
