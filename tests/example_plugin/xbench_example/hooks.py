"""What this plugin adds. The hook returns light objects: torch is imported when a fit begins, not before."""

from collections.abc import Iterable

from xbench import hookimpl
from xbench.contracts import Method
from xbench_example.nearest_mean import NearestMean


@hookimpl
def xbench_methods() -> Iterable[Method]:
    """One method: nearest-mean."""
    return [NearestMean()]
