"""What this plugin adds. The hook returns light objects: torch is imported when a fit begins, not before."""

from collections.abc import Iterable

from xbench import hookimpl
from xbench.contracts import Aligner
from xbench_example_aligner.coral import Coral

XBENCH_CONTRACT = 2  # what this was written for


@hookimpl
def xbench_aligners() -> Iterable[Aligner]:
    """One aligner: coral."""
    return [Coral()]
