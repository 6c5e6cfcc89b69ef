"""Social IQa: which of three answers fits a question about people? English (Sap et al. 2019,
https://aclanthology.org/D19-1454/).

What XTREME-R trains on before COPA; here it lends its labels: `xcopa[train=siqa]`. Files as in the authors' archive:
`train.jsonl` and `dev.jsonl`, an object a line with context, question, answerA, answerB and answerC, and beside them
`train-labels.lst` and `dev-labels.lst` with 1, 2 or 3 a line. The test labels are not public. The text is the context
and then the question, as in XTREME-R's `run_xcopa.py` (google-research/xtreme@838c13b).

No data set of the hub is named here: allenai/social_i_qa is a script, and no full commit of lighteval/siqa is known.
"""

from pathlib import Path

from xbench.contracts import Split
from xbench_tasks.choices import RECIPE, Choices, ChoiceTask, read_objects
from xbench_tasks.dataset import FILE_SPLIT, Layout
from xbench_tasks.files import check_aligned, check_labels, read_lines

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
    return Choices(
        texts=[f"{row['context']} {row['question']}" for row in rows],
        choices=[[row[answer] for answer in _ANSWERS] for row in rows],
        labels=[_WRITTEN[label] for label in labels],
    )


SIQA = ChoiceTask(
    name="siqa",
    summary="Which of three answers fits a question about people? English; lends its labels to xcopa",
    labels=LABELS,
    languages=("en",),
    layout=Layout(_files, _read),
    counts=lambda language, split: _COUNTS.get(split),
    hyperparameters=RECIPE,
)
