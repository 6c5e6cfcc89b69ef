"""Translators by pairs: a dictionary word by word, and translations that were made before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from xbench.contracts import FitContext
from xbench.errors import StageError
from xbench.keys import digest
from xbench_methods.lexicon import Lexicon, replaced, words_of
from xbench_methods.translation import DICTIONARY, TranslationOptions, Translator

Rows = Sequence[tuple[str, str]]
PAIRS, COLUMNS = "pairs.parquet", ("target", "near", "far")


class WordByWord:
    """Replaces each word or phrase that the lexicon has by its first translation; unknown words stay."""

    def __init__(self, pairs: Rows) -> None:
        self.lexicon = Lexicon.of(pairs)
        self.known = self.words = 0

    @property
    def coverage(self) -> float | None:
        """The share of words that were known."""
        return self.known / self.words if self.words else None

    def texts(self, texts: list[str]) -> list[str]:
        """Word by word, the longest entry first; of words without blanks between, what they are made of."""
        return [self._text(text) for text in texts]

    def _text(self, text: str) -> str:
        words = words_of(text)
        self.words += len(words)

        def choose(at: int) -> tuple[int, str | None]:
            size, found = self.lexicon.match(text, words, at)
            new = found[0] if found else self.lexicon.segmented(text[slice(*words[at])])
            self.known += size if new is not None else 0
            return size, new

        return replaced(text, words, choose)


class LookedUp:
    """Gives the translation that stands beside exactly this text; of several, the first."""

    coverage = None

    def __init__(self, pairs: Rows) -> None:
        self.pairs = dict(reversed(pairs))

    def texts(self, texts: list[str]) -> list[str]:
        """The translations. Raises StageError, with their number, where texts have none."""
        lacking = [text for text in dict.fromkeys(texts) if text not in self.pairs]
        if lacking:
            of = len(set(texts))
            raise StageError(f"{len(lacking):,} of {of:,} texts have no translation, such as {lacking[0][:80]!r}")
        return [self.pairs[text] for text in texts]


class Provider(Protocol):
    """Translates between the source and other languages."""

    @property
    def about(self) -> Mapping[str, Any]:
        """What names it, as JSON: at least `name`, `revision` and `digest`."""

    def between(self, language: str, other: str) -> Translator:
        """The translator from one to the other. Raises StageError where there is none."""

    def save(self, folder: Path) -> None:
        """Write what `loaded` needs besides the options."""


@dataclass(frozen=True)
class ByPairs:
    """A provider that has pairs of the source with targets, source first; `name` is that of the resource option."""

    how: str
    name: str
    source: str
    pairs: Mapping[str, Rows]

    @property
    def about(self) -> Mapping[str, Any]:
        """The digest is of the pairs."""
        rows = {target: [list(row) for row in pairs] for target, pairs in self.pairs.items()}
        return {"kind": self.how, "name": self.name, "revision": "", "digest": digest(rows)}

    def between(self, language: str, other: str) -> Translator:
        """By the pairs of the target, in either direction."""
        target = other if language == self.source else language
        if target not in self.pairs:
            there = ", ".join(self.pairs) or "no language"
            raise StageError(f"translator={self.how} has pairs of {self.source} with {there}, not with {target}")
        rows = list(self.pairs[target]) if target == other else [(far, near) for near, far in self.pairs[target]]
        return WordByWord(rows) if self.how == DICTIONARY else LookedUp(rows)

    def save(self, folder: Path) -> None:
        """The pairs as Parquet."""
        import pyarrow as pa
        import pyarrow.parquet

        rows = [(target, *row) for target, pairs in self.pairs.items() for row in pairs]
        columns = {name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate(COLUMNS)}
        pyarrow.parquet.write_table(pa.table(columns), folder / PAIRS, compression="zstd")


def provider(options: TranslationOptions, context: FitContext, device: str) -> Provider:
    """Who translates, with all pairs that the context has. Raises ModelError where it is a model that there is not."""
    if options.resource is None:
        from xbench_methods.seq2seq import ByModel

        return ByModel.of(options.translator, options.beams, device)
    pairs = {target: list(context.pairs(options.resource, target)) for target in context.paired(options.resource)}
    return ByPairs(options.translator, _named(options), context.source, pairs)


def loaded(options: TranslationOptions, source: str, folder: Path, device: str) -> Provider:
    """The provider that was saved. Raises StageError where its pairs cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet

    if options.resource is None:
        from xbench_methods.seq2seq import ByModel

        return ByModel.of(options.translator, options.beams, device)
    pairs: dict[str, list[tuple[str, str]]] = {}
    try:
        table = pyarrow.parquet.read_table(folder / PAIRS, columns=list(COLUMNS))
    except (OSError, pa.ArrowInvalid) as error:
        raise StageError(f"{folder / PAIRS}: the translator cannot be read: {error}") from error
    for target, near, far in zip(*(table[name].to_pylist() for name in COLUMNS), strict=True):
        pairs.setdefault(target, []).append((near, far))
    return ByPairs(options.translator, _named(options), source, pairs)


def _named(options: TranslationOptions) -> str:
    return options.dictionary if options.translator == DICTIONARY else options.translations
