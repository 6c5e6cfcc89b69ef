"""Fine-tuning: train encoder and head on labels, predict every language with what was learned."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from xbench.contracts import FitContext, Predictor, Resource, Scope, TaskKind, TaskView
from xbench_methods.options import ReaderOptions


@dataclass(frozen=True)
class FinetuneOptions(ReaderOptions):
    """Which labels to train on, besides how."""

    on: Literal["source", "target", "both"] = "source"


class Finetune:
    """Fine-tuning on the source (zero-shot transfer), on the target, or on both.

    min over encoder and head of the cross-entropy of the labels (XTREME, Hu et al. 2020). With `on=source` the fit
    cannot see any target, so one checkpoint serves all of them. `selection=average` is the mean of five checkpoints
    of the run (Schmidt et al. 2023); `source-dev` takes the best of them on the source language's validation split, and
    `target-dev` on the target's, a training for each: an oracle, which the board says it is.
    `pooling=auto` is `cls` for encoders that were trained with it, else `mean`, and `compare` for pairs. A choice is
    scored as a pair with its text, in one softmax with the others of its row. Tags are learned on the first
    sub-word of each word, answers to questions as the tokens of the context that they start
    and end with (Devlin et al. 2019); nothing is pooled there. Where a task has labels that are learned
    first (COPA those of Social IQa), the same encoder and head learn them before, to the last checkpoint.
    """

    name = "finetune"
    version = 1
    summary = "fine-tune on source labels (zero-shot), on target labels, or on both: finetune[on=source|target|both]"
    citation = "Hu et al. 2020, XTREME, ICML, https://arxiv.org/abs/2003.11080"
    Options = FinetuneOptions
    task_kinds = frozenset(
        {
            TaskKind.SEQUENCE_CLASSIFICATION,
            TaskKind.TOKEN_CLASSIFICATION,
            TaskKind.MULTIPLE_CHOICE,
            TaskKind.EXTRACTIVE_QA,
        }
    )

    def needs(self, options: FinetuneOptions) -> frozenset[Resource]:
        """Labels of the languages it trains on, and validation labels where they select."""
        labels = {
            "source": {Resource.SOURCE_LABELS, Resource.PREPARATION},
            "target": {Resource.TARGET_LABELS},
            "both": {Resource.SOURCE_LABELS, Resource.TARGET_LABELS, Resource.PREPARATION},
        }[options.on]
        return frozenset(labels | options.selects_on)

    def scope(self, options: FinetuneOptions) -> Scope:
        """The source alone, or one target at a time."""
        return options.scoped(Scope.SOURCE) if options.on == "source" else Scope.PAIRWISE

    def fit(self, encoder: Any, task: TaskView, options: FinetuneOptions, context: FitContext) -> Predictor:
        """Train; see `xbench_methods.learners`."""
        sources = (context.source,) if options.on != "target" else ()
        targets = context.targets if options.on != "source" else ()
        languages = tuple(dict.fromkeys((*sources, *targets)))
        from xbench_methods.learners import LEARNERS

        sets = [(language, context.labelled(language)) for language in languages]
        learner = LEARNERS[task.kind]
        first = context.preparation() if options.on != "target" else None
        if first is None:
            predictor: Predictor = learner.fit(encoder, task, options, context, sets)
            return predictor
        from xbench_methods.learning import Run

        before = Run(name="preparation")
        begun = learner.new(encoder, task, options, sets, context.seed)
        learner.train(begun, replace(options, selection="last"), context, [(context.source, first)], before)
        learner.train(begun, options, context, sets)
        return begun  # type: ignore[no-any-return]

    def load(self, encoder: Any, task: TaskView, options: FinetuneOptions, folder: Path) -> Predictor:
        """Read back encoder and head."""
        from xbench_methods.learners import LEARNERS

        predictor: Predictor = LEARNERS[task.kind].load(encoder, task, options, folder)
        return predictor
