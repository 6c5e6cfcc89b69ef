"""Code of plugins is a guest in this process: what it prints, draws, installs or waits for does not reach the core."""

import contextlib
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from xbench.errors import PluginError

AGAIN = 0.2  # seconds: code may swallow what stops it, and is stopped again


@contextmanager
def isolated(seed: int | None = None) -> Iterator[None]:
    """Run code of a plugin, and put back what it may have changed.

    What it prints goes to standard error, since standard output carries boards and JSON; what programs that it starts
    write there is not caught. Global random state, handlers of signals and the working directory are as before. With a
    `seed` the global generators start from it: who draws from them instead of from a generator of his own draws the
    same in the same cell. Raises PluginError where the code tries to end the program.
    """
    restore = [_folder(), _handlers(), *_generators()]
    if seed is not None:
        _sow(seed)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except SystemExit as error:
        raise PluginError(f"tried to end the program: sys.exit({error.code!r})") from error
    finally:
        for put_back in restore:
            put_back()


def _folder() -> Callable[[], None]:
    before = os.getcwd()  # noqa: PTH109 - a folder that was deleted is an error of its own here and there

    def put_back() -> None:
        with contextlib.suppress(OSError):
            os.chdir(before)

    return put_back


def _handlers() -> Callable[[], None]:
    if threading.current_thread() is not threading.main_thread():  # no other may install any
        return lambda: None
    before = {number: signal.getsignal(number) for number in signal.valid_signals()}

    def put_back() -> None:
        for number, handler in before.items():
            if handler is not None and signal.getsignal(number) is not handler:  # None is not of Python's making
                signal.signal(number, handler)

    return put_back


def _generators() -> Iterator[Callable[[], None]]:
    """How to put back each global random state there is; what is not imported yet has none."""
    python = random.getstate()
    yield lambda: random.setstate(python)
    numpy: Any = sys.modules.get("numpy.random")
    if hasattr(numpy, "set_state"):
        state = numpy.get_state()
        yield lambda: numpy.set_state(state)
    torch: Any = sys.modules.get("torch")
    if hasattr(torch, "set_rng_state"):
        of_cpu = torch.get_rng_state()
        yield lambda: torch.set_rng_state(of_cpu)
        if torch.cuda.is_initialized():
            of_gpus = torch.cuda.get_rng_state_all()
            yield lambda: torch.cuda.set_rng_state_all(of_gpus)


def _sow(seed: int) -> None:
    random.seed(seed)
    numpy: Any = sys.modules.get("numpy.random")
    if hasattr(numpy, "seed"):
        numpy.seed(seed % 2**32)
    torch: Any = sys.modules.get("torch")
    if hasattr(torch, "manual_seed"):
        torch.manual_seed(seed)


class OutOfTime(BaseException):
    """The time is over; no Exception, so that code which catches those does not catch it."""


@contextmanager
def at_most(seconds: float | None) -> Iterator[None]:
    """Run code for so long. Raises OutOfTime after that; without a limit, on Windows and in a thread there is none."""
    if seconds is None or not hasattr(signal, "setitimer"):
        yield
        return
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    running = True

    def stop(*_: object) -> None:
        if running:
            raise OutOfTime

    handler = signal.signal(signal.SIGALRM, stop)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    started = time.monotonic()
    try:
        try:
            yield
        finally:
            running = False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler or signal.SIG_DFL)
        if left:  # somebody else's alarm, which must still come
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - started), 0.001), interval)
