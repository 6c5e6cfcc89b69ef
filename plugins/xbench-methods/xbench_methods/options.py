"""Options that methods share; no torch here, since options are read before anything is loaded."""

from dataclasses import dataclass
from typing import Literal

from xbench.contracts import Resource, Scope


@dataclass(frozen=True)
class ClassifierOptions:
    """The options that a classifier reads; a method's own options inherit from them.

    Defaults are those of XTREME's scripts; a task's official recipe and a model's needs replace them. `selection` says
    which checkpoint is kept: the `last`, the `average` of five, the best of them on the source's validation labels
    (`source-dev`), or the best on those of the targets (`target-dev`). The last is an oracle (Keung et al. 2020,
    https://aclanthology.org/2020.emnlp-main.40/): transfer without target labels cannot select so.
    """

    epochs: float = 5.0
    learning_rate: float = 2e-5
    batch_size: int = 32
    max_length: int = 128
    warmup: float = 0.0
    weight_decay: float = 0.0
    selection: Literal["last", "average", "source-dev", "target-dev"] = "average"
    pooling: Literal["auto", "cls", "mean", "compare"] = "auto"
    freeze: Literal["none", "embeddings"] = "none"
    precision: Literal["auto", "fp32", "bf16"] = "auto"

    def __post_init__(self) -> None:
        if self.epochs <= 0 or self.learning_rate <= 0 or self.batch_size < 1 or self.max_length < 8:
            raise ValueError("epochs and learning_rate must be above 0, batch_size at least 1, max_length at least 8")

    @property
    def selects_on(self) -> frozenset[Resource]:
        """The labels that select a checkpoint; none where no labels do."""
        labels = {"source-dev": Resource.SOURCE_VALIDATION, "target-dev": Resource.TARGET_VALIDATION}
        return frozenset({labels[self.selection]} if self.selection in labels else ())

    def scoped(self, trained: Scope) -> Scope:
        """The scope of a fit that trains in the scope `trained`: what a target's labels select serves it alone."""
        alone = trained is Scope.SOURCE and self.selection == "target-dev"
        return Scope.PAIRWISE if alone else trained


@dataclass(frozen=True)
class ReaderOptions(ClassifierOptions):
    """What a reader, which answers questions about a context, reads besides; defaults are those of XTREME's scripts.

    All are in tokens: a context that is too long is read in stretches that begin `stride` apart, a question is cut
    to `question_length`, an answer has at most `answer_length`. It is the best that starts at one of the `n_best`
    likeliest places of a stretch and ends at another.
    """

    stride: int = 128
    question_length: int = 64
    answer_length: int = 30
    n_best: int = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.stride, self.question_length, self.answer_length, self.n_best) < 1:
            raise ValueError("stride, question_length, answer_length and n_best must be at least 1")
