"""One run from request to board: resolve, plan, run, append, rank, write."""

import json
import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xbench import costs, environment, journal, leaderboard, references, typologies, verified
from xbench.cell import Result, Status
from xbench.errors import StoreError, UsageError
from xbench.forms import FORMS, PLAIN, Extras, Made
from xbench.keys import file_digest
from xbench.leakage import guarded
from xbench.plan import Plan, StageKind
from xbench.planner import build_plan
from xbench.progress import Progress
from xbench.registry import Registry
from xbench.request import Grid, Request, resolve
from xbench.runner import Summary, run
from xbench.shelf import Shelf
from xbench.stages import Bench
from xbench.store import Store
from xbench.suite import Suite, load_suite, to_toml
from xbench.workers import pool

RESULTS = "results.jsonl"
SUITE = "suite.toml"
ENVIRONMENT = "environment.json"


@dataclass(frozen=True)
class Session:
    """A planned request and where its results go."""

    grid: Grid
    plan: Plan
    shelf: Shelf
    output: Path

    @property
    def folder(self) -> Path:
        """The folder of the suite's results, `xnli-train-snli`; the store lies beside it and serves all suites."""
        limit = self.grid.request.limit
        name = f"{self.plan.label}-first-{limit}" if limit else self.plan.label  # a trial must not pass for the whole
        return self.output / re.sub(r"[^\w.-]+", "-", name).strip("-")

    @property
    def store(self) -> Store:
        """The store under the output folder."""
        return Store(self.output / "store")


def open_session(request: Request, registry: Registry, output: Path) -> Session:
    """Resolve and plan a request; nothing is written. Raises UsageError or DataError."""
    grid = resolve(request, registry)
    shelf = Shelf(request.data, request.limit)
    plan = guarded(build_plan(grid, shelf), shelf, request.allow_leakage)
    return Session(grid, plan, shelf, output)


def describe(session: Session) -> str:
    """The plan as text: stages by kind with what is cached, trainings, every training's title, skipped cells."""
    plan, store = session.plan, session.store
    stages = plan.stages().values()
    reasons = Counter(("failed" if skip.broken else "skipped", skip.reason) for skip in plan.skipped)
    lines = [f"{plan.label}: {len(plan.cells)} cells, {len(plan.skipped)} skipped; data: {session.shelf.data}"]
    for kind in StageKind:
        of_kind = [stage for stage in stages if stage.kind is kind]
        if kind is StageKind.DIAGNOSE and not of_kind:
            continue
        cached = sum(store.has(stage.kind, stage.key) for stage in of_kind)
        lines.append(f"  {kind:8} {len(of_kind):5} stages, {cached} cached")
    trainings = [stage for stage in stages if stage.kind in (StageKind.ALIGN, StageKind.FIT)]
    missing = [stage for stage in trainings if not store.has(stage.kind, stage.key)]
    fits = sum(stage.kind is StageKind.FIT for stage in missing)
    lines.append(f"trainings to run: {len(missing)} ({len(missing) - fits} alignments, {fits} fits)")
    lines += [
        f"  {'cached' if store.has(stage.kind, stage.key) else 'to run'}  {stage.key[:8]}  {stage.title}"
        for stage in trainings
    ]
    lines += [f"note: {remark}" for remark in plan.remarks]
    lines += [f"{status}: {count} cells: {reason}" for (status, reason), count in sorted(reasons.items())]
    return "\n".join(lines)


def carry_out(session: Session, jobs: int = 1) -> Summary:
    """Run the plan, in `jobs` processes, and write results, board and environment into the session's folder."""
    results = journal.Journal(session.folder / RESULTS)
    results.latest()  # a journal that cannot be read stops the run before any work
    with Progress(len(session.plan.cells) + len(session.plan.skipped)) as progress:
        bench = Bench(session.store, session.shelf, session.grid.request.device, progress.stage, progress.step)
        if jobs == 1:
            summary = run(session.plan, bench, results, progress.cell)
        else:
            with pool(session.grid.request, session.plan, bench, jobs) as workers:
                summary = run(session.plan, bench, results, progress.cell, workers.wait)
    write_suite(session.grid.as_suite(), session.folder)
    write(session.folder / "README.md", board(session.folder))
    about = {"command": environment.command(), "git": environment.git(), "made": _made(session)}
    write(session.folder / ENVIRONMENT, json.dumps(about, indent=1, sort_keys=True) + "\n")
    seal(session.folder)
    return summary


def write_suite(suite: Suite, folder: Path) -> None:
    """The suite, and beside it its published numbers: with the results all that a board is made of."""
    write(folder / SUITE, to_toml(suite))
    if suite.references:
        write(folder / suite.references.name, suite.references.read_text(encoding="utf-8"))


def seal(folder: Path) -> None:
    """Say in the folder's environment file, where there is one, what its results are: their sha256."""
    file = folder / ENVIRONMENT
    if file.is_file():
        about = {**json.loads(file.read_text(encoding="utf-8")), "results": file_digest(folder / RESULTS)}
        write(file, json.dumps(about, indent=1, sort_keys=True) + "\n")


def seal_of(folder: Path) -> str:
    """The sha256 that the results had when they were written; empty where none is told."""
    try:
        return str(json.loads((folder / ENVIRONMENT).read_text(encoding="utf-8")).get("results", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def _made(session: Session) -> list[dict[str, Any]]:
    """The versions and machines that the trainings of the plan were made with, each once."""
    fits = {cell.score.predict.fit.key: cell.score.predict.fit for cell in session.plan.cells}.values()
    done = [fit for fit in fits if session.store.has(fit.kind, fit.key)]
    made: list[dict[str, Any]] = [session.store.manifest(fit.kind, fit.key).get("made", {}) for fit in done]
    distinct = [one for at, one in enumerate(made) if one and one not in made[:at]]
    return distinct or [{"versions": environment.versions(), "hardware": environment.hardware()}]


def write(path: Path, text: str) -> None:
    """Write a whole file or nothing."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")  # two processes may write the same board
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)


def read_results(path: Path) -> list[Result]:
    """The latest result of every cell from a results folder or file. Raises StoreError when there is none."""
    file = path / RESULTS if path.is_dir() else path
    if not file.is_file():
        raise StoreError(f"{file}: there are no results here; name a folder that `xbench run` wrote")
    return list(journal.latest(journal.read(file)).values())


def suite_of(path: Path) -> Suite | None:
    """The suite beside results, if there is one. Raises DataError when it is broken."""
    file = (path if path.is_dir() else path.parent) / SUITE
    return load_suite(file) if file.is_file() else None


def board(path: Path, form: str = "markdown", extras: Extras = PLAIN) -> str:
    """The board of a results folder or file in the asked form.

    The suite is the file beside the results; without one there is no summary of its tasks. Raises UsageError where
    published numbers are wanted and the suite names none, or no row has the recipe that is named as the baseline, and
    DataError where URIEL is not there.
    """
    results, suite = read_results(path), suite_of(path)
    numbers: tuple[references.Reference, ...] = ()
    if extras.published:
        if suite is None or suite.references is None:
            raise UsageError(f"{path}: no suite here names published numbers (references)")
        numbers = references.about(references.read(suite.references), (*suite.members, *suite.groups, suite.name))
    made = leaderboard.board(results, suite, numbers, extras.readings, extras.baseline)
    made = verified.marked(made, path / RESULTS if path.is_dir() else path)
    if extras.typology is not None:
        made = typologies.described(made, results, extras.typology)
    if extras.spent:
        made = costs.told(made, results)
    text = FORMS[form](Made(made, results, suite))
    return text.encode("utf-8", "backslashreplace").decode()  # a reason may hold a file name that is no UTF-8


def exit_code(summary: Summary) -> int:
    """0 when every cell is ok or skipped, 3 when some failed."""
    return 3 if summary.counts[Status.FAILED] else 0
