"""What methods share that merge two experts of one start: one learned the task, the other the target language."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from xbench.contracts import FitContext, Predictor, Resource, Scope, TaskView
from xbench_methods.finetune import Finetune
from xbench_methods.options import ReaderOptions


@dataclass(frozen=True)
class ExpertOptions(ReaderOptions):
    """How the language expert learns; the task's expert learns as `finetune` does.

    `texts` are those of the one `target`, or of `all` targets together: then one expert, and one predictor, serves
    them all. Its head learns alone for `head_steps` before the encoder's `language_steps`.
    """

    texts: Literal["target", "all"] = "target"
    language_steps: int = 500
    language_learning_rate: float = 5e-5
    head_steps: int = 200

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.language_steps, self.head_steps) < 1 or self.language_learning_rate <= 0:
            raise ValueError("language_steps and head_steps must be 1 or more, language_learning_rate above 0")


class Merging(ABC):
    """A method whose predictor is the head of the task's expert on a mixture of both."""

    task_kinds = Finetune.task_kinds

    def needs(self, options: Any) -> frozenset[Resource]:
        """Source labels and target text, and validation labels where they select."""
        return frozenset({Resource.SOURCE_LABELS, Resource.TARGET_TEXT} | options.selects_on)

    def scope(self, options: Any) -> Scope:
        """One target at a time, or all together where one expert reads text of all."""
        return Scope.PAIRWISE if options.texts == "target" else Scope.JOINT

    @abstractmethod
    def fit(self, encoder: Any, task: TaskView, options: Any, context: FitContext) -> Predictor:
        """Train both experts and merge them."""

    def load(self, encoder: Any, task: TaskView, options: Any, folder: Path) -> Predictor:
        """Read back the merged encoder and the head."""
        from xbench_methods.learners import LEARNERS

        predictor: Predictor = LEARNERS[task.kind].load(encoder, task, options, folder)
        return predictor
