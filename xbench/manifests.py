"""What is told of a stage: in its manifest, to a method, and where it failed."""

from typing import Any

import pyarrow

from xbench import options, tables
from xbench.access import GuardedContext
from xbench.contracts import Task, TaskView
from xbench.errors import XbenchError
from xbench.plan import Stage


def baseline(task: Task, majority: str | None, gold: pyarrow.Table, language: str) -> dict[str, Any]:
    """What always saying the commonest training label scores; empty where there are no labels."""
    if majority is None:
        return {}
    same = tables.constant(task.kind, gold, majority)
    return {"majority": majority, "score": task.score(gold, same, language).metrics[task.main_metric]}


def made_by(plugin: Any, chosen: Any) -> dict[str, Any]:
    """The plugin, its version, and all its options."""
    return {"plugin": plugin.name, "version": plugin.version, "options": options.as_dict(chosen)}


def consumed(context: GuardedContext) -> dict[str, Any]:
    """What a fit read and logged."""
    return {"supervision": context.read, "diagnostics": context.diagnostics}


def view(task: Task) -> TaskView:
    """What a method is told of a task."""
    return TaskView(task.name, task.kind, tuple(task.labels), task.main_metric)


def reason(stage: Stage, error: Exception) -> str:
    """One line that names the cause; xbench's own errors are shown as they are."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    first = lines[0] if lines else "no message"
    if isinstance(error, XbenchError):
        return first
    plugin = getattr(stage, "aligner", None) or getattr(stage, "method", None)
    return f"{stage.kind} {plugin.name if plugin else ''}".strip() + f" raised {type(error).__name__}: {first}"
