"""A tiny aligner and dictionary without torch, for tests of the core and of plugins; see `xbench.testing`."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xbench.contracts import Context, Data, Pairs, Provenance, Resource, Scope
from xbench.errors import MissingDataError
from xbench.fake_task import LABELS, FakeEncoder
from xbench.keys import digest


@dataclass
class FitLog:
    """Counts fits, in this process and, where `path` is set, as lines of a file that processes share."""

    path: Path | None = None
    fits: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        """One fit."""
        self.fits.append(line)
        if self.path:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")


@dataclass(frozen=True)
class FakeAlignerOptions:
    """`drop` forgets words, so that it changes the numbers."""

    drop: int = 0


@dataclass
class FakeAligner:
    """Learns `sun-de` = `sun` from unlabelled target text; `log` counts its fits."""

    name: str = "fake-aligner"
    summary: str = "drops the language from words"
    citation: str = "Fake et al. 2026"
    version: int = 1
    deterministic: bool = True
    declared: Scope = Scope.JOINT
    log: FitLog = field(default_factory=FitLog)
    Options: type[Any] = FakeAlignerOptions

    def needs(self, options: FakeAlignerOptions) -> frozenset[Resource]:
        """Text of both sides."""
        return frozenset({Resource.SOURCE_TEXT, Resource.TARGET_TEXT})

    def scope(self, options: FakeAlignerOptions) -> Scope:
        """As declared."""
        return self.declared

    def fit(self, encoder: FakeEncoder, options: FakeAlignerOptions, context: Context) -> FakeEncoder:
        """Look every foreign word up in the source text."""
        self.log.add(f"{self.name} {','.join(context.targets)} {context.seed}")
        known = {text.rpartition(" ")[2] for text in context.text(context.source)}
        for target in context.targets:
            words = sorted({text.rpartition(" ")[2] for text in context.text(target)})
            pairs = [(word, word.removesuffix(f"-{target}")) for word in words if word not in known]
            encoder.meanings |= dict(pairs[options.drop :])
        context.log("words", len(encoder.meanings))
        return encoder

    def save(self, encoder: FakeEncoder, folder: Path) -> None:
        """The meanings as JSON."""
        (folder / "meanings.json").write_text(json.dumps(encoder.meanings), encoding="utf-8")

    def load(self, encoder: FakeEncoder, folder: Path) -> FakeEncoder:
        """The meanings again."""
        return FakeEncoder(json.loads((folder / "meanings.json").read_text(encoding="utf-8")))


@dataclass(frozen=True)
class FakeDictionary:
    """Pairs such as `sun`, `sun-de` of English with other languages; `supplies` may call them something else."""

    name: str = "fake-dictionary"
    summary: str = "weather words in two languages"
    supplies: Resource = Resource.DICTIONARY
    languages: tuple[str, ...] = ("de", "fr")
    words: tuple[str, ...] = LABELS

    def targets(self, source: str, data: Data) -> tuple[str, ...]:
        """The languages, from English."""
        return self.languages if source == "en" else ()

    def load(self, source: str, target: str, data: Data) -> Pairs:
        """A pair a word. Raises MissingDataError where there are none."""
        if target not in self.targets(source, data):
            raise MissingDataError(f"{self.name} has no pairs of {source} with {target}")
        rows = [(word, f"{word}-{target}") for word in self.words]
        return Pairs(rows, Provenance(self.name, "1", "all", data.origin, len(rows), digest(rows)))
