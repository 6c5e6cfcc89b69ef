"""The task: what it is called, where its rows come from, how it is scored."""

import csv
import io
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
SPLITS = ("train", "validation", "test")


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
        """The rows of one split that have a text in the language; of the test split only those that have one in all.

        Raises MissingDataError where there are none.
        """
        import pyarrow as pa

        every = [row for row in _rows(data) if row["split"] == _part(split)]
        wanted = self.available(split, data) if split is Split.TEST else (language,)  # row i is one message in all
        rows = [row for row in every if row[language] and all(row[at] for at in wanted)]
        if not rows:
            raise MissingDataError(f"{self.name} has no {split} split in {language!r}")
        lacking = len(every) - len(rows) if split is Split.TEST else 0
        note = f"{lacking} of {len(every)} rows lack a translation and are left out" if lacking else ""
        texts, labels = [row[language] for row in rows], [row["intent"] for row in rows]
        name = self.sample if data.origin is Origin.SAMPLE else self.name
        about = Provenance(name, self.revision, split, data.origin, len(rows), digest([texts, labels]), note)
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
    """All rows. Raises MissingDataError where there is no file, DataError with file and line where it is malformed."""
    if data.origin is Origin.HUB:
        raise MissingDataError("support-requests is not on the hub; name the folder of the file: --data FOLDER")
    file = (data.folder or Path()) / FILE if data.origin is Origin.FOLDER else Path(__file__).with_name(FILE)
    if not file.is_file():
        raise MissingDataError(f"{file}: no such file; a CSV file is wanted, with columns {', '.join(FIXED)}, en, ..")
    reader = csv.DictReader(io.StringIO(_text(file), newline=""), strict=True)
    rows: dict[str, dict[str, str]] = {}  # by id
    try:
        columns = reader.fieldnames or ()
        if len(set(columns)) < len(columns) or not {*FIXED, "en"} <= set(columns):
            raise DataError(
                f"{file}:1: columns {', '.join(FIXED)}, en, .. are wanted, each once, not {', '.join(columns)}"
            )
        for row in reader:
            found = _checked(row, f"{file}:{reader.line_num}")
            if rows.setdefault(found["id"], found) is not found:
                raise DataError(f"{file}:{reader.line_num}: there is another row with the id {found['id']}")
    except csv.Error as error:
        raise DataError(f"{file}:{reader.line_num}: {error}") from error
    if not rows:
        raise DataError(f"{file}: there is no row in it")
    return list(rows.values())


def _text(file: Path) -> str:
    found = file.read_bytes()
    try:
        return found.decode("utf-8-sig")  # spreadsheets begin a file with a byte order mark
    except UnicodeDecodeError as error:
        line = found.count(b"\n", 0, error.start) + 1
        raise DataError(f"{file}:{line}: {error.reason}; save it as CSV in UTF-8") from error


def _checked(row: dict[str, str], where: str) -> dict[str, str]:
    if None in row or None in row.values():
        raise DataError(f"{where}: there are more or fewer fields than columns")
    row = {column: text.strip() for column, text in row.items()}
    lacking = [column for column in (*FIXED, "en") if not row[column]]
    if lacking:
        raise DataError(f"{where}: a row needs {' and '.join(lacking)}")
    for column, known in {"intent": LABELS, "split": SPLITS}.items():
        if row[column] not in known:
            raise DataError(f"{where}: the {column} {row[column]!r} is none of {', '.join(known)}")
    return {column: row.get(column, "") for column in (*FIXED, *LANGUAGES)}
