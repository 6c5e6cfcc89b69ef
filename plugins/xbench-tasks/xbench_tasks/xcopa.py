"""XCOPA: which of two is the more plausible cause or effect of a premise? 11 languages (Ponti et al. 2020,
https://aclanthology.org/2020.emnlp-main.185/).

Evaluation only. XTREME-R trains on Social IQa and then on COPA, both English; here one task lends the labels: COPA,
or with `xcopa[train=siqa]` Social IQa. Training on the two in turn is not done.

Files as the authors give them: `data/xx/val.xx.jsonl` and `test.xx.jsonl`, whose lines end with CR LF; their form
and what becomes of the question are those of `copa`. The question is English in every language, as in XTREME-R. The
authors' Thai files, and the Turkish val, ask for the effect in every row, also where the premise is one (as of
cambridgeltl/xcopa@e2e9d7f); they are read as they stand.

Of the hub's data sets cambridgeltl/xcopa has these rows.
"""

from pathlib import Path

from xbench.contracts import Split
from xbench_tasks.choices import RECIPE, Choices, ChoiceTask
from xbench_tasks.copa import COLUMNS, LABELS, chosen, read_copa
from xbench_tasks.dataset import Layout
from xbench_tasks.hub import Candidate

LANGUAGES = ("et", "ht", "id", "it", "qu", "sw", "ta", "th", "tr", "vi", "zh")
_PART = {Split.VALIDATION: "val", Split.TEST: "test"}
_COUNTS = {Split.VALIDATION: 100, Split.TEST: 500}


def _files(folder: Path, language: str, split: Split) -> tuple[Path, ...]:
    return (folder / "data" / language / f"{_PART[split]}.{language}.jsonl",) if split in _PART else ()


def _read(folder: Path, language: str, split: Split) -> Choices:
    (file,) = _files(folder, language, split)
    return read_copa(file)


XCOPA = ChoiceTask(
    name="xcopa",
    summary="Which of two is the more plausible cause or effect of a premise? 11 languages, from COPA",
    labels=LABELS,
    languages=LANGUAGES,
    layout=Layout(_files, _read),
    counts=lambda language, split: _COUNTS.get(split),
    candidates=(
        # Commit: many public pins, one with the path xx/test-00000-of-00001.parquet, which the hub's tree shows too.
        Candidate(
            id="cambridgeltl/xcopa",
            revision="042f78955ba48e6404616762fa6e05e839c3907a",
            file="{config}/{split}-00000-of-00001.parquet",
            configs={language: language for language in LANGUAGES},
            splits={Split.VALIDATION: "validation", Split.TEST: "test"},
            columns=COLUMNS,
            rows=chosen,
            names=LABELS,
        ),
    ),
    donor="copa",
    parallel=True,
    hyperparameters=RECIPE,
)
