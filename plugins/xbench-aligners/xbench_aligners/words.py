"""Words of texts, for aligners that pair words: by blanks and characters alone, so no language needs a segmenter."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

# Thai, Lao, Myanmar, Khmer, kana and Han: written without blanks, so that every character is a word.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


def words(text: str) -> list[str]:
    """The words between blanks, without punctuation at their ends; of scripts that have no blanks the characters.

    Marks stay with the letter before them. What is nothing but punctuation is no word.
    """
    bare = (_bare(part) for chunk in text.split() for part in _parts(chunk))
    return [word for word in bare if word]


def frequent(texts: Iterable[str], count: int) -> list[str]:
    """The `count` most frequent words of texts, as they are spelt, most frequent first; of equals the first."""
    return [word for word, _ in Counter(word for text in texts for word in words(text)).most_common(count)]


def _parts(chunk: str) -> list[str]:
    parts: list[str] = []
    for letter in chunk:
        mark = unicodedata.category(letter)[0] == "M"
        if parts and (mark or not (_UNSPACED.match(letter) or _UNSPACED.match(parts[-1]))):
            parts[-1] += letter
        else:
            parts.append(letter)
    return parts


def _bare(part: str) -> str:
    telling = [at for at, letter in enumerate(part) if unicodedata.category(letter)[0] in "LNM"]
    return part[telling[0] : telling[-1] + 1] if telling else ""
