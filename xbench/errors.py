"""Every error xbench raises on purpose; the text is shown to the user as it is.

XbenchError                exit code 1
├── UsageError             exit code 2: a name, option or argument that does not exist or does not fit
│   └── DeviceError        a device that is not there: stops the run, since every cell would fail alike
├── DataError              a file or row that cannot be read; names file and line
│   └── MissingDataError   data that were asked for and are not there: a reason to skip
├── ModelError             a model that cannot be loaded
├── PluginError            a plugin that breaks the contract or collides with another
├── ScopeError             a plugin asked for data outside its declared scope and needs
├── StageError             a stage of the plan failed
└── StoreError             the store or the journal cannot be read or written
    └── DiskError          the store cannot be written: stops the run
"""

import difflib
from collections.abc import Iterable


class XbenchError(Exception):
    """Base of all errors shown without a traceback."""

    exit_code = 1


class UsageError(XbenchError):
    """What was asked does not exist or does not fit."""

    exit_code = 2


class DeviceError(UsageError):
    """The device that was asked for is not there."""


class DataError(XbenchError):
    """A data file cannot be used."""


class MissingDataError(DataError):
    """Data that were asked for are not there."""


class ModelError(XbenchError):
    """A model cannot be loaded."""


class PluginError(XbenchError):
    """A plugin breaks the contract."""


class ScopeError(XbenchError):
    """A plugin asked for more than it declared."""


class StageError(XbenchError):
    """A stage failed."""


class StoreError(XbenchError):
    """The store or the journal cannot be used."""


class DiskError(StoreError):
    """The store cannot be written."""


def suggestion(asked: str, known: Iterable[str]) -> str:
    """'; did you mean X?' for the nearest known name, or an empty text."""
    near = difflib.get_close_matches(asked, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def unknown(kind: str, asked: str, known: Iterable[str], note: str = "") -> UsageError:
    """The error for a name that does not exist: what was asked, the nearest name, what there is."""
    names = sorted(set(known))
    there = ", ".join(names) if names else "none"
    return UsageError(f"no {kind} is called {asked!r}{suggestion(asked, names)} (there are: {there}){note}")
