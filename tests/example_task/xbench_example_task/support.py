"""The task: what it is called, where its rows come from, how it is scored."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xbench.contracts import Data, Examples, Origin, Provenance, Scores, Split, TaskKind
from xbench.errors import DataError, MissingDataError
from xbench.keys import digest

if TYPE_CHECKING:
    import pyarrow as pa

FILE = "support-requests.csv"
FIXED = ("id", "split", "intent")
LANGUAGES = ("en", "de", "es", "fr")
LABELS = ("account", "billing", "delivery")


class SupportRequests:
    """A row of the file is a message, a column its text in one language; an empty field has no translation.

    The bundled file was written for this example. That of your company is read from the folder that `--data` names.
    """

    name = "support-requests"
    summary = "What does a customer write about: account, billing or delivery? 4 languages"
    revision = "1"  # raise it when what is read, or how it is scored, changes: it is part of every key
    kind = TaskKind.SEQUENCE_CLASSIFICATION
    labels = LABELS
    languages = LANGUAGES
    main_metric = "accuracy"
    train_on = "en"  # the language of the training labels
    donor = None  # another task that lends its labels
    prepared_by = None  # another task that is learned before
    parallel = True  # row i of the test split is the same message in every language
    sample = "support-requests-sample"  # what the bundled rows are called, wherever they are printed
    hyperparameters: Mapping[str, Any] = {}  # what it asks of methods, such as {"epochs": 10}

    def available(self, split: Split, data: Data) -> tuple[str, ...]:
        """The languages that a row of the split has a text in."""
        rows = _rows(data)
        return tuple(at for at in LANGUAGES if any(row[at] for row in rows if row["split"] == _part(split)))

    def load(self, language: str, split: Split, data: Data) -> Examples:
        """The rows of one split that have a text in the language. Raises MissingDataError where there are none."""
        import pyarrow as pa

        rows = [row for row in _rows(data) if row["split"] == _part(split) and row[language]]
        if not rows:
            raise MissingDataError(f"{self.name} has no {split} split in {language!r}")
        texts, labels = [row[language] for row in rows], [row["intent"] for row in rows]
        name = self.sample if data.origin is Origin.SAMPLE else self.name
        about = Provenance(name, self.revision, split, data.origin, len(rows), digest([texts, labels]))
        return Examples(pa.table({"text": texts}), pa.table({"label": labels}), about)

    def score(self, gold: "pa.Table", predictions: "pa.Table", language: str) -> Scores:
        """Accuracy, 0..100, and what each example adds to it. Raises DataError where rows are missing."""
        pairs = list(zip(gold["label"].to_pylist(), predictions["label"].to_pylist(), strict=False))
        if not len(pairs) == len(gold) == len(predictions):
            raise DataError(f"{self.name}: {len(predictions)} predictions for {len(gold)} rows")
        items = [float(wanted == given) for wanted, given in pairs]
        return Scores({"accuracy": 100 * sum(items) / len(items)}, items)


def _part(split: Split) -> str:
    """The split as the file calls it; what is lent to other tasks is the train split."""
    return str(Split.TRAIN if split is Split.LENT else split)


def _rows(data: Data) -> list[dict[str, str]]:
    """All rows. Raises MissingDataError where there is no file, DataError with file and line where one is malformed."""
    if data.origin is Origin.HUB:
        raise MissingDataError("support-requests is not on the hub; name the folder of the file: --data FOLDER")
    file = (data.folder or Path()) / FILE if data.origin is Origin.FOLDER else Path(__file__).with_name(FILE)
    if not file.is_file():
        raise MissingDataError(
            f"{file}: no such file; a CSV file is wanted, with the columns {', '.join(FIXED)}, en .."
        )
    with file.open(encoding="utf-8-sig", newline="") as lines:  # spreadsheets begin a file with a byte order mark
        reader = csv.DictReader(lines, strict=True)
        try:
            rows = [_checked(row, f"{file}:{reader.line_num}") for row in reader]
        except (csv.Error, UnicodeDecodeError) as error:
            raise DataError(f"{file}:{reader.line_num}: {error}; is it CSV in UTF-8?") from error
    if not rows:
        raise DataError(f"{file}: there is no row in it")
    return rows


def _checked(row: dict[str, str], where: str) -> dict[str, str]:
    if None in row or None in row.values():
        raise DataError(f"{where}: there are more or fewer fields than columns")
    lacking = [column for column in (*FIXED, "en") if not row.get(column)]
    if lacking:
        raise DataError(f"{where}: a row needs {' and '.join(lacking)}")
    if row["intent"] not in LABELS:
        raise DataError(f"{where}: the intent {row['intent']!r} is none of {', '.join(LABELS)}")
    return {column: row.get(column, "") for column in (*FIXED, *LANGUAGES)}
