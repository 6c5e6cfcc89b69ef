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
