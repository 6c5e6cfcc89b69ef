"""Options that aligners of whole sentences share; no torch here, since options are read before anything is loaded."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class SentenceOptions:
    """How sentence vectors are trained; `freeze` leaves the token embeddings as they are, or the lower half of all."""

    steps: int = 1000
    batch_size: int = 64
    learning_rate: float = 2e-5
    max_length: int = 128
    freeze: Literal["none", "embeddings", "lower-half"] = "none"
    precision: Literal["auto", "fp32", "bf16"] = "auto"

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch_size < 2 or self.max_length < 8:
            raise ValueError("steps must be 1 or more, batch_size 2 or more, max_length 8 or more")
        if self.learning_rate <= 0:
            raise ValueError("learning_rate must be above 0")


@dataclass(frozen=True)
class RankingOptions(SentenceOptions):
    """`scale` multiplies the cosines (1 / temperature).

    No more than `micro_batch` texts are encoded at once, whatever the batch: the gradient is the same, up to rounding
    and what dropout draws, and each text goes through the encoder once more.
    """

    scale: float = 20.0
    micro_batch: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scale <= 0:
            raise ValueError("scale must be above 0")
        if self.micro_batch is not None and self.micro_batch < 1:
            raise ValueError("micro_batch must be 1 or more; without it a batch is encoded whole")


@dataclass(frozen=True)
class BitextOptions(SentenceOptions):
    """At most `max_pairs` of a language are read, and one with n pairs is drawn in proportion to n^`alpha`."""

    max_pairs: int = 50_000
    alpha: float = 0.7
    parallel: str = "auto"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_pairs < 2 or not 0 <= self.alpha <= 1:
            raise ValueError("max_pairs must be 2 or more, alpha between 0 and 1")
