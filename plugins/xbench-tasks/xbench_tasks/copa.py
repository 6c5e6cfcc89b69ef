"""COPA: which of two is the more plausible cause or effect of a premise? English (Roemmele et al. 2011,
https://people.ict.usc.edu/~gordon/publications/AAAI-SPRING11A.PDF).

Its files lie beside those of XCOPA, which it lends its labels to, and have the same form: `train-en.jsonl`,
`val-en.jsonl` and `test-en.jsonl` in `xcopa/copa_en`, an object a line with premise, choice1, choice2, question
("cause" or "effect"), label (0 or 1) and idx. There are test files about whose labels are withheld, 0 in every row:
they are refused, and `copa[split=dev]` is evaluated instead.

The text is the premise and then "What was the cause?" or "What was the effect?", as in XTREME-R's `run_xcopa.py`
(google-research/xtreme@838c13b). Of the hub's data sets aps/super_glue has these rows, but no test labels: with
`--data hub` too `copa[split=dev]` is what can be evaluated.
"""

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from xbench.contracts import Split
from xbench.errors import DataError
from xbench_tasks.choices import RECIPE, Choices, ChoiceTask, read_objects
from xbench_tasks.columns import Columns, texts
from xbench_tasks.dataset import Layout
from xbench_tasks.hub import Candidate

LABELS = ("0", "1")
QUESTIONS = ("cause", "effect")
_FIELDS = {"premise": str, "choice1": str, "choice2": str, "question": str, "label": int, "idx": int}
COLUMNS = MappingProxyType({name: name for name in _FIELDS})  # as the hub has them
_PLACES = {"choice1": "0", "choice2": "1"}  # what aps/super_glue calls the labels
_PART = {Split.TRAIN: "train", Split.LENT: "train", Split.VALIDATION: "val", Split.TEST: "test"}
_COUNTS = {Split.TRAIN: 400, Split.LENT: 400, Split.VALIDATION: 100, Split.TEST: 500}


def read_copa(path: Path) -> Choices:
    """The rows of a file of COPA or XCOPA, sorted by idx, so that row i is the same example in every language.

    Raises DataError that names file and line on anything malformed and where an idx stands on two lines.
    """
    return _choices(read_objects(path, _FIELDS), f"{path}:", "line")


def chosen(columns: Columns, language: str) -> Choices:
    """The rows of `COLUMNS`, as those of a file. Raises DataError that names the row."""
    checked = dict(columns) | {name: texts(columns, name) for name in _FIELDS if name != "idx"}
    checked["label"] = [_PLACES.get(label, label) for label in checked["label"]]
    rows = [dict(zip(checked, row, strict=True)) for row in zip(*checked.values(), strict=True)]
    return _choices(rows, "row ", "row")


def _choices(rows: Sequence[dict[str, Any]], place: str, unit: str) -> Choices:
    """The rows, checked and sorted; `place` stands before the number of one in errors, which is that of a `unit`."""
    first: dict[int, int] = {}
    for number, row in enumerate(rows, start=1):
        if row["question"] not in QUESTIONS:
            raise DataError(f"{place}{number}: the question {row['question']!r} is none of {', '.join(QUESTIONS)}")
        if str(row["label"]) not in LABELS:
            raise DataError(f"{place}{number}: the label {row['label']!r} is none of {', '.join(LABELS)}")
        earlier = first.setdefault(row["idx"], number)
        if earlier != number:
            raise DataError(f"{place}{number}: the idx {row['idx']} is that of {unit} {earlier} already")
    rows = sorted(rows, key=lambda row: row["idx"])
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
    candidates=(
        # Commit: many public pins, one with the path multirc/train-00000-of-00001.parquet; that of copa alike.
        Candidate(
            id="aps/super_glue",
            revision="3de24cf8022e94f4ee4b9d55a6f539891524d646",
            file="{config}/{split}-00000-of-00001.parquet",
            configs={"en": "copa"},
            splits={Split.TRAIN: "train", Split.LENT: "train", Split.VALIDATION: "validation"},
            columns=COLUMNS,
            rows=chosen,
            names=LABELS,
        ),
    ),
    prepared_by="siqa",  # Sap et al. 2019; so XTREME-R trains
    hyperparameters=RECIPE,
)
