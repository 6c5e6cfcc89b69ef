"""SIB-200: the topic of a sentence, in 205 languages (Adelani et al. 2024,
https://aclanthology.org/2024.eacl-long.14/).

The same FLORES-200 sentences in every language. Files as the authors give them: `CODE/{train,dev,test}.tsv`
with the header index_id, category, text. Rows are sorted by index_id, so that row i is the same sentence in
every language.
"""

from pathlib import Path

from xbench.contracts import Split
from xbench.errors import DataError
from xbench_tasks.classification import ClassificationTask, labelled
from xbench_tasks.dataset import FILE_SPLIT, Layout
from xbench_tasks.files import check_labels, check_texts, read_table
from xbench_tasks.flores import CODES
from xbench_tasks.hub import Candidate
from xbench_tasks.rows import Rows, order_by_id

LABELS = ("science/technology", "travel", "politics", "sports", "health", "entertainment", "geography")
_COLUMNS = ("index_id", "category", "text")
_COUNTS = {Split.TRAIN: 701, Split.LENT: 701, Split.VALIDATION: 99, Split.TEST: 204}


def _files(folder: Path, language: str, split: Split) -> tuple[Path, ...]:
    return (folder / CODES[language] / f"{FILE_SPLIT[split]}.tsv",)


def _read(folder: Path, language: str, split: Split) -> Rows:
    (file,) = _files(folder, language, split)
    table = read_table(file, _COLUMNS, header=True)
    check_labels(file, [row[1] for row in table], LABELS, first_line=2)
    check_texts(file, "text", [row[2] for row in table], first_line=2)
    order = order_by_id(_ids(file, [row[0] for row in table]))
    return Rows([table[row][2] for row in order], None, [table[row][1] for row in order])


def _ids(file: Path, column: list[str]) -> list[int]:
    """The ids as numbers. Raises DataError where one is no number or stands on an earlier line already."""
    lines: dict[int, int] = {}
    for number, text in enumerate(column, start=2):
        if not (text.isascii() and text.isdigit()):
            raise DataError(f"{file}:{number}: the index_id {text!r} is not a whole number")
        earlier = lines.setdefault(int(text), number)
        if earlier != number:
            raise DataError(f"{file}:{number}: the index_id {text} is that of line {earlier} already")
    return list(lines)


SIB200 = ClassificationTask(
    name="sib200",
    summary="The topic of a sentence (7 topics), the same sentences in 205 languages",
    labels=LABELS,
    languages=tuple(CODES),
    layout=Layout(_files, _read),
    counts=lambda language, split: _COUNTS[split],
    candidates=(
        # Commit: three public evaluations pin it (on a later main, one says, the label column has another
        # name and Georgian another test set). Layout: as the hub's tree shows it.
        Candidate(
            id="mteb/sib200",
            revision="a74d7350ea12af010cfb1c21e34f1f81fd2e615b",
            file="sib200/{split}/{config}.parquet",
            configs=CODES,
            splits=FILE_SPLIT,
            columns={"text": "text", "label": "category", "id": "index_id"},
            rows=labelled(LABELS),
        ),
    ),
    parallel=True,
    # The zero-shot script of dadelani/sib-200, for XLM-R large; batch 16 with two steps of accumulation.
    hyperparameters={"learning_rate": 1e-5, "epochs": 20, "max_length": 164, "batch_size": 32},
)
