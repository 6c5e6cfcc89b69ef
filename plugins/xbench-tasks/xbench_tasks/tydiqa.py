"""TyDiQA-GoldP: questions that people asked in nine languages, each with the passage that answers it (Clark et al.
2020, https://aclanthology.org/2020.tacl-1.30/), version 1.1.

The dev set is the test split, as in XTREME, since the test set is not public; so there is no validation split. XTREME
trains on the English questions alone and scores with SQuAD's metric; its average includes English, which the authors
of TyDiQA ask to leave out. The folder is `tydiqa`, as XTREME names it, or `tydiqa_goldp`. Files by language as XTREME
makes them, `tydiqa-goldp-v1.1-{train,dev}/tydiqa.goldp.xx.{train,dev}.json`, or those of the official archives:
`tydiqa-goldp-v1.1-dev/tydiqa-goldp-dev-LANGUAGE.json`, and for all languages `tydiqa-goldp-v1.1-train.json`.

Of the hub's data sets google-research-datasets/tydiqa has these rows, those of all languages in one table.
"""

from pathlib import Path

from xbench.contracts import Split
from xbench.errors import DataError
from xbench_tasks.columns import Columns
from xbench_tasks.dataset import Layout
from xbench_tasks.hub import Candidate
from xbench_tasks.questions import COLUMNS, RECIPE, Questions, QuestionTask, answered, read_squad

NAMES = {
    "en": "english", "ar": "arabic", "bn": "bengali", "fi": "finnish", "id": "indonesian", "ko": "korean",
    "ru": "russian", "sw": "swahili", "te": "telugu",
}  # fmt: skip
_TRAIN = {
    "en": 3_696, "ar": 14_805, "bn": 2_390, "fi": 6_855, "id": 5_702, "ko": 1_625, "ru": 6_490, "sw": 2_755,
    "te": 5_563,
}  # fmt: skip
_TEST = {"en": 440, "ar": 921, "bn": 113, "fi": 782, "id": 565, "ko": 276, "ru": 812, "sw": 499, "te": 669}
_COUNTS = {Split.TRAIN: _TRAIN, Split.LENT: _TRAIN, Split.TEST: _TEST}
_ARCHIVE = "tydiqa-goldp-v1.1"


def _files(folder: Path, language: str, split: Split) -> tuple[Path, ...]:
    if split not in _COUNTS:
        return ()
    part = "dev" if split is Split.TEST else "train"
    prepared = folder / f"{_ARCHIVE}-{part}" / f"tydiqa.goldp.{language}.{part}.json"
    archived = prepared.with_name(f"tydiqa-goldp-dev-{NAMES[language]}.json")
    if part == "train":
        archived = folder / f"{_ARCHIVE}-train.json"
    return (archived,) if archived.is_file() and not prepared.is_file() else (prepared,)


def _read(folder: Path, language: str, split: Split) -> Questions:
    (file,) = _files(folder, language, split)
    every = read_squad(file)
    if file.parent != folder:
        return every
    own = [row for row in every.rows if row.id.startswith(f"{NAMES[language]}-")]  # the file of all languages
    if not own:
        raise DataError(f"{file}: no id begins with '{NAMES[language]}-', as those of questions in {language!r} do")
    return Questions(own)


def _answered(columns: Columns, language: str) -> Questions:
    return answered(columns, language, prefix=f"{NAMES[language]}-")


TYDIQA = QuestionTask(
    name="tydiqa",
    summary="Find the answer to a question in a passage of Wikipedia (TyDiQA-GoldP), 9 languages",
    labels=(),
    languages=tuple(NAMES),
    layout=Layout(_files, _read, ("tydiqa", "tydiqa_goldp")),
    counts=lambda language, split: _COUNTS[split][language],
    candidates=(
        # Commit and path: several public pins, such as huggingface.co/datasets/google-research-datasets/tydiqa/resolve/
        # da78f23f.../secondary_task/validation-00000-of-00001.parquet.
        Candidate(
            id="google-research-datasets/tydiqa",
            revision="da78f23f9119363459acbaf46bf89426ff26c259",
            file="{config}/{split}-00000-of-00001.parquet",
            configs=dict.fromkeys(NAMES, "secondary_task"),
            splits={Split.TRAIN: "train", Split.LENT: "train", Split.TEST: "validation"},
            columns=COLUMNS,
            rows=_answered,
        ),
    ),
    hyperparameters=RECIPE,
)
