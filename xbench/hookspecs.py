"""The hooks a plugin may implement. Each returns what it adds, takes no arguments and does nothing else."""

from collections.abc import Iterable
from pathlib import Path

import pluggy

from xbench.contracts import Aligner, Diagnostic, Method, Model, ModelFamily, PairedData, Task
from xbench.formats import Format

hookspec = pluggy.HookspecMarker("xbench")
hookimpl = pluggy.HookimplMarker("xbench")


@hookspec
def xbench_tasks() -> Iterable[Task]:
    """Return the tasks this plugin adds."""


@hookspec
def xbench_suites() -> Iterable[Path]:
    """Return the suite files (TOML) this plugin adds."""


@hookspec
def xbench_models() -> Iterable[Model | ModelFamily]:
    """Return the models and families of models this plugin adds."""


@hookspec
def xbench_aligners() -> Iterable[Aligner]:
    """Return the aligners this plugin adds."""


@hookspec
def xbench_methods() -> Iterable[Method]:
    """Return the transfer methods this plugin adds."""


@hookspec
def xbench_resources() -> Iterable[PairedData]:
    """Return the parallel texts, dictionaries and translations this plugin adds."""


@hookspec
def xbench_diagnostics() -> Iterable[Diagnostic]:
    """Return the diagnostics of encoders this plugin adds."""


@hookspec
def xbench_formats() -> Iterable[Format]:
    """Return the formats of predictions and labels this plugin adds."""
