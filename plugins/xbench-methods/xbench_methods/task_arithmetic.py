"""Task arithmetic: what a task and what a language changed in the weights, added up."""

from dataclasses import dataclass
from typing import Any

from xbench.contracts import FitContext, Predictor, TaskView
from xbench_methods.experts import ExpertOptions, Merging


@dataclass(frozen=True)
class TaskArithmeticOptions(ExpertOptions):
    """How much of the language's change is added, and how much of the task's."""

    weight: float = 0.5
    task_weight: float = 1.0


class TaskArithmetic(Merging):
    """The sum of two task vectors.

    theta = theta_0 + task_weight (theta_T - theta_0) + weight (theta_L - theta_0), Ilharco et al. 2023: theta_T is
    fine-tuned on source labels, theta_L by masked language modelling on target text, both from theta_0. With
    weight = 0 it is plain fine-tuning on the source. The head is the task's. The weights are given, not chosen: labels
    of the target would be needed to choose them.

    Logged: the perplexity of one text in ten, kept back, before and after the language expert learned; where it rose,
    the run is degenerate.
    """

    name = "task-arithmetic"
    version = 1
    summary = "weights of a source-task expert plus the change of a target-language expert: task-arithmetic[weight=..]"
    citation = "Ilharco et al. 2023, Editing Models with Task Arithmetic, ICLR, https://arxiv.org/abs/2212.04089"
    Options = TaskArithmeticOptions

    def fit(self, encoder: Any, task: TaskView, options: TaskArithmeticOptions, context: FitContext) -> Predictor:
        """Train both experts and add; see `xbench_methods.merging`."""
        from xbench_methods.merging import add_vectors

        predictor: Predictor = add_vectors(encoder, task, options, context)
        return predictor
