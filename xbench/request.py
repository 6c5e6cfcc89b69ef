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
DEFAULT_METHOD = "finetune"  # what a recipe that names only aligners ends in, and the recipe where none is named
EVALUATED = {"test": Split.TEST, "dev": Split.VALIDATION}  # values of the task option `split`
TASK_OPTIONS = ("method", "split", "text", "train")


@dataclass(frozen=True)
class Request:
    """The arguments of `run` and `plan`."""

    suite: str
    methods: tuple[str, ...]  # recipes; empty: the suite's
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

    def serving(self, use: "TaskUse") -> "Recipe":
        """The recipe as it serves a task: the task's own method, where it has another one, after the same aligners."""
        if use.method is None or use.method.name.name == self.method.name.name:
            return self
        parts = (*self.aligners, use.method)
        return Recipe(names.join_recipe(tuple(part.name for part in parts)), self.aligners, use.method)


@dataclass(frozen=True)
class TaskUse:
    """A task of the grid: its name as asked for, the task that lends the labels (often itself), the evaluated split.

    `method` is the one that serves it whatever a recipe's is: what is retrieved, for one, is not learned. `text` is
    a task that lends unlabelled text, where this one has none but what is evaluated.
    """

    name: names.Name
    task: Task
    trainer: Task
    split: Split = Split.TEST
    method: Component | None = None
    text: Task | None = None


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
        """The suite as it is run: with the options and the source that were asked for; of several tasks, by language.

        With every task's languages said, its file tells a board which of them are lacking.
        """
        spoken = {use.task.name: self.spoken(use.task) for use in self.tasks}
        return replace(
            self.suite,
            tasks=tuple(str(use.name) for use in self.tasks),
            source=self.source,
            languages=spoken if len(self.tasks) > 1 else self.suite.languages,
        )

    def spoken(self, task: Task) -> tuple[str, ...]:
        """The languages the suite has a task in: the task's own, unless the suite names others."""
        return tuple(self.suite.languages.get(task.name, task.languages))

    @property
    def source(self) -> str:
        """The source language."""
        return canonical(self.request.source or self.suite.source)


def resolve(request: Request, registry: Registry) -> Grid:
    """The grid a request names. Raises UsageError, before anything starts, on a name that does not exist."""
    suite_name = names.parse(request.suite)
    suite = find_suite(registry, suite_name.name)
    tasks = {use.name: use for use in (_task(names.parse(text), suite_name, registry) for text in suite.tasks)}
    methods = request.methods or suite.methods or (DEFAULT_METHOD,)
    if not request.models or not request.seeds:
        raise UsageError(f"no {'model' if not request.models else 'seed'} was named")
    recipes = {recipe.text: recipe for recipe in (_recipe(text, registry) for text in methods)}
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
        if option not in TASK_OPTIONS:
            raise unknown(f"option of task {name.name}", option, TASK_OPTIONS)
    split = options.pop("split", "test")  # the official one: it goes without saying
    if split not in EVALUATED:
        raise unknown(f"split to evaluate {name.name} on", split, EVALUATED)
    said = {} if split == "test" else {"split": split}
    method = None
    if "method" in options:
        said["method"] = options["method"]
        method = Component(registry.find("method", said["method"]), names.Name(said["method"]))
    text: Task | None = None
    if "text" in options:
        said["text"] = options["text"]
        text = registry.find("task", said["text"])
    trainer = task
    lender = options.get("train", task.donor)
    if lender is None or lender == task.name:
        said |= {option: value for option, value in name.options if option not in ("split", "method", "text")}
    else:
        trainer = registry.find("task", lender)
        _check_trainer(task, trainer)
        said |= options
    asked = names.Name(name.name, tuple(sorted(said.items())))
    return TaskUse(asked, task, trainer, EVALUATED[split], method, text)


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
    known = {language for use in grid.tasks for language in grid.spoken(use.task)}
    for language in grid.languages:
        if language not in known:
            raise unknown(f"language of {grid.suite.name}", language, known)
    sources = known | {language for use in grid.tasks for language in use.trainer.languages}
    learned = all(use.task.train_on for use in grid.tasks)  # else the source is the task's other side, or an aligner's
    if learned and grid.source not in sources:
        raise unknown(f"source language of {grid.suite.name}", grid.source, sources)
