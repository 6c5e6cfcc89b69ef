"""What this plugin adds."""

from collections.abc import Iterable

from xbench import hookimpl
from xbench.contracts import Aligner
from xbench_aligners.adversarial import Adversarial


@hookimpl
def xbench_aligners() -> Iterable[Aligner]:
    """Adversarial alignment."""
    return [Adversarial()]
