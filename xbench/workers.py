"""Worker processes: fits and what hangs on them, side by side; only the driver writes the journal."""

import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xbench.errors import StageError, XbenchError
from xbench.plan import Plan, PlannedCell, Stage
from xbench.planner import build_plan
from xbench.registry import load_registry
from xbench.request import Request, resolve
from xbench.shelf import Shelf
from xbench.stages import Bench
from xbench.store import Store

Failures = Mapping[str, str]  # key of a stage to the reason why it failed


@dataclass
class _Worker:
    """What a worker process keeps from one group of cells to the next."""

    plan: Plan
    bench: Bench


_worker: list[_Worker] = []  # filled once in each worker process, by the pool's initialiser; empty in the driver


def _start(request: Request, store: Path) -> None:
    grid = resolve(request, load_registry())
    shelf = Shelf(request.data, request.limit)
    bench = Bench(Store(store), shelf, request.device, on_stage=_announce)
    _worker.append(_Worker(build_plan(grid, shelf), bench))


def _announce(stage: Stage) -> None:
    if not sys.stderr.isatty():  # on a terminal the driver's bar tells how far the cells are
        sys.stderr.write(f"[{os.getpid()}] {stage.title}\n")


def _carry_out(fit: str) -> tuple[Failures, list[str]]:
    """Make everything the cells of one fit need; the reasons of what failed, and the keys of what was made."""
    worker = _worker[0]
    before = len(worker.bench.made)
    for planned in worker.plan.cells:
        if planned.score.predict.fit.key == fit:
            try:
                worker.bench.ensure(planned.score)
            except StageError:
                continue  # remembered by the bench, reported below
    return dict(worker.bench.failed), [stage.key for stage in worker.bench.made[before:]]


@dataclass
class Pool:
    """The fits under way; `wait` is what the runner calls before it turns to a cell."""

    plan: Plan
    bench: Bench
    futures: dict[str, "Future[tuple[Failures, list[str]]]"]

    def wait(self, planned: PlannedCell) -> None:
        """Return when the stages of this cell are made or have failed; the bench then knows of both."""
        future = self.futures.pop(planned.score.predict.fit.key, None)
        if future is None:
            return
        try:
            failures, made = future.result()
        except BrokenProcessPool as error:
            raise XbenchError("a worker process was killed or ran out of memory; the same command resumes") from error
        self.bench.failed.update(failures)
        stages = self.plan.stages()
        self.bench.made += [stages[key] for key in made]


@contextmanager
def pool(request: Request, plan: Plan, bench: Bench, jobs: int) -> Iterator[Pool]:
    """Start `jobs` processes on the fits of a plan that are not done; they resolve the names by themselves."""
    undone = [cell.score for cell in plan.cells if not bench.store.has(cell.score.kind, cell.score.key)]
    fits = dict.fromkeys(score.predict.fit.key for score in undone)
    context = multiprocessing.get_context("spawn")  # a fork would copy the threads of an already loaded torch
    start = (request, bench.store.root)
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_start, initargs=start) as executor:
        try:
            yield Pool(plan, bench, {fit: executor.submit(_carry_out, fit) for fit in fits})
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise
