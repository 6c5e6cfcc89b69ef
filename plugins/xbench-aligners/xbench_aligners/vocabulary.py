"""Vocabularies of sub-word pieces: what a piece says however it is written, and which pieces of two mean the same.

WordPiece marks a piece that continues a word (`##ing`), SentencePiece (Metaspace) one that begins a word (`▁the`), and
byte-level BPE one that follows a blank (`Ġthe`), with every byte written as a printable letter (Radford et al. 2019).
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from xbench.errors import UsageError

# What special tokens are for; of a token with several roles, the one to tell it by comes first.
ROLES = ("mask", "cls", "sep", "bos", "eos", "unk", "pad")
_KIN = MappingProxyType({"cls": "bos", "bos": "cls", "sep": "eos", "eos": "sep"})  # both frame a text
_FALLBACK = re.compile(r"<0x([0-9A-F]{2})>")  # a byte that SentencePiece has no piece for
_BLANK = "▁"


class Marking(StrEnum):
    """How a vocabulary tells the beginning of a word from the rest of it."""

    WORDPIECE = "##"
    METASPACE = "▁"
    BYTES = "Ġ"


@dataclass(frozen=True)
class Piece:
    """The bytes that a piece stands for and whether they begin a word.

    Bytes, because a piece of byte-level BPE may end within a letter. `fallback` tells a byte that is only used where
    no other piece serves; it does not count when pieces are compared.
    """

    text: bytes
    start: bool
    fallback: bool = field(default=False, compare=False)

    @property
    def decoded(self) -> str | None:
        """The text, or None when the bytes are no whole letters."""
        try:
            return self.text.decode()
        except UnicodeDecodeError:
            return None


@dataclass(frozen=True)
class Vocabulary:
    """The pieces by id, how they are marked, the ids of special tokens by role, and those of all special tokens."""

    pieces: Sequence[str]
    marking: Marking
    roles: Mapping[str, int] = field(default_factory=dict)
    specials: frozenset[int] = frozenset()

    def canonical(self) -> list[Piece | None]:
        """What every piece says; None for a special token, which says nothing, and for an id without a piece."""
        silent = self.specials.union(self.roles.values())
        return [
            None if at in silent or not piece else canonical(piece, self.marking)
            for at, piece in enumerate(self.pieces)
        ]


def marking_of(pieces: Sequence[str]) -> Marking:
    """The marking that most pieces bear: `Ġ` alone is also a letter of Maltese. Raises UsageError when none does."""
    bearers = Counter({marking: sum(map(_bears(marking), pieces)) for marking in Marking})
    marking, count = bearers.most_common(1)[0]
    if not count:
        raise UsageError(f"none of {len(pieces)} pieces tells where a word begins (with one of {', '.join(Marking)})")
    return marking


def _bears(marking: Marking) -> Callable[[str], bool]:
    return lambda piece: piece.startswith(marking) and piece != marking


def vocabulary_of(tokenizer: Any) -> Vocabulary:
    """The vocabulary of a tokenizer of transformers. Raises UsageError where its marking cannot be told."""
    ids: Mapping[str, int] = tokenizer.get_vocab()
    pieces = [""] * (max(ids.values()) + 1)
    for piece, at in ids.items():
        pieces[at] = piece
    roles = {role: getattr(tokenizer, f"{role}_token_id", None) for role in ROLES}
    added = (at for at, token in tokenizer.added_tokens_decoder.items() if token.special)
    return Vocabulary(
        pieces,
        marking_of(pieces),
        {role: at for role, at in roles.items() if at is not None},
        frozenset({*tokenizer.all_special_ids, *added}),
    )


def canonical(piece: str, marking: Marking) -> Piece:
    """What a piece says, without its marking; blanks within it are blanks."""
    if marking is Marking.WORDPIECE:
        rest = piece.removeprefix(marking)
        continues = rest not in ("", piece)  # `##` alone is a text
        return Piece((rest if continues else piece).encode(), not continues)
    if marking is Marking.METASPACE:
        byte = _FALLBACK.fullmatch(piece)
        if byte:
            return Piece(bytes.fromhex(byte[1]), start=False, fallback=True)
        text = piece.replace(_BLANK, " ").encode()
    else:
        text = _bytes_of(piece)
    return Piece(text.removeprefix(b" "), text.startswith(b" "))


def _byte_letters() -> Mapping[str, int]:
    """The byte of every letter of byte-level BPE: what is printable in Latin-1 as it is, all others from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in set(printable)]
    letters = {chr(byte): byte for byte in printable}
    return MappingProxyType(letters | {chr(0x100 + at): byte for at, byte in enumerate(others)})


BYTE_LETTERS = _byte_letters()


def _bytes_of(piece: str) -> bytes:
    if all(letter in BYTE_LETTERS for letter in piece):
        return bytes(BYTE_LETTERS[letter] for letter in piece)
    return piece.encode()  # tokens added later are written as they are


class Match(StrEnum):
    """Why two pieces are taken to mean the same."""

    SPECIAL = "special"  # special tokens of one role, or without one and of one name
    EXACT = "exact"  # one text at one place in a word
    PLACE = "place"  # one text, which begins a word in one vocabulary only: punctuation, as a rule
    FOLDED = "folded"  # at one place in a word, one text but for case and compatibility forms (NFKC)


def _folded(piece: Piece) -> Hashable:
    text = piece.decoded
    return (piece.text if text is None else unicodedata.normalize("NFKC", text).casefold(), piece.start)


_Key: TypeAlias = Callable[[Piece], Hashable]
_KEYS: Mapping[Match, _Key] = MappingProxyType(
    {Match.EXACT: lambda piece: piece, Match.PLACE: lambda piece: piece.text, Match.FOLDED: _folded}
)


@dataclass(frozen=True, eq=False)
class Overlap:
    """For every target piece the id of the source piece that means the same, or -1, and why.

    `rows` is int64 (target pieces,); `size` is the number of source pieces.
    """

    rows: NDArray[np.int64]
    kinds: Sequence[Match | None]
    size: int

    @property
    def matched(self) -> NDArray[np.bool_]:
        """Which target pieces have a source piece."""
        return self.rows >= 0

    @property
    def special(self) -> NDArray[np.bool_]:
        """Which target pieces are special tokens that have a source piece."""
        return np.array([kind is Match.SPECIAL for kind in self.kinds], dtype=bool)

    def counts(self) -> dict[str, int]:
        """How many target pieces there are of each kind of match; `none` counts those without one."""
        found = Counter(self.kinds)
        return {str(kind): found[kind] for kind in Match} | {"none": found[None]}


def overlap(source: Vocabulary, target: Vocabulary, kinds: Sequence[Match] = (Match.SPECIAL, Match.EXACT)) -> Overlap:
    """The source piece of every target piece, by the first of `kinds` that gives one.

    The default is that of FOCUS (Dobler and de Melo 2023). Where several source pieces serve, the first does: the
    vocabularies begin with what is frequent.
    """
    spoken = source.canonical()
    finders = [_special(source, target) if kind is Match.SPECIAL else _said(kind, spoken) for kind in kinds]
    rows = np.full(len(target.pieces), -1, dtype=np.int64)
    found: list[Match | None] = [None] * len(rows)
    for at, piece in enumerate(target.canonical()):
        for kind, find in zip(kinds, finders, strict=True):
            row = find(at, piece)
            if row is not None:
                rows[at], found[at] = row, kind
                break
    return Overlap(rows, found, len(source.pieces))


_Finder: TypeAlias = Callable[[int, Piece | None], int | None]


def _said(kind: Match, spoken: Sequence[Piece | None]) -> _Finder:
    key = _KEYS[kind]
    ids: dict[tuple[Hashable, bool], int] = {}
    for at, piece in enumerate(spoken):
        if piece is not None:
            ids.setdefault((key(piece), piece.fallback), at)

    def find(_: int, piece: Piece | None) -> int | None:
        if piece is None:
            return None
        said = key(piece)
        return ids.get((said, piece.fallback), ids.get((said, not piece.fallback)))

    return find


def _special(source: Vocabulary, target: Vocabulary) -> _Finder:
    named = {source.pieces[at]: at for at in source.specials.difference(source.roles.values())}
    found: dict[int, int] = {}
    for at in target.specials.difference(target.roles.values()):
        if target.pieces[at] in named:
            found[at] = named[target.pieces[at]]
    for role in ROLES:
        same = source.roles.get(role, source.roles.get(_KIN.get(role, role)))
        if role in target.roles and same is not None:
            found.setdefault(target.roles[role], same)
    return lambda at, _: found.get(at)
