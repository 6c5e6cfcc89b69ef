"""Run averaging: several fine-tunings from one beginning, and the mean of their weights."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xbench.contracts import FitContext, Predictor, Resource, Scope, TaskView
from xbench_methods.finetune import Finetune
from xbench_methods.options import ReaderOptions


@dataclass(frozen=True)
class AverageRunsOptions(ReaderOptions):
    """How many trainings are averaged."""

    runs: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.runs < 1:
            raise ValueError("runs must be at least 1")


class AverageRuns:
    """Fine-tuning on the source several times, and the mean of the weights: theta = (1/n) sum_r theta_r.

    The runs begin with the same encoder and the same head, without which the mean would be none, and differ in the
    order of the rows and in dropout (Schmidt et al. 2023, run averaging). Each is selected as `selection` says: with
    `average`, the means of checkpoints are averaged in turn. With runs=1 it is `finetune`.
    """

    name = "average-runs"
    version = 1
    summary = "fine-tune on source labels several times from one beginning, average the weights: average-runs[runs=3]"
    citation = "Schmidt et al. 2023, Free Lunch: Robust Cross-Lingual Transfer via Model Checkpoint Averaging, ACL"
    Options = AverageRunsOptions
    task_kinds = Finetune.task_kinds

    def needs(self, options: AverageRunsOptions) -> frozenset[Resource]:
        """Source labels, and validation labels where they select."""
        return frozenset({Resource.SOURCE_LABELS} | options.selects_on)

    def scope(self, options: AverageRunsOptions) -> Scope:
        """The source alone: one mean serves all targets, unless labels of each target select."""
        return options.scoped(Scope.SOURCE)

    def fit(self, encoder: Any, task: TaskView, options: AverageRunsOptions, context: FitContext) -> Predictor:
        """Train and average; see `xbench_methods.averaging`."""
        from xbench_methods.averaging import fit_average

        predictor: Predictor = fit_average(encoder, task, options, context)
        return predictor

    def load(self, encoder: Any, task: TaskView, options: AverageRunsOptions, folder: Path) -> Predictor:
        """Read back encoder and head."""
        from xbench_methods.learners import LEARNERS

        predictor: Predictor = LEARNERS[task.kind].load(encoder, task, options, folder)
        return predictor
