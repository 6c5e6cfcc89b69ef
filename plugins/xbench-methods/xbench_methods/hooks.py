"""What this plugin adds."""

from collections.abc import Iterable

from xbench import hookimpl
from xbench.contracts import Method
from xbench_methods.finetune import Finetune
from xbench_methods.probe import Probe
from xbench_methods.retrieve import Retrieve


@hookimpl
def xbench_methods() -> Iterable[Method]:
    """Fine-tuning, a linear probe, and retrieval."""
    return [Finetune(), Probe(), Retrieve()]
