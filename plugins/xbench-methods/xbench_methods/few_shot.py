"""Few-shot transfer: source labels and a handful of target labels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from xbench.contracts import Examples, FitContext, Predictor, Resource, Scope, TaskView
from xbench_methods.finetune import Finetune
from xbench_methods.options import ReaderOptions

if TYPE_CHECKING:
    from xbench_methods.learners import Learner, Set


@dataclass(frozen=True)
class FewShotOptions(ReaderOptions):
    """How many labelled examples of the target, how they are used, and the updates of a training on them alone."""

    k: int = 10
    how: Literal["joint", "sequential", "target"] = "joint"
    updates: int = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.k < 0 or self.updates < 1:
            raise ValueError("k must be 0 or more, updates at least 1")
        if self.how == "target" and not self.k:
            raise ValueError("how=target has nothing to learn from with k=0")
        if self.selection == "target-dev":
            raise ValueError("the k shots are all the labels of a target; selection is last, average or source-dev")


class FewShot:
    """Fine-tuning on the source's labels and on k labels of one target.

    `how=joint` trains on both together: in every epoch each source example once and as many target examples, the
    k shots over and over, so that half of what is seen is the target's (Schmidt et al. 2022, who find it better than
    one after the other, https://aclanthology.org/2022.emnlp-main.736/). `how=sequential` trains on the source as
    `finetune` does and then on the shots alone; `how=target` on the shots alone, which shows whether there was any
    need of transfer. Both make a fixed number of updates on the shots, since no labels of the target are left to stop
    by. The core draws the shots from the seed: the same for every method, and fewer are part of more. Which ones they
    are moves scores by several points (Zhao et al. 2021), so several seeds are a must. `selection=source-dev` selects
    in trainings that see source labels. With k=0, or where the target is the source, it is `finetune`.
    """

    name = "few-shot"
    version = 1
    summary = "fine-tune on source labels and k target labels: few-shot[k=10,how=joint|sequential|target]"
    citation = "Schmidt et al. 2022, Don't Stop Fine-Tuning, EMNLP, https://aclanthology.org/2022.emnlp-main.736/"
    Options = FewShotOptions
    task_kinds = Finetune.task_kinds

    def needs(self, options: FewShotOptions) -> frozenset[Resource]:
        """Source labels unless the shots are all, shots if there are any, source validation labels to select by."""
        needs = {
            Resource.SOURCE_LABELS: options.how != "target",
            Resource.TARGET_SHOTS: options.k > 0,
            Resource.SOURCE_VALIDATION: options.selection == "source-dev" and options.how != "target",
        }
        return frozenset(resource for resource, needed in needs.items() if needed)

    def scope(self, options: FewShotOptions) -> Scope:
        """One target at a time; without shots the source alone."""
        return Scope.PAIRWISE if options.k else Scope.SOURCE

    def fit(self, encoder: Any, task: TaskView, options: FewShotOptions, context: FitContext) -> Predictor:
        """Train; see `xbench_methods.learners`."""
        from xbench_methods.learners import LEARNERS

        learner: Learner = LEARNERS[task.kind]
        source = [(context.source, context.labelled(context.source))] if options.how != "target" else []
        taught = (target for target in context.targets if target != context.source or not source)
        shots = [(target, context.shots(target, options.k)) for target in taught if options.k]
        first, then = (_mixed([*source, *shots]), []) if options.how == "joint" else (source, shots)
        predictor: Predictor = learner.new(encoder, task, options, [*source, *shots], context.seed)
        if first:
            learner.train(predictor, options, context, first)
        if then:
            _train_on_shots(learner, predictor, options, context, then)
        return predictor

    def load(self, encoder: Any, task: TaskView, options: FewShotOptions, folder: Path) -> Predictor:
        """Read back encoder and head."""
        from xbench_methods.learners import LEARNERS

        predictor: Predictor = LEARNERS[task.kind].load(encoder, task, options, folder)
        return predictor


def _train_on_shots(
    learner: "Learner", predictor: Any, options: FewShotOptions, context: FitContext, shots: Sequence["Set"]
) -> None:
    """A fixed number of updates; source labels that select know nothing of it, so that its end is what counts."""
    from xbench_methods.learning import Run

    last = replace(options, selection="last") if options.selection == "source-dev" else options
    learner.train(predictor, last, context, shots, Run("training_on_shots", steps=options.updates))


def _mixed(sets: Sequence["Set"]) -> list["Set"]:
    """Every set repeated, from its first row on, until it is as long as the longest."""
    rows = max(len(examples.inputs) for _, examples in sets)
    return [(language, _repeated(examples, rows)) for language, examples in sets]


def _repeated(examples: Examples, rows: int) -> Examples:
    there = len(examples.inputs)
    if there in (0, rows):
        return examples
    order = [row % there for row in range(rows)]
    gold = None if examples.gold is None else examples.gold.take(order)
    return replace(examples, inputs=examples.inputs.take(order), gold=gold)
