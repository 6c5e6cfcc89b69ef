"""Data sets of the Hugging Face Hub, each pinned to a full commit; those known to be wrong are refused.

A branch moves: what it holds today need not be what another run has read. So a candidate names 40 hex digits, and
the module that makes it says where they are from; a task for which none could be established has no candidate.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType

from xbench.contracts import Split
from xbench.errors import DataError, MissingDataError, PluginError
from xbench_tasks import hub_files
from xbench_tasks.columns import Columns
from xbench_tasks.rows import Content

# What is wrong with files of the hub, by data set and path in it (a pattern, as of a shell).
REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "google/xtreme/udpos.*": "it has syntactic words where the official conversion has surface tokens, and mixes "
        "in other languages (ancient Greek, classical Chinese, old French, old Russian)",
        "google/xtreme/PAWS-X.*": "quotes in its files swallowed rows (226 of 49,401 in English); "
        "google-research-datasets/paws-x has them all",
        "google/xtreme/bucc18.*": "it has the gold pairs alone, in which there is nothing to mine",
        "google/xtreme/XNLI/*": "it has no training set, and all languages in one table; facebook/xnli has both",
        "mteb/bucc-bitext-mining/*": "it has the gold pairs alone, in which there is nothing to mine",
        "microsoft/xglue/*": "it is a script that fetches an archive which is no longer public",
        "SetFit/xglue_nc/*": "it lacks the titles, which are a part of the official input",
    }
)


@dataclass(frozen=True)
class Candidate:
    """One data set of the hub at one commit (40 hex digits).

    `file` is the path of a split's file, with `{config}` and `{split}`; `configs` the configuration of each language,
    `splits` the data set's names of the splits, `columns` those of the columns that `rows` makes the rows of a
    language of. `names` are the labels that whole numbers stand for, used where the file itself does not say.
    Raises PluginError where the commit is none, or a file is one of `REFUSED`.
    """

    id: str
    revision: str
    file: str
    configs: Mapping[str, str]
    splits: Mapping[Split, str]
    columns: Mapping[str, str]
    rows: Callable[[Columns, str], Content]
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the commit and the files."""
        if not re.fullmatch("[0-9a-f]{40}", self.revision):
            raise PluginError(f"{self.id}: {self.revision!r} is no full commit (40 hex digits), and all else may move")
        for file in {self.path(language, split): None for language in self.configs for split in self.splits}:
            for pattern, why in REFUSED.items():
                if fnmatchcase(f"{self.id}/{file}", pattern):
                    raise PluginError(f"{self.id} is refused as the source of {file}: {why}")

    def path(self, language: str, split: Split) -> str:
        """The file of a split in the data set."""
        return self.file.format(config=self.configs[language], split=self.splits[split])


@dataclass(frozen=True)
class Source:
    """Which data set was read, and which revision of it."""

    id: str
    revision: str


def languages(candidates: Sequence[Candidate], split: Split) -> frozenset[str]:
    """The languages that some candidate is known to hold this split in; nothing is fetched."""
    return frozenset(language for one in candidates if split in one.splits for language in one.configs)


def read(task: str, candidates: Sequence[Candidate], language: str, split: Split) -> tuple[Content, Source]:
    """The split from the first candidate that loads.

    Raises MissingDataError when no candidate has the split, DataError with each one's reason when none loads.
    """
    fitting = [one for one in candidates if split in one.splits and language in one.configs]
    if not fitting:
        raise MissingDataError(
            f"{task}: no pinned data set of the hub has the {split} split in {language!r}; "
            "name a folder with the official files: --data DIR"
        )
    reasons = []
    for candidate in fitting:
        try:
            return _rows(candidate, language, split), Source(candidate.id, candidate.revision)
        except Exception as error:  # three libraries raise errors of their own; the reason is passed on
            reasons.append(f"{candidate.id} at {candidate.revision}: {_reason(error)}")
    raise DataError(
        f"{task}: cannot read the {split} split in {language!r} from the hub ({'; '.join(reasons)}); "
        "try again later, or name a folder with the official files: --data DIR"
    )


def _rows(candidate: Candidate, language: str, split: Split) -> Content:
    with hub_files.no_progress_bars():
        file = hub_files.fetched(candidate.id, candidate.revision, candidate.path(language, split))
        columns = hub_files.read(file, candidate.columns, candidate.names)
    return candidate.rows(columns, language)


def _reason(error: Exception) -> str:
    """The error on one line."""
    text = " ".join(str(error).split())[:200]
    return text if isinstance(error, DataError) else f"{type(error).__name__}: {text}"
