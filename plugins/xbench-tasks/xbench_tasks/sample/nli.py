"""The bundled sample `xnli-sample`: pairs shaped like XNLI, written for xbench, parallel in its 15 languages.

A sentence is put together from the phrases of `phrases.tsv` (who, does what, with whom, where, when). A
hypothesis asks about one of them, and comes with three premises:

* entailment: the premise holds the hypothesis and more;
* contradiction: the same with another value for the phrase asked about (another place, another day, ...);
* neutral: the premise leaves the phrase asked about open.

As in SNLI (Bowman et al. 2015, section 2.1), premise and hypothesis are taken to be about one event: who
reads the newspaper in the garden is not at the airport, and drinks no coffee.

Each hypothesis occurs once under each label, so a hypothesis alone says nothing about its label. Over one
turn of `_QUESTIONS` each kind of premise (its set of slots) occurs equally often under each label, so a
premise alone says next to nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from xbench_tasks.sample.sentences import LANGUAGES, SLOTS, Meaning, draw, hashed, phrases, sentence

SPLITS = ("train", "validation", "test")
LABELS = ("entailment", "neutral", "contradiction")

_HYPOTHESES = {"train": 500, "validation": 50, "test": 120}


@dataclass(frozen=True, slots=True)
class Pair:
    """A premise, a hypothesis and one of `LABELS`; `id` is the same in all languages."""

    id: str
    premise: str
    hypothesis: str
    label: str


@dataclass(frozen=True)
class _Question:
    """The slot asked about, and the slots (besides the subject) of the hypothesis and of its premises."""

    asked: str
    hypothesis: str
    telling: str
    silent: str


# The telling and the silent premises have the same kinds equally often: change the table as a whole. A silent
# premise that holds the slot asked about holds a time of another kind ("on Monday" for "in the morning").
_QUESTIONS = (
    _Question("activity", "activity", "activity companion time", "companion place"),
    _Question("activity", "activity companion", "activity companion time", "companion place"),
    _Question("activity", "activity time", "activity companion time", "place time"),
    _Question("place", "place", "companion place", "activity companion time"),
    _Question("place", "place", "companion place", "activity companion time"),
    _Question("place", "place", "place time", "activity companion time"),
    _Question("place", "companion place", "activity companion place", "activity companion time"),
    _Question("place", "activity place", "activity companion place", "activity companion time"),
    _Question("place", "activity place", "activity place time", "activity companion time"),
    _Question("time", "activity time", "activity companion time", "activity companion place"),
    _Question("time", "activity time", "activity place time", "activity companion place"),
    _Question("time", "activity time", "activity place time", "activity companion place"),
    _Question("time", "activity place time", "activity companion place time", "activity companion place time"),
    _Question("companion", "activity companion", "activity companion time", "activity place time"),
    _Question("companion", "activity companion", "activity companion time", "activity place time"),
    _Question("companion", "activity companion", "activity companion place", "activity place time"),
)


@dataclass(frozen=True)
class _Item:
    """A pair of meanings and its label."""

    premise: Meaning
    hypothesis: Meaning
    label: str

    @property
    def text(self) -> str:
        """All of it in one line, by which rows are shuffled."""
        return " ".join((*self.premise, "=>", *self.hypothesis, "=>", self.label))


@cache
def pairs(language: str, split: str) -> tuple[Pair, ...]:
    """Return the pairs of a split; the same ids and labels in the same order in every language.

    Raises ValueError for a language not in `LANGUAGES` and for a split not in `SPLITS`.
    """
    if language not in LANGUAGES:
        raise ValueError(f"xnli-sample has no language {language!r}; it has {', '.join(LANGUAGES)}")
    if split not in SPLITS:
        raise ValueError(f"xnli-sample has no split {split!r}; it has {', '.join(SPLITS)}")
    return tuple(
        Pair(
            id=f"{split}-{row:04d}",
            premise=sentence(language, item.premise),
            hypothesis=sentence(language, item.hypothesis),
            label=item.label,
        )
        for row, item in enumerate(_items()[split])
    )


@cache
def _items() -> Mapping[str, tuple[_Item, ...]]:
    """Return the rows of every split, in no language and in their final order."""
    used: set[Meaning] = set()
    splits: dict[str, tuple[_Item, ...]] = {}
    for split in SPLITS:
        rows: list[_Item] = []
        for number in range(_HYPOTHESES[split]):
            rows += _new_items(_QUESTIONS[number % len(_QUESTIONS)], f"{split} {number}", used)
        # A sort by hash shuffles alike everywhere; the generators of `random` promise no such thing.
        splits[split] = tuple(sorted(rows, key=lambda item: hashed(item.text)))
    return splits


def _new_items(question: _Question, key: str, used: set[Meaning]) -> tuple[_Item, ...]:
    """Return a hypothesis that is not in `used`, under each label, and add it to `used`."""
    # Far fewer hypotheses are taken than the smallest kind of them (subject x place) has.
    attempt = 0
    while (items := _ask(question, f"{key} {attempt}"))[0].hypothesis in used:
        attempt += 1
    used.add(items[0].hypothesis)
    return items


def _ask(question: _Question, key: str) -> tuple[_Item, ...]:
    """Return the pair of each label for one event, drawn by `key`."""
    event = {slot: draw(tuple(phrases()[slot]), f"{key} {slot}") for slot in SLOTS}
    asked, value = question.asked, event[question.asked]
    # Monday contradicts Friday, but neither "in the morning" nor "in winter".
    alike = [one for one in phrases()[asked] if one != value and _kind(one) == _kind(value)]
    unlike = [one for one in phrases()[asked] if _kind(one) != _kind(value)]
    contradicting = event | {asked: draw(alike, f"{key} contradiction")}
    silent = event | {asked: draw(unlike, f"{key} neutral")} if unlike else event
    hypothesis = _meaning(event, question.hypothesis)
    return (
        _Item(_meaning(event, question.telling), hypothesis, "entailment"),
        _Item(_meaning(silent, question.silent), hypothesis, "neutral"),
        _Item(_meaning(contradicting, question.telling), hypothesis, "contradiction"),
    )


def _meaning(event: Mapping[str, str], slots: str) -> Meaning:
    """Return what is said of an event by its subject and `slots` (names with spaces between)."""
    said = ("subject", *slots.split())
    return tuple(event[slot] for slot in SLOTS if slot in said)


def _kind(phrase: str) -> str:
    """Return the kind of a phrase id (`week` of `week.monday`), or nothing where the slot has no kinds."""
    return phrase.rpartition(".")[0]
