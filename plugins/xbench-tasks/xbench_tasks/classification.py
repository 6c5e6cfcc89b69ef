"""Sequence classification: what the tasks of this plugin share. A task is a value of `ClassificationTask`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xbench.contracts import Scores, TaskKind
from xbench.errors import PluginError
from xbench_tasks.columns import Columns, check_known, texts
from xbench_tasks.dataset import DatasetTask
from xbench_tasks.metrics.accuracy import accuracy
from xbench_tasks.rows import Rows, order_by_id

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


def labelled(labels: Sequence[str]) -> Callable[[Columns, str], Rows]:
    """What makes rows of the columns `text` and `label`, of `text_pair` for pairs, and of `id` where that sorts them.

    Rows without a label are dropped, which is noted. Raises DataError that names the row where a text lacks, or the
    label is none of `labels`.
    """

    def rows(columns: Columns, language: str) -> Rows:
        found = columns["label"]
        check_known(found, labels)
        order = order_by_id([int(one) for one in columns["id"]]) if "id" in columns else range(len(found))
        kept = [row for row in order if found[row] is not None]
        dropped = len(found) - len(kept)
        first = texts(columns, "text")
        second = texts(columns, "text_pair") if "text_pair" in columns else None
        return Rows(
            texts=[first[row] for row in kept],
            pairs=None if second is None else [second[row] for row in kept],
            labels=[found[row] for row in kept],
            note=f"{dropped:,} rows without a label dropped" if dropped else "",
        )

    return rows
