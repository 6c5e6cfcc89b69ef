"""Questions and contexts as an encoder reads them: rows of tokens, and which characters each token stands for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from xbench_encoders.encoder import Tokens, Tower, TransformerEncoder, longest

Span = tuple[int, int]


@dataclass(frozen=True)
class Limits:
    """In tokens: of a row, of a question, and how far apart the stretches of a context begin."""

    max_length: int = 384
    question_length: int = 64
    stride: int = 128


@dataclass(frozen=True)
class Stretch:
    """What a row holds of a context: its tokens `start` to before `stop`, the first of them at position `at`."""

    question: int
    start: int
    stop: int
    at: int


@dataclass(frozen=True)
class Passages:
    """Questions with their contexts, tokenized: every row of `tokens` holds a question and a stretch of its context.

    `stretches` are by row, those of a question in order, and each token of the context stands in one of them at
    least; `offsets` are by question: the characters of the context that each of the context's tokens stands for.
    """

    tokens: Tokens
    stretches: Sequence[Stretch]
    offsets: Sequence[Sequence[Span]]

    def place(self, row: int, characters: Span) -> Span | None:
        """The positions in the row of the first and the last token of some characters of the context.

        None where they do not stand in the row from end to end.
        """
        stretch = self.stretches[row]
        found = _tokens_of(self.offsets[stretch.question], characters)
        if found is None or found[0] < stretch.start or found[1] >= stretch.stop:
            return None
        return found[0] - stretch.start + stretch.at, found[1] - stretch.start + stretch.at

    def characters(self, row: int, first: int, last: int) -> Span:
        """The characters of the context from the token at one position of the row to that at another."""
        stretch = self.stretches[row]
        offsets = self.offsets[stretch.question]
        return offsets[first - stretch.at + stretch.start][0], offsets[last - stretch.at + stretch.start][1]


class _Frame:
    """How the tokenizer puts a row of two sides together: its special tokens (side -1), and where the sides go."""

    def __init__(self, tokenizer: Any) -> None:
        coded = tokenizer(["a"], ["a"])
        ids = coded["input_ids"][0]
        types = (coded.get("token_type_ids") or [[0] * len(ids)])[0]
        sides = [-1 if side is None else side for side in coded.sequence_ids(0)]
        once = [at for at, side in enumerate(sides) if side < 0 or side not in sides[:at]]
        self.parts = [(sides[at], ids[at], types[at]) for at in once]
        self.size = sum(side < 0 for side, _, _ in self.parts)
        self.ahead = [side for side, _, _ in self.parts].index(1) - 1  # special tokens before the second side

    def row(self, first: Sequence[int], second: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
        """Ids, token types and sides of a row."""
        ids: list[int] = []
        types: list[int] = []
        sides: list[int] = []
        for side, special, type_ in self.parts:
            part = (first, second)[side] if side >= 0 else (special,)
            ids += part
            types += [type_] * len(part)
            sides += [side] * len(part)
        return ids, types, sides


def tokenize_questions(
    encoder: TransformerEncoder, questions: Sequence[str], contexts: Sequence[str], language: str, limits: Limits
) -> Passages:
    """Tokenize questions with their contexts, by the tower of a language; no context is cut off.

    A context that does not fit becomes several rows, which begin `stride` tokens of it apart (`doc_stride` of
    XTREME). A row without room for two strides moves by half of its room, so that an answer cut at the edge of one
    row stands whole in the next; and a question gets half of a row at most.
    """
    if not questions:
        return Passages(Tokens(language, [], [], []), [], [])
    tower = encoder.tower(language)
    frame = _Frame(tower.tokenizer)
    free = min(limits.max_length, longest(tower)) - frame.size
    asked = [ids[: min(limits.question_length, free // 2)] for ids in _coded(tower, questions)["input_ids"]]
    known = {context: at for at, context in enumerate(dict.fromkeys(contexts))}  # several questions have one context
    coded = _coded(tower, list(known))
    told = [known[context] for context in contexts]
    rows: list[tuple[list[int], list[int], list[int]]] = []
    stretches: list[Stretch] = []
    for question, (own, at) in enumerate(zip(asked, told, strict=True)):
        tokens = coded["input_ids"][at]
        for start, stop in _windows(len(tokens), free - len(own), limits.stride):
            rows.append(frame.row(own, tokens[start:stop]))
            stretches.append(Stretch(question, start, stop, len(own) + frame.ahead))
    ids, types, sides = zip(*rows, strict=True)
    return Passages(Tokens(language, ids, types, sides), stretches, [coded["offset_mapping"][at] for at in told])


def _coded(tower: Tower, texts: Sequence[str]) -> Any:
    """Texts by themselves, whole."""
    return tower.tokenizer(list(texts), add_special_tokens=False, return_offsets_mapping=True, verbose=False)


def _windows(tokens: int, room: int, stride: int) -> Iterator[Span]:
    """Stretches of as many tokens as there is room for, a stride apart, until one holds the last token."""
    step = min(stride, max(1, room // 2))
    start = 0
    while start + room < tokens:
        yield start, start + room
        start += step
    yield start, tokens


def _tokens_of(offsets: Sequence[Span], characters: Span) -> Span | None:
    """The first and the last token that stand for one of the characters; None where none does."""
    start, end = characters
    found = [token for token, (first, last) in enumerate(offsets) if first < end and last > start]
    return (found[0], found[-1]) if found else None
