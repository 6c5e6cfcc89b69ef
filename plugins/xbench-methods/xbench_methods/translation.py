"""Translated examples: who translates, which data that needs, and what of a table is translated."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from xbench.contracts import Resource, TaskKind
from xbench.errors import StageError
from xbench.tables import COLUMNS
from xbench_methods.options import ClassifierOptions

if TYPE_CHECKING:
    import pyarrow as pa

DICTIONARY, PRECOMPUTED = "dictionary", "precomputed"
TRANSLATED_KINDS = frozenset(  # the answer to a question stands in its context, and no translator says where it went
    {TaskKind.SEQUENCE_CLASSIFICATION, TaskKind.TOKEN_CLASSIFICATION, TaskKind.MULTIPLE_CHOICE}
)


@dataclass(frozen=True)
class TranslationOptions(ClassifierOptions):
    """Who translates: `dictionary`, word by word; `precomputed`, what a resource holds; or a model by folder or hub id.

    `dictionary` and `translations` name the resource; `beams` are those of a model's search.
    """

    translator: str = DICTIONARY
    dictionary: str = "auto"
    translations: str = "auto"
    beams: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.beams < 1 or not self.translator:
            raise ValueError("beams must be at least 1, translator dictionary, precomputed, a model's folder or hub id")

    @property
    def resource(self) -> Resource | None:
        """The pairs that the translator reads; a model reads none."""
        return {DICTIONARY: Resource.DICTIONARY, PRECOMPUTED: Resource.TRANSLATIONS}.get(self.translator)

    @property
    def needs(self) -> frozenset[Resource]:
        """Source labels, validation labels where they select, and the translator's pairs."""
        return self.needs_of_labels | ({self.resource} if self.resource else set())

    @property
    def needs_of_labels(self) -> frozenset[Resource]:
        """Source labels, and validation labels where they select."""
        return frozenset({Resource.SOURCE_LABELS}) | self.selects_on


class Translator(Protocol):
    """From one language to one other."""

    @property
    def coverage(self) -> float | None:
        """The share of the words so far that were known, where it goes word by word."""

    def texts(self, texts: list[str]) -> list[str]:
        """The translation of each. Raises StageError where there is none."""


def check(kind: TaskKind, options: TranslationOptions) -> None:
    """Raise StageError where a translator cannot serve a kind of task."""
    if COLUMNS[kind].per_token and options.translator != DICTIONARY:
        what = f"translator={options.translator} does not say which word became which"
        raise StageError(f"{what}, and {kind} has a label for each; use translator=dictionary")


def rewritten(kind: TaskKind, inputs: "pa.Table", change: Callable[[int, str], str]) -> "pa.Table":
    """The inputs with each text, or each token, changed: `change(row, text)`; a token stays one, blanks or not."""
    import pyarrow as pa

    for name in COLUMNS[kind].texts:
        if name in inputs.column_names:
            cells: list[Any] = [
                [change(row, part) for part in cell] if isinstance(cell, list) else change(row, cell)
                for row, cell in enumerate(inputs[name].to_pylist())
            ]
            field = inputs.schema.field(name)
            inputs = inputs.set_column(inputs.schema.get_field_index(name), field, pa.array(cells, field.type))
    return inputs


def translated(kind: TaskKind, inputs: "pa.Table", translator: Translator) -> "pa.Table":
    """The inputs in the other language; tokens are translated one by one, so that labels stay in place."""
    names = [name for name in COLUMNS[kind].texts if name in inputs.column_names]
    cells = [cell for name in names for cell in inputs[name].to_pylist()]
    texts = [text for cell in cells for text in (cell if isinstance(cell, list) else [cell])]
    spoken = [text for text in texts if text.strip()]
    found = dict(zip(spoken, translator.texts(spoken), strict=True))
    return rewritten(kind, inputs, lambda _, text: found.get(text, text))
