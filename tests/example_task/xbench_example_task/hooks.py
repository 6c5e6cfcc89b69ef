"""What this plugin adds: a task, and a suite of it alone, so that `--suite support-requests` names it."""

from collections.abc import Iterable
from pathlib import Path

from xbench import hookimpl
from xbench.contracts import Task
from xbench_example_task.support import SupportRequests

XBENCH_CONTRACT = 2  # what this was written for


@hookimpl
def xbench_tasks() -> Iterable[Task]:
    """One task."""
    return [SupportRequests()]


@hookimpl
def xbench_suites() -> Iterable[Path]:
    """One suite: a file."""
    return [Path(__file__).parent / "support-requests.toml"]
