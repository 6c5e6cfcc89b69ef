"""What the tasks of this plugin share: where their files lie, which of them there are, and what is read from them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xbench.contracts import Data, Examples, Origin, Provenance, Split
from xbench.errors import MissingDataError, unknown
from xbench_tasks import __version__, hub
from xbench_tasks.rows import Content

FILE_SPLIT: Mapping[Split, str] = {
    Split.TRAIN: "train",
    Split.LENT: "train",
    Split.VALIDATION: "dev",
    Split.TEST: "test",
}


@dataclass(frozen=True)
class Layout:
    """The official files of a task, under a folder of the task's name, or the first there is of `folders`.

    `files(folder, language, split)` names the files of a split, none where the task has no such split;
    `read(folder, language, split)` reads them and raises DataError with file and line.
    """

    files: Callable[[Path, str, Split], tuple[Path, ...]]
    read: Callable[[Path, str, Split], Content]
    folders: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class DatasetTask:
    """The part of `xbench.contracts.Task` that is the same for every kind: all but the kind and the score.

    `counts` gives the specified number of rows of a language's split (None: not specified).
    """

    name: str
    summary: str
    labels: tuple[str, ...]
    languages: tuple[str, ...]
    layout: Layout
    counts: Callable[[str, Split], int | None]
    candidates: tuple[hub.Candidate, ...] = ()
    bundled: Callable[[str, Split], Content] | None = None
    revision: str = "1"
    train_on: str | None = "en"
    donor: str | None = None
    prepared_by: str | None = None
    parallel: bool = False
    sample: str | None = None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)

    def available(self, split: Split, data: Data) -> tuple[str, ...]:
        """The languages `data` holds this split in, in the task's order; nothing is fetched from the hub.

        Raises MissingDataError where the task has no data of that origin.
        """
        if data.origin is Origin.SAMPLE:
            self._bundled()
            return self.languages
        if data.origin is Origin.HUB:
            if not self.candidates:
                raise MissingDataError(f"{self.name} has no pinned data set of the hub; name its data with --data DIR")
            held = hub.languages(self.candidates, split)
            return tuple(language for language in self.languages if language in held)
        folder = self._folder(data)
        return tuple(language for language in self.languages if self._found(folder, language, split))

    def load(self, language: str, split: Split, data: Data) -> Examples:
        """Inputs and gold of a split.

        Raises MissingDataError when it is not there, DataError when it is malformed, UsageError when the task
        does not have the language.
        """
        if language not in self.languages:
            raise unknown(f"language of {self.name}", language, self.languages)
        if data.origin is Origin.SAMPLE:
            made, bundled = self._bundled()(language, split), hub.Source(str(self.sample), __version__)
            return _examples(made, bundled, split, data)
        rows: Content
        if data.origin is Origin.HUB:
            rows, source = hub.read(self.name, self.candidates, language, split)
        else:
            folder = self._folder(data)
            if not self._found(folder, language, split):
                raise self._missing(folder, language, split)
            rows, source = self.layout.read(folder, language, split), hub.Source(self.name, "")
        return _examples(rows, source, split, data, self._miscount(rows, language, split))

    def _folder(self, data: Data) -> Path:
        if data.folder is None:
            raise MissingDataError(f"{self.name}: no folder is named; use --data DIR")
        places = [data.folder / name for name in self.layout.folders or (self.name,)]
        return next((place for place in places if place.is_dir()), places[0])

    def _found(self, folder: Path, language: str, split: Split) -> bool:
        files = self.layout.files(folder, language, split)
        return bool(files) and all(file.is_file() for file in files)

    def _missing(self, folder: Path, language: str, split: Split) -> MissingDataError:
        files = self.layout.files(folder, language, split)
        if not files:
            lender = f"; it is trained on the {self.train_on!r} of {self.donor}" if self.donor else ""
            return MissingDataError(f"{self.name} has no {split} split{lender}")
        absent = " and ".join(str(file) for file in files if not file.is_file())
        if folder.is_dir():
            found = [one for one in self.languages if self._found(folder, one, split)]
            there = f"there is {split} data in {', '.join(found) or 'no language'}"
        else:
            there = f"there is no folder {folder}"
        return MissingDataError(
            f"{self.name} has no {split} split in {language!r}: looked for {absent}; {there}; "
            f"put the official file there, or name other data with {self._elsewhere}"
        )

    @property
    def _elsewhere(self) -> str:
        return "--data DIR or --data hub" if self.candidates else "--data DIR"

    def _bundled(self) -> Callable[[str, Split], Content]:
        if self.bundled is None:
            raise MissingDataError(f"{self.name} has no bundled sample; name its data with {self._elsewhere}")
        return self.bundled

    def _miscount(self, rows: Content, language: str, split: Split) -> str:
        """A remark where there are not as many rows as specified."""
        wanted, found = self.counts(language, split), len(rows)
        return "" if wanted in (None, found) else f"{found:,} rows where the specification has {wanted:,}"


def _examples(rows: Content, source: hub.Source, split: Split, data: Data, remark: str = "") -> Examples:
    provenance = Provenance(
        id=source.id,
        revision=source.revision,
        split=str(split),
        origin=str(data.origin),
        n_rows=len(rows),
        fingerprint=rows.fingerprint(),
        note="; ".join(one for one in (rows.note, remark) if one),
    )
    return Examples(rows.inputs(), rows.gold(), provenance)
