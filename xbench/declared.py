"""The check of each kind of thing that a plugin adds, by what it declares; nothing is trained."""

from collections.abc import Callable, Mapping
from typing import Any

from xbench import testing
from xbench.conformance import require
from xbench.contracts import Data, Origin
from xbench.errors import MissingDataError
from xbench.suite import load_suite

SAMPLE = Data(Origin.SAMPLE)


def summary(thing: Any) -> None:
    """Whether there is one. Raises PluginError, as every check does."""
    require(bool(getattr(thing, "summary", "")), "it needs a summary of one line")


def _model(thing: Any) -> None:
    """A model; of a family of models the summary."""
    summary(thing) if hasattr(thing, "resolve") else testing.check_model(thing)


def _task(thing: Any) -> None:
    """On its sample, where it has one."""
    summary(thing) if thing.sample is None else testing.check_task(thing, SAMPLE)


def _resource(resource: Any) -> None:
    """On its sample, where it has one."""
    try:
        resource.targets("en", SAMPLE)
    except MissingDataError:
        return
    testing.check_resource(resource, SAMPLE)


CHECKS: Mapping[str, Callable[[Any], object]] = {
    "aligner": testing.check_aligner,
    "method": testing.check_method,
    "model": _model,
    "task": _task,
    "resource": _resource,
    "suite": load_suite,
    "format": lambda thing: None,  # its name and its files are all that it has
}
