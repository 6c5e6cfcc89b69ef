"""Code-switched sentences: English words replaced by dictionary translations (Qin et al. 2020, CoSDA-ML).

They carry the dictionary's words into contexts: all that languages without parallel text have, and for the others
the only text of an encyclopedia's kind.
"""

import logging
import re
from collections.abc import Sequence

import numpy as np
from corpus import LANGUAGES, MORE_LANGUAGES, SWITCHED, Pair

REPLACED = (0.5, 1.0)  # a sentence's share of replaced words is drawn between these
CHOICES = 4  # translations kept a word, in the order of the dictionaries
LOOKED_AT = 10_000  # sentences a language
FEWEST = 2  # replaced words a sentence must have
WORD = re.compile(r"\b[A-Za-z][a-z]{2,}\b")  # dictionaries give units and symbols for shorter ones
# Kept in English: as nouns they are units or letters in the dictionaries ("are", 100 square metres), and mistranslated.
KEPT = frozenset(
    """the and are was were has had have been being did does for but not that this with from who can may""".split()  # noqa: SIM905
)

log = logging.getLogger("mini.switching")

Lexicon = dict[str, list[str]]


def lexicon_of(pairs: Sequence[Pair], language: str) -> Lexicon:
    """Single English words (lower case) to translations of at most two words, best first.

    Wordnet rows have all members of a sense, so a translation found there and in the dictionary comes first.
    """
    counts: dict[str, dict[str, float]] = {}
    for pair in pairs:
        if pair.language != language or pair.is_sentence or pair.source == "cldr":
            continue
        members = pair.english.split(": ")[0].split(", ") if pair.source == "wn" else [pair.english]
        for word in members:
            if WORD.fullmatch(word) and len(pair.other.split()) <= 2 and pair.other != word:
                known = counts.setdefault(word.lower(), {})
                known[pair.other] = known.get(pair.other, 0.0) + 1.0 / (1.0 + 0.2 * len(known))
    return {word: sorted(known, key=lambda other: -known[other])[:CHOICES] for word, known in counts.items()}


def _stems(word: str) -> list[str]:
    """The word and what it may be an inflection of."""
    word = word.lower()
    found = [word]
    if word.endswith("ies"):
        found.append(word[:-3] + "y")
    for ending in ("s", "es", "d", "ed", "ing"):
        if word.endswith(ending) and len(word) - len(ending) > 2:
            found.append(word[: -len(ending)])
    if word.endswith("ing"):
        found.append(word[:-3] + "e")
    return found


class Switcher:
    """Replaces words of English sentences by those of one language."""

    def __init__(self, lexicon: Lexicon, generator: np.random.Generator) -> None:
        self.lexicon, self.generator = lexicon, generator

    def switched(self, sentence: str) -> str | None:
        """The sentence with a drawn share of its known words replaced; None when fewer than FEWEST are."""
        share, draws = self.generator.uniform(*REPLACED), self.generator.random((len(sentence), 2))
        parts: list[str] = []
        replaced, end = 0, 0
        for number, match in enumerate(WORD.finditer(sentence)):
            choices = self._choices(match.group()) if draws[number, 0] < share else []
            # The better a translation's rank, the likelier it is: the square of an even draw.
            word = choices[int(draws[number, 1] ** 2 * len(choices))] if choices else match.group()
            parts += [sentence[end : match.start()], word]
            replaced, end = replaced + bool(choices), match.end()
        return "".join([*parts, sentence[end:]]) if replaced >= FEWEST else None

    def _choices(self, word: str) -> list[str]:
        if word.lower() in KEPT:
            return []
        return next((self.lexicon[stem] for stem in _stems(word) if stem in self.lexicon), [])


def _texts(pairs: Sequence[Pair], language: str) -> list[str]:
    """English to switch: any sentence or gloss for MORE_LANGUAGES, else what has no translation."""
    if language not in MORE_LANGUAGES:
        return sorted({p.english for p in pairs if p.language == "en"})
    sentences = {p.english for p in pairs if p.is_sentence and p.source != "mozilla"}
    return sorted(sentences | {p.english for p in pairs if p.source == "wn"})


def switched_pairs(pairs: Sequence[Pair], seed: int) -> list[Pair]:
    """Pairs of an English sentence or gloss and the same with words of another language."""
    made: list[Pair] = []
    for number, language in enumerate(LANGUAGES):
        generator = np.random.default_rng([seed, number])
        lexicon, texts = lexicon_of(pairs, language), _texts(pairs, language)
        switcher = Switcher(lexicon, generator)
        chosen = [texts[index] for index in generator.permutation(len(texts))[:LOOKED_AT]]
        new = [(text, other) for text in chosen if (other := switcher.switched(text)) is not None]
        made += [Pair(SWITCHED, language, text, other, True) for text, other in new]
        log.info("switching: %d words and %d sentences of %s", len(lexicon), len(new), language)
    return made
