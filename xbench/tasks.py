"""What provides data: tasks, which are scored, and pairs of texts, which only teach."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from xbench.keys import digest
from xbench.values import Data, Examples, Pairs, Resource, Scores, Split, TaskKind

if TYPE_CHECKING:
    import pyarrow


HELD_OUT = 10  # of so many pairs one measures


def held_out(pair: tuple[str, str]) -> bool:
    """Whether a pair measures and does not teach: one in ten, by its source text, so that no text does both."""
    return int(digest([pair[0]])[:8], 16) % HELD_OUT == 0


class Described(Protocol):
    """Everything a plugin provides has a name and a summary."""

    @property
    def name(self) -> str:
        """What users type."""

    @property
    def summary(self) -> str:
        """One line for `xbench list`."""


class Task(Described, Protocol):
    """Labelled data in several languages with official metrics; `hyperparameters` is the official recipe."""

    @property
    def revision(self) -> str:
        """Version of loader and scorer."""

    @property
    def kind(self) -> TaskKind:
        """What is predicted."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of `scores`; none where answers are texts or ids."""

    @property
    def languages(self) -> tuple[str, ...]:
        """BCP 47 tags."""

    @property
    def main_metric(self) -> str:
        """The metric that boards show."""

    @property
    def train_on(self) -> str | None:
        """The language its labels come from."""

    @property
    def donor(self) -> str | None:
        """The task that lends the labels where it has none of its own."""

    @property
    def prepared_by(self) -> str | None:
        """The task whose labels are learned before its own, as Social IQa's before COPA's; None, as a rule."""

    @property
    def parallel(self) -> bool:
        """Whether row i of the test split is the same example in every language."""

    @property
    def sample(self) -> str | None:
        """Name of the bundled sample."""

    @property
    def hyperparameters(self) -> Mapping[str, Any]:
        """Option values it asks for, by name; see `options.resolve`."""

    def available(self, split: Split, data: Data) -> tuple[str, ...]:
        """The languages `data` holds this split in, in the task's order."""

    def load(self, language: str, split: Split, data: Data) -> Examples:
        """Read one split. Raises MissingDataError when it is not there, DataError when it is malformed."""

    def score(self, gold: "pyarrow.Table", predictions: "pyarrow.Table", language: str) -> Scores:
        """Official metrics of predictions against gold."""


class PairedData(Described, Protocol):
    """Parallel sentences, dictionary pairs or translations of several languages; it teaches and is never scored."""

    @property
    def supplies(self) -> Resource:
        """What the pairs are."""

    def targets(self, source: str, data: Data) -> tuple[str, ...]:
        """The languages that `data` holds pairs of with the source."""

    def load(self, source: str, target: str, data: Data) -> Pairs:
        """All pairs. Raises MissingDataError when they are not there, DataError when they are malformed."""
