"""Pairs of texts as XTREME lays them out.

`train-xx.tsv` and `dev-xx.tsv` have two texts and a label a line; `test-xx.tsv` has the texts alone and, as in
XTREME's label folder, `labels/test-xx.tsv` the labels. A test file that holds all three needs no label file.
"""

from collections.abc import Sequence
from pathlib import Path

from xbench.contracts import Split
from xbench_tasks.dataset import FILE_SPLIT
from xbench_tasks.files import check_aligned, check_texts, read_lines, read_table
from xbench_tasks.rows import Rows


def official_files(folder: Path, language: str, split: Split) -> tuple[Path, ...]:
    """The file of a split, and that of its labels where they stand in a file of their own."""
    file = folder / f"{FILE_SPLIT[split]}-{language}.tsv"
    if split is not Split.TEST or _has_labels(file):
        return (file,)
    return file, folder / "labels" / file.name


def label_file(folder: Path, language: str, split: Split) -> Path:
    """The file that the labels of a split stand in."""
    return official_files(folder, language, split)[-1]


def _has_labels(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as lines:
        return lines.readline().count(b"\t") == 2


def read_official(folder: Path, language: str, split: Split, columns: Sequence[str]) -> Rows:
    """Texts and labels, whatever these are; `columns` is what the texts and the label are called.

    Raises DataError that names file and line on anything malformed.
    """
    file, *labels_file = official_files(folder, language, split)
    if labels_file:
        table, labels = read_table(file, columns[:2], header=False), read_lines(labels_file[0])
        check_aligned(file, len(table), labels_file[0], len(labels))
    else:
        table = read_table(file, columns, header=False)
        labels = [row[2] for row in table]
    rows = Rows([row[0] for row in table], [row[1] for row in table], labels)
    check_texts(file, columns[0], rows.texts)
    check_texts(file, columns[1], rows.pairs or ())
    return rows
