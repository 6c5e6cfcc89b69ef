"""Self-training: what the model is surest of in the target becomes training data."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xbench.contracts import FitContext, Predictor, Resource, Scope, TaskKind, TaskView
from xbench_methods.options import ClassifierOptions


@dataclass(frozen=True)
class SelfTrainingOptions(ClassifierOptions):
    """Rounds of labelling, the share of unlabelled examples that each adds, and the least probability of a label."""

    rounds: int = 3
    share: float = 0.1
    threshold: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.rounds < 0 or self.threshold < 0 or not 0 < self.share * max(1, self.rounds) <= 1:
            raise ValueError("rounds and threshold must be 0 or more, share above 0, rounds times share at most 1")


class SelfTraining:
    """Fine-tuning on the source, then on the source and on the target examples whose labels are surest.

    Round r of `rounds` labels the target's unlabelled examples with what the last one learned, keeps of each class
    those with the highest probability, at most r * share / classes of all and none below `threshold`, and trains anew
    from the encoder it was given on source labels and these (hard labels). The quota is the same for every class, so
    that a class cannot crowd out the others (Dong and de Melo 2019; class-balanced as in Zou et al. 2018). A round
    that keeps nothing is the last; so it is `finetune` with a threshold above 1, and where the target is the source.

    Logged by round: how often each class was predicted, and kept. Where a class of the source is predicted no more,
    training on one's own labels has lost it, and the run is degenerate.
    """

    name = "self-training"
    version = 1
    summary = "fine-tune on source labels and on one's own surest labels of the target: self-training[rounds=3]"
    citation = "Dong and de Melo 2019, A Robust Self-Learning Framework for Cross-Lingual Text Classification, EMNLP"
    Options = SelfTrainingOptions
    task_kinds = frozenset({TaskKind.SEQUENCE_CLASSIFICATION, TaskKind.MULTIPLE_CHOICE})

    def needs(self, options: SelfTrainingOptions) -> frozenset[Resource]:
        """Source labels, unlabelled examples of the target, and validation labels where they select."""
        return frozenset({Resource.SOURCE_LABELS, Resource.TARGET_INPUTS} | options.selects_on)

    def scope(self, options: SelfTrainingOptions) -> Scope:
        """One target at a time."""
        return Scope.PAIRWISE

    def fit(self, encoder: Any, task: TaskView, options: SelfTrainingOptions, context: FitContext) -> Predictor:
        """Train, label, train again; see `xbench_methods.pseudo_labels`."""
        from xbench_methods.pseudo_labels import fit_rounds

        predictor: Predictor = fit_rounds(encoder, task, options, context)
        return predictor

    def load(self, encoder: Any, task: TaskView, options: SelfTrainingOptions, folder: Path) -> Predictor:
        """Read back encoder and head."""
        from xbench_methods.learners import LEARNERS

        predictor: Predictor = LEARNERS[task.kind].load(encoder, task, options, folder)
        return predictor
