"""What this plugin adds."""

from collections.abc import Iterable

from xbench import hookimpl
from xbench.contracts import Aligner, Diagnostic
from xbench_aligners.adversarial import Adversarial
from xbench_aligners.alignment import Alignment
from xbench_aligners.centering import Centering
from xbench_aligners.continued import Continue
from xbench_aligners.distill import Distill
from xbench_aligners.dual_encoder import DualEncoder
from xbench_aligners.init import Init
from xbench_aligners.leace import Leace
from xbench_aligners.lora import Lora
from xbench_aligners.mlm import Mlm
from xbench_aligners.procrustes import Procrustes
from xbench_aligners.rcsls_aligner import Rcsls
from xbench_aligners.realign import Realign
from xbench_aligners.sentence_map import SentenceMap
from xbench_aligners.simcse import Simcse
from xbench_aligners.tlm import Tlm
from xbench_aligners.vecmap_aligner import Vecmap


@hookimpl
def xbench_aligners() -> Iterable[Aligner]:
    """Adversarial alignment."""
    return [
        Adversarial(),
        Procrustes(),
        Rcsls(),
        Vecmap(),
        Centering(),
        Leace(),
        SentenceMap(),
        Distill(),
        DualEncoder(),
        Simcse(),
        Lora(),
        Init(),
        Mlm(),
        Tlm(),
        Continue(),
        Realign(),
    ]


@hookimpl
def xbench_diagnostics() -> Iterable[Diagnostic]:
    """How well languages meet in an encoder."""
    return [Alignment()]
