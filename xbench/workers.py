"""Worker processes: fits and what hangs on them, side by side; only the driver writes the journal."""

import functools
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xbench.errors import StageError, XbenchError
from xbench.isolation import isolated
from xbench.plan import Plan, PlannedCell, Stage, StageKind
from xbench.planner import build_plan
from xbench.registry import load_registry
from xbench.request import Request, resolve
from xbench.shelf import Shelf
from xbench.stages import Bench
from xbench.store import Store

Failures = Mapping[str, str]  # key of a stage to the reason why it failed
Outcome = tuple[Failures, list[str]]  # what failed in a worker, and the keys of what it made


@functools.cache  # what a worker process keeps from one fit to the next: the plan and the loaded encoders
def _prepared(request: Request, store: Path) -> tuple[Plan, Bench]:
    grid = resolve(request, load_registry())
    shelf = Shelf(request.data, request.limit)
    return build_plan(grid, shelf), Bench(Store(store), shelf, request.device, on_stage=_announce)


def _announce(stage: Stage) -> None:
    # On a terminal the driver's bar tells how far the cells are; a score is instant.
    if stage.kind is not StageKind.SCORE and not sys.stderr.isatty():
        sys.stderr.write(f"[{os.getpid()}] {stage.title}\n")


def _carry_out(request: Request, store: Path, fit: str) -> Outcome:
    """Make everything the cells of one fit need."""
    try:
        with isolated():
            plan, bench = _prepared(request, store)
        before = len(bench.made)
        for planned in plan.cells:
            if planned.score.predict.fit.key == fit:
                try:
                    with isolated():
                        bench.ensure(planned.score)
                        bench.measure(planned.readings)
                except StageError:
                    continue  # remembered by the bench, reported below
    except XbenchError:
        raise
    except Exception as error:  # as text: an error of a library may not survive the way to the driver
        raise XbenchError(f"a worker process failed: {type(error).__name__}: {error}") from error
    return dict(bench.failed), [stage.key for stage in bench.made[before:]]


def _start() -> None:
    """A worker leaves Ctrl-C to the driver, and ends with it: the queue it waits at would never say so."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_driver, daemon=True).start()


def _end_with_driver() -> None:
    driver = multiprocessing.parent_process()
    if driver:
        driver.join()
        os._exit(1)


@dataclass
class Pool:
    """The fits under way; `wait` is what the runner calls before it turns to a cell."""

    plan: Plan
    bench: Bench
    futures: dict[str, "Future[Outcome]"]

    def wait(self, planned: PlannedCell) -> None:
        """Return when the stages of this cell are made or have failed; the bench then knows of both."""
        future = self.futures.pop(planned.score.predict.fit.key, None)
        if future is None:
            return
        failures, made = future.result()
        self.bench.failed.update(failures)
        stages = self.plan.stages()
        self.bench.made += [stages[key] for key in made]


@contextmanager
def pool(request: Request, plan: Plan, bench: Bench, jobs: int) -> Iterator[Pool]:
    """Start `jobs` processes on the fits of a plan that are not done; they resolve the names by themselves.

    On any error and on Ctrl-C they are ended at once: the store keeps what is finished and nothing half-written.
    """
    undone = [cell.score for cell in plan.cells if not bench.store.has(cell.score.kind, cell.score.key)]
    fits = dict.fromkeys(score.predict.fit.key for score in undone)
    if not fits:
        yield Pool(plan, bench, {})
        return
    others = multiprocessing.active_children()
    context = multiprocessing.get_context("spawn")  # a fork would copy the threads of an already loaded torch
    with ProcessPoolExecutor(min(jobs, len(fits)), mp_context=context, initializer=_start) as executor:
        try:
            with _interrupts_held():
                futures = {fit: executor.submit(_carry_out, request, bench.store.root, fit) for fit in fits}
            yield Pool(plan, bench, futures)
        except BaseException as error:
            for process in multiprocessing.active_children():
                if process not in others:
                    process.kill()
            executor.shutdown(cancel_futures=True)
            if isinstance(error, BrokenProcessPool):
                raise XbenchError(
                    "a worker process was killed or ran out of memory; the same command resumes"
                ) from None
            raise


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back while processes are started: they inherit it, so that none dies of it with a traceback."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
