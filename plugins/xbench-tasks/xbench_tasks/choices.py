"""Multiple choice: what the tasks of this plugin share. A task is a value of `ChoiceTask`.

Files are JSON Lines, an object a row.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from xbench.contracts import TaskKind
from xbench.errors import DataError
from xbench_tasks.classification import ClassificationTask
from xbench_tasks.files import read_lines
from xbench_tasks.rows import digest

if TYPE_CHECKING:
    import pyarrow

# XTREME-R's recipe for Social IQa and then COPA (google-research/xtreme@838c13b), for all models but the largest.
RECIPE = MappingProxyType({"learning_rate": 2e-5, "epochs": 5, "max_length": 128, "batch_size": 32})
_CALLED: Mapping[type, str] = MappingProxyType({str: "a text", int: "a whole number"})


@dataclass(frozen=True)
class Choices:
    """Texts, the choices of each, and the place of the right one as text, "0" for the first."""

    texts: Sequence[str]
    choices: Sequence[Sequence[str]]
    labels: Sequence[str]
    note: str = ""

    def __len__(self) -> int:
        """Rows."""
        return len(self.labels)

    def inputs(self) -> "pyarrow.Table":
        """A table with the columns `text` and `choices`, lists of texts."""
        import pyarrow

        text = pyarrow.array(self.texts, pyarrow.string())
        return pyarrow.table({"text": text, "choices": pyarrow.array(self.choices, pyarrow.list_(pyarrow.string()))})

    def gold(self) -> "pyarrow.Table":
        """A table with the column `label`."""
        import pyarrow

        return pyarrow.table({"label": pyarrow.array(self.labels, pyarrow.string())})

    def fingerprint(self) -> str:
        """The SHA-256 (hex) of inputs and gold, row by row; each has its number of choices before it."""
        rows = zip(self.texts, self.choices, self.labels, strict=True)
        framed = ((str(len(choices)), text, *choices, label) for text, choices, label in rows)
        return digest(f"choices {len(self.texts)} rows\n", framed)


@dataclass(frozen=True, eq=False)
class ChoiceTask(ClassificationTask):
    """A task of `xbench.contracts.Task`: a text and several others, of which one is right.

    `labels` are the places there are, "0" for the first; the score is accuracy, which is XTREME-R's to the bit.
    """

    kind: TaskKind = TaskKind.MULTIPLE_CHOICE


def read_objects(path: Path, fields: Mapping[str, type], ended: bool = True) -> list[dict[str, Any]]:
    """The objects of a JSON Lines file, each with these fields at least; lines end as `read_lines` says, or with CR LF.

    Raises DataError that names file and line where one is no object, lacks a field, or has it empty or of another type.
    """
    lines = enumerate(read_lines(path, crlf=True, ended=ended), start=1)
    return [_object(f"{path}:{number}", line, fields) for number, line in lines]


def _object(where: str, line: str, fields: Mapping[str, type]) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(f"{where}: not JSON: {error.msg} (column {error.colno})") from error
    if not isinstance(found, dict):
        raise DataError(f"{where}: a JSON object is expected, not {line}")
    for name, kind in fields.items():
        if name not in found:
            raise DataError(f"{where}: there is no {name!r}; {', '.join(fields)} are expected")
        if type(found[name]) is not kind:  # not isinstance: true is no whole number
            raise DataError(f"{where}: {name!r} must be {_CALLED[kind]}, not {found[name]!r}")
        if found[name] == "":
            raise DataError(f"{where}: the {name} is empty")
    return found
