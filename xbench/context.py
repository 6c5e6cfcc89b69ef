"""What a fit is handed: only what its declared scope and needs allow."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from xbench.values import Examples, Resource, Split

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

    def paired(self, resource: Resource) -> tuple[str, ...]:
        """The targets in scope that there are pairs of with the source, where such pairs were declared as needed."""

    def pairs(self, resource: Resource, target: str) -> Sequence[tuple[str, str]]:
        """Pairs of the source with a target, source first, in the order of their data set.

        One in ten, chosen by its source text, is kept back for measuring what an aligner did.
        """

    def progress(self, step: int, steps: int, loss: float) -> None:
        """Say how far the work is."""

    def log(self, name: str, value: Any) -> None:
        """Record a diagnostic beside the artifact: a JSON value."""


class FitContext(Context, Protocol):
    """What a method may see besides: labelled examples."""

    def labelled(self, language: str, split: Split = Split.TRAIN) -> Examples:
        """Inputs and gold of the train or validation split of the source, or of a target where that was declared."""

    def preparation(self) -> Examples | None:
        """Labelled examples of the source that are learned before the task's own, where it has such and they are there.

        They are of another task of the same kind, as Social IQa's are for COPA; None where they were not declared.
        """

    def shots(self, language: str, count: int) -> Examples:
        """So many labelled examples of a target, where shots were declared; all if there are not as many.

        They are drawn by the core from the seed alone: the same for every method, and fewer are part of more.
        """

    def inputs(self, language: str) -> "pyarrow.Table":
        """Inputs of unlabelled examples of a target, where they were declared; never what is evaluated."""

    def score(self, predictions: "pyarrow.Table", language: str | None = None) -> float:
        """The main metric (0..100) of predictions for a validation split that was declared; the source's by default."""
