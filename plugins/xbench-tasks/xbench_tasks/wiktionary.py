"""English words with their translations, from the English Wiktionary, as WECHSEL gives them (Minixhofer et al. 2022,
https://aclanthology.org/2022.naacl-main.293/).

Files `wiktionary_dicts/LANGUAGE.txt`, an English word, a tab and a translation a line; entries of several words stay
as they are. One English word in ten is held out of every fit by the core; the task `bli` asks for those.
"""

from pathlib import Path

from xbench.contracts import Resource
from xbench_tasks.paired import Found, PairedTexts, PairFiles, Rows, beside_english, read_pairs, turned

NAMES = {
    "af": "afrikaans", "ar": "arabic", "bg": "bulgarian", "de": "german", "et": "estonian", "eu": "basque",
    "fa": "persian", "fr": "french", "he": "hebrew", "hi": "hindi", "ht": "haitian creole", "id": "indonesian",
    "jv": "javanese", "mr": "marathi", "pa": "punjabi", "qu": "quechua", "sw": "swahili", "ta": "tamil", "te": "telugu",
    "th": "thai", "tl": "tagalog", "tr": "turkish", "ur": "urdu", "vi": "vietnamese", "wo": "wolof", "yo": "yoruba",
    "zh": "chinese",
}  # fmt: skip


def file_of(folder: Path, language: str) -> Path:
    """The dictionary of English with a language."""
    return folder / f"{NAMES[language]}.txt"


def read_entries(folder: Path, language: str) -> Rows:
    """English words with their translations. Raises DataError with file and line."""
    return read_pairs(file_of(folder, language), ("English", "word"))


def _files(folder: Path, source: str, target: str) -> tuple[Path, ...]:
    other = beside_english(source, target)
    return (file_of(folder, other),) if other else ()


def _read(folder: Path, source: str, target: str) -> Found:
    other = target if source == "en" else source
    return Found(turned(read_entries(folder, other), source != "en"))


WIKTIONARY = PairedTexts(
    name="wiktionary",
    summary="English words in 27 languages, from Wiktionary",
    supplies=Resource.DICTIONARY,
    languages=("en", *NAMES),
    official=PairFiles("wiktionary_dicts", _files, _read),
)
