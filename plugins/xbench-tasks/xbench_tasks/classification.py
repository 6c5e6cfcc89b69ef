"""Sequence classification: what the tasks of this plugin share. A task is a value of `ClassificationTask`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xbench.contracts import Data, Examples, Origin, Provenance, Scores, Split, TaskKind
from xbench.errors import MissingDataError, PluginError, unknown
from xbench_tasks import __version__, hub
from xbench_tasks.metrics.accuracy import accuracy
from xbench_tasks.rows import Rows, fingerprint, gold, inputs

if TYPE_CHECKING:
    import pyarrow

FILE_SPLIT: Mapping[Split, str] = {
    Split.TRAIN: "train",
    Split.LENT: "train",
    Split.VALIDATION: "dev",
    Split.TEST: "test",
}


@dataclass(frozen=True)
class Layout:
    """The official files of a task, under a folder of the task's name.

    `files(folder, language, split)` names the files of a split, none where the task has no such split;
    `read(folder, language, split)` reads them and raises DataError with file and line.
    """

    files: Callable[[Path, str, Split], tuple[Path, ...]]
    read: Callable[[Path, str, Split], Rows]


@dataclass(frozen=True, eq=False)
class ClassificationTask:
    """A task of `xbench.contracts.Task`: texts or pairs of texts and one of `labels`, scored by accuracy.

    `counts` gives the specified number of rows of a language's split (None: not specified).
    """

    name: str
    summary: str
    labels: tuple[str, ...]
    languages: tuple[str, ...]
    layout: Layout
    counts: Callable[[str, Split], int | None]
    candidates: tuple[hub.Candidate, ...] = ()
    bundled: Callable[[str, Split], Rows] | None = None
    revision: str = "1"
    kind: TaskKind = TaskKind.SEQUENCE_CLASSIFICATION
    main_metric: str = "accuracy"
    train_on: str | None = "en"
    donor: str | None = None
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
            rows, source = self._bundled()(language, split), hub.Source(str(self.sample), __version__)
            return self._examples(rows, source, split, data)
        if data.origin is Origin.HUB:
            rows, source = hub.read(self.name, self.labels, self.candidates, language, split)
        else:
            folder = self._folder(data)
            if not self._found(folder, language, split):
                raise self._missing(folder, language, split)
            rows, source = self.layout.read(folder, language, split), hub.Source(self.name, "")
        return self._examples(self._counted(rows, language, split), source, split, data)

    def score(self, gold: "pyarrow.Table", predictions: "pyarrow.Table", language: str) -> Scores:
        """Accuracy (0..100), and 1.0 or 0.0 per row.

        Raises DataError when there are not as many predictions as rows, PluginError when they have no labels.
        """
        if "label" not in predictions.column_names:
            there = ", ".join(predictions.column_names) or "none"
            raise PluginError(
                f"the predictions of {self.name} in {language!r} have no column 'label' (there are: {there})"
            )
        wanted, given = gold["label"].to_pylist(), predictions["label"].to_pylist()
        score = accuracy(given, wanted)
        items = [float(one == other) for one, other in zip(given, wanted, strict=True)]
        return Scores(metrics={"accuracy": score}, items=items)

    def _folder(self, data: Data) -> Path:
        if data.folder is None:
            raise MissingDataError(f"{self.name}: no folder is named; use --data DIR")
        return data.folder / self.name

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
            "put the official file there, or name other data with --data DIR or --data hub"
        )

    def _bundled(self) -> Callable[[str, Split], Rows]:
        if self.bundled is None:
            what_to_do = "name its data with --data DIR or --data hub"
            raise MissingDataError(f"{self.name} has no bundled sample; {what_to_do}")
        return self.bundled

    def _counted(self, rows: Rows, language: str, split: Split) -> Rows:
        wanted, found = self.counts(language, split), len(rows.labels)
        if wanted is None or wanted == found:
            return rows
        note = f"{found:,} rows where the specification has {wanted:,}"
        return replace(rows, note="; ".join(one for one in (rows.note, note) if one))

    def _examples(self, rows: Rows, source: hub.Source, split: Split, data: Data) -> Examples:
        provenance = Provenance(
            id=source.id,
            revision=source.revision,
            split=str(split),
            origin=str(data.origin),
            n_rows=len(rows.labels),
            fingerprint=fingerprint(rows),
            note=rows.note,
        )
        return Examples(inputs(rows), gold(rows), provenance)
