"""What this plugin adds to xbench. Light: datasets, evaluate and pyarrow are imported where they are used."""

from collections.abc import Iterable
from pathlib import Path

from xbench.contracts import PairedData, Task
from xbench.formats import Format
from xbench.hookspecs import hookimpl
from xbench_tasks.americasnli import AMERICASNLI
from xbench_tasks.bible import BIBLE
from xbench_tasks.bitext import BITEXT
from xbench_tasks.bli import BLI, BLI_PANLEX
from xbench_tasks.bucc2018 import BUCC2018
from xbench_tasks.copa import COPA
from xbench_tasks.lareqa import LAREQA
from xbench_tasks.mewslix import MEWSLIX
from xbench_tasks.mlqa import MLQA, MLQA_CROSSED
from xbench_tasks.ntrex import NTREX
from xbench_tasks.panlex import PANLEX
from xbench_tasks.panx import PANX
from xbench_tasks.pawsx import PAWSX
from xbench_tasks.samples import SAMPLE_DICTIONARY, SAMPLE_PARALLEL
from xbench_tasks.sib200 import SIB200
from xbench_tasks.siqa import SIQA
from xbench_tasks.snli import SNLI
from xbench_tasks.squad import SQUAD
from xbench_tasks.tatoeba import TATOEBA
from xbench_tasks.ted_topics import TED_PARALLEL, TED_TOPICS
from xbench_tasks.tydiqa import TYDIQA
from xbench_tasks.udpos import UDPOS
from xbench_tasks.wiktionary import WIKTIONARY
from xbench_tasks.xcopa import XCOPA
from xbench_tasks.xnli import XNLI
from xbench_tasks.xquad import XQUAD
from xbench_tasks.xtreme_format import XTREME


@hookimpl
def xbench_tasks() -> Iterable[Task]:
    """Return the tasks."""
    return [
        XNLI, SNLI, AMERICASNLI, SIB200, UDPOS, PANX, SQUAD, XQUAD, MLQA, *MLQA_CROSSED, TYDIQA,
        TATOEBA, BUCC2018, LAREQA, MEWSLIX, PAWSX, XCOPA, COPA, SIQA, BLI, *BLI_PANLEX, TED_TOPICS,
    ]  # fmt: skip


@hookimpl
def xbench_resources() -> Iterable[PairedData]:
    """Return the parallel texts and dictionaries."""
    return [BITEXT, NTREX, BIBLE, WIKTIONARY, PANLEX, TED_PARALLEL, SAMPLE_PARALLEL, SAMPLE_DICTIONARY]


@hookimpl
def xbench_suites() -> Iterable[Path]:
    """Return the suite files."""
    return sorted((Path(__file__).parent / "suites").glob("*.toml"))


@hookimpl
def xbench_formats() -> Iterable[Format]:
    """Return the formats of predictions and labels."""
    return [XTREME]
