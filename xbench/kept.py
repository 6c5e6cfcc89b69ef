"""The predictions that results keep: as files of a store, or, of a published board, all in one archive."""

import hashlib
import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from xbench import tables
from xbench.cell import Result, Status
from xbench.contracts import TaskKind
from xbench.errors import StoreError

ARCHIVE = "predictions.zip"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same predictions are the same bytes, whenever they are written


def raw(result: Result, folder: Path) -> bytes:
    """The bytes of a result's predictions, which must be those that it names. Raises StoreError when they are not."""
    kept: Mapping[str, Any] = result.predictions
    if not kept.get("path") or not kept.get("sha256"):
        raise StoreError("it keeps no predictions")
    file = folder / str(kept["path"])
    try:
        if "member" in kept:
            with zipfile.ZipFile(file) as archive:
                found = archive.read(str(kept["member"]))
        else:
            found = file.read_bytes()
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise StoreError(f"its predictions cannot be read from {file}: {error}") from error
    if hashlib.sha256(found).hexdigest() != kept["sha256"]:
        raise StoreError(f"its predictions in {file} are not those that were scored: the sha256 differs")
    return found


def elsewhere(result: Result, folder: Path) -> str:
    """The store that a result's predictions are in, where it is not here: that of a run whose results alone are."""
    path = str(result.predictions.get("path") or "")
    store = (folder / path).parent.parent.parent
    return path if path.startswith("..") and not store.is_dir() else ""


def read(result: Result, folder: Path) -> pa.Table:
    """A result's predictions. Raises StoreError when they are not there, not its own, or no table."""
    try:
        return pyarrow.parquet.read_table(io.BytesIO(raw(result, folder)))
    except pa.ArrowException as error:
        raise StoreError(f"its predictions are no table: {error}") from error


def archived(
    results: Iterable[Result], folder: Path, kinds: Mapping[str, TaskKind], target: Path
) -> tuple[list[Result], int]:
    """Write the answers of results, without their probabilities, into one archive; the results that name it.

    `kinds` are those of tasks, by name. Results whose predictions are not there stay as they are; how many
    is the second value. Raises StoreError when the archive cannot be written.
    """
    members: dict[str, bytes] = {}
    found, lacking = [], 0
    for result in results:
        made = None
        if result.status is Status.OK:
            try:
                made = _answers(read(result, folder), kinds[str(result.dataset.get("task"))])
            except (StoreError, KeyError):
                lacking += 1
        if made is None:
            found.append(result)
            continue
        imported = {key: value for key, value in result.predictions.items() if key == "imported"}
        sha256 = hashlib.sha256(made).hexdigest()
        name = _member(str(result.keys["predict"]), sha256, made, members)
        about = {"path": ARCHIVE, "member": name, "sha256": sha256}
        found.append(replace(result, predictions={**about, "rows": result.predictions.get("rows"), **imported}))
    if members:
        try:
            with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
                for name in sorted(members):
                    archive.writestr(zipfile.ZipInfo(name, _EPOCH), members[name])
        except OSError as error:
            raise StoreError(f"{target}: cannot be written: {error.strerror or error}") from error
    return found, lacking


def _member(key: str, sha256: str, made: bytes, members: dict[str, bytes]) -> str:
    """Add a file to the archive; one of the same key is another where two machines did not come to the same."""
    name = f"{key}.parquet"
    if members.setdefault(name, made) != made:
        name = f"{key}-{sha256}.parquet"
        members[name] = made
    return name


def _answers(table: pa.Table, kind: TaskKind) -> bytes:
    """The column of answers as Parquet."""
    sink = io.BytesIO()
    column = table.select([tables.COLUMNS[kind].answer]).replace_schema_metadata(None)
    pyarrow.parquet.write_table(column, sink, compression="zstd", compression_level=19)
    return sink.getvalue()
