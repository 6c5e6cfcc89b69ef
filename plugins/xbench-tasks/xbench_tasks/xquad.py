"""XQuAD: questions of SQuAD's dev set in 12 languages, translated by professionals (Artetxe et al. 2020,
https://aclanthology.org/2020.acl-main.421/).

The 11 languages of XTREME and Romanian, which XTREME-R adds. A test set only: trained on English SQuAD v1.1, and
scored by its metric in every language. Official files: `xquad.xx.json`.

No data set of the hub is named here: no full commit of google/xquad is known.
"""

from pathlib import Path

from xbench.contracts import Split
from xbench_tasks.dataset import Layout
from xbench_tasks.questions import RECIPE, Questions, QuestionTask, read_squad

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
    donor="squad",
    parallel=True,
    hyperparameters=RECIPE,
)
