"""XNLI: natural language inference in 15 languages (Conneau et al. 2018, https://aclanthology.org/D18-1269/).

Trained on English MultiNLI. Files as XTREME lays them out (see `pairs`): premise, hypothesis and label.
"""

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from xbench.contracts import Split
from xbench_tasks.classification import ClassificationTask, labelled
from xbench_tasks.dataset import FILE_SPLIT, Layout
from xbench_tasks.files import check_labels
from xbench_tasks.hub import Candidate
from xbench_tasks.pairs import label_file, official_files, read_official
from xbench_tasks.rows import Rows

LABELS = ("entailment", "neutral", "contradiction")
LANGUAGES = ("ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh")
# XTREME's scripts/train_xnli.sh (google-research/xtreme@838c13b), for all models but the largest.
RECIPE = MappingProxyType(
    {
        "learning_rate": 2e-5,
        "epochs": 5,
        "max_length": 128,
        "batch_size": 32,
        "warmup": 0.0,
        "weight_decay": 0.0,
    }
)
_COLUMNS = ("premise", "hypothesis", "label")
_COUNTS = {Split.TRAIN: 392_702, Split.LENT: 392_702, Split.VALIDATION: 2_490, Split.TEST: 5_010}
_TRAIN_SPELLING = {"contradictory": "contradiction"}  # of the MultiNLI file in the XNLI-MT archive


def _read(folder: Path, language: str, split: Split) -> Rows:
    rows = read_official(folder, language, split, _COLUMNS)
    if FILE_SPLIT[split] == "train":
        rows = replace(rows, labels=[_TRAIN_SPELLING.get(label, label) for label in rows.labels])
    check_labels(label_file(folder, language, split), rows.labels, LABELS)
    return rows


def _bundled(language: str, split: Split) -> Rows:
    from xbench_tasks.sample.nli import pairs

    sample = pairs(language, str(Split.TRAIN if split is Split.LENT else split))
    return Rows(
        texts=[one.premise for one in sample],
        pairs=[one.hypothesis for one in sample],
        labels=[one.label for one in sample],
    )


XNLI = ClassificationTask(
    name="xnli",
    summary="Does a premise entail a hypothesis, contradict it, or neither? 15 languages, from MultiNLI",
    labels=LABELS,
    languages=LANGUAGES,
    layout=Layout(official_files, _read),
    counts=lambda language, split: _COUNTS[split],
    candidates=(
        # Commit: many public pins, one with the path all_languages/test-00000-of-00001.parquet. Files of a
        # language: a public script fetches .../facebook/xnli/resolve/main/ar/{split}-00000-of-00001.parquet.
        Candidate(
            id="facebook/xnli",
            revision="b8dd5d7af51114dbda02c0e3f6133f332186418e",
            file="{config}/{split}-00000-of-00001.parquet",
            configs={language: language for language in LANGUAGES},
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
    bundled=_bundled,
    parallel=True,
    sample="xnli-sample",
    hyperparameters=RECIPE,
)
