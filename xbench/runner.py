"""The runner: carries a plan out, cell by cell, and appends one result per cell to the journal."""

import datetime
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xbench import environment
from xbench.cell import Result, Status
from xbench.errors import StageError
from xbench.journal import Journal
from xbench.keys import file_digest
from xbench.plan import FitStage, Plan, PlannedCell, SkippedCell, Stage, StageKind, align_chain
from xbench.stages import PREDICTIONS, Bench

log = logging.getLogger("xbench")


@dataclass
class Summary:
    """What a run came to: how many cells of each status, how many were there already, which stages were made."""

    counts: dict[Status, int] = field(default_factory=lambda: dict.fromkeys(Status, 0))
    reused: int = 0
    made: list[Stage] = field(default_factory=list)

    def trainings(self) -> int:
        """Alignments and fits that were really made."""
        return sum(stage.kind in (StageKind.ALIGN, StageKind.FIT) for stage in self.made)


def run(
    plan: Plan,
    bench: Bench,
    journal: Journal,
    on_cell: Callable[[Result], None],
    before: Callable[[PlannedCell], None] = lambda planned: None,
) -> Summary:
    """Carry out the plan. A failed stage fails the cells that need it and no other; the rest goes on.

    `before` is called when a cell is turned to that is not in the journal yet: it may wait for other processes.
    """
    summary = Summary(made=bench.made)
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    record = _Record(bench, journal.path.parent, environment.command(), started)
    reasons: set[str] = set()
    for skip in plan.skipped:
        _note(record.skipped(skip), journal, summary, on_cell)
        if skip.broken and skip.reason not in reasons:
            log.error("failed: %s", skip.reason)
        reasons |= {skip.reason}
    for planned in plan.cells:
        known = journal.latest().get(planned.cell)
        if known and known.status is Status.OK and known.keys.get("score") == planned.score.key:
            summary.reused += 1
            summary.counts[Status.OK] += 1
            on_cell(known)
            continue
        before(planned)
        try:
            bench.ensure(planned.score)
            bench.measure(planned.readings)
            for stage in planned.stages():  # the record tells of them all; one may be lost though the score is there
                bench.ensure(stage)
            result = record.ok(planned)
        except StageError as error:
            if str(error) not in reasons:  # one line per cause, however many cells it fails
                log.error("failed: %s", error)
            reasons.add(str(error))
            result = record.failed(planned, str(error))
        _note(result, journal, summary, on_cell)
    return summary


def _note(result: Result, journal: Journal, summary: Summary, on_cell: Callable[[Result], None]) -> None:
    journal.append(result)
    summary.counts[result.status] += 1
    on_cell(result)


@dataclass
class _Record:
    """Makes the result of a cell from the manifests of its stages."""

    bench: Bench
    folder: Path
    command: str
    started: str
    _about: dict[str, Any] = field(default_factory=dict)

    def skipped(self, skip: SkippedCell) -> Result:
        status = Status.FAILED if skip.broken else Status.SKIPPED
        return Result(cell=skip.cell, status=status, reason=skip.reason, **self._run())

    def failed(self, planned: PlannedCell, reason: str) -> Result:
        return Result(cell=planned.cell, status=Status.FAILED, reason=reason, keys=keys_of(planned), **self._run())

    def ok(self, planned: PlannedCell) -> Result:
        score = planned.score
        predict, fit = score.predict, score.predict.fit
        aligns = align_chain(fit.before)
        scored = self.bench.store.manifest(score.kind, score.key)
        fitted = self.bench.store.manifest(fit.kind, fit.key)
        aligned = [self.bench.store.manifest(stage.kind, stage.key) for stage in aligns]
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
            timings=self._timings(planned, aligned, fitted),
            **(self._run() | fitted.get("made", {})),  # of the training, which may be older than this run
        )

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
            "rows": self.bench.store.manifest(predict.kind, predict.key)["rows"],
        }

    def _diagnostics(self, planned: PlannedCell, made: list[dict[str, Any]]) -> dict[str, Any]:
        """What fits logged by plugin, and as `encoder` how well the languages meet in what the method started from."""
        found: dict[str, Any] = {manifest["plugin"]: manifest["diagnostics"] for manifest in made}
        stage = planned.readings
        if stage and self.bench.store.has(stage.kind, stage.key):
            manifest = self.bench.store.manifest(stage.kind, stage.key)
            found["encoder"] = {"readings": manifest["readings"], "pairs": manifest["pairs"]}
        return found

    def _timings(self, planned: PlannedCell, aligned: list[Any], fitted: Mapping[str, Any]) -> dict[str, float]:
        predict = planned.score.predict
        predicted = self.bench.store.manifest(predict.kind, predict.key)
        return {
            "align_seconds": sum(manifest["seconds"] for manifest in aligned),
            "fit_seconds": fitted["seconds"],
            "predict_seconds": predicted["seconds"],
        }


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


def _joined(parts: list[Mapping[str, Mapping[str, int]]]) -> dict[str, dict[str, int]]:
    """All that was read over the stages of a cell: of one kind and language the largest amount, not the sum."""
    total: dict[str, dict[str, int]] = {}
    for part in parts:
        for kind, languages in part.items():
            into = total.setdefault(kind, {})
            for language, rows in languages.items():
                into[language] = max(rows, into.get(language, 0))
    return total
