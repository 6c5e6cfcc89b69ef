"""What a user asks for, in names; `resolve` turns the names into objects once, at the edge."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from xbench import names
from xbench.contracts import Data, PairedData, Task
from xbench.errors import UsageError, unknown
from xbench.languages import canonical
from xbench.registry import Registry, find_suite
from xbench.suite import Suite
from xbench.uses import Component, TaskUse, Uses

DEFAULT_MODEL = "xbench-mini"
DEFAULT_METHOD = "finetune"  # what a recipe that names only aligners ends in, and the recipe where none is named


@dataclass(frozen=True)
class Request:
    """The arguments of `run` and `plan`."""

    suite: str
    methods: tuple[str, ...]  # recipes; empty: the suite's
    data: Data
    models: tuple[str, ...] = (DEFAULT_MODEL,)
    languages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()  # languages of labels, each a grid of its own; empty: the suite's
    seeds: tuple[int, ...] = (0,)
    limit: int | None = None
    device: str = "auto"
    allow_leakage: bool = False  # whether cells are run whose training has seen test examples
    stand_ins: bool = True  # whether a suite's stand-ins are taken where the data lack what it asks for


@dataclass(frozen=True)
class Recipe:
    """Zero or more aligners, then one method."""

    text: str
    aligners: tuple[Component, ...]
    method: Component

    def serving(self, use: TaskUse) -> "Recipe":
        """The recipe as it serves a task: the task's own method, where it has another one, after the same aligners."""
        if use.method is None or use.method.name.name == self.method.name.name:
            return self
        parts = (*self.aligners, use.method)
        return Recipe(names.join_recipe(tuple(part.name for part in parts)), self.aligners, use.method)


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
    supplies: Mapping[str, PairedData] = field(default_factory=dict)
    diagnostics: tuple[Any, ...] = ()

    def as_suite(self) -> Suite:
        """The suite as it is run: with the options and the source that were asked for; of several tasks, by language.

        With every task's languages said, its file tells a board which of them are lacking. Of several sources it
        names the first.
        """
        spoken = {use.task.name: self.spoken(use.task) for use in self.tasks}
        return replace(
            self.suite,
            stand_ins={},
            tasks=tuple(str(use.name) for use in self.tasks),
            source=self.sources[0],
            languages=spoken if len(self.tasks) > 1 else self.suite.languages,
        )

    def spoken(self, task: Task) -> tuple[str, ...]:
        """The languages the suite has a task in: the task's own, unless the suite names others."""
        return tuple(self.suite.languages.get(task.name, task.languages))

    @property
    def sources(self) -> tuple[str, ...]:
        """The source languages, each once."""
        return _sources(self.request, self.suite)


def resolve(request: Request, registry: Registry) -> Grid:
    """The grid a request names. Raises UsageError, before anything starts, on a name that does not exist."""
    suite_name = names.parse(request.suite)
    suite = find_suite(registry, suite_name.name)
    uses = Uses(suite, suite_name.options, registry, _sources(request, suite), request.data, request.stand_ins)
    tasks = {use.name: use for use in uses.all()}
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
        supplies=registry.objects["resource"],
        diagnostics=tuple(thing for _, thing in sorted(registry.objects["diagnostic"].items())),
    )
    _check_languages(grid)
    return grid


def _sources(request: Request, suite: Suite) -> tuple[str, ...]:
    return tuple(dict.fromkeys(canonical(source) for source in request.sources or (suite.source,)))


def _recipe(text: str, registry: Registry) -> Recipe:
    parts = names.parse_recipe(text)
    known = {"aligner": registry.names("aligner"), "method": registry.names("method")}
    if parts[-1].name in known["aligner"] and parts[-1].name not in known["method"]:
        parts = (*parts, names.Name(DEFAULT_METHOD))
    for part in parts[:-1]:
        if part.name in known["method"] and part.name not in known["aligner"]:  # what is both goes by its place
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
    for source in grid.sources:
        if learned and source not in sources:
            raise unknown(f"source language of {grid.suite.name}", source, sources)
