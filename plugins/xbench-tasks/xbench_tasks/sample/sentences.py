"""Sentences of the bundled samples: the phrases of `phrases.tsv`, and how each of 15 languages puts them together."""

from collections.abc import Mapping, Sequence
from csv import QUOTE_NONE, DictReader
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TypeAlias, TypeVar

T = TypeVar("T")

LANGUAGES = ("ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh")

# The slots of a sentence; a sentence without an activity says where somebody is.
SLOTS = ("subject", "activity", "companion", "place", "time")
# The fields of a pattern: an activity is a verb and its object.
_FIELDS = ("subject", "verb", "object", "companion", "place", "time")

_SVO = "{subject} {verb} {object} {companion} {place} {time}."
_SOV = "{subject} {time} {companion} {place} {object} {verb}"
# Word order by language: (somebody does something, somebody is somewhere).
_PATTERNS = {
    "ar": (
        "{verb} {subject} {object} {companion} {place} {time}.",
        "{subject} موجود {companion} {place} {time}.",
    ),
    "bg": (_SVO, "{subject} е {companion} {place} {time}."),
    "de": (
        "{subject} {verb} {time} {companion} {place} {object}.",
        "{subject} ist {time} {companion} {place}.",
    ),
    "el": (_SVO, "{subject} είναι {companion} {place} {time}."),
    "en": (_SVO, "{subject} is {companion} {place} {time}."),
    "es": (_SVO, "{subject} está {companion} {place} {time}."),
    "fr": (_SVO, "{subject} est {companion} {place} {time}."),
    "hi": (_SOV + "।", "{subject} {time} {companion} {place} है।"),
    "ru": (
        "{subject} {time} {verb} {object} {companion} {place}.",
        "{subject} {time} находится {place} {companion}.",
    ),
    "sw": (_SVO, "{subject} yuko {companion} {place} {time}."),
    "th": (
        "{subject}{verb}{object}{companion}{place}{time}",
        "{subject}อยู่{companion}{place}{time}",
    ),
    "tr": (_SOV + ".", "{subject} {time} {companion} {place} bulunuyor."),
    "ur": (_SOV + "۔", "{subject} {time} {companion} {place} ہے۔"),
    # The place phrases carry the verb: Vietnamese `ở` is both "to be at" and "at".
    "vi": (_SVO, "{subject} {place} {companion} {time}."),
    # Chinese `在`, likewise.
    "zh": ("{subject}{time}{companion}{place}{verb}{object}。", "{subject}{time}{companion}{place}。"),
}

# What a sentence says, in no language: ids of phrases, in the order of `SLOTS`.
Meaning: TypeAlias = tuple[str, ...]


@cache
def phrases() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Return the phrase table: slot -> phrase id -> language -> text."""
    table: dict[str, dict[str, dict[str, str]]] = {slot: {} for slot in SLOTS}
    text = files("xbench_tasks.sample").joinpath("phrases.tsv").read_text(encoding="utf-8")
    for row in DictReader(text.splitlines(), delimiter="\t", quoting=QUOTE_NONE):
        table[row["slot"]][row["id"]] = {language: row[language] for language in LANGUAGES}
    return table


@cache
def words_of(language: str) -> Mapping[str, Mapping[str, str]]:
    """Return what each phrase puts into a pattern: phrase id -> field -> text."""
    words: dict[str, dict[str, str]] = {}
    for slot, table in phrases().items():
        fields = ("verb", "object") if slot == "activity" else (slot,)
        for phrase, texts in table.items():
            words[phrase] = dict(zip(fields, texts[language].split("|"), strict=True))
    return words


@cache
def _pattern(language: str, fields: tuple[str, ...]) -> str:
    """Return the language's pattern for a sentence of exactly these fields."""
    does, is_somewhere = _PATTERNS[language]
    texts = {field: f"{{{field}}}" if field in fields else "" for field in _FIELDS}
    pattern = does if "verb" in fields else is_somewhere
    # A field left out leaves its space behind, also before the full stop.
    return " ".join(pattern.format(**texts).split()).replace(" .", ".")


@cache
def sentence(language: str, meaning: Meaning) -> str:
    """Return the sentence that says `meaning` in `language`."""
    told = words_of(language)
    words: dict[str, str] = {}
    for phrase in meaning:
        words |= told[phrase]
    text = _pattern(language, tuple(words)).format(**words)
    return text[0].upper() + text[1:]


def draw(options: Sequence[T], key: str) -> T:
    """Return one of the options, chosen by the hash of `key`."""
    return options[hashed(key) % len(options)]


def hashed(text: str) -> int:
    """Return 64 bits of the SHA-256 of a text."""
    return int.from_bytes(sha256(text.encode("utf-8")).digest()[:8], "big")
