"""From the files of others to results: what was scored is put beside our own, marked as imported."""

import datetime
import os
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet

from xbench import environment, journal, leaderboard, names, render, session
from xbench.cell import Cell, Result, Status
from xbench.errors import UsageError
from xbench.items import pack, ratios
from xbench.keys import digest, file_digest
from xbench.notes import UNTOLD
from xbench.plan import StageKind
from xbench.stages import PREDICTIONS
from xbench.statistics import uncertainty
from xbench.store import Store
from xbench.submission import Scored, Submission

RECIPE = "imported"


def results(submission: Submission, name: str) -> list[Result]:
    """A result per file: of the model `name`, the recipe "imported", seed 0. Raises UsageError on a name of no text."""
    if not name.strip() or not name.isprintable():
        raise UsageError(f"--name {name!r}: what is scored needs a name that can be printed")
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    about: dict[str, Any] = {"command": environment.command(), "started": started, "git": environment.git()}
    about |= {"versions": environment.versions(), "hardware": environment.hardware()}
    return [replace(_result(one, submission, name), **about) for one in submission.scored]


def _result(one: Scored, submission: Submission, name: str) -> Result:
    task, scores, provenance = one.task, one.scores, one.examples.provenance
    asked = {names.parse(text).name: text for text in submission.suite.tasks}
    key = [RECIPE, submission.form.name, task.name, task.revision, one.language, provenance.fingerprint, one.sha256]
    about = {"task": task.name, "task_revision": task.revision, "parallel": task.parallel, "train": []}
    return Result(
        cell=Cell(name, RECIPE, asked[task.name], submission.suite.source, one.language, 0),
        status=Status.OK,
        main_metric=task.main_metric,
        main_score=scores.metrics[task.main_metric],
        n_examples=len(scores.items),
        metrics=dict(scores.metrics),
        uncertainty=uncertainty(ratios(scores.items, scores.totals)),
        items=pack(scores.items, scores.totals),
        dataset={**vars(provenance), **about},
        model={"id": name, "revision": "", "digest": ""},
        supervision={UNTOLD: {}},
        keys={"predict": digest(key), "score": digest([*key, name]), "variant": digest([RECIPE, name])},
        predictions={"imported": {"format": submission.form.name, "file": one.path, "sha256": one.sha256}},
    )


def board(submission: Submission, found: Iterable[Result]) -> str:
    """The board of these results alone, as Markdown."""
    return render.to_markdown(leaderboard.board(found, submission.suite))


def keep(submission: Submission, found: Iterable[Result], output: Path) -> Path:
    """Add the results to those of the suite under `output`, as `run` does, predictions too; the folder they are in.

    Raises StoreError when the journal cannot be read or anything cannot be written.
    """
    folder, store = output / submission.suite.name, Store(output / "store")
    written = journal.Journal(folder / session.RESULTS)
    written.latest()  # a journal that cannot be read stops the import before anything is written
    for one, result in zip(submission.scored, found, strict=True):
        place = store.make(StageKind.PREDICT, str(result.keys["predict"]), partial(_write, one))
        file = place / PREDICTIONS
        path = Path(os.path.relpath(file, folder)).as_posix()
        kept = {"path": path, "sha256": file_digest(file), "rows": len(one.predictions)}
        written.append(replace(result, predictions={**kept, **result.predictions}))
    if not (folder / session.SUITE).exists():
        session.write_suite(submission.suite, folder)
    session.write(folder / "README.md", session.board(folder))
    session.seal(folder)
    return folder


def _write(one: Scored, folder: Path) -> dict[str, Any]:
    pyarrow.parquet.write_table(one.predictions, folder / PREDICTIONS, compression="zstd")
    return {"title": f"import {one.path}", "rows": len(one.predictions), "target": one.language}
