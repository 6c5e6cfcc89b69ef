"""What a user asks for, in names; `resolve` turns the names into objects once, at the edge."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from xbench import names, tables
from xbench.contracts import Data, Split, Task
from xbench.errors import UsageError, unknown
from xbench.languages import canonical
from xbench.registry import Registry, find_suite
from xbench.suite import Suite

DEFAULT_MODEL = "xbench-mini"
DEFAULT_METHOD = "finetune"  # what a recipe that names only aligners ends in
EVALUATED = {"test": Split.TEST, "dev": Split.VALIDATION}  # values of the task option `split`


@dataclass(frozen=True)
class Request:
    """The arguments of `run` and `plan`."""

    suite: str
    methods: tuple[str, ...]
    data: Data
    models: tuple[str, ...] = (DEFAULT_MODEL,)
    languages: tuple[str, ...] = ()
    source: str | None = None
    seeds: tuple[int, ...] = (0,)
    limit: int | None = None
    device: str = "auto"


@dataclass(frozen=True)
class Component:
    """An aligner or method with what the user set; its options are resolved per model and task."""

    plugin: Any
    name: names.Name


@dataclass(frozen=True)
class Recipe:
    """Zero or more aligners, then one method."""

    text: str
    aligners: tuple[Component, ...]
    method: Component


@dataclass(frozen=True)
class TaskUse:
    """A task of the grid: its name as asked for, the task that lends the labels (often itself), the evaluated split."""

    name: names.Name
    task: Task
    trainer: Task
    split: Split = Split.TEST


@dataclass(frozen=True)
class Grid:
    """A request with every name resolved."""

    request: Request
    suite: Suite
    label: str
    models: Mapping[str, Any]
    recipes: tuple[Recipe, ...]
    tasks: tuple[TaskUse, ...]
    languages: tuple[str, ...] = field(default_factory=tuple)

    def as_suite(self) -> Suite:
        """The suite as it is run: with the options and the source that were asked for."""
        return replace(self.suite, tasks=tuple(str(use.name) for use in self.tasks), source=self.source)

    @property
    def source(self) -> str:
        """The source language."""
        return canonical(self.request.source or self.suite.source)


def resolve(request: Request, registry: Registry) -> Grid:
    """The grid a request names. Raises UsageError, before anything starts, on a name that does not exist."""
    suite_name = names.parse(request.suite)
    suite = find_suite(registry, suite_name.name)
    tasks = {use.name: use for use in (_task(names.parse(text), suite_name, registry) for text in suite.tasks)}
    if not request.methods:
        raise UsageError(f"no method was named; there are {', '.join(registry.names('method'))}")
    if not request.models or not request.seeds:
        raise UsageError(f"no {'model' if not request.models else 'seed'} was named")
    recipes = {recipe.text: recipe for recipe in (_recipe(text, registry) for text in request.methods)}
    grid = Grid(
        request=request,
        suite=suite,
        label=str(names.Name(suite.name, suite_name.options)),
        models={text: registry.model(text) for text in request.models},
        recipes=tuple(recipes.values()),  # one written in two ways is one
        tasks=tuple(tasks.values()),
        languages=tuple(dict.fromkeys(canonical(language) for language in request.languages)),
    )
    _check_languages(grid)
    return grid


def _task(name: names.Name, suite_name: names.Name, registry: Registry) -> TaskUse:
    task: Task = registry.find("task", name.name)
    options = dict(name.options) | dict(suite_name.options)
    for option in options:
        if option not in ("split", "train"):
            raise unknown(f"option of task {name.name}", option, ["split", "train"])
    split = options.pop("split", "test")  # the official one: it goes without saying
    if split not in EVALUATED:
        raise unknown(f"split to evaluate {name.name} on", split, EVALUATED)
    said = {} if split == "test" else {"split": split}
    lender = options.get("train", task.donor)
    if lender is None or lender == task.name:
        own = {option: value for option, value in name.options if option != "split"} | said
        return TaskUse(names.Name(name.name, tuple(sorted(own.items()))), task, task, EVALUATED[split])
    trainer: Task = registry.find("task", lender)
    _check_trainer(task, trainer)
    asked = names.Name(name.name, tuple(sorted((options | said).items())))
    return TaskUse(asked, task, trainer, EVALUATED[split])


def _check_trainer(task: Task, trainer: Task) -> None:
    """Raise UsageError unless what is learned on one task can be said of the other."""
    if trainer.kind != task.kind:
        raise UsageError(
            f"{task.name} cannot train on {trainer.name}: it is {task.kind}, {trainer.name} {trainer.kind}"
        )
    if tables.COLUMNS[task.kind].named and set(trainer.labels) != set(task.labels):
        raise UsageError(
            f"{task.name} cannot train on {trainer.name}: its labels are {', '.join(task.labels)},"
            f" those of {trainer.name} {', '.join(trainer.labels)}"
        )


def _recipe(text: str, registry: Registry) -> Recipe:
    parts = names.parse_recipe(text)
    known = {"aligner": registry.names("aligner"), "method": registry.names("method")}
    if parts[-1].name in known["aligner"]:
        parts = (*parts, names.Name(DEFAULT_METHOD))
    for part in parts[:-1]:
        if part.name in known["method"]:
            raise UsageError(f"the method {part.name!r} must stand last in the recipe {text!r}")
    if parts[-1].name not in known["method"]:
        every = [*known["aligner"], *known["method"]]
        raise unknown("aligner or method", parts[-1].name, every, registry.broken_note())
    aligners = tuple(Component(registry.find("aligner", part.name), part) for part in parts[:-1])
    method = Component(registry.find("method", parts[-1].name), parts[-1])
    return Recipe(names.join_recipe(parts), aligners, method)


def _check_languages(grid: Grid) -> None:
    known = {language for use in grid.tasks for language in use.task.languages}
    for language in grid.languages:
        if language not in known:
            raise unknown(f"language of {grid.suite.name}", language, known)
    sources = known | {language for use in grid.tasks for language in use.trainer.languages}
    if grid.source not in sources:
        raise unknown(f"source language of {grid.suite.name}", grid.source, sources)
