"""PAN-X: persons, organisations and places in 48 languages, from Wikipedia (Pan et al. 2017,
https://aclanthology.org/P17-1178/), in the balanced splits of Rahimi et al. 2019 (https://aclanthology.org/P19-1015/).

Trained on English; scored by the F1 of spans. Files as XTREME lays them out (see `tagging`), the language prefix of
the words taken off. XTREME has 40 of the languages, and XTREME-R (https://arxiv.org/abs/2104.07412) all.

Of the hub's data sets unimelb-nlp/wikiann carries these splits.
"""

from pathlib import Path

from xbench.contracts import Split
from xbench_tasks.dataset import Layout
from xbench_tasks.hub import Candidate
from xbench_tasks.rows import Sentences
from xbench_tasks.tagging import RECIPE, TaggingTask, official_files, read_official, tagged

LABELS = ("B-LOC", "B-ORG", "B-PER", "I-LOC", "I-ORG", "I-PER", "O")
XTREME = (
    "ar", "he", "vi", "id", "jv", "ms", "tl", "eu", "ml", "ta", "te", "af", "nl", "en", "de", "el", "bn", "hi", "mr",
    "ur", "fa", "fr", "it", "pt", "es", "bg", "ru", "ja", "ka", "ko", "th", "sw", "yo", "my", "zh", "kk", "tr", "et",
    "fi", "hu",
)  # fmt: skip
# What XTREME-R adds, with the test sentences.
_ADDED = {"qu": 100, "pl": 10_000, "uk": 10_000, "az": 1_000, "lt": 10_000, "pa": 100, "gu": 100, "ro": 10_000}
LANGUAGES = (*XTREME, *_ADDED)


def _sizes(default: int, smaller: dict[int, str]) -> dict[str, int]:
    """Sentences by language: the default, or the number that the language is listed under."""
    return dict.fromkeys(XTREME, default) | {one: n for n, listed in smaller.items() for one in listed.split()}


_TRAIN = _sizes(
    20_000, {15_000: "et ta", 10_000: "bn eu ka ml tl", 5_000: "af hi mr", 1_000: "kk sw te", 100: "jv my yo"}
)
_HELD_OUT = _sizes(10_000, {1_000: "af bn hi kk ml mr ms sw ta te tl ur", 100: "jv my yo"})  # dev and test alike
_COUNTS = {Split.TRAIN: _TRAIN, Split.LENT: _TRAIN, Split.VALIDATION: _HELD_OUT, Split.TEST: _HELD_OUT | _ADDED}


def _read(folder: Path, language: str, split: Split) -> Sentences:
    return read_official(folder, language, split, LABELS)


PANX = TaggingTask(
    name="panx",
    summary="Persons, organisations and places in Wikipedia's sentences (WikiAnn), 48 languages; scored by span F1",
    labels=LABELS,
    languages=LANGUAGES,
    layout=Layout(official_files, _read),
    counts=lambda language, split: _COUNTS[split].get(language),
    candidates=(
        # Commit: a public catalogue refers to huggingface.co/datasets/unimelb-nlp/wikiann/tree/f0a3be6d.../bn;
        # several projects pin it, one with the path xx/train-00000-of-00001.parquet.
        Candidate(
            id="unimelb-nlp/wikiann",
            revision="f0a3be6dc5564c0cc4150bb660144800a1f539d4",
            file="{config}/{split}-00000-of-00001.parquet",
            configs={language: language for language in LANGUAGES},
            splits={
                Split.TRAIN: "train",
                Split.LENT: "train",
                Split.VALIDATION: "validation",
                Split.TEST: "test",
            },
            columns={"tokens": "tokens", "tags": "ner_tags"},
            rows=tagged(LABELS),
            names=("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"),
        ),
    ),
    hyperparameters=RECIPE,
)
