"""What this plugin adds."""

from collections.abc import Iterable

from xbench import hookimpl
from xbench.contracts import Aligner, Diagnostic
from xbench_aligners.adversarial import Adversarial
from xbench_aligners.alignment import Alignment


@hookimpl
def xbench_aligners() -> Iterable[Aligner]:
    """Adversarial alignment."""
    return [Adversarial()]


@hookimpl
def xbench_diagnostics() -> Iterable[Diagnostic]:
    """How well languages meet in an encoder."""
    return [Alignment()]
