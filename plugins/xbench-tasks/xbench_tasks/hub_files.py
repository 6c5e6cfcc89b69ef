"""Files of the Hugging Face Hub at a commit: fetched with `snapshot_download`, which honours it, and read as columns.

`load_dataset(id, revision=...)` serves whichever revision lies in the cache when the hub cannot be reached, and
fetches every split of a configuration (of XNLI: a machine-translated training set for each language).
"""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from xbench.errors import DataError
from xbench_tasks.columns import Columns

PATIENCE = 10.0  # seconds until a hub that does not answer is given up
NO_CONSENSUS = -1  # how the hub's copies write that annotators did not agree, or that a label is withheld
LABELS = ("label", "tags")  # the columns in which whole numbers stand for names
Found: TypeAlias = tuple[Columns, Mapping[str, Sequence[str]]]  # a file's columns, and what whole numbers stand for


def fetched(id_: str, commit: str, file: str) -> Path:
    """The local path of a data set's file; asks the hub only where the cache does not hold it.

    Raises DataError where the commit has no such file, and what huggingface_hub raises.
    """
    from huggingface_hub import HfApi, snapshot_download, try_to_load_from_cache

    cached = try_to_load_from_cache(id_, file, revision=commit, repo_type="dataset")
    if isinstance(cached, str):
        return Path(cached)
    # Fails at once where the hub cannot be reached or lacks the commit; a download repeats itself for 23 seconds.
    HfApi().dataset_info(id_, revision=commit, timeout=PATIENCE)
    folder = snapshot_download(id_, repo_type="dataset", revision=commit, allow_patterns=[file])
    path = Path(folder) / file
    if not path.is_file():
        raise DataError(f"there is no file {file} in it")
    return path


def read(path: Path, wanted: Mapping[str, str], names: Sequence[str]) -> Columns:
    """The columns of a Parquet file, or of one of JSON Lines that is packed (`.jsonl.gz`), under other names.

    `wanted` has the file's name of each. Labels are texts, None where there is none: whole numbers stand for the
    names that the file itself gives them, else for `names`. Raises DataError where a column lacks, and what the
    libraries that read files raise.
    """
    found, named = _json_lines(path) if path.suffix == ".gz" else _parquet(path)
    absent = [column for column in wanted.values() if column not in found]
    if absent:
        raise DataError(f"no column {', '.join(absent)} (there are: {', '.join(found) or 'none'})")
    return {
        name: [_label(value, named.get(column) or names) for value in found[column]]
        if name in LABELS
        else list(found[column])  # a column of datasets decodes at every access
        for name, column in wanted.items()
    }


def _parquet(path: Path) -> Found:
    from datasets import load_dataset

    table = load_dataset("parquet", data_files={"rows": str(path)}, split="rows")
    features = {name: getattr(feature, "feature", feature) for name, feature in table.features.items()}  # of a list
    names = {name: getattr(feature, "names", None) or () for name, feature in features.items()}
    return {name: table[name] for name in table.column_names}, names


def _json_lines(path: Path) -> Found:
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        rows = [json.loads(line) for line in lines]
    return {name: [row.get(name) for row in rows] for name in (rows[0] if rows else ())}, {}


def _label(value: Any, names: Sequence[str]) -> Any:
    """The label as text, or the labels of a list."""
    if isinstance(value, list):
        return [_label(one, names) for one in value]
    if value is None or value == NO_CONSENSUS:
        return None
    if isinstance(value, str):
        return value
    if not 0 <= value < len(names):
        raise DataError(f"the label {value!r} stands for none of {', '.join(names) or 'no names'}")
    return str(names[value])


@contextmanager
def no_progress_bars() -> Iterator[None]:
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
