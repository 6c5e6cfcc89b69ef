"""Progress on standard error: two bars on a terminal, plain lines elsewhere."""

import logging
import sys
import time
from dataclasses import dataclass, field
from typing import Any, TextIO

from tqdm import tqdm

from xbench.cell import Result
from xbench.plan import Stage, StageKind

LINE_EVERY = 20.0  # seconds between plain lines inside one stage


@dataclass
class Progress:
    """Tells how far a run is; used as a context manager."""

    cells: int
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    _outer: Any = None
    _inner: Any = None
    _title: str = ""
    _last_line: float = 0.0

    def __enter__(self) -> "Progress":
        if self.stream.isatty():
            self._outer = tqdm(total=self.cells, desc="cells", unit="cell", file=self.stream, leave=False)
        return self

    def __exit__(self, *_: object) -> None:
        for bar in (self._inner, self._outer):
            if bar is not None:
                bar.close()

    def stage(self, stage: Stage) -> None:
        """A stage begins."""
        if stage.kind is StageKind.SCORE:  # instant, and its cell is told of next
            return
        self._title, self._last_line = stage.title, time.monotonic()
        if self._outer is None:
            self._line(stage.title)
        else:
            self._bar(None)

    def step(self, step: int, steps: int, loss: float) -> None:
        """A step of the running stage is done; a loss that is not a number is left out."""
        if self._outer is not None:
            if self._inner is None or self._inner.total != steps:
                self._bar(steps)
            self._inner.update(step - self._inner.n)
        elif time.monotonic() - self._last_line > LINE_EVERY:
            self._last_line = time.monotonic()
            self._line(f"  {self._title}: {step:,} of {steps:,}" + (f", loss {loss:.3f}" if loss == loss else ""))

    def cell(self, result: Result) -> None:
        """A cell is done."""
        if self._outer is not None:
            self._outer.update()

    def _bar(self, steps: int | None) -> None:
        if self._inner is not None:
            self._inner.close()
        self._inner = tqdm(total=steps, desc=self._title[:60], file=self.stream, leave=False, position=1)

    def _line(self, text: str) -> None:
        self.stream.write(text + "\n")
        self.stream.flush()


class Console(logging.Handler):
    """Warnings and errors as single lines that do not tear the bars."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        tqdm.write(self.format(record), file=sys.stderr)
