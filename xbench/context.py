"""What a fit is handed: only what its declared scope and needs allow."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from xbench.values import Examples, Split

if TYPE_CHECKING:
    import pyarrow


class Context(Protocol):
    """What a fit may see: only what its scope and needs allow; asking for more raises ScopeError."""

    @property
    def source(self) -> str:
        """The source language."""

    @property
    def seed(self) -> int:
        """The seed of the cell."""

    @property
    def device(self) -> str:
        """auto, cpu, cuda or cuda:N."""

    @property
    def targets(self) -> tuple[str, ...]:
        """The target languages in scope: all but the source, or the one of a pairwise fit, which may be the source."""

    def text(self, language: str) -> Sequence[str]:
        """Unlabelled text of a language, from inputs of one split that all languages have; each text once.

        What is counted as supervision are rows: a pair is one. Words that a task gives one by one are joined by blanks.
        """

    def progress(self, step: int, steps: int, loss: float) -> None:
        """Say how far the work is."""

    def log(self, name: str, value: Any) -> None:
        """Record a diagnostic beside the artifact: a JSON value."""


class FitContext(Context, Protocol):
    """What a method may see besides: labelled examples."""

    def labelled(self, language: str, split: Split = Split.TRAIN) -> Examples:
        """Inputs and gold of the train or validation split of the source, or of a target where that was declared."""

    def score(self, predictions: "pyarrow.Table") -> float:
        """The task's main metric (0..100) of predictions for the source's validation split, where that was declared."""
