"""Paired data: what the resources of this plugin share. A resource is a value of `PairedTexts`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from xbench.contracts import Data, Origin, Pairs, Provenance, Resource
from xbench.errors import MissingDataError
from xbench_tasks import __version__
from xbench_tasks.files import check_texts, read_table
from xbench_tasks.rows import digest

Rows: TypeAlias = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Found:
    """Pairs as they are read, source first, and what is unusual about them, as text."""

    rows: Rows
    note: str = ""


@dataclass(frozen=True)
class PairFiles:
    """The official files of paired data, under `folder` of the data.

    `files(folder, source, target)` names those that hold two languages, none where there can be none;
    `read(folder, source, target)` reads them and raises DataError with file and line.
    """

    folder: str
    files: Callable[[Path, str, str], tuple[Path, ...]]
    read: Callable[[Path, str, str], Found]


@dataclass(frozen=True, eq=False)
class PairedTexts:
    """A resource of `xbench.contracts.PairedData`, of official files, of a bundled sample, or of both.

    `languages` are BCP 47 tags; `bundled(source, target)` makes the pairs of the sample, which has all of them.
    """

    name: str
    summary: str
    supplies: Resource
    languages: tuple[str, ...]
    official: PairFiles | None = None
    bundled: Callable[[str, str], Rows] | None = None

    def targets(self, source: str, data: Data) -> tuple[str, ...]:
        """The languages that `data` holds pairs of with the source, in the resource's order.

        Raises MissingDataError where there are no data of that origin.
        """
        others = [one for one in self.languages if one != source] if source in self.languages else []
        if data.origin is Origin.SAMPLE and self.bundled is not None:
            return tuple(others)
        official, folder = self._official(data)
        return tuple(one for one in others if _there(official.files(folder, source, one)))

    def load(self, source: str, target: str, data: Data) -> Pairs:
        """All pairs, each once. Raises MissingDataError when they are not there, DataError when they are malformed."""
        if target not in self.targets(source, data):
            raise self._missing(source, target, data)
        if data.origin is Origin.SAMPLE and self.bundled is not None:
            found, revision = Found(self.bundled(source, target)), __version__
        else:
            official, folder = self._official(data)
            found, revision = official.read(folder, source, target), ""
        rows = list(dict.fromkeys(found.rows))
        repeated = len(found.rows) - len(rows)
        notes = [found.note, f"{repeated:,} pairs that are there already dropped" if repeated else ""]
        fingerprint = digest(f"{len(rows)} pairs\n", rows)
        note = "; ".join(filter(None, notes))
        return Pairs(rows, Provenance(self.name, revision, "all", str(data.origin), len(rows), fingerprint, note))

    def _official(self, data: Data) -> tuple[PairFiles, Path]:
        if self.official is None or data.folder is None or data.origin is not Origin.FOLDER:
            lies = "in no official files" if self.official is None else f"in the folder {self.official.folder} of DIR"
            raise MissingDataError(f"{self.name} has no data of the origin {data.origin}: it lies {lies} (--data DIR)")
        return self.official, data.folder / self.official.folder

    def _missing(self, source: str, target: str, data: Data) -> MissingDataError:
        there = ", ".join(self.targets(source, data)) or "no language"
        looked = ""
        if data.origin is Origin.FOLDER and {source, target} <= set(self.languages) and source != target:
            official, folder = self._official(data)
            looked = " and ".join(map(str, official.files(folder, source, target)))
        sought = f"looked for {looked}; " if looked else ""
        return MissingDataError(f"{self.name} has no pairs of {source!r} with {target!r}: {sought}there are {there}")


def _there(files: Sequence[Path]) -> bool:
    return bool(files) and all(file.is_file() for file in files)


def beside_english(source: str, target: str) -> str | None:
    """The other one of two languages of which one is English; None where neither is."""
    if "en" not in (source, target):
        return None
    return target if source == "en" else source


def turned(rows: Rows, turn: bool) -> Rows:
    """The pairs, turned round where they are to be."""
    return [(second, first) for first, second in rows] if turn else rows


def read_pairs(file: Path, columns: tuple[str, str]) -> Rows:
    """The pairs of a TSV file without header, each of two texts. Raises DataError with file and line."""
    table = read_table(file, columns, header=False)
    for at, column in enumerate(columns):
        check_texts(file, column, [row[at] for row in table])
    return [(first, second) for first, second in table]
