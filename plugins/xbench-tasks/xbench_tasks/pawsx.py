"""PAWS-X: do two sentences of nearly the same words say the same? 7 languages (Yang et al. 2019,
https://aclanthology.org/D19-1382/).

Trained on the English of PAWS (Wikipedia). Files as XTREME lays them out (see `pairs`), or as the authors give them:
`x-final/xx/dev_2k.tsv`, `test_2k.tsv` and, in English, `train.tsv` (`translated_train.tsv` in other languages) with
the header id, sentence1, sentence2, label. Where both are there the authors' are read, whose quotes nobody doubled.
A sentence that could not be translated is "NS"; officially such rows stay in.

Of the hub's data sets google-research-datasets/paws-x has these rows; google/xtreme lost some to quotes.
"""

from pathlib import Path

from xbench.contracts import Split
from xbench_tasks.classification import ClassificationTask, labelled
from xbench_tasks.dataset import Layout
from xbench_tasks.files import check_labels, check_texts, read_table
from xbench_tasks.hub import Candidate
from xbench_tasks.pairs import label_file, official_files, read_official
from xbench_tasks.rows import Rows
from xbench_tasks.xnli import RECIPE

LABELS = ("0", "1")  # different, paraphrase
LANGUAGES = ("de", "en", "es", "fr", "ja", "ko", "zh")
_COLUMNS = ("id", "sentence1", "sentence2", "label")
_COUNTS = {Split.TRAIN: 49_401, Split.LENT: 49_401, Split.VALIDATION: 2_000, Split.TEST: 2_000}
_HELD_OUT = {Split.VALIDATION: "dev_2k.tsv", Split.TEST: "test_2k.tsv"}


def _authors_file(folder: Path, language: str, split: Split) -> Path:
    train = "train.tsv" if language == "en" else "translated_train.tsv"
    return folder / "x-final" / language / _HELD_OUT.get(split, train)


def _files(folder: Path, language: str, split: Split) -> tuple[Path, ...]:
    """The authors' file; XTREME's where only they are there, since XTREME does not distribute the test labels."""
    authors, xtreme = _authors_file(folder, language, split), official_files(folder, language, split)
    if not authors.is_file() and all(file.is_file() for file in xtreme):
        return xtreme
    return (authors,)


def _read(folder: Path, language: str, split: Split) -> Rows:
    authors = _authors_file(folder, language, split)
    if _files(folder, language, split) == (authors,):
        return _read_authors(authors)
    rows = read_official(folder, language, split, _COLUMNS[1:])
    check_labels(label_file(folder, language, split), rows.labels, LABELS)
    return rows


def _read_authors(file: Path) -> Rows:
    table = read_table(file, _COLUMNS, header=True)
    rows = Rows([row[1] for row in table], [row[2] for row in table], [row[3] for row in table])
    check_texts(file, "sentence1", rows.texts, first_line=2)
    check_texts(file, "sentence2", rows.pairs or (), first_line=2)
    check_labels(file, rows.labels, LABELS, first_line=2)
    return rows


PAWSX = ClassificationTask(
    name="pawsx",
    summary="Do two sentences of nearly the same words say the same? 7 languages, from PAWS",
    labels=LABELS,
    languages=LANGUAGES,
    layout=Layout(_files, _read),
    counts=lambda language, split: _COUNTS[split],
    candidates=(
        # Commit and path: many public pins, such as huggingface.co/datasets/google-research-datasets/paws-x/resolve/
        # 4cd8187c.../zh/validation-00000-of-00001.parquet.
        Candidate(
            id="google-research-datasets/paws-x",
            revision="4cd8187c404bda33cb1f62b49b001115862acf37",
            file="{config}/{split}-00000-of-00001.parquet",
            configs={language: language for language in LANGUAGES},
            splits={
                Split.TRAIN: "train",
                Split.LENT: "train",
                Split.VALIDATION: "validation",
                Split.TEST: "test",
            },
            columns={"text": "sentence1", "text_pair": "sentence2", "label": "label"},
            rows=labelled(LABELS),
            names=LABELS,
        ),
    ),
    parallel=True,
    hyperparameters=RECIPE,  # that of XTREME's scripts/train_pawsx.sh is the same
)
