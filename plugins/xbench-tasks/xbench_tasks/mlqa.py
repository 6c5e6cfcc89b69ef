"""MLQA: questions about Wikipedia in seven languages (Lewis et al. 2020, https://aclanthology.org/2020.acl-main.653/).

Trained on English SQuAD v1.1; scored by MLQA's metric, which normalises answers by their language. Official files:
`MLQA_V1/dev/dev-context-xx-question-yy.json` and the same of `test`. In `mlqa`, as in XTREME, question and context
are of one language. The generalised transfer of the paper (G-XLT) crosses them: `mlqa-question-yy` asks every
question in yy, and its target language is that of the contexts and answers, so that the seven of them are the whole
table; the cells where both are the same are those of `mlqa`. An encoder with parts of its own for languages reads
question and context with the part for the context.

Of the hub's data sets google/xtreme has these rows under MLQA.*, the language of the context first; facebook/mlqa is a
script at the commit that mteb and lighteval pin, and copies of XGLUE's lack the ids.
"""

from collections.abc import Callable
from pathlib import Path

from xbench.contracts import Split
from xbench_tasks.dataset import FILE_SPLIT, Layout
from xbench_tasks.hub import Candidate
from xbench_tasks.metrics.mlqa import mlqa_items
from xbench_tasks.questions import COLUMNS, RECIPE, Questions, QuestionTask, answered, read_squad

LANGUAGES = ("en", "es", "de", "ar", "hi", "vi", "zh")
_SIZES = {
    Split.VALIDATION: {"en": 1_148, "de": 512, "es": 500, "ar": 517, "zh": 504, "vi": 511, "hi": 507},
    Split.TEST: {"en": 11_590, "de": 4_517, "es": 5_253, "ar": 5_335, "zh": 5_137, "vi": 5_495, "hi": 4_918},
}
# Test questions that two languages other than English share, as far as they are known.
_SHARED = {frozenset(("de", "es")): 1_776, frozenset(("ar", "zh")): 1_912, frozenset(("hi", "vi")): 1_947}


def _count(language: str, split: Split, asked_in: str | None = None) -> int | None:
    """Questions: what the languages share. All questions are in English too."""
    both = {language, asked_in or language}
    if len(both - {"en"}) < 2:
        return _SIZES[split][min(both - {"en"}, default="en")]
    return _SHARED.get(frozenset(both)) if split is Split.TEST else None


def _files(folder: Path, language: str, split: Split, asked_in: str | None = None) -> tuple[Path, ...]:
    if split not in _SIZES:
        return ()
    part = FILE_SPLIT[split]
    return (folder / "MLQA_V1" / part / f"{part}-context-{language}-question-{asked_in or language}.json",)


def _read(folder: Path, language: str, split: Split, asked_in: str | None = None) -> Questions:
    return read_squad(*_files(folder, language, split, asked_in))


def _candidate(asked_in: str | None = None) -> Candidate:
    # Commit: two public evaluations pin it, one to read MLQA.en.en. Path: as the hub's tree shows it.
    return Candidate(
        id="google/xtreme",
        revision="ec5f1f46e9af79639a90684a7a70a956c4998f04",
        file="{config}/{split}-00000-of-00001.parquet",
        configs={language: f"MLQA.{language}.{asked_in or language}" for language in LANGUAGES},
        splits={Split.VALIDATION: "validation", Split.TEST: "test"},
        columns=COLUMNS,
        rows=answered,
    )


def _task(
    name: str, summary: str, layout: Layout, counts: Callable[[str, Split], int | None], candidate: Candidate
) -> QuestionTask:
    return QuestionTask(
        name=name,
        summary=summary,
        labels=(),
        languages=LANGUAGES,
        layout=layout,
        counts=counts,
        candidates=(candidate,),
        donor="squad",
        hyperparameters=RECIPE,
        scored=mlqa_items,
    )


def _asked_in(asked: str) -> QuestionTask:
    return _task(
        f"mlqa-question-{asked}",
        f"MLQA with every question in {asked!r}; the language is that of the paragraph and the answer (G-XLT)",
        Layout(
            lambda folder, language, split: _files(folder, language, split, asked),
            lambda folder, language, split: _read(folder, language, split, asked),
            ("mlqa",),
        ),
        lambda language, split: _count(language, split, asked),
        _candidate(asked),
    )


MLQA = _task(
    "mlqa",
    "Find the answer to a question in a paragraph of Wikipedia, 7 languages; trained on SQuAD",
    Layout(_files, _read),
    _count,
    _candidate(),
)
MLQA_CROSSED = tuple(_asked_in(language) for language in LANGUAGES)
