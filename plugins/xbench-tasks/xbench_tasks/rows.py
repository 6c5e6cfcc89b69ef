"""The rows of a split while they are read, and what is made of them: tables and a fingerprint."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow


class Content(Protocol):
    """What a task's files hold: a frozen dataclass with a field `note` that says what is unusual."""

    @property
    def note(self) -> str:
        """What is unusual, as text; empty as a rule."""

    def __len__(self) -> int:
        """Rows."""

    def inputs(self) -> "pyarrow.Table":
        """The inputs of the task's kind."""

    def gold(self) -> "pyarrow.Table":
        """The gold of the task's kind."""

    def fingerprint(self) -> str:
        """The SHA-256 (hex) of inputs and gold, row by row."""


@dataclass(frozen=True)
class Rows:
    """Columns of equal length; `pairs` is None where an example is one text. `note` says what is unusual."""

    texts: Sequence[str]
    pairs: Sequence[str] | None
    labels: Sequence[str]
    note: str = ""

    def __add__(self, other: "Rows") -> "Rows":
        """These rows and then the others, which must be of the same kind."""
        both = self.pairs is not None and other.pairs is not None
        return Rows(
            texts=[*self.texts, *other.texts],
            pairs=[*(self.pairs or ()), *(other.pairs or ())] if both else None,
            labels=[*self.labels, *other.labels],
            note="; ".join(note for note in (self.note, other.note) if note),
        )

    def __len__(self) -> int:
        """Examples."""
        return len(self.labels)

    def inputs(self) -> "pyarrow.Table":
        """A table with the column `text` and, for pairs, `text_pair`."""
        import pyarrow

        columns = {"text": self.texts} | ({} if self.pairs is None else {"text_pair": self.pairs})
        # Declared types: an empty column would otherwise be of type null.
        return pyarrow.table({name: pyarrow.array(texts, pyarrow.string()) for name, texts in columns.items()})

    def gold(self) -> "pyarrow.Table":
        """A table with the column `label`."""
        import pyarrow

        return pyarrow.table({"label": pyarrow.array(self.labels, pyarrow.string())})

    def fingerprint(self) -> str:
        """The SHA-256 (hex) of inputs and gold, row by row; a text is framed by its length."""
        columns = [self.texts, *([] if self.pairs is None else [self.pairs]), self.labels]
        return digest(f"{len(columns)} columns {len(self.texts)} rows\n", zip(*columns, strict=True))


@dataclass(frozen=True)
class Sentences:
    """Sentences as lists of words, and a tag for every word. `note` says what is unusual."""

    tokens: Sequence[Sequence[str]]
    tags: Sequence[Sequence[str]]
    note: str = ""

    def __len__(self) -> int:
        """Sentences."""
        return len(self.tags)

    def inputs(self) -> "pyarrow.Table":
        """A table with the column `tokens`, lists of words."""
        return _lists("tokens", self.tokens)

    def gold(self) -> "pyarrow.Table":
        """A table with the column `tags`, lists of tags."""
        return _lists("tags", self.tags)

    def fingerprint(self) -> str:
        """The SHA-256 (hex) of inputs and gold, sentence by sentence; each has its number of words before it."""
        rows = zip(self.tokens, self.tags, strict=True)
        return digest(
            f"tagged {len(self.tokens)} sentences\n", ((str(len(words)), *words, *tags) for words, tags in rows)
        )


def _lists(name: str, rows: Sequence[Sequence[str]]) -> "pyarrow.Table":
    import pyarrow

    return pyarrow.table({name: pyarrow.array(rows, pyarrow.list_(pyarrow.string()))})


def digest(header: str, rows: Iterable[Sequence[str]]) -> str:
    """The SHA-256 (hex) of rows of texts; a text is framed by its length."""
    state = sha256(header.encode())
    for row in rows:
        for text in row:
            data = text.encode("utf-8")
            state.update(len(data).to_bytes(8, "big"))
            state.update(data)
    return state.hexdigest()


def order_by_id(ids: Sequence[int]) -> list[int]:
    """The positions of the ids, smallest id first. Raises ValueError when an id occurs twice."""
    repeated = [number for number, count in Counter(ids).items() if count > 1]
    if repeated:
        raise ValueError(f"id {min(repeated)} occurs more than once")
    return sorted(range(len(ids)), key=ids.__getitem__)
