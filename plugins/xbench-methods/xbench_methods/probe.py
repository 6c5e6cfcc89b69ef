"""Linear probe: the encoder stays as it is, and a linear classifier learns the task from its states."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from xbench.contracts import FitContext, Predictor, Resource, Scope, TaskKind, TaskView


@dataclass(frozen=True)
class ProbeOptions:
    """`cost` weighs the errors against the size of the weights (the C of LIBLINEAR and scikit-learn)."""

    cost: float = 0.003
    max_length: int = 128
    pooling: Literal["auto", "cls", "mean", "compare"] = "auto"

    def __post_init__(self) -> None:
        if self.cost <= 0 or self.max_length < 8:
            raise ValueError("cost must be above 0 and max_length at least 8")


class Probe:
    """A linear probe on the frozen encoder, trained on source labels (zero-shot transfer).

    Multinomial logistic regression, min over W, b of cost * sum_i CE(W x_i + b, y_i) + |W|^2 / 2, on the pooled
    states, or for tags on the state of each word's first sub-word; x is scaled by one number so that its root mean
    square over the training rows is 1, so that a cost means the same for every encoder. The optimum is unique and
    no seed enters it. What a task can read from an encoder without changing it: Alain & Bengio 2017
    (https://arxiv.org/abs/1610.01644). `pooling` as in `finetune`.
    """

    name = "probe"
    version = 1
    deterministic = True
    summary = "frozen encoder, logistic regression on its states with source labels (zero-shot): probe[cost=..]"
    citation = "Alain and Bengio 2017, Understanding intermediate layers using linear classifier probes, https://arxiv.org/abs/1610.01644"
    Options = ProbeOptions
    task_kinds = frozenset({TaskKind.SEQUENCE_CLASSIFICATION, TaskKind.TOKEN_CLASSIFICATION})

    def needs(self, options: ProbeOptions) -> frozenset[Resource]:
        """Source labels."""
        return frozenset({Resource.SOURCE_LABELS})

    def scope(self, options: ProbeOptions) -> Scope:
        """The source alone: one probe serves all targets."""
        return Scope.SOURCE

    def fit(self, encoder: Any, task: TaskView, options: ProbeOptions, context: FitContext) -> Predictor:
        """Embed the source's train split and solve; see `xbench_methods.probing`."""
        from xbench_methods.probing import fit_probe

        return fit_probe(encoder, task, options, context)

    def load(self, encoder: Any, task: TaskView, options: ProbeOptions, folder: Path) -> Predictor:
        """Read back the head; the encoder is the one it was fitted on."""
        from xbench_methods.probing import load_probe

        return load_probe(encoder, task, options, folder)
