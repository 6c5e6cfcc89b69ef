"""A tiny grid, for tests of plugins; see `xbench.testing`."""

from pathlib import Path
from typing import Any

from xbench.cell import Result
from xbench.contracts import Data, Origin
from xbench.fake_plugin import FakePlugin
from xbench.registry import load_registry
from xbench.request import Request
from xbench.session import carry_out, open_session, read_results


def run_grid(folder: Path, **asked: Any) -> list[Result]:
    """Run a grid of what is installed and of the fakes, on bundled samples; the results, failed ones with the reason.

    `asked` are the fields of `Request`, such as methods=["finetune"]; suite, methods and models are the fake ones where
    they are not named. What is made stays in `folder`: a second grid there reads it back, and has all results.
    """
    fakes = {"suite": "fake-suite", "methods": ["fake-method"], "models": ["fake-model"], "data": Data(Origin.SAMPLE)}
    given: dict[str, Any] = {**fakes, **asked}
    lists = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
    registry = load_registry(extra={"fake": FakePlugin(folder)})
    session = open_session(Request(**{**given, **lists}), registry, folder)
    carry_out(session)
    return read_results(session.folder)
