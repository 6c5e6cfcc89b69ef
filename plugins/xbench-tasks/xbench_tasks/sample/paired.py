"""The bundled samples `sample-parallel` and `sample-dictionary`: sentences and phrases in 15 languages.

They are made of the phrases that `xnli-sample` is made of. In no language does a sentence share a stretch (see
`stretches`) with one of its dev or test inputs, which is why the sentences are short.
"""

from collections.abc import Mapping, Sequence
from functools import cache

from xbench_tasks.sample.nli import pairs
from xbench_tasks.sample.sentences import LANGUAGES, SLOTS, Meaning, draw, phrases, sentence, words_of
from xbench_tasks.sample.stretches import Stretch, stretches, stretches_of

_SENTENCES = 1_000
# The slots that a sentence has besides its subject: what somebody does, or where somebody is.
_KINDS = (
    "activity",
    "activity companion",
    "activity place",
    "activity time",
    "place",
    "companion place",
    "place time",
)


def sentences(source: str, target: str) -> Sequence[tuple[str, str]]:
    """1,000 sentences in two of the 15 languages, the same in all of them and in the same order."""
    return [(sentence(source, meaning), sentence(target, meaning)) for meaning in _meanings()]


def dictionary(source: str, target: str) -> Sequence[tuple[str, str]]:
    """Every phrase in two of the 15 languages; of an activity the verb and its object."""
    told = zip(words_of(source).values(), words_of(target).values(), strict=True)
    return [(one[field], other[field]) for one, other in told for field in one]


@cache
def _meanings() -> tuple[Meaning, ...]:
    """What the sentences say: drawn by hash, each once, and nothing that xnli-sample judges by."""
    judged = {language: _judged(language) for language in LANGUAGES}
    found: dict[Meaning, None] = {}
    attempt = 0
    while len(found) < _SENTENCES:
        meaning = _meaning(f"parallel {attempt}")
        attempt += 1
        if meaning not in found and not _shares(meaning, judged):
            found[meaning] = None
    return tuple(found)


def _judged(language: str) -> frozenset[Stretch]:
    held = [pair for split in ("validation", "test") for pair in pairs(language, split)]
    return stretches_of((text for pair in held for text in (pair.premise, pair.hypothesis)), language)


def _shares(meaning: Meaning, judged: Mapping[str, frozenset[Stretch]]) -> bool:
    """Whether the sentence gives a judged one away in any language."""
    return any(not known.isdisjoint(stretches(sentence(one, meaning), one)) for one, known in judged.items())


def _meaning(key: str) -> Meaning:
    said = ("subject", *draw(_KINDS, f"{key} kind").split())
    return tuple(draw(tuple(phrases()[slot]), f"{key} {slot}") for slot in SLOTS if slot in said)
