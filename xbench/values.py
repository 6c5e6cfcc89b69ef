"""Values that pass between the core and plugins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow


class TaskKind(StrEnum):
    """What is predicted."""

    SEQUENCE_CLASSIFICATION = "sequence-classification"
    TOKEN_CLASSIFICATION = "token-classification"  # noqa: S105
    MULTIPLE_CHOICE = "multiple-choice"
    EXTRACTIVE_QA = "extractive-qa"
    RETRIEVAL = "retrieval"


class Split(StrEnum):
    """Parts of a task. LENT is what the task gives another to train on: its train split unless it says otherwise."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    LENT = "lent"


class Scope(StrEnum):
    """Which languages a fit may see: the source only, all targets together, or one target."""

    SOURCE = "source"
    JOINT = "joint"
    PAIRWISE = "pairwise"


class Resource(StrEnum):
    """What a fit may consume; the names are those of the supervision column."""

    SOURCE_LABELS = "source labels"
    PREPARATION = "preparation labels"
    SOURCE_VALIDATION = "source validation labels"
    TARGET_LABELS = "target labels"
    TARGET_VALIDATION = "target validation labels"
    SOURCE_TEXT = "source text"
    TARGET_TEXT = "target text"
    TARGET_SHOTS = "target shots"
    TARGET_INPUTS = "unlabelled target examples"
    PARALLEL = "parallel sentences"
    DICTIONARY = "dictionary pairs"
    TRANSLATIONS = "translations"


MEASURING = (Resource.PARALLEL, Resource.DICTIONARY)  # of these one pair in ten measures encoders
PAIRED = (Resource.PARALLEL, Resource.DICTIONARY, Resource.TRANSLATIONS)  # what `PairedData` supplies


class Origin(StrEnum):
    """Where data come from."""

    FOLDER = "folder"
    HUB = "hub"
    SAMPLE = "sample"


@dataclass(frozen=True)
class Data:
    """Where to read: official files under `folder`, pinned data sets of the hub, or the bundled sample."""

    origin: Origin
    folder: Path | None = None

    def __str__(self) -> str:
        return str(self.folder) if self.origin is Origin.FOLDER else str(self.origin)


@dataclass(frozen=True)
class Provenance:
    """Which data these are: id, revision, split and origin, rows, and the digest of the rows themselves."""

    id: str
    revision: str
    split: str
    origin: str
    n_rows: int
    fingerprint: str
    note: str = ""


@dataclass(frozen=True)
class Examples:
    """Inputs and, apart from them, gold; methods get the inputs of test examples only."""

    inputs: "pyarrow.Table"
    gold: "pyarrow.Table | None"
    provenance: Provenance


@dataclass(frozen=True)
class Pairs:
    """Texts or words of the source, each with its counterpart in the target."""

    rows: Sequence[tuple[str, str]]
    provenance: Provenance


@dataclass(frozen=True)
class HeldOut:
    """Pairs that no fit has read, to measure an encoder with; either may be empty."""

    source: str
    target: str
    parallel: Sequence[tuple[str, str]]
    dictionary: Sequence[tuple[str, str]]
    seed: int


@dataclass(frozen=True)
class Scores:
    """Official metrics (0..100), and what the main score is made of, per example.

    The main score is 100 * sum(items) / sum(totals), 0 where the totals sum to 0. Without `totals` every example
    counts 1, and it is the mean of values 0..1, such as accuracy. A score of the whole text has totals: for micro F1,
    items are twice the true positives, and totals what was predicted plus what is gold.
    """

    metrics: Mapping[str, float]
    items: Sequence[float]
    totals: Sequence[float] | None = None


@dataclass(frozen=True)
class ModelInfo:
    """What names the weights: id, revision and a digest of the files or the hub's commit."""

    id: str
    revision: str
    digest: str


@dataclass(frozen=True)
class TaskView:
    """What a method is told of the task it learns; the task itself stays in the core, for it could load test labels."""

    name: str
    kind: TaskKind
    labels: tuple[str, ...]
    main_metric: str
