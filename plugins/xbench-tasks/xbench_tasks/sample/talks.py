"""The bundled sample `ted-topics-sample`: how talks of six topics begin, in English and Chinese, written for xbench.

A talk is a title and one to three sentences, put together from `talks.tsv`. What gives its topic away is its subject
(`wild bees`), which title or sentences may name, or a claim that such a talk makes; an opening says nothing of the
topic, and an aside, such as the speaker's former profession, may point to another one.

Row i of a split is the same talk in both languages. Dev and test have sentences of their own, and five of a topic's
fourteen subjects are theirs alone: they share no stretch (see `stretches`) with train.
"""

from collections.abc import Mapping, Sequence, Set
from csv import QUOTE_NONE, DictReader
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import product

from xbench_tasks.sample.sentences import draw, hashed
from xbench_tasks.sample.stretches import Stretch, stretches, stretches_of

LANGUAGES = ("en", "zh")
TOPICS = ("business", "culture", "environment", "health", "science", "technology")
SIZES = {"train": 40, "validation": 10, "test": 25}  # talks of each topic

_SHAPES = (
    "title opening",
    "title opening closing",
    "title aside claim",
    "headline opening claim",
    "headline claim closing",
    "headline opening aside closing",
    "title claim",
)
# So many of each topic's are in train: sentences that are train's alone, and subjects that dev and test have as well.
_TAUGHT = {"claim": 6, "opening": 9, "aside": 6, "closing": 6}
_SUBJECTS = 9
_ANY = "any"

Phrase = Mapping[str, str]  # by language; `{s}` stands for the subject


@dataclass(frozen=True)
class _Talk:
    """A topic, a subject, and the phrases of a title and of sentences, as they are in the table."""

    topic: str
    subject: int
    shape: str
    phrases: tuple[int, ...]

    def said(self, language: str) -> list[str]:
        """The title and then the sentences."""
        subject = _table()["subject", self.topic][self.subject]
        slots = zip(self.shape.split(), self.phrases, strict=True)
        return [_say(_options(slot, self.topic)[at], subject, language) for slot, at in slots]

    def text(self, language: str) -> str:
        """All of it; the title ends like a sentence."""
        title, *sentences = self.said(language)
        return " ".join([f"{title}.", *sentences]) if language == "en" else "".join([f"{title}。", *sentences])


@cache
def talks(language: str, split: str) -> tuple[tuple[str, str], ...]:
    """The topic and the text of each talk of a split, shuffled; the same talks in both languages.

    Raises ValueError for a language not in `LANGUAGES` and for a split not in `SIZES`.
    """
    if language not in LANGUAGES or split not in SIZES:
        raise ValueError(
            f"ted-topics-sample has no {split!r} in {language!r}: {', '.join(LANGUAGES)}; {', '.join(SIZES)}"
        )
    return tuple((talk.topic, talk.text(language)) for talk in _talks()[split])


@cache
def sentences() -> tuple[tuple[str, str], ...]:
    """English titles and sentences with the Chinese; none is in a talk of dev or test, or shares a stretch with one."""
    held = {one: [text for split in ("validation", "test") for _, text in talks(one, split)] for one in LANGUAGES}
    judged = {one: stretches_of(texts, one) for one, texts in held.items()}
    whole = {one: "\n".join(texts) for one, texts in held.items()}
    found: dict[tuple[str, str], None] = {}
    for topic, slot in product(TOPICS, ("title", "opening", "aside", "claim", "closing")):
        for subject, phrase in product(_table()["subject", topic], _options(slot, topic)[: _TAUGHT.get(slot)]):
            said = {one: _say(phrase, subject, one) for one in LANGUAGES}
            if not _shares(said, judged) and not any(said[one] in whole[one] for one in LANGUAGES):
                found[said["en"], said["zh"]] = None
    return tuple(found)


def _shares(said: Mapping[str, str], known: Mapping[str, Set[Stretch]]) -> bool:
    return any(not known[language].isdisjoint(stretches(text, language)) for language, text in said.items())


@cache
def _table() -> Mapping[tuple[str, str], Sequence[Phrase]]:
    """The phrases by slot and topic."""
    table: dict[tuple[str, str], list[Phrase]] = {}
    text = files("xbench_tasks.sample").joinpath("talks.tsv").read_text(encoding="utf-8")
    for row in DictReader(text.splitlines(), delimiter="\t", quoting=QUOTE_NONE):
        table.setdefault((row["slot"], row["topic"]), []).append({language: row[language] for language in LANGUAGES})
    return table


def _options(slot: str, topic: str) -> Sequence[Phrase]:
    return _table().get((slot, topic)) or _table()[slot, _ANY]


def _say(phrase: Phrase, subject: Phrase, language: str) -> str:
    text = phrase[language].format(s=subject[language])
    return text[0].upper() + text[1:]


@cache
def _talks() -> Mapping[str, tuple[_Talk, ...]]:
    """The talks of every split, in no language and in their final order."""
    train = _made("train", {}, ())
    taught = {one: stretches_of((talk.text(one) for talk in train), one) for one in LANGUAGES}
    validation = _made("validation", taught, ())
    return {"train": train, "validation": validation, "test": _made("test", taught, validation)}


def _made(split: str, taught: Mapping[str, Set[Stretch]], others: Sequence[_Talk]) -> tuple[_Talk, ...]:
    """The talks of a split: as many of each topic as it has, none of the others, nothing of what is taught."""
    made: dict[_Talk, None] = {}
    for topic in TOPICS:
        wanted, attempt = len(made) + SIZES[split], 0
        while len(made) < wanted:
            talk = _drawn(topic, split, f"{split} {topic} {attempt}")
            attempt += 1
            if talk not in others and not _shares({one: talk.text(one) for one in taught}, taught):
                made[talk] = None
    return tuple(sorted(made, key=lambda talk: hashed(repr(talk))))  # shuffled alike everywhere


def _drawn(topic: str, split: str, key: str) -> _Talk:
    def place(slot: str) -> int:
        count, taught = len(_options(slot, topic)), _TAUGHT.get(slot)
        if slot == "subject" and split == "train":
            return draw(range(_SUBJECTS), f"{key} {slot}")
        if taught is None:
            return draw(range(count), f"{key} {slot}")
        return draw(range(taught) if split == "train" else range(taught, count), f"{key} {slot}")

    shape = draw(_SHAPES, f"{key} shape")
    slots = shape.split()
    subject = place("subject") if {"title", "closing"} & set(slots) else 0  # of those that name none it is no matter
    return _Talk(topic, subject, shape, tuple(map(place, slots)))
