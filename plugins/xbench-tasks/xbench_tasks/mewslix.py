"""Mewsli-X: which of a million entities of Wikidata does a mention mean? 11 languages (Ruder et al. 2021, XTREME-R,
https://arxiv.org/abs/2104.07412).

A query is a mention in its context, the candidates are 1,003,893 descriptions of entities in 50 languages, and one of
them is right. Neither is read here: what is scored are files of ranked entities against files of the right ones, as
`xtreme_retrieval` reads them, by what XTREME-R calls mAP@20 (see `metrics.mewslix`). The paper's numbers are of another
release than the public `mewsli-x_20220518_6` and not comparable with any on it.
"""

from dataclasses import dataclass
from pathlib import Path

from xbench.contracts import Data, Examples, Scores, Split
from xbench.errors import MissingDataError, unknown
from xbench_tasks.dataset import Layout
from xbench_tasks.retrieval import Matches, RetrievalTask, answerable, scores_of
from xbench_tasks.rows import Content

_MENTIONS = {
    "ar": 1_501, "de": 1_551, "en": 1_490, "es": 1_552, "fa": 458, "ja": 1_519, "pl": 1_562, "ro": 672, "ta": 1_567,
    "tr": 1_215, "uk": 1_537,
}  # fmt: skip
_HOW = (
    "mewslix is not run, for its million descriptions of entities are not read here; it is scored from files of"
    " predictions: xbench import PREDICTIONS --format xtreme --labels LABELS, with mewslix/test-xx.json in both"
)


@dataclass(frozen=True, eq=False, kw_only=True)
class _ImportedTask(RetrievalTask):
    """A retrieval task whose texts are nowhere; predictions of it come from others."""

    def available(self, split: Split, data: Data) -> tuple[str, ...]:
        """Raises MissingDataError that says how the task is scored."""
        raise MissingDataError(_HOW)

    def load(self, language: str, split: Split, data: Data) -> Examples:
        """Raises MissingDataError as `available`, UsageError when the task does not have the language."""
        if language not in self.languages:
            raise unknown(f"language of {self.name}", language, self.languages)
        raise MissingDataError(_HOW)


def _files(folder: Path, language: str, split: Split) -> tuple[Path, ...]:
    return ()


def _read(folder: Path, language: str, split: Split) -> Content:
    raise MissingDataError(_HOW)


def _measure(given: Matches, wanted: Matches) -> Scores:
    from xbench_tasks.metrics.mewslix import mewslix, mewslix_items

    rows = answerable(wanted)
    found, right = ({str(row): matches[row] for row in rows} for matches in (given, wanted))
    return scores_of(mewslix(found, right), rows, mewslix_items(found, right), len(wanted))


MEWSLIX = _ImportedTask(
    name="mewslix",
    summary="Find the entity that a mention means among a million, 11 languages; scored from files of predictions",
    labels=(),
    languages=tuple(_MENTIONS),
    layout=Layout(_files, _read),
    counts=lambda language, split: _MENTIONS[language] if split is Split.TEST else None,  # mentions alone
    train_on=None,
    measure=_measure,
    main_metric="map@20",
)
