"""XNLI: natural language inference in 15 languages (Conneau et al. 2018, https://aclanthology.org/D18-1269/).

Trained on English MultiNLI. Files as XTREME distributes them: `train-xx.tsv` and `dev-xx.tsv` with premise,
hypothesis and label, `test-xx.tsv` with the texts and, as in XTREME's label folder, `labels/test-xx.tsv`.
"""

from pathlib import Path
from types import MappingProxyType

from xbench.contracts import Split
from xbench_tasks.classification import ClassificationTask
from xbench_tasks.dataset import FILE_SPLIT, Layout
from xbench_tasks.files import check_aligned, check_labels, check_texts, read_lines, read_table
from xbench_tasks.hub import Candidate
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


def _test_labels(test: Path) -> Path | None:
    """The file with the labels of a test file; None when the test file has them in a third column."""
    if test.is_file():
        with test.open("rb") as lines:
            if lines.readline().count(b"\t") == 2:
                return None
    return test.parent / "labels" / test.name


def _files(folder: Path, language: str, split: Split) -> tuple[Path, ...]:
    file = folder / f"{FILE_SPLIT[split]}-{language}.tsv"
    labels = _test_labels(file) if split is Split.TEST else None
    return (file,) if labels is None else (file, labels)


def _read(folder: Path, language: str, split: Split) -> Rows:
    file, *labels_file = _files(folder, language, split)
    if labels_file:
        table = read_table(file, _COLUMNS[:2], header=False)
        labels = read_lines(labels_file[0])
        check_aligned(file, len(table), labels_file[0], len(labels))
    else:
        table = read_table(file, _COLUMNS, header=False)
        labels = [row[2] for row in table]
    if FILE_SPLIT[split] == "train":
        labels = [_TRAIN_SPELLING.get(label, label) for label in labels]
    rows = Rows([row[0] for row in table], [row[1] for row in table], labels)
    check_texts(file, "premise", rows.texts)
    check_texts(file, "hypothesis", rows.pairs or ())
    check_labels(labels_file[0] if labels_file else file, labels, LABELS)
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
    layout=Layout(_files, _read),
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
            names=LABELS,
        ),
    ),
    bundled=_bundled,
    parallel=True,
    sample="xnli-sample",
    hyperparameters=RECIPE,
)
