"""One point of the grid and what it gave."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from xbench.errors import StoreError

LEVELS = ("rescore", "repredict", "retrain")  # of verification: what fails at one has passed no higher one either


class Status(StrEnum):
    """What became of a cell."""

    OK = "ok"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, order=True)
class Cell:
    """One point of the grid, by name; the fields stand from the dearest to change to the cheapest."""

    model: str
    recipe: str
    task: str
    source: str
    target: str
    seed: int

    def __str__(self) -> str:
        return f"{self.task} {self.source}→{self.target} {self.model} {self.recipe} seed {self.seed}"


@dataclass(frozen=True)
class Result:
    """One line of the journal (architecture, section 9). Scores are on 0..100.

    `items` holds the main metric's value per test example (see `statistics.pack`), so that a board can be made,
    with its paired intervals, from the journal alone. `baseline` is the score of the majority class of the
    training labels. `cost` has by the key of a stage its kind, its seconds, and what else `meter` read of it. A
    skipped or failed cell has its reason and no scores.
    """

    cell: Cell
    status: Status
    reason: str = ""
    main_metric: str = ""
    main_score: float | None = None
    higher_is_better: bool = True
    n_examples: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)
    uncertainty: Mapping[str, Any] = field(default_factory=dict)
    baseline: Mapping[str, Any] = field(default_factory=dict)
    items: Mapping[str, Any] = field(default_factory=dict)
    dataset: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Any] = field(default_factory=dict)
    supervision: Mapping[str, Any] = field(default_factory=dict)
    keys: Mapping[str, Any] = field(default_factory=dict)
    predictions: Mapping[str, Any] = field(default_factory=dict)
    diagnostics: Mapping[str, Any] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    cost: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    hardware: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    git: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""
    started: str = ""

    @property
    def identity(self) -> tuple[Cell, str, str, str]:
        """When two results are the same fact: same cell, score key, status and reason."""
        return self.cell, str(self.keys.get("score", "")), self.status.value, self.reason

    def to_json(self) -> dict[str, Any]:
        """The record as plain JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Result":
        """Read a record back. Raises StoreError when it is not one."""
        try:
            values = dict(record)
            return cls(cell=Cell(**values.pop("cell")), status=Status(values.pop("status")), **values)
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(f"not a result record: {error}") from error
