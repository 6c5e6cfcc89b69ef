"""SQuAD v1.1: English questions about Wikipedia (Rajpurkar et al. 2016, https://arxiv.org/abs/1606.05250).

What XQuAD and MLQA are trained on. Official files: `train-v1.1.json` and `dev-v1.1.json`, which is the test split
here, since the official test set is not public; so there is no validation split. Questions of XQuAD are translations
of dev questions: train on the train split only. Without the official files TyDiQA's English questions may serve:
`xquad[train=tydiqa]`.
"""

from pathlib import Path

from xbench.contracts import Split
from xbench_tasks.dataset import Layout
from xbench_tasks.hub import Candidate
from xbench_tasks.questions import COLUMNS, RECIPE, Questions, QuestionTask, answered, read_squad

_FILES = {Split.TRAIN: "train-v1.1.json", Split.LENT: "train-v1.1.json", Split.TEST: "dev-v1.1.json"}
_COUNTS = {Split.TRAIN: 87_599, Split.LENT: 87_599, Split.TEST: 10_570}


def _files(folder: Path, language: str, split: Split) -> tuple[Path, ...]:
    return (folder / _FILES[split],) if split in _FILES else ()


def _read(folder: Path, language: str, split: Split) -> Questions:
    return read_squad(folder / _FILES[split])


SQUAD = QuestionTask(
    name="squad",
    summary="Find the answer to a question in a paragraph of the English Wikipedia (SQuAD v1.1)",
    labels=(),
    languages=("en",),
    layout=Layout(_files, _read),
    counts=lambda language, split: _COUNTS.get(split),
    candidates=(
        # Commit and path: many public pins, such as huggingface.co/datasets/rajpurkar/squad/resolve/7b6d24c4.../
        # plain_text/{train,validation}-00000-of-00001.parquet.
        Candidate(
            id="rajpurkar/squad",
            revision="7b6d24c440a36b6815f21b70d25016731768db1f",
            file="{config}/{split}-00000-of-00001.parquet",
            configs={"en": "plain_text"},
            splits={Split.TRAIN: "train", Split.LENT: "train", Split.TEST: "validation"},
            columns=COLUMNS,
            rows=answered,
        ),
    ),
    hyperparameters=RECIPE,
)
