"""What a board says of its languages. `typologies` makes it, `typological` says how it is printed."""

from collections.abc import Mapping
from dataclasses import dataclass

from xbench.estimates import Dataset
from xbench.regression import Regression


@dataclass(frozen=True)
class Profile:
    """A target language: its family, empty for an isolate, its script (ISO 15924), and how far the source is.

    `distances` are by space, 0 to 1, None where unknown; `tokens` are those per word, by model, where results tell.
    """

    language: str
    family: str
    script: str
    distances: Mapping[str, float | None]
    tokens: Mapping[str, float]


@dataclass(frozen=True)
class GapFit:
    """The transfer gap of a row by target, the source's score minus the target's, and its regression on profiles.

    `gap` is the mean over the regression's languages, and `without` are the ones that it had to leave out. Where there
    is no regression, `lacking` says why.
    """

    model: str
    recipe: str
    gaps: Mapping[str, float]
    digits: int
    gap: float | None = None
    regression: Regression | None = None
    without: tuple[str, ...] = ()
    lacking: str = ""


@dataclass(frozen=True)
class Typology:
    """The targets of a table and the gaps of its rows; `unknown` are languages that URIEL does not have.

    `columns` are those that gaps are regressed on; `left_out` has those that too many languages lack.
    """

    task: str
    source: str
    dataset: Dataset
    profiles: tuple[Profile, ...]
    fits: tuple[GapFit, ...]
    columns: tuple[str, ...]
    left_out: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class Measured:
    """The best source of each target as measured with a model and a recipe, and those that tie with it."""

    model: str
    recipe: str
    best: Mapping[str, str]
    ties: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Serving:
    """Which source language would serve a target: `nearest` has target -> candidates with their mean distance.

    Candidates are the sources that were `measured`; where there is one source alone, all languages of the task.
    """

    task: str
    dataset: Dataset
    candidates: tuple[str, ...]
    nearest: Mapping[str, tuple[tuple[str, float], ...]]
    measured: tuple[Measured, ...]
