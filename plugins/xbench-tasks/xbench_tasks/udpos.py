"""UDPOS: parts of speech in 38 languages, from Universal Dependencies as XTREME converts them.

Nivre et al. 2018 (https://hdl.handle.net/11234/1-3105), Hu et al. 2020 (https://arxiv.org/abs/2003.11080). XTREME has
33 of the languages, from release 2.5; XTREME-R (https://arxiv.org/abs/2104.07412) adds 5 from 2.7. Trained on English;
the official score is that of chunks, runs of one tag (see `metrics.chunks`), and not the share of right tags, which is
`token_accuracy`. Files as XTREME lays them out (see `tagging`), one word a surface token.

No data set of the hub is named here: the words of google/xtreme are not those of the official conversion, and some of
its languages are mixed with others (ancient Greek, classical Chinese); no full commit of another is known.
"""

from pathlib import Path

from xbench.contracts import Split
from xbench_tasks.dataset import Layout
from xbench_tasks.rows import Sentences
from xbench_tasks.tagging import RECIPE, TaggingTask, official_files, read_official

LABELS = (
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM",
    "VERB", "X",
)  # fmt: skip
XTREME = (
    "af", "ar", "bg", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "he", "hi", "hu", "id", "it", "ja", "kk",
    "ko", "mr", "nl", "pt", "ru", "ta", "te", "th", "tl", "tr", "ur", "vi", "yo", "zh",
)  # fmt: skip
LANGUAGES = (*XTREME, "lt", "pl", "uk", "wo", "ro")  # those of XTREME-R
# Test sentences where no other language's treebanks share the two letters of the file names.
_TEST = {
    "af": 425, "ar": 1680, "bg": 1116, "en": 5440, "es": 3147, "et": 3760, "eu": 1799, "fa": 600, "fi": 4422,
    "he": 491, "hi": 2684, "hu": 449, "id": 1557, "it": 3518, "ja": 2372, "kk": 1047, "ko": 4276, "mr": 47,
    "nl": 1471, "pt": 2681, "ta": 120, "te": 146, "th": 1000, "tl": 55, "tr": 4785, "ur": 535, "vi": 800, "yo": 100,
}  # fmt: skip
_TRAIN = {"en": 21_253, "kk": 31}
_COUNTS = {Split.TRAIN: _TRAIN, Split.LENT: _TRAIN, Split.VALIDATION: {"en": 3_974}, Split.TEST: _TEST}


def _read(folder: Path, language: str, split: Split) -> Sentences:
    return read_official(folder, language, split, LABELS)


UDPOS = TaggingTask(
    name="udpos",
    summary="The part of speech of every word (17 universal tags), 38 languages; scored by chunk F1",
    labels=LABELS,
    languages=LANGUAGES,
    layout=Layout(official_files, _read),
    counts=lambda language, split: _COUNTS[split].get(language),
    hyperparameters=RECIPE,
    token_accuracy=True,
)
