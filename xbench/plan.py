"""The plan: a graph of content-addressed stages, align -> fit -> predict -> score, and the cells they serve."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from xbench.access import Grant
from xbench.cell import Cell
from xbench.contracts import ModelInfo, PairedData, Resource, Split, Task


class StageKind(StrEnum):
    """The kinds of work; the order is that of the graph."""

    ALIGN = "align"
    DIAGNOSE = "diagnose"
    FIT = "fit"
    PREDICT = "predict"
    SCORE = "score"


@dataclass(frozen=True)
class Stage:
    """A piece of work; equal keys are one stage."""

    key: str
    title: str

    kind = StageKind.SCORE

    @property
    def inputs(self) -> tuple["Stage", ...]:
        """The stages whose artifacts this one reads."""
        return ()


@dataclass(frozen=True)
class Base:
    """The pretrained model that a chain starts from."""

    model: Any
    info: ModelInfo


@dataclass(frozen=True)
class AlignStage(Stage):
    """An aligner's fit on the base model or on what the aligner before it gave."""

    base: Base
    before: "AlignStage | None"
    aligner: Any
    options: Any
    grant: Grant
    seed: int

    kind = StageKind.ALIGN

    @property
    def inputs(self) -> tuple[Stage, ...]:
        """The aligner before it, if any."""
        return (self.before,) if self.before else ()


@dataclass(frozen=True)
class DiagnoseStage(Stage):
    """Readings of an encoder, after its aligners if any, for one target, with pairs that no fit has read."""

    base: Base
    before: AlignStage | None
    diagnostics: tuple[Any, ...]
    source: str
    target: str
    pairs: Mapping[Resource, PairedData]
    seed: int

    kind = StageKind.DIAGNOSE

    @property
    def inputs(self) -> tuple[Stage, ...]:
        """The last aligner, if any."""
        return (self.before,) if self.before else ()


@dataclass(frozen=True)
class FitStage(Stage):
    """A method's fit."""

    base: Base
    before: AlignStage | None
    method: Any
    options: Any
    trainer: Task
    grant: Grant
    seed: int

    kind = StageKind.FIT

    @property
    def inputs(self) -> tuple[Stage, ...]:
        """The last aligner, if any."""
        return (self.before,) if self.before else ()


@dataclass(frozen=True)
class PredictStage(Stage):
    """Predictions for the inputs of one language's evaluated split, as a rule test."""

    fit: FitStage
    task: Task
    target: str
    split: Split = Split.TEST

    kind = StageKind.PREDICT

    @property
    def inputs(self) -> tuple[Stage, ...]:
        """The fit that predicts."""
        return (self.fit,)


@dataclass(frozen=True)
class ScoreStage(Stage):
    """Official metrics of one language's predictions, and of the majority label of the training data, if any."""

    predict: PredictStage
    majority: str | None

    kind = StageKind.SCORE

    @property
    def inputs(self) -> tuple[Stage, ...]:
        """The predictions."""
        return (self.predict,)


@dataclass(frozen=True)
class PlannedCell:
    """A cell, the stage that scores it, and the key of what its row's trainings have in common.

    `readings` is the stage that measures its encoder, if there is anything to measure it with; `leaks` are what its
    training reads that has test examples in it, and their share.
    """

    cell: Cell
    score: ScoreStage
    variant: str
    readings: DiagnoseStage | None = None
    leaks: tuple[tuple[str, float], ...] = ()

    def stages(self) -> Iterator[Stage]:
        """Every stage that the score needs, inputs before what needs them."""
        return _with_inputs(self.score)


@dataclass(frozen=True)
class SkippedCell:
    """A cell that cannot be run, and why; `broken` data make it a failed one."""

    cell: Cell
    reason: str
    broken: bool = False


@dataclass(frozen=True)
class Plan:
    """What a grid comes to: cells in the order they are run, cells that are skipped, remarks on the data."""

    label: str
    cells: tuple[PlannedCell, ...]
    skipped: tuple[SkippedCell, ...]
    remarks: tuple[str, ...] = ()

    def stages(self) -> Mapping[str, Stage]:
        """Every distinct stage by key, inputs before what needs them, in the order they are run."""
        found: dict[str, Stage] = {}
        for planned in self.cells:
            measured = [planned.readings] if planned.readings else []
            for stage in (*planned.stages(), *measured):
                found.setdefault(stage.key, stage)
        return found


def _with_inputs(stage: Stage) -> Iterator[Stage]:
    for source in stage.inputs:
        yield from _with_inputs(source)
    yield stage


def align_chain(stage: AlignStage | None) -> list[AlignStage]:
    """An aligner's stage and those before it, first to last."""
    chain: list[AlignStage] = []
    while stage is not None:
        chain.append(stage)
        stage = stage.before
    return chain[::-1]
