"""The contract of formats: files in which others keep predictions and labels of the tasks of a suite."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from xbench.contracts import Described, Examples, Task

if TYPE_CHECKING:
    import pyarrow

Names: TypeAlias = Mapping[str, tuple[str, ...]]
ByLanguage: TypeAlias = Mapping[str, Mapping[str, float]]  # language -> metric -> 0..100
Metrics: TypeAlias = Mapping[str, ByLanguage]  # task -> that


class Format(Described, Protocol):
    """One file per task and language: what stands in it, as a function of the tables of `contracts`, and back."""

    @property
    def suites(self) -> tuple[str, ...]:
        """The suites whose tasks there are files of; where files are of several alike, the first is meant."""

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks there are files of; not every task of a suite need have any."""

    def path(self, task: Task, language: str) -> str:
        """Where a file lies below its root, that of predictions as that of labels; its parts are joined by `/`."""

    def columns(self, task: Task) -> tuple[str, ...]:
        """The columns of inputs that a file is made of, beside the predictions."""

    def write(self, task: Task, language: str, predictions: "pyarrow.Table") -> str:
        """The text of a file, of a table that has `columns` too. Raises DataError when these make no official file."""

    def read(self, task: Task, file: Path, inputs: "pyarrow.Table") -> "pyarrow.Table":
        """The predictions of a file, row by row of the inputs. Raises DataError with file and line."""

    def labels(self, task: Task, file: Path) -> Examples:
        """The test examples as far as labels tell of them: gold, and inputs that do for `read` but have no texts.

        Raises DataError with file and line.
        """

    def report(self, scores: Metrics, languages: Names, groups: Names) -> Mapping[str, Any]:
        """The JSON that the official scorer writes; `languages` are those of each task, `groups` the suite's."""
