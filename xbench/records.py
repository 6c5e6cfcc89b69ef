"""The records of cells: what their stages made, read, took and ran on, as one result each."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xbench import environment
from xbench.cell import Result, Status
from xbench.keys import file_digest
from xbench.plan import FitStage, PlannedCell, SkippedCell, Stage, align_chain
from xbench.stages import PREDICTIONS, Bench


@dataclass
class Records:
    """Makes the results of cells from the manifests of their stages."""

    bench: Bench
    folder: Path
    command: str
    started: str
    _about: dict[str, Any] = field(default_factory=dict)

    def skipped(self, skip: SkippedCell) -> Result:
        """The result of a cell that is not run."""
        status = Status.FAILED if skip.broken else Status.SKIPPED
        return Result(cell=skip.cell, status=status, reason=skip.reason, **self._run())

    def failed(self, planned: PlannedCell, reason: str) -> Result:
        """The result of a cell that a stage failed."""
        return Result(cell=planned.cell, status=Status.FAILED, reason=reason, keys=keys_of(planned), **self._run())

    def ok(self, planned: PlannedCell) -> Result:
        """The result of a cell whose stages are all in the store."""
        score = planned.score
        predict, fit = score.predict, score.predict.fit
        scored, predicted, fitted = (self._manifest(stage) for stage in (score, predict, fit))
        aligned = [self._manifest(stage) for stage in align_chain(fit.before)]
        main = predict.task.main_metric
        return Result(
            cell=planned.cell,
            status=Status.OK,
            main_metric=main,
            main_score=scored["metrics"][main],
            n_examples=scored["items"]["n"],
            metrics=scored["metrics"],
            uncertainty=scored["uncertainty"],
            baseline=scored["baseline"],
            items=scored["items"],
            dataset=self._dataset(planned),
            model={**vars(fit.base.info), **fitted["encoder"]},
            supervision=_joined([manifest["supervision"] for manifest in (*aligned, fitted)]),
            keys=keys_of(planned),
            predictions=self._predictions(planned),
            diagnostics=self._diagnostics(planned, [*aligned, fitted]),
            timings={
                "align_seconds": sum(manifest["seconds"] for manifest in aligned),
                "fit_seconds": fitted["seconds"],
                "predict_seconds": predicted["seconds"],
            },
            cost={one["key"]: _cost(one) for one in (*aligned, fitted, predicted)},
            **(self._run() | fitted.get("made", {})),  # of the training, which may be older than this run
        )

    def _manifest(self, stage: Stage) -> dict[str, Any]:
        return self.bench.store.manifest(stage.kind, stage.key)

    def _run(self) -> dict[str, Any]:
        """What is the same for every cell of this run; the machine is described once torch is loaded."""
        if not self._about:
            self._about = {"versions": environment.versions(), "git": environment.git()}
        about = {"hardware": environment.hardware(), "command": self.command, "started": self.started}
        return {**self._about, **about}

    def _dataset(self, planned: PlannedCell) -> dict[str, Any]:
        task = planned.score.predict.task
        test = self.bench.shelf.load(task, planned.cell.target, planned.score.predict.split).provenance
        labels = planned.score.predict.fit.grant.labels
        train = [
            vars(self.bench.shelf.load(lender, language, split).provenance) | {"language": language}
            for (language, _), (lender, split) in labels.items()
        ]
        if first := planned.score.predict.fit.grant.preparation:
            lender, split = first
            source = planned.cell.source
            train.insert(0, vars(self.bench.shelf.load(lender, source, split).provenance) | {"language": source})
        about = {"task": task.name, "task_revision": task.revision, "parallel": task.parallel, "train": train}
        about |= {"leakage": dict(planned.leaks)} if planned.leaks else {}
        return {**vars(test), **about}

    def _predictions(self, planned: PlannedCell) -> dict[str, Any]:
        predict = planned.score.predict
        path = self.bench.store.place(predict.kind, predict.key) / PREDICTIONS
        return {
            "path": Path(os.path.relpath(path, self.folder)).as_posix(),
            "sha256": file_digest(path),
            "rows": self._manifest(predict)["rows"],
        }

    def _diagnostics(self, planned: PlannedCell, made: list[dict[str, Any]]) -> dict[str, Any]:
        """What fits logged by plugin, and as `encoder` how well the languages meet in what the method started from."""
        found: dict[str, Any] = {manifest["plugin"]: manifest["diagnostics"] for manifest in made}
        stage = planned.readings
        if stage and self.bench.store.has(stage.kind, stage.key):
            manifest = self._manifest(stage)
            found["encoder"] = {"readings": manifest["readings"], "pairs": manifest["pairs"]}
        return found


def keys_of(planned: PlannedCell) -> dict[str, Any]:
    """The keys of a cell's stages by kind, and that of its row's trainings."""
    fit: FitStage = planned.score.predict.fit
    return {
        "align": [stage.key for stage in align_chain(fit.before)],
        "fit": fit.key,
        "predict": planned.score.predict.key,
        "score": planned.score.key,
        "variant": planned.variant,
    }


def _cost(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What a stage cost; those made by former versions tell their seconds alone."""
    return {"kind": manifest["kind"], "seconds": manifest["seconds"], **manifest.get("cost", {})}


def _joined(parts: list[Mapping[str, Mapping[str, int]]]) -> dict[str, dict[str, int]]:
    """All that was read over the stages of a cell: of one kind and language the largest amount, not the sum."""
    total: dict[str, dict[str, int]] = {}
    for part in parts:
        for kind, languages in part.items():
            into = total.setdefault(kind, {})
            for language, rows in languages.items():
                into[language] = max(rows, into.get(language, 0))
    return total
