"""Text as an encoder reads it: towers, tokenized rows and sentences, and padded batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from xbench.errors import ModelError


@dataclass
class Tower:
    """One tokenizer with its transformer (a `PreTrainedModel` that gives `last_hidden_state`)."""

    tokenizer: Any
    module: Any

    @property
    def dimension(self) -> int:
        """Width of the states."""
        return int(self.module.config.hidden_size)


@dataclass(frozen=True)
class Tokens:
    """Tokenized rows of one language: ids, token types, and per token the side it belongs to (0, 1; -1 special)."""

    language: str
    ids: Sequence[Sequence[int]]
    types: Sequence[Sequence[int]]
    sides: Sequence[Sequence[int]]

    @property
    def lengths(self) -> list[int]:
        """Tokens per row, special tokens included."""
        return [len(row) for row in self.ids]

    @property
    def worded(self) -> list[int]:
        """The rows that are something to the tokenizer: not special tokens alone."""
        return [row for row, sides in enumerate(self.sides) if any(side >= 0 for side in sides)]

    def part(self, rows: Sequence[int]) -> "Tokens":
        """These rows, in this order."""
        ids, types, sides = ([of[row] for row in rows] for of in (self.ids, self.types, self.sides))
        return Tokens(self.language, ids, types, sides)

    def first(self, most: int) -> "Tokens":
        """The first rows, at most so many."""
        return self.part(range(min(most, len(self.ids))))


@dataclass(frozen=True)
class Words:
    """Sentences of words, tokenized: each row of `tokens` is a sentence or, of one that is too long, a part of it.

    By row, `firsts` are the positions of the words' first sub-words and `sentences` the sentence it belongs to; the
    rows of a sentence stand in order, and all its words have a place in them.
    """

    tokens: Tokens
    firsts: Sequence[Sequence[int]]
    sentences: Sequence[int]


def joined(parts: Sequence[Tokens]) -> Tokens:
    """Rows of languages that share a tower, one after the other."""
    return Tokens(
        parts[0].language,
        [row for part in parts for row in part.ids],
        [row for part in parts for row in part.types],
        [row for part in parts for row in part.sides],
    )


@dataclass(frozen=True)
class Batch:
    """Padded rows: ids, attention mask, token types and sides, each (rows, tokens); padding has side -1.

    Without `positions`, which are ids as well, the model counts by itself.
    """

    language: str
    ids: torch.Tensor
    mask: torch.Tensor
    types: torch.Tensor
    sides: torch.Tensor
    positions: torch.Tensor | None = None


def tokens_of(coded: Any, language: str) -> Tokens:
    """The rows of what a tokenizer gave."""
    ids = coded["input_ids"]
    types = coded.get("token_type_ids") or [[0] * len(row) for row in ids]
    sides = [[-1 if side is None else side for side in coded.sequence_ids(row)] for row in range(len(ids))]
    return Tokens(language, ids, types, sides)


def subwords(tokenizer: Any, sentences: Sequence[Sequence[str]]) -> list[list[int]]:
    """How many sub-words every word has."""
    if not sentences:
        return []
    coded = tokenizer([list(words) for words in sentences], is_split_into_words=True, add_special_tokens=False,
                      verbose=False)  # fmt: skip
    found = [[0] * len(words) for words in sentences]
    for row, counts in enumerate(found):
        for word in coded.word_ids(row):
            counts[word] += 1
    return found


def windows(counts: Sequence[int], room: int) -> Iterator[tuple[int, int]]:
    """Stretches of words, as long as their sub-words leave room; a word too long for any stands alone."""
    start = used = 0
    for at, count in enumerate(counts):
        size = max(1, count)  # a word of no sub-words becomes the unknown token
        if at > start and used + size > room:
            yield start, at
            start, used = at, 0
        used += size
    if counts:
        yield start, len(counts)


def firsts_of(owners: Sequence[int | None], words: int) -> list[int]:
    """The position of each word's first sub-word. Raises ModelError when the tokenizer leaves one out."""
    found: dict[int, int] = {}
    for position, word in enumerate(owners):
        if word is not None:
            found.setdefault(word, position)
    if len(found) != words:
        raise ModelError(f"the tokenizer leaves {words - len(found)} of {words} words without a token")
    return [found[word] for word in range(words)]


def longest(tower: Tower) -> int:
    """The most tokens the model can take: its tokenizer's limit, or its position table less the padding offset."""
    limit = int(min(tower.tokenizer.model_max_length, 10**6))
    positions = getattr(tower.module.config, "max_position_embeddings", None)
    if not positions:
        return limit
    return int(min(limit, positions - first_position(tower)))


def first_position(tower: Tower) -> int:
    """The position id of a row's first token."""
    tables = [module for name, module in tower.module.named_modules() if name.endswith("position_embeddings")]
    # RoBERTa and its kin count positions from the padding id on, and leave that row and those before it unused.
    return max(
        (table.padding_idx + 1 for table in tables if getattr(table, "padding_idx", None) is not None), default=0
    )
