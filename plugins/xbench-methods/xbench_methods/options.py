"""Options that methods share; no torch here, since options are read before anything is loaded."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class ClassifierOptions:
    """The options that a classifier reads; a method's own options inherit from them.

    Defaults are those of XTREME's scripts; a task's official recipe and a model's needs replace them.
    """

    epochs: float = 5.0
    learning_rate: float = 2e-5
    batch_size: int = 32
    max_length: int = 128
    warmup: float = 0.0
    weight_decay: float = 0.0
    selection: Literal["last", "average", "source-dev"] = "average"
    pooling: Literal["auto", "cls", "mean", "compare"] = "auto"
    freeze: Literal["none", "embeddings"] = "none"
    precision: Literal["auto", "fp32", "bf16"] = "auto"

    def __post_init__(self) -> None:
        if self.epochs <= 0 or self.learning_rate <= 0 or self.batch_size < 1 or self.max_length < 8:
            raise ValueError("epochs and learning_rate must be above 0, batch_size at least 1, max_length at least 8")


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
