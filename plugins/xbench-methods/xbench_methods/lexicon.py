"""Words and phrases with their translations, looked up in running text, the longest first."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from xbench_encoders.writing import UNSPACED, bare

_BLACK = re.compile(r"\S+")
Word = tuple[int, int]  # its characters in the text
# From the place of a word to how many words from there on give way to what; None leaves them as they are.
Choice = Callable[[int], tuple[int, str | None]]


def words_of(text: str) -> list[Word]:
    """What stands between blanks, without the punctuation around it; what is punctuation alone is no word."""
    found = (bare(text, *match.span()) for match in _BLACK.finditer(text))
    return [(start, end) for start, end in found if start < end]


def replaced(text: str, words: Sequence[Word], choose: Choice) -> str:
    """The text with words replaced; blanks and punctuation stay to the character."""
    parts: list[str] = []
    at = end = 0
    while at < len(words):
        size, new = choose(at)
        start, stop = words[at][0], words[at + size - 1][1]
        parts += [text[end:start], text[start:stop] if new is None else new]
        at, end = at + size, stop
    return "".join([*parts, text[end:]])


@dataclass(frozen=True)
class Lexicon:
    """Translations by entry, each in the order of the dictionary; entries are as `_key` writes them."""

    entries: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "Lexicon":
        """The lexicon of pairs, the entry first."""
        entries: dict[str, dict[str, None]] = {}
        for entry, translation in pairs:
            if _key(entry):
                entries.setdefault(_key(entry), {})[translation] = None
        return cls({entry: tuple(translations) for entry, translations in entries.items()})

    @cached_property
    def longest(self) -> int:
        """Words in the longest entry."""
        return max((entry.count(" ") + 1 for entry in self.entries), default=1)

    @cached_property
    def widest(self) -> int:
        """Characters in the longest entry."""
        return max(map(len, self.entries), default=1)

    def match(self, text: str, words: Sequence[Word], at: int) -> tuple[int, tuple[str, ...]]:
        """How many words from `at` on are the longest entry there is, and its translations; 1 and none if none is.

        An entry does not reach across punctuation.
        """
        last = at
        while last + 1 < min(len(words), at + self.longest) and text[words[last][1] : words[last + 1][0]].isspace():
            last += 1
        for stop in range(last, at - 1, -1):
            found = self.entries.get(_key(text[words[at][0] : words[stop][1]]))
            if found:
                return stop - at + 1, found
        return 1, ()

    def segmented(self, word: str) -> str | None:
        """What a word of an unspaced script is made of, the longest first, translated; None if nothing is known."""
        if not UNSPACED.search(word):
            return None
        parts: list[str] = []
        at, start, known = 0, 0, False
        while at < len(word):
            end = next((end for end in range(min(len(word), at + self.widest), at, -1)
                        if word[at:end].casefold() in self.entries), at)  # fmt: skip
            if end > at:
                parts += [word[start:at], self.entries[word[at:end].casefold()][0]]
                start = at = end
                known = True
            else:
                at += 1
        return " ".join(filter(None, [*parts, word[start:]])) if known else None


def _key(text: str) -> str:
    start, end = bare(text, 0, len(text))
    return " ".join(text[start:end].split()).casefold()
