"""How languages are written, as far as words are told by it: no language needs a segmenter."""

import re
import unicodedata

# Thai, Lao, Burmese, Khmer, kana and Han: no blanks between words.
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


def spells(character: str) -> bool:
    """Whether it is a letter, a mark on one, or a number: what words are made of, and punctuation is not."""
    return unicodedata.category(character)[0] in "LMN"


def bare(text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch of the text without the punctuation at its ends; empty where it is nothing else."""
    while start < end and not spells(text[start]):
        start += 1
    while start < end and not spells(text[end - 1]):
        end -= 1
    return start, end
