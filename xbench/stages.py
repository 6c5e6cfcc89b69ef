"""Carrying stages out: each is made once, kept in the store, and read back from there."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from xbench import options
from xbench.access import GuardedContext
from xbench.contracts import Encoder, Predictor, Scores, Split
from xbench.errors import PluginError, StageError, StoreError, UsageError, XbenchError
from xbench.plan import AlignStage, Base, FitStage, PredictStage, ScoreStage, Stage, align_chain
from xbench.shelf import Shelf
from xbench.statistics import pack, uncertainty
from xbench.store import Store

log = logging.getLogger("xbench")
PREDICTIONS = "predictions.parquet"
Scoring = Mapping[str, Any]


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
    _encoders: dict[str, Any] = field(default_factory=dict)
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
        except (StoreError, UsageError):  # a full disk or a device that is not there: the same for every cell
            raise
        except Exception as error:
            log.debug("%s failed", stage.title, exc_info=True)
            self.failed[stage.key] = f"{stage.title}: {_reason(error)}"
            raise StageError(self.failed[stage.key]) from error

    def _artifact(self, stage: Stage) -> Path:
        """The folder of a stage that another one reads; made again when it was lost or broken since."""
        self.ensure(stage)
        folder = self.store.open(stage.kind, stage.key)
        if folder is None:
            raise StageError(f"the artifact of {stage.title} vanished while it was needed")
        return folder

    def _write(self, stage: Stage, folder: Path) -> Mapping[str, Any]:
        self.on_stage(stage)
        match stage:
            case AlignStage():
                body = self._align(stage, folder)
            case FitStage():
                body = self._fit(stage, folder)
            case PredictStage():
                body = self._predict(stage, folder)
            case ScoreStage():
                body = self._score(stage)
            case _:
                raise StageError(f"unknown stage {stage}")
        self.made.append(stage)
        return {"title": stage.title, "inputs": [source.key for source in stage.inputs], **body}

    def _context(self, stage: AlignStage | FitStage) -> GuardedContext:
        return GuardedContext(stage.grant, self.shelf, stage.seed, self.device, self.on_progress)

    def _align(self, stage: AlignStage, folder: Path) -> Mapping[str, Any]:
        context = self._context(stage)
        aligned = stage.aligner.fit(self.encoder(stage.base, stage.before).copy(), stage.options, context)
        stage.aligner.save(aligned, folder)
        self._keep_encoder(stage.key, aligned)
        return {**_made_by(stage.aligner, stage.options), **_consumed(context)}

    def _fit(self, stage: FitStage, folder: Path) -> Mapping[str, Any]:
        context = self._context(stage)
        encoder = self.encoder(stage.base, stage.before).copy()
        described = dict(encoder.describe())
        predictor = stage.method.fit(encoder, stage.trainer, stage.options, context)
        predictor.save(folder)
        self._predictor = (stage.key, predictor)
        return {**_made_by(stage.method, stage.options), **_consumed(context), "encoder": described}

    def _predict(self, stage: PredictStage, folder: Path) -> Mapping[str, Any]:
        inputs = self.shelf.load(stage.task, stage.target, Split.TEST).inputs
        predictions = self.predictor(stage.fit).predict(inputs, stage.target)
        if not isinstance(predictions, pa.Table) or "label" not in predictions.column_names:
            raise PluginError(f"{stage.fit.method.name} must predict a table with the column 'label'")
        if len(predictions) != len(inputs):
            raise PluginError(f"{stage.fit.method.name} gave {len(predictions)} predictions for {len(inputs)} inputs")
        pyarrow.parquet.write_table(predictions, folder / PREDICTIONS, compression="zstd")
        return {"rows": len(predictions), "target": stage.target}

    def _score(self, stage: ScoreStage) -> Mapping[str, Any]:
        predict = stage.predict
        folder = self._artifact(predict)
        gold = self.shelf.load(predict.task, predict.target, Split.TEST).gold
        if gold is None:
            raise StageError(f"{predict.task.name} has no test labels in {predict.target}: nothing to score against")
        predictions = pyarrow.parquet.read_table(folder / PREDICTIONS)
        scores: Scores = predict.task.score(gold, predictions, predict.target)
        chance = predict.task.score(gold, pa.table({"label": [stage.majority] * len(gold)}), predict.target)
        main = predict.task.main_metric
        return {
            "metrics": dict(scores.metrics),
            "items": pack(scores.items),
            "uncertainty": uncertainty(scores.items),
            "baseline": {"majority": stage.majority, "score": chance.metrics[main]},
        }

    def encoder(self, base: Base, before: AlignStage | None) -> Encoder:
        """The base model's encoder after its aligners; kept, so whoever changes it must copy it first."""
        key = before.key if before else repr(base.info)  # equal files may be two models, pooled in two ways
        if key not in self._encoders:
            self._keep_encoder(key, self._load_encoder(base, before))
        return self._encoders[key]  # type: ignore[no-any-return]

    def _load_encoder(self, base: Base, before: AlignStage | None) -> Encoder:
        if before is None:
            return base.model.load(self.device)  # type: ignore[no-any-return]
        encoder: Any = self.encoder(base, None).copy()
        for stage in align_chain(before):
            encoder = stage.aligner.load(encoder, self._artifact(stage))
        return encoder  # type: ignore[no-any-return]

    def _keep_encoder(self, key: str, encoder: Any) -> None:
        while len(self._encoders) >= 2:  # a base model and what was last made of it
            self._encoders.pop(next(iter(self._encoders)))
        self._encoders[key] = encoder

    def predictor(self, fit: FitStage) -> Predictor:
        """The predictor a fit gave; the last one is kept."""
        if self._predictor is None or self._predictor[0] != fit.key:
            folder = self._artifact(fit)
            encoder = self.encoder(fit.base, fit.before).copy()
            self._predictor = (fit.key, fit.method.load(encoder, fit.trainer, fit.options, folder))
        return self._predictor[1]


def _made_by(plugin: Any, chosen: Any) -> dict[str, Any]:
    return {"plugin": plugin.name, "version": plugin.version, "options": options.as_dict(chosen)}


def _consumed(context: GuardedContext) -> dict[str, Any]:
    return {"supervision": context.read, "diagnostics": context.diagnostics}


def _reason(error: Exception) -> str:
    """One line that names what happened; xbench's own errors are shown as they are."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    first = lines[0] if lines else "no message"
    return first if isinstance(error, XbenchError) else f"{type(error).__name__}: {first}"
