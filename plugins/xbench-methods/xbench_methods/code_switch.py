"""Code-switching: words of the training set give way to their translations, anew in every epoch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xbench.contracts import FitContext, Predictor, Resource, Scope, TaskView
from xbench_methods.options import ClassifierOptions
from xbench_methods.translation import TRANSLATED_KINDS


@dataclass(frozen=True)
class CodeSwitchOptions(ClassifierOptions):
    """Which share of the examples is switched, which share of their words, and by what dictionary."""

    ratio: float = 1.0
    cross: float = 0.5
    dictionary: str = "auto"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.ratio <= 1 or not 0 <= self.cross <= 1:
            raise ValueError("ratio and cross must be from 0 to 1")


class CodeSwitch:
    """Fine-tuning on source labels with words replaced by translations into all targets (CoSDA-ML, Qin et al. 2020).

    In every epoch anew: an example is switched with probability `ratio`; of one that is, each word draws a language
    with probability `cross`, all alike, and where that language's dictionary has the word, or a phrase that begins
    with it, the longest, one of its translations takes its place. What is drawn depends on seed, epoch and row alone.
    Labels stay; a translation of several words is still one token, with the tag of the word it stands for.

    Logged: by language the share of all words that were replaced, which is about ratio * cross * coverage / languages
    and differs from language to language. With ratio=0 it is `finetune`.
    """

    name = "code-switch"
    version = 1
    summary = (
        "fine-tune on source labels, words switched with dictionaries of all targets: code-switch[ratio=1,cross=.5]"
    )
    citation = "Qin et al. 2020, CoSDA-ML, IJCAI, https://www.ijcai.org/proceedings/2020/533"
    Options = CodeSwitchOptions
    task_kinds = TRANSLATED_KINDS

    def needs(self, options: CodeSwitchOptions) -> frozenset[Resource]:
        """Source labels and dictionaries, and validation labels where they select."""
        return frozenset({Resource.SOURCE_LABELS, Resource.DICTIONARY} | options.selects_on)

    def scope(self, options: CodeSwitchOptions) -> Scope:
        """All targets together: one model serves them all."""
        return Scope.JOINT

    def fit(self, encoder: Any, task: TaskView, options: CodeSwitchOptions, context: FitContext) -> Predictor:
        """Train on switched copies; see `xbench_methods.code_switching`."""
        from xbench_methods.code_switching import fit_switched

        predictor: Predictor = fit_switched(encoder, task, options, context)
        return predictor

    def load(self, encoder: Any, task: TaskView, options: CodeSwitchOptions, folder: Path) -> Predictor:
        """Read back encoder and head."""
        from xbench_methods.learners import LEARNERS

        predictor: Predictor = LEARNERS[task.kind].load(encoder, task, options, folder)
        return predictor
