"""Carrying stages out: each is made once, kept in the store, and read back from there."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet

from xbench import environment
from xbench.access import GuardedContext
from xbench.conformance import check_members, require, wrong_answers
from xbench.contracts import Encoder, HeldOut, ModelInfo, Predictor, Resource, Scores
from xbench.errors import DeviceError, DiskError, ModelError, PluginError, StageError
from xbench.isolation import isolated
from xbench.items import pack, ratios
from xbench.manifests import baseline, consumed, made_by, reason, view
from xbench.meter import metered
from xbench.plan import AlignStage, Base, DiagnoseStage, FitStage, PredictStage, ScoreStage, Stage, align_chain
from xbench.shelf import Shelf
from xbench.statistics import uncertainty
from xbench.store import Store

log = logging.getLogger("xbench")
PREDICTIONS = "predictions.parquet"
MEASURED = 500  # pairs of a kind that readings are taken with


@dataclass
class Bench:
    """Where stages are carried out: the store, the data, the device, and the last loaded encoder and predictor."""

    store: Store
    shelf: Shelf
    device: str = "auto"
    on_stage: Callable[[Stage], None] = lambda stage: None
    on_progress: Callable[[int, int, float], None] = lambda step, steps, loss: None
    made: list[Stage] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    _base: tuple[ModelInfo, Encoder] | None = None
    _aligned: tuple[str, Encoder] | None = None
    _unloadable: dict[ModelInfo, ModelError] = field(default_factory=dict)
    _predictor: tuple[str, Predictor] | None = None

    def ensure(self, stage: Stage) -> None:
        """Have the stage's artifact in the store. Raises StageError with the reason when it or an input failed."""
        if stage.key in self.failed:
            raise StageError(self.failed[stage.key])
        if self.store.open(stage.kind, stage.key):
            return
        for source in stage.inputs:
            self.ensure(source)
        try:
            self.store.make(stage.kind, stage.key, lambda folder: self._write(stage, folder))
        except (DiskError, DeviceError):  # a full disk or a device that is not there: the same for every cell
            raise
        except Exception as error:
            log.debug("%s failed", stage.title, exc_info=True)
            self.failed[stage.key] = reason(stage, error)
            raise StageError(self.failed[stage.key]) from error

    def measure(self, stage: DiagnoseStage | None) -> None:
        """Have the readings of an encoder in the store; that they cannot be taken is told and stops no cell."""
        if stage and stage.key not in self.failed:
            try:
                self.ensure(stage)
            except StageError as error:
                log.warning("no readings: %s", error)

    def _artifact(self, stage: Stage) -> Path:
        """The folder of a stage that another one reads; made again when it was lost or broken since."""
        self.ensure(stage)
        folder = self.store.open(stage.kind, stage.key)
        if folder is None:
            raise StageError(f"the artifact of {stage.title} vanished while it was needed")
        return folder

    def _write(self, stage: Stage, folder: Path) -> Mapping[str, Any]:
        self.on_stage(stage)
        with metered() as cost, isolated():
            body = self._carried_out(stage, folder)
        self.made.append(stage)
        made = {"versions": environment.versions(), "hardware": environment.hardware()}
        about = {"title": stage.title, "inputs": [source.key for source in stage.inputs], "cost": cost}
        return {**about, "made": made, **body}

    def _carried_out(self, stage: Stage, folder: Path) -> Mapping[str, Any]:
        match stage:
            case AlignStage():
                return self._align(stage, folder)
            case FitStage():
                return self._fit(stage, folder)
            case DiagnoseStage():
                return self._diagnose(stage)
            case PredictStage():
                return self._predict(stage, folder)
            case ScoreStage():
                return self._score(stage)
        raise StageError(f"unknown stage {stage}")

    def _context(self, stage: AlignStage | FitStage) -> GuardedContext:
        return GuardedContext(stage.grant, self.shelf, stage.seed, self.device, self.on_progress)

    def _align(self, stage: AlignStage, folder: Path) -> Mapping[str, Any]:
        context = self._context(stage)
        encoder = self.encoder(stage.base, stage.before).copy()
        with isolated(stage.seed):
            aligned = stage.aligner.fit(encoder, stage.options, context)
        check_members(aligned, f"what the fit of {stage.aligner.name} gives", Encoder)
        stage.aligner.save(aligned, folder)
        self._aligned = (stage.key, aligned)
        return {**made_by(stage.aligner, stage.options), **consumed(context)}

    def _diagnose(self, stage: DiagnoseStage) -> Mapping[str, Any]:
        parallel, dictionary = (
            self.shelf.held_out(stage.pairs[resource], stage.source, stage.target, MEASURED)
            if resource in stage.pairs
            else []
            for resource in (Resource.PARALLEL, Resource.DICTIONARY)
        )
        encoder = self.encoder(stage.base, stage.before)
        pairs = HeldOut(stage.source, stage.target, parallel, dictionary, stage.seed)
        readings: dict[str, float] = {}
        for diagnostic in stage.diagnostics:
            readings |= {name: float(value) for name, value in diagnostic.measure(encoder, pairs).items()}
        return {"readings": readings, "pairs": {str(at): paired.name for at, paired in stage.pairs.items()}}

    def _fit(self, stage: FitStage, folder: Path) -> Mapping[str, Any]:
        context = self._context(stage)
        encoder = self.encoder(stage.base, stage.before).copy()
        described = dict(encoder.describe())
        with isolated(stage.seed):
            predictor = stage.method.fit(encoder, view(stage.trainer), stage.options, context)
        check_members(predictor, f"what the fit of {stage.method.name} gives", Predictor)
        predictor.save(folder)
        self._predictor = (stage.key, predictor)
        return {**made_by(stage.method, stage.options), **consumed(context), "encoder": described}

    def _predict(self, stage: PredictStage, folder: Path) -> Mapping[str, Any]:
        predictions = self.predicted(stage)
        pyarrow.parquet.write_table(predictions, folder / PREDICTIONS, compression="zstd")
        return {"rows": len(predictions), "target": stage.target}

    def _score(self, stage: ScoreStage) -> Mapping[str, Any]:
        predict = stage.predict
        folder = self._artifact(predict)
        gold = self.shelf.load(predict.task, predict.target, predict.split).gold
        if gold is None:
            what = f"{predict.task.name} has no {predict.split} labels in {predict.target}"
            raise StageError(f"{what}: nothing to score against")
        scores = predict.task.score(gold, pyarrow.parquet.read_table(folder / PREDICTIONS), predict.target)
        require(isinstance(scores, Scores), f"score of {predict.task.name} must give Scores, not {scores!r:.80}")
        return {
            "metrics": dict(scores.metrics),
            "items": pack(scores.items, scores.totals),
            "uncertainty": uncertainty(ratios(scores.items, scores.totals)),
            "baseline": baseline(predict.task, stage.majority, gold, predict.target),
        }

    def encoder(self, base: Base, before: AlignStage | None) -> Encoder:
        """The base model's encoder after its aligners; the last of each is kept, so whoever changes it copies it."""
        if before is None:
            return self._base_encoder(base)
        if self._aligned is None or self._aligned[0] != before.key:
            encoder: Any = self._base_encoder(base).copy()
            for stage in align_chain(before):
                encoder = stage.aligner.load(encoder, self._artifact(stage))
            self._aligned = (before.key, encoder)
        return self._aligned[1]

    def _base_encoder(self, base: Base) -> Encoder:
        if self._base is None or self._base[0] != base.info:
            if base.info in self._unloadable:  # tried once: every stage that needs it fails for the same reason
                raise self._unloadable[base.info]
            try:
                encoder = base.model.load(self.device)
                check_members(encoder, f"what load of {base.model.name} gives", Encoder)
                self._base = (base.info, encoder)
            except ModelError as error:
                self._unloadable[base.info] = error
                raise
        return self._base[1]

    def predicted(self, stage: PredictStage) -> pyarrow.Table:
        """What the predictor says of the evaluated inputs. Raises PluginError when that is no table of its kind."""
        inputs = self.shelf.load(stage.task, stage.target, stage.split).inputs
        predictions = self.predictor(stage.fit).predict(inputs, stage.target)
        wrong = wrong_answers(stage.task.kind, predictions, inputs)
        if wrong:
            raise PluginError(f"the predictions of {stage.fit.method.name}: {wrong}")
        return predictions

    def predictor(self, fit: FitStage) -> Predictor:
        """The predictor a fit gave; the last one is kept."""
        if self._predictor is None or self._predictor[0] != fit.key:
            folder = self._artifact(fit)
            encoder = self.encoder(fit.base, fit.before).copy()
            self._predictor = (fit.key, fit.method.load(encoder, view(fit.trainer), fit.options, folder))
        return self._predictor[1]
