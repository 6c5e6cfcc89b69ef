"""Which files a format has of a suite, and where they lie; one that is of several suites has a layout for each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from xbench import names
from xbench.contracts import Task
from xbench.formats import Format
from xbench.registry import Registry, find_suite
from xbench.suite import Suite


@dataclass(frozen=True)
class Layout:
    """The path of every file below its root, by task and language; of the suite's `tasks` some may have no files.

    `suite` names the languages of every task.
    """

    suite: Suite
    tasks: Mapping[str, Task]
    paths: Mapping[str, Mapping[str, str]]


def layouts(form: Format, registry: Registry) -> tuple[Layout, ...]:
    """A layout for each suite of the format, in its order. Raises UsageError where a suite or task is not there."""
    return tuple(_layout(find_suite(registry, name), form, registry) for name in form.suites)


def _layout(suite: Suite, form: Format, registry: Registry) -> Layout:
    tasks: dict[str, Task] = {name: registry.find("task", name) for name in suite.members}
    spoken = {name: suite.languages.get(name, tuple(task.languages)) for name, task in tasks.items()}
    paths = {
        name: {language: form.path(task, language) for language in spoken[name]}
        for name, task in tasks.items()
        if name in form.tasks
    }
    whole = replace(suite, tasks=tuple(str(names.parse(task)) for task in suite.tasks), languages=spoken)
    return Layout(whole, tasks, paths)
