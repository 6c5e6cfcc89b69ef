"""Data sets of the Hugging Face Hub, pinned to a commit.

A split is fetched with `snapshot_download`, which honours the commit, and read from the file it fetched:
`load_dataset(id, revision=...)` serves whichever revision lies in the cache when the hub cannot be reached,
and fetches every split of a configuration (of XNLI: a machine-translated training set for each language).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xbench.contracts import Split
from xbench.errors import DataError, MissingDataError
from xbench_tasks.rows import Rows, order_by_id

PATIENCE = 10.0  # seconds until a hub that does not answer is given up
NO_CONSENSUS = -1  # how the hub's copies write that annotators did not agree


@dataclass(frozen=True)
class Candidate:
    """One data set of the hub at one commit (40 hex digits).

    `file` is the path of a split's Parquet file, with `{config}` and `{split}`; `configs` the configuration
    of each language, `splits` the data set's names of the splits, `columns` those of `text`, `text_pair`,
    `label` and, where rows are to be sorted by it, `id`. `names` are the labels that whole numbers stand for,
    used where the file itself does not say.
    """

    id: str
    revision: str
    file: str
    configs: Mapping[str, str]
    splits: Mapping[Split, str]
    columns: Mapping[str, str]
    names: tuple[str, ...] = ()

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


def read(
    task: str, labels: Sequence[str], candidates: Sequence[Candidate], language: str, split: Split
) -> tuple[Rows, Source]:
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
            return _rows(candidate, labels, language, split), Source(candidate.id, candidate.revision)
        except Exception as error:  # three libraries raise errors of their own; the reason is passed on
            reasons.append(f"{candidate.id} at {candidate.revision}: {_reason(error)}")
    raise DataError(
        f"{task}: cannot read the {split} split in {language!r} from the hub ({'; '.join(reasons)}); "
        "try again later, or name a folder with the official files: --data DIR"
    )


def _reason(error: Exception) -> str:
    """The error on one line."""
    text = " ".join(str(error).split())[:200]
    return text if isinstance(error, DataError) else f"{type(error).__name__}: {text}"


def _rows(candidate: Candidate, labels: Sequence[str], language: str, split: Split) -> Rows:
    with _no_progress_bars():
        table = _table(_fetched(candidate, candidate.path(language, split)))
    columns = candidate.columns
    absent = [name for name in columns.values() if name not in table.column_names]
    if absent:
        raise DataError(f"no column {', '.join(absent)} (there are: {', '.join(table.column_names)})")
    found = _labels(table, candidate)
    order = order_by_id([int(one) for one in table[columns["id"]]]) if "id" in columns else range(len(found))
    kept = [row for row in order if found[row] is not None]
    odd = sorted({label for label in found if label is not None} - set(labels))
    if odd:
        raise DataError(f"the label {odd[0]!r} is none of {', '.join(labels)}")
    dropped = len(found) - len(kept)
    return Rows(
        texts=_picked(table[columns["text"]], kept),
        pairs=_picked(table[columns["text_pair"]], kept) if "text_pair" in columns else None,
        labels=_picked(found, kept),
        note=f"{dropped:,} rows without a label dropped" if dropped else "",
    )


def _picked(column: Sequence[Any], rows: Sequence[int]) -> list[str]:
    values = list(column)  # a column of datasets decodes at every access
    return [str(values[row]) for row in rows]


def _labels(table: Any, candidate: Candidate) -> list[str | None]:
    """The labels as text; None where there is none."""
    column = candidate.columns["label"]
    names = getattr(table.features[column], "names", None) or candidate.names
    return [_label(value, names) for value in table[column]]


def _label(value: Any, names: Sequence[str]) -> str | None:
    if value is None or value == NO_CONSENSUS:
        return None
    if isinstance(value, str):
        return value
    if not 0 <= value < len(names):
        raise DataError(f"the label {value!r} stands for none of {', '.join(names) or 'no names'}")
    return str(names[value])


def _fetched(candidate: Candidate, file: str) -> Path:
    """The local path of a file at the pinned commit; asks the hub only where the cache does not hold it."""
    from huggingface_hub import HfApi, snapshot_download, try_to_load_from_cache

    cached = try_to_load_from_cache(candidate.id, file, revision=candidate.revision, repo_type="dataset")
    if isinstance(cached, str):
        return Path(cached)
    commit = candidate.revision
    # Fails at once where the hub cannot be reached or lacks the commit; a download repeats itself for 23 seconds.
    HfApi().dataset_info(candidate.id, revision=commit, timeout=PATIENCE)
    folder = snapshot_download(candidate.id, repo_type="dataset", revision=commit, allow_patterns=[file])
    path = Path(folder) / file
    if not path.is_file():
        raise DataError(f"there is no file {file} in it")
    return path


def _table(path: Path) -> Any:
    """The rows of a Parquet file as a `datasets.Dataset`, whose features name the labels."""
    from datasets import load_dataset

    return load_dataset("parquet", data_files={"rows": str(path)}, split="rows")


@contextmanager
def _no_progress_bars() -> Iterator[None]:
    """Silence the bars of both libraries, which would break into xbench's own; as they were afterwards."""
    import datasets
    from huggingface_hub import utils

    switches: list[tuple[Any, Any]] = []
    if not utils.are_progress_bars_disabled():
        switches.append((utils.disable_progress_bars, utils.enable_progress_bars))
    if not datasets.are_progress_bars_disabled():
        switches.append((datasets.disable_progress_bars, datasets.enable_progress_bars))
    for off, _ in switches:
        off()
    try:
        yield
    finally:
        for _, on in switches:
            on()
