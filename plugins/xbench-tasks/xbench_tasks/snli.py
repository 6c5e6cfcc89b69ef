"""SNLI: natural language inference in English (Bowman et al. 2015, https://aclanthology.org/D15-1075/).

Files as SentEval distributes them: `s1.SPLIT`, `s2.SPLIT` and `labels.SPLIT`, aligned line by line. A folder
without the training set still serves to train on: dev stands in for it, dev and test where it is lent.
"""

from dataclasses import replace
from pathlib import Path

from xbench.contracts import Split
from xbench_tasks.classification import ClassificationTask, labelled
from xbench_tasks.dataset import FILE_SPLIT, Layout
from xbench_tasks.files import check_aligned, check_labels, check_texts, read_lines
from xbench_tasks.hub import Candidate
from xbench_tasks.rows import Rows
from xbench_tasks.xnli import LABELS, RECIPE

# Pairs with a consensus label; 550,152, 10,000 and 10,000 in all.
_COUNTS = {Split.TRAIN: 549_367, Split.LENT: 549_367, Split.VALIDATION: 9_842, Split.TEST: 9_824}
_STAND_IN = {Split.TRAIN: ("dev",), Split.LENT: ("dev", "test")}


def _parts(folder: Path, split: Split) -> tuple[str, ...]:
    """The file endings that make up a split. Its own test set stays unseen: dev alone stands in for train."""
    if split in _STAND_IN and not (folder / "s1.train").is_file():
        return _STAND_IN[split]
    return (FILE_SPLIT[split],)


def _aligned(folder: Path, part: str) -> tuple[Path, Path, Path]:
    return folder / f"s1.{part}", folder / f"s2.{part}", folder / f"labels.{part}"


def _files(folder: Path, language: str, split: Split) -> tuple[Path, ...]:
    if split is Split.VALIDATION and "dev" in _parts(folder, Split.TRAIN):
        return ()  # where dev stands in for train, nothing is left to select on
    return tuple(file for part in _parts(folder, split) for file in _aligned(folder, part))


def _read(folder: Path, language: str, split: Split) -> Rows:
    parts = _parts(folder, split)
    first, *others = (_read_part(folder, part) for part in parts)
    rows = sum(others, start=first)
    if FILE_SPLIT[split] in parts:
        return rows
    return replace(rows, note=f"{' and '.join(parts)} in place of train: there is no file s1.train")


def _read_part(folder: Path, part: str) -> Rows:
    premises, hypotheses, labels = _aligned(folder, part)
    rows = Rows(read_lines(premises), read_lines(hypotheses), read_lines(labels))
    check_aligned(premises, len(rows.texts), hypotheses, len(rows.pairs or ()))
    check_aligned(premises, len(rows.texts), labels, len(rows.labels))
    check_texts(premises, "premise", rows.texts)
    check_texts(hypotheses, "hypothesis", rows.pairs or ())
    check_labels(labels, rows.labels, LABELS)
    return rows


SNLI = ClassificationTask(
    name="snli",
    summary="Does a premise entail a hypothesis, contradict it, or neither? English captions",
    labels=LABELS,
    languages=("en",),
    layout=Layout(_files, _read),
    counts=lambda language, split: _COUNTS[split],
    candidates=(
        # Commit and path: many public pins, such as huggingface.co/datasets/stanfordnlp/snli/resolve/
        # cdb5c3d5.../plain_text/{train,validation,test}-00000-of-00001.parquet.
        Candidate(
            id="stanfordnlp/snli",
            revision="cdb5c3d5eed6ead6e5a341c8e56e669bb666725b",
            file="{config}/{split}-00000-of-00001.parquet",
            configs={"en": "plain_text"},
            splits={
                Split.TRAIN: "train",
                Split.LENT: "train",
                Split.VALIDATION: "validation",
                Split.TEST: "test",
            },
            columns={"text": "premise", "text_pair": "hypothesis", "label": "label"},
            rows=labelled(LABELS),
            names=LABELS,
        ),
    ),
    hyperparameters=RECIPE,
)
