"""COPA: which of two is the more plausible cause or effect of a premise? English (Roemmele et al. 2011,
https://people.ict.usc.edu/~gordon/publications/AAAI-SPRING11A.PDF).

Its files lie beside those of XCOPA, which it lends its labels to, and have the same form: `train-en.jsonl`,
`val-en.jsonl` and `test-en.jsonl` in `xcopa/copa_en`, an object a line with premise, choice1, choice2, question
("cause" or "effect"), label (0 or 1) and idx. There are test files about whose labels are withheld, 0 in every row:
they are refused, and `copa[split=dev]` is evaluated instead.

The text is the premise and then "What was the cause?" or "What was the effect?", as in XTREME-R's `run_xcopa.py`
(google-research/xtreme@838c13b). No data set of the hub is named here: aps/super_glue has no test labels.
"""

from pathlib import Path

from xbench.contracts import Split
from xbench.errors import DataError
from xbench_tasks.choices import RECIPE, Choices, ChoiceTask, read_objects
from xbench_tasks.dataset import Layout

LABELS = ("0", "1")
QUESTIONS = ("cause", "effect")
_FIELDS = {"premise": str, "choice1": str, "choice2": str, "question": str, "label": int, "idx": int}
_PART = {Split.TRAIN: "train", Split.LENT: "train", Split.VALIDATION: "val", Split.TEST: "test"}
_COUNTS = {Split.TRAIN: 400, Split.LENT: 400, Split.VALIDATION: 100, Split.TEST: 500}


def read_copa(path: Path) -> Choices:
    """The rows of a file of COPA or XCOPA, sorted by idx, so that row i is the same example in every language.

    Raises DataError that names file and line on anything malformed and where an idx stands on two lines.
    """
    rows = read_objects(path, _FIELDS)
    lines: dict[int, int] = {}
    for number, row in enumerate(rows, start=1):
        if row["question"] not in QUESTIONS:
            raise DataError(f"{path}:{number}: the question {row['question']!r} is none of {', '.join(QUESTIONS)}")
        if str(row["label"]) not in LABELS:
            raise DataError(f"{path}:{number}: the label {row['label']!r} is none of {', '.join(LABELS)}")
        earlier = lines.setdefault(row["idx"], number)
        if earlier != number:
            raise DataError(f"{path}:{number}: the idx {row['idx']} is that of line {earlier} already")
    rows.sort(key=lambda row: row["idx"])
    return Choices(
        texts=[f"{row['premise']} What was the {row['question']}?" for row in rows],
        choices=[(row["choice1"], row["choice2"]) for row in rows],
        labels=[str(row["label"]) for row in rows],
    )


def _files(folder: Path, language: str, split: Split) -> tuple[Path, ...]:
    return (folder / "copa_en" / f"{_PART[split]}-{language}.jsonl",)


def _read(folder: Path, language: str, split: Split) -> Choices:
    (file,) = _files(folder, language, split)
    rows = read_copa(file)
    if split is Split.TEST and len(rows) > 1 and len(set(rows.labels)) == 1:
        same = f"{file}: every label is {rows.labels[0]}, so they are withheld and nothing can be scored"
        raise DataError(f"{same}; put a file with the labels there, or evaluate copa[split=dev]")
    return rows


COPA = ChoiceTask(
    name="copa",
    summary="Which of two is the more plausible cause or effect of a premise? English",
    labels=LABELS,
    languages=("en",),
    layout=Layout(_files, _read, folders=("xcopa",)),
    counts=lambda language, split: _COUNTS[split],
    hyperparameters=RECIPE,
)
