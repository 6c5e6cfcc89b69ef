"""XQuAD: questions of SQuAD's dev set in 12 languages, translated by professionals (Artetxe et al. 2020,
https://aclanthology.org/2020.acl-main.421/).

The 11 languages of XTREME and Romanian, which XTREME-R adds. A test set only: trained on English SQuAD v1.1, and
scored by its metric in every language. Official files: `xquad.xx.json`.
"""

from pathlib import Path

from xbench.contracts import Split
from xbench_tasks.dataset import Layout
from xbench_tasks.hub import Candidate
from xbench_tasks.questions import COLUMNS, RECIPE, Questions, QuestionTask, answered, read_squad

LANGUAGES = ("en", "es", "de", "el", "ru", "tr", "ar", "vi", "th", "zh", "hi", "ro")


def _files(folder: Path, language: str, split: Split) -> tuple[Path, ...]:
    return (folder / f"xquad.{language}.json",) if split is Split.TEST else ()


def _read(folder: Path, language: str, split: Split) -> Questions:
    return read_squad(*_files(folder, language, split))


XQUAD = QuestionTask(
    name="xquad",
    summary="Find the answer to a question in a paragraph, 12 languages; translations of SQuAD, trained on it",
    labels=(),
    languages=LANGUAGES,
    layout=Layout(_files, _read),
    counts=lambda language, split: 1_190,
    candidates=(
        # Commit: mteb (XQuADRetrieval) and others pin it, one with the path xquad.tr/validation-00000-of-00001.parquet.
        Candidate(
            id="google/xquad",
            revision="51adfef1c1287aab1d2d91b5bead9bcfb9c68583",
            file="{config}/{split}-00000-of-00001.parquet",
            configs={language: f"xquad.{language}" for language in LANGUAGES},
            splits={Split.TEST: "validation"},
            columns=COLUMNS,
            rows=answered,
        ),
    ),
    donor="squad",
    parallel=True,
    hyperparameters=RECIPE,
)
