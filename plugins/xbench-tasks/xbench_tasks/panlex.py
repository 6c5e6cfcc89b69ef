"""PanLex-BLI: pairs of words in any direction between 15 languages (Vulić et al. 2019,
https://aclanthology.org/D19-1449/), taken from PanLex (Kamholz et al. 2014).

Files as the authors give them: `panlex_bli/xx-yy/xx-yy.train.5000.cc.trans` and `.test.2000.cc.trans`, a word, a tab
and a translation a line. The resource is what is trained on: a direction's own file, or the reverse of the other's
where that alone is there. A word that the direction's test file asks for does not teach, which is noted: officially
a quarter of them do, with another translation or the very same.
"""

from pathlib import Path
from typing import Literal

from xbench.contracts import Resource
from xbench_tasks.paired import Found, PairedTexts, PairFiles, Rows, read_pairs, turned

LANGUAGES = ("bg", "ca", "eo", "et", "eu", "fi", "he", "hu", "id", "ka", "ko", "lt", "nb", "th", "tr")
_CODES = {language: language for language in LANGUAGES} | {"nb": "no"}
_SIZES = {"train": 5000, "test": 2000}

Part = Literal["train", "test"]


def file_of(folder: Path, source: str, target: str, part: Part) -> Path:
    """The file of one direction."""
    pair = f"{_CODES[source]}-{_CODES[target]}"
    return folder / pair / f"{pair}.{part}.{_SIZES[part]}.cc.trans"


def read_words(file: Path) -> Rows:
    """The pairs of one file. Raises DataError with file and line."""
    return read_pairs(file, ("word", "translation"))


def _files(folder: Path, source: str, target: str) -> tuple[Path, ...]:
    own, other = file_of(folder, source, target, "train"), file_of(folder, target, source, "train")
    return (other,) if other.is_file() and not own.is_file() else (own,)


def _read(folder: Path, source: str, target: str) -> Found:
    (file,) = _files(folder, source, target)
    rows = turned(read_words(file), file != file_of(folder, source, target, "train"))
    test = file_of(folder, source, target, "test")
    asked = {word for word, _ in read_words(test)} if test.is_file() else set()
    kept = [row for row in rows if row[0] not in asked]
    dropped = len(rows) - len(kept)
    return Found(kept, f"{dropped:,} pairs of words that {test.name} asks for dropped" if dropped else "")


PANLEX = PairedTexts(
    name="panlex",
    summary="Up to 5,000 pairs of words in any direction between 15 languages, from PanLex",
    supplies=Resource.DICTIONARY,
    languages=LANGUAGES,
    official=PairFiles("panlex_bli", _files, _read),
)
