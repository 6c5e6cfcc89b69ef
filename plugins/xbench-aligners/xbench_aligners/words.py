"""Words of texts, for aligners that pair words: by blanks and characters alone, so no language needs a segmenter."""

import unicodedata
from collections import Counter
from collections.abc import Iterable

from xbench_encoders.writing import UNSPACED, bare


def words(text: str) -> list[str]:
    """The words between blanks, without punctuation at their ends; of scripts that have no blanks the characters.

    Marks stay with the letter before them. What is nothing but punctuation is no word.
    """
    parts = (part for chunk in text.split() for part in _parts(chunk))
    found = (part[slice(*bare(part, 0, len(part)))] for part in parts)
    return [word for word in found if word]


def frequent(texts: Iterable[str], count: int) -> list[str]:
    """The `count` most frequent words of texts, as they are spelt, most frequent first; of equals the first."""
    return [word for word, _ in Counter(word for text in texts for word in words(text)).most_common(count)]


def _parts(chunk: str) -> list[str]:
    parts: list[str] = []
    for letter in chunk:
        mark = unicodedata.category(letter)[0] == "M"
        if parts and (mark or not (UNSPACED.match(letter) or UNSPACED.match(parts[-1]))):
            parts[-1] += letter
        else:
            parts.append(letter)
    return parts
