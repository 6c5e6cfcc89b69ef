"""The rows of a split while they are read, and what is made of them: tables and a fingerprint."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow


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


def inputs(rows: Rows) -> "pyarrow.Table":
    """A table with the column `text` and, for pairs, `text_pair`."""
    import pyarrow

    columns = {"text": rows.texts} | ({} if rows.pairs is None else {"text_pair": rows.pairs})
    # Declared types: an empty column would otherwise be of type null.
    return pyarrow.table({name: pyarrow.array(texts, pyarrow.string()) for name, texts in columns.items()})


def gold(rows: Rows) -> "pyarrow.Table":
    """A table with the column `label`."""
    import pyarrow

    return pyarrow.table({"label": pyarrow.array(rows.labels, pyarrow.string())})


def fingerprint(rows: Rows) -> str:
    """The SHA-256 (hex) of inputs and gold, row by row; a text is framed by its length."""
    columns = [rows.texts, *([] if rows.pairs is None else [rows.pairs]), rows.labels]
    state = sha256(f"{len(columns)} columns {len(rows.texts)} rows\n".encode())
    for row in zip(*columns, strict=True):
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
