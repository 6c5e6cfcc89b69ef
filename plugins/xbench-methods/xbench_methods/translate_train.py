"""Translate-train: source labels, their texts translated into the target, for one target or for all at once."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xbench.contracts import FitContext, Predictor, Resource, Scope, TaskView
from xbench_methods.translation import TRANSLATED_KINDS, TranslationOptions

if TYPE_CHECKING:
    from xbench_methods.learners import Set


@dataclass(frozen=True)
class TranslateTrainOptions(TranslationOptions):
    """Whether to train on the source texts as well."""

    keep_source: bool = False


class TranslateTrain:
    """Fine-tuning on the source's labels with its texts translated into one target (XTREME, Hu et al. 2020).

    min over encoder and head of CE(f(E(T(x))), y), T from the source into the target. `translator=dictionary` goes
    word by word, the longest entry first, and leaves unknown words as they are; `precomputed` looks texts up in a
    resource; all else is a sequence-to-sequence model. Texts of a pair, and choices, are translated each by itself,
    which lessens what they have in common (Artetxe et al. 2020, https://aclanthology.org/2020.emnlp-main.618/). Tags
    stay with their tokens, so only the dictionary serves them: a translation of several words stays one token.
    Where the target is the source it is `finetune`.

    Logged: who translated, and the share of words that the dictionary knew.
    """

    name = "translate-train"
    version = 1
    summary = "fine-tune on source labels translated into the target: translate-train[translator=dictionary|..]"
    citation = "Hu et al. 2020, XTREME, ICML, https://arxiv.org/abs/2003.11080"
    Options: type[Any] = TranslateTrainOptions
    task_kinds = TRANSLATED_KINDS

    def needs(self, options: TranslationOptions) -> frozenset[Resource]:
        """Source labels and the translator's pairs, and validation labels where they select."""
        return options.needs

    def scope(self, options: TranslationOptions) -> Scope:
        """One target at a time."""
        return Scope.PAIRWISE

    def fit(self, encoder: Any, task: TaskView, options: TranslateTrainOptions, context: FitContext) -> Predictor:
        """Translate and train; see `xbench_methods.translating`."""
        return _fitted(encoder, task, options, context, options.keep_source)

    def load(self, encoder: Any, task: TaskView, options: TranslationOptions, folder: Path) -> Predictor:
        """Read back encoder and head."""
        from xbench_methods.learners import LEARNERS

        predictor: Predictor = LEARNERS[task.kind].load(encoder, task, options, folder)
        return predictor


class TranslateTrainAll(TranslateTrain):
    """Fine-tuning on the source's labels with its texts as they are and translated into every target, together.

    See `translate-train`; one model serves all targets, and each is learned from the others' translations as well
    (Conneau et al. 2020, XLM-R, https://aclanthology.org/2020.acl-main.747/). Targets that the translator has no
    pairs of are left out.
    """

    name = "translate-train-all"
    summary = "fine-tune on source labels and on them translated into all targets: translate-train-all[translator=..]"
    citation = "Conneau et al. 2020, Unsupervised Cross-lingual Representation Learning at Scale, ACL"
    Options: type[Any] = TranslationOptions

    def scope(self, options: TranslationOptions) -> Scope:
        """All targets together."""
        return Scope.JOINT

    def fit(self, encoder: Any, task: TaskView, options: TranslationOptions, context: FitContext) -> Predictor:
        """Translate into every target and train; see `xbench_methods.translating`."""
        return _fitted(encoder, task, options, context, keep_source=True)


def _fitted(
    encoder: Any, task: TaskView, options: TranslationOptions, context: FitContext, keep_source: bool
) -> Predictor:
    from xbench_methods.learners import LEARNERS
    from xbench_methods.translating import translations

    sets: list[Set] = translations(task, options, context, str(encoder.device))
    kept = [one for one in sets if keep_source or len(sets) == 1 or one[0] != context.source]
    predictor: Predictor = LEARNERS[task.kind].fit(encoder, task, options, context, kept)
    return predictor
