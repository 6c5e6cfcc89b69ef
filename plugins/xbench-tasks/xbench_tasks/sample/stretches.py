"""Whether a text gives away a part of another one, as the core's leakage guard has it; samples are to pass it."""

import re
import unicodedata
from collections.abc import Iterable
from typing import TypeAlias

_WORDS, _LETTERS = 8, 16  # in a row, in texts with and without blanks between words
_UNSPACED = ("th", "zh")

Stretch: TypeAlias = tuple[str, ...]


def stretches(text: str, language: str) -> set[Stretch]:
    """Every eight words in a row, or sixteen letters where words have no blanks between them; all of a shorter text."""
    parts = re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())
    length = _WORDS
    if language in _UNSPACED:
        parts, length = list("".join(parts)), _LETTERS
    return {tuple(parts[start : start + length]) for start in range(max(1, len(parts) - length + 1))}


def stretches_of(texts: Iterable[str], language: str) -> frozenset[Stretch]:
    """The stretches of several texts."""
    return frozenset(one for text in texts for one in stretches(text, language))
