"""What this plugin adds. LightGBM is imported when a fit begins, so that lists answer at once."""

from collections.abc import Iterable

from xbench import hookimpl
from xbench.contracts import Method
from xbench_example_trees.trees import Trees

XBENCH_CONTRACT = 2  # what this was written for


@hookimpl
def xbench_methods() -> Iterable[Method]:
    """One method: trees."""
    return [Trees()]
