"""Token classification: what the tasks of this plugin share. A task is a value of `TaggingTask`.

Files as XTREME lays them out: `train-xx.tsv` and `dev-xx.tsv` with a word, a tab and its tag a line, and an empty
line between sentences; `test-xx.tsv` with the words alone and, as in XTREME's label folder, `labels/test-xx.tsv` with
the tags alone. A test file that holds both needs no label file.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from xbench.contracts import Scores, Split, TaskKind
from xbench.errors import DataError, PluginError
from xbench_tasks.columns import Columns
from xbench_tasks.dataset import FILE_SPLIT, DatasetTask
from xbench_tasks.files import read_lines
from xbench_tasks.metrics.chunks import chunk_scores, counts, token_accuracy
from xbench_tasks.rows import Sentences

if TYPE_CHECKING:
    import pyarrow

# XTREME's scripts/train_panx.sh and train_udpos.sh (google-research/xtreme@838c13b), for all models but the largest.
RECIPE = MappingProxyType(
    {
        "learning_rate": 2e-5,
        "epochs": 10,
        "max_length": 128,
        "batch_size": 32,
        "warmup": 0.0,
        "weight_decay": 0.0,
    }
)


@dataclass(frozen=True, eq=False)
class TaggingTask(DatasetTask):
    """A task of `xbench.contracts.Task`: sentences of words and one of `labels` for each, scored by chunk F1.

    `token_accuracy` gives that as well, for tags of which every word has one in its own right.
    """

    kind: TaskKind = TaskKind.TOKEN_CLASSIFICATION
    main_metric: str = "f1"
    token_accuracy: bool = False

    def score(self, gold: "pyarrow.Table", predictions: "pyarrow.Table", language: str) -> Scores:
        """Chunk F1, precision and recall (0..100); per sentence, the parts of F1: twice the right chunks, and all.

        Raises DataError when there are not as many sentences or tags as in gold, PluginError when there are none.
        """
        if "tags" not in predictions.column_names:
            there = ", ".join(predictions.column_names) or "none"
            raise PluginError(
                f"the predictions of {self.name} in {language!r} have no column 'tags' (there are: {there})"
            )
        wanted, given = gold["tags"].to_pylist(), predictions["tags"].to_pylist()
        sentences = counts(given, wanted)
        metrics = chunk_scores(sentences)
        if self.token_accuracy:
            metrics["token_accuracy"] = token_accuracy(given, wanted)
        items = [2.0 * one.correct for one in sentences]
        return Scores(metrics, items, totals=[float(one.predicted + one.gold) for one in sentences])


def tagged(labels: Sequence[str]) -> Callable[[Columns, str], Sentences]:
    """What makes sentences of the columns `tokens` and `tags`, lists.

    Raises DataError that names the row where there are not as many of both, or a tag is none of `labels`.
    """
    known = set(labels)

    def rows(columns: Columns, language: str) -> Sentences:
        words, tags = columns["tokens"], columns["tags"]
        for number, (one, other) in enumerate(zip(words, tags, strict=True), start=1):
            if len(one) != len(other):
                raise DataError(f"row {number}: a sentence of {len(one)} words, which has {len(other)} tags")
            odd = [tag for tag in other if tag not in known]
            if odd:
                raise DataError(f"row {number}: the tag {odd[0]!r} is none of {', '.join(labels)}")
        return Sentences(words, tags)

    return rows


def official_files(folder: Path, language: str, split: Split) -> tuple[Path, ...]:
    """The file of a split, and that of its tags where they stand in a file of their own."""
    file = folder / f"{FILE_SPLIT[split]}-{language}.tsv"
    if split is not Split.TEST or _has_tags(file):
        return (file,)
    return file, folder / "labels" / file.name


def _has_tags(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as lines:
        return b"\t" in lines.readline()


def read_official(folder: Path, language: str, split: Split, labels: Sequence[str]) -> Sentences:
    """Words and tags of a split. Raises DataError that names file and line on anything malformed."""
    file, *label_file = official_files(folder, language, split)
    if not label_file:
        columns = _sentences(file, ("word", "tag"))
        words, tags = ([[row[at] for row in rows] for _, rows in columns] for at in (0, 1))
        _check_tags(file, columns, labels)
        return Sentences(words, tags)
    texts, answers = _sentences(file, ("word",)), _sentences(label_file[0], ("tag",))
    _check_aligned(file, texts, label_file[0], answers)
    _check_tags(label_file[0], answers, labels)
    return Sentences([[row[0] for row in rows] for _, rows in texts], [[row[0] for row in rows] for _, rows in answers])


Block = tuple[int, list[list[str]]]  # the line a sentence starts in, and the fields of each of its lines


def read_tags(path: Path, labels: Sequence[str]) -> list[Block]:
    """The tags of a file that holds nothing else, whatever made it: CR LF may end a line, and nothing the last.

    Raises DataError that names file and line on anything malformed.
    """
    found = _sentences(path, ("tag",), official=False)
    _check_tags(path, found, labels)
    return found


def _sentences(path: Path, columns: Sequence[str], official: bool = True) -> list[Block]:
    """The blocks of lines between empty lines; one more empty line may end the file."""
    lines = read_lines(path, crlf=not official, ended=official)
    if not lines[-1] and len(lines) > 1:
        lines.pop()
    breaks = [0, *(number for number, line in enumerate(lines, start=1) if not line), len(lines) + 1]
    found: list[Block] = []
    for before, after in pairwise(breaks):
        if after == before + 1:
            raise DataError(f"{path}:{min(after, len(lines))}: an empty line where a sentence is expected")
        rows = [line.split("\t") for line in lines[before : after - 1]]
        for number, row in enumerate(rows, start=before + 1):
            _check_fields(f"{path}:{number}", row, columns)
        found.append((before + 1, rows))
    return found


def _check_fields(where: str, row: Sequence[str], columns: Sequence[str]) -> None:
    if len(row) != len(columns):
        raise DataError(f"{where}: {len(row)} columns where {len(columns)} are expected ({', '.join(columns)})")
    for name, text in zip(columns, row, strict=True):
        if not text:
            raise DataError(f"{where}: the {name} is empty")


def _check_tags(path: Path, blocks: Sequence[Block], labels: Sequence[str]) -> None:
    known = set(labels)
    for start, rows in blocks:
        for number, row in enumerate(rows, start=start):
            if row[-1] not in known:
                raise DataError(f"{path}:{number}: the tag {row[-1]!r} is none of {', '.join(labels)}")


def _check_aligned(first: Path, words: Sequence[Block], second: Path, tags: Sequence[Block]) -> None:
    """Raise DataError unless the files have the same sentences, each in the same lines."""
    for (line, one), (other_line, other) in zip(words, tags, strict=False):
        if len(one) != len(other):
            raise DataError(
                f"{first}:{line}: a sentence of {len(one)} words, which has {len(other)} tags in {second}:{other_line}"
            )
    if len(words) != len(tags):
        raise DataError(f"{first} has {len(words):,} sentences but {second}, aligned with it, has {len(tags):,}")
