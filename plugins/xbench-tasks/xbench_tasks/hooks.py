"""What this plugin adds to xbench. Light: datasets, evaluate and pyarrow are imported where they are used."""

from collections.abc import Iterable
from pathlib import Path

from xbench.contracts import Task
from xbench.hookspecs import hookimpl
from xbench_tasks.americasnli import AMERICASNLI
from xbench_tasks.panx import PANX
from xbench_tasks.sib200 import SIB200
from xbench_tasks.snli import SNLI
from xbench_tasks.udpos import UDPOS
from xbench_tasks.xnli import XNLI


@hookimpl
def xbench_tasks() -> Iterable[Task]:
    """Return the tasks."""
    return [XNLI, SNLI, AMERICASNLI, SIB200, UDPOS, PANX]


@hookimpl
def xbench_suites() -> Iterable[Path]:
    """Return the suite files."""
    return sorted((Path(__file__).parent / "suites").glob("*.toml"))
