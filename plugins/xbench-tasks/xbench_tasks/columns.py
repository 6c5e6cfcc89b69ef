"""Columns of a data set of the hub on their way to a task's rows; every error names the row, counted from 1."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from xbench.errors import DataError

Columns: TypeAlias = Mapping[str, Sequence[Any]]  # of equal length, by the names that `hub.Candidate` gives them


def texts(columns: Columns, name: str) -> list[str]:
    """A column of texts. Raises DataError where there is none, or something else."""
    for number, value in enumerate(columns[name], start=1):
        if not isinstance(value, str):
            raise DataError(f"row {number}: the {name} must be a text, not {value!r}")
    return list(columns[name])


def check_known(found: Sequence[str | None], labels: Sequence[str]) -> None:
    """Raise DataError where a label is none of the task's; None, where there is no label, passes."""
    known = set(labels)
    for number, label in enumerate(found, start=1):
        if label is not None and label not in known:
            raise DataError(f"row {number}: the label {label!r} is none of {', '.join(labels)}")
