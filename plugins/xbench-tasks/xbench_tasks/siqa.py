"""Social IQa: which of three answers fits a question about people? English (Sap et al. 2019,
https://aclanthology.org/D19-1454/).

What XTREME-R trains on before COPA; here it lends its labels: `xcopa[train=siqa]`. Files as in the authors' archive:
`train.jsonl` and `dev.jsonl`, an object a line with context, question, answerA, answerB and answerC, and beside them
`train-labels.lst` and `dev-labels.lst` with 1, 2 or 3 a line. The test labels are not public. The text is the context
and then the question, as in XTREME-R's `run_xcopa.py` (google-research/xtreme@838c13b).

Of the hub's data sets lighteval/siqa has these rows; allenai/social_i_qa is a script.
"""

from collections.abc import Sequence
from pathlib import Path

from xbench.contracts import Split
from xbench_tasks.choices import RECIPE, Choices, ChoiceTask, read_objects
from xbench_tasks.columns import Columns, check_known, texts
from xbench_tasks.dataset import FILE_SPLIT, Layout
from xbench_tasks.files import check_aligned, check_labels, read_lines
from xbench_tasks.hub import Candidate

LABELS = ("0", "1", "2")
_WRITTEN = {"1": "0", "2": "1", "3": "2"}
_ANSWERS = ("answerA", "answerB", "answerC")
_FIELDS = dict.fromkeys(("context", "question", *_ANSWERS), str)
_COUNTS = {Split.TRAIN: 33_410, Split.LENT: 33_410, Split.VALIDATION: 1_954}


def _files(folder: Path, language: str, split: Split) -> tuple[Path, ...]:
    part = FILE_SPLIT[split]
    return () if split is Split.TEST else (folder / f"{part}.jsonl", folder / f"{part}-labels.lst")


def _read(folder: Path, language: str, split: Split) -> Choices:
    file, label_file = _files(folder, language, split)
    rows, labels = read_objects(file, _FIELDS), read_lines(label_file, crlf=True)
    check_aligned(file, len(rows), label_file, len(labels))
    check_labels(label_file, labels, tuple(_WRITTEN))
    return _choices({field: [row[field] for row in rows] for field in _FIELDS}, labels)


def _chosen(columns: Columns, language: str) -> Choices:
    labels = texts(columns, "label")
    check_known(labels, tuple(_WRITTEN))
    return _choices({field: texts(columns, field) for field in _FIELDS}, labels)


def _choices(columns: Columns, labels: Sequence[str]) -> Choices:
    """The rows of columns that are called by the fields of the authors' files, and the labels as written there."""
    return Choices(
        texts=[" ".join(both) for both in zip(columns["context"], columns["question"], strict=True)],
        choices=list(zip(*(columns[answer] for answer in _ANSWERS), strict=True)),
        labels=[_WRITTEN[label] for label in labels],
    )


SIQA = ChoiceTask(
    name="siqa",
    summary="Which of three answers fits a question about people? English; lends its labels to xcopa",
    labels=LABELS,
    languages=("en",),
    layout=Layout(_files, _read),
    counts=lambda language, split: _COUNTS.get(split),
    candidates=(
        # Commit: the hub's own page huggingface.co/datasets/lighteval/siqa/tree/54c6a1f8..., and public tasks for
        # lighteval pin it. Paths: as the hub's tree shows them.
        Candidate(
            id="lighteval/siqa",
            revision="54c6a1f8cb6daf4f5abf24a601852612fb35eb25",
            file="{config}/{split}.parquet",
            configs={"en": "data"},
            splits={
                Split.TRAIN: "train-00000-of-00001-da17dfc1120ed1ee",
                Split.LENT: "train-00000-of-00001-da17dfc1120ed1ee",
                Split.VALIDATION: "validation-00000-of-00001-90bb85eab85fcfa8",
            },
            columns={name: name for name in (*_FIELDS, "label")},
            rows=_chosen,
        ),
    ),
    hyperparameters=RECIPE,
)
