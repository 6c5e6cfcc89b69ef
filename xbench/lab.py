"""Where plugins are tried: grids of one component on the invented tasks, watched while they run."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
from packaging.utils import canonicalize_name

from xbench import encoder_types, names
from xbench.contracts import Data, Origin, TaskKind
from xbench.encoder_types import STATES, given
from xbench.errors import StageError
from xbench.fake_plugin import FakeMethod
from xbench.fake_task import FakeModel
from xbench.invented import SPOKEN, InventedPairs, InventedTask, words
from xbench.plan import AlignStage, FitStage, Plan
from xbench.planner import build_plan
from xbench.registry import Registry, load_registry
from xbench.request import DEFAULT_METHOD, Request, resolve
from xbench.shelf import Shelf
from xbench.stages import PREDICTIONS
from xbench.store import Store
from xbench.suite import Suite
from xbench.values import PAIRED
from xbench.watching import Trained, WatchedBench, WatchedShelf

KINDS = (TaskKind.SEQUENCE_CLASSIFICATION, TaskKind.TOKEN_CLASSIFICATION, TaskKind.RETRIEVAL)
FAKE, MEMORY = "word-list", "word-memory"  # the encoder without torch, and the method that goes with it
SMALL = {"steps": 30, "head_steps": 10, "updates": 30, "restarts": 1, "pieces": 200, "min_count": 1}
SAMPLE = Data(Origin.SAMPLE)


@dataclass(frozen=True)
class Part:
    """An aligner or a method, with the options it is tried with; `after` is the method that an aligner is judged by."""

    kind: str
    thing: Any
    name: names.Name
    after: str = DEFAULT_METHOD

    @property
    def title(self) -> str:
        """`method finetune`."""
        return f"{self.kind} {self.thing.name}"

    def recipe(self, model: str) -> str:
        """What is run: an aligner is judged by what a method learns after it."""
        after = MEMORY if model == FAKE else self.after
        return f"{self.name}+{after}" if self.kind == "aligner" else str(self.name)

    def with_option(self, option: str, value: str) -> "Part":
        """The part with one more option."""
        given = {**dict(self.name.options), option: value}
        return replace(self, name=names.Name(self.name.name, tuple(sorted(given.items()))))


def small(kind: str, thing: Any, given: Mapping[str, str], after: str = DEFAULT_METHOD) -> Part:
    """A part whose trainings are short: options of usual names are made small, then come those that it asks for.

    That are its own `trial`, option values by name, and the `given` ones, which stay as they are.
    """
    chosen = {**{option: str(value) for option, value in getattr(thing, "trial", {}).items()}, **given}
    for option, most in SMALL.items() if kind == "aligner" else ():  # methods get theirs from the model
        default = getattr(thing.Options(), option, None)
        if option not in chosen and isinstance(default, int | float) and default > most:
            chosen[option] = str(most)
    return Part(kind, thing, names.Name(thing.name, tuple(sorted(chosen.items()))), after)


@dataclass(frozen=True)
class Outcome:
    """What a grid came to: predictions and scores by language, or the error that ended it, and what was noted."""

    plan: Plan
    bench: WatchedBench
    predictions: Mapping[str, pa.Table] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    error: BaseException | None = None

    def stages(self, part: Part) -> list[Trained]:
        """The trainings of a part."""
        return stages_of(self.plan, part)

    def files(self, part: Part) -> list[Any]:
        """The digests of the files that the trainings of a part left, in the order of the plan."""
        return [self.bench.store.manifest(stage.kind, stage.key)["files"] for stage in self.stages(part)]


def stages_of(plan: Plan, part: Part) -> list[Trained]:
    """The trainings of a part."""
    kind = AlignStage if part.kind == "aligner" else FitStage
    return [stage for stage in plan.stages().values() if isinstance(stage, kind)]


@dataclass(frozen=True)
class Lab:
    """Runs grids of one part on the invented tasks, in a folder of its own.

    Of what is installed there are aligners, methods and families of models; paired data are the invented ones alone.
    """

    folder: Path
    registry: Registry
    on_read: Callable[[], None] = lambda: None  # called when a fit reads

    @classmethod
    def opened(cls, folder: Path) -> "Lab":
        """A lab. Raises PluginError where two plugins collide."""
        registry = load_registry()
        toys = [family.toy(words()) for family in registry.families() if hasattr(family, "toy")]
        things: dict[str, list[Any]] = {
            "task": [InventedTask(f"invented-{kind}", kind) for kind in KINDS],
            "model": [FakeModel(name=FAKE), *toys],
            "method": [FakeMethod(name=MEMORY)],
            "resource": [InventedPairs(f"invented-{at.name.lower()}", at) for at in PAIRED],
        }
        things["suite"] = [Suite(task.name, 1, "T", (task.name,), SPOKEN[0]) for task in things["task"]]
        registry.objects["resource"], registry.objects["diagnostic"] = {}, {}
        for kind, more in things.items():
            registry.objects[kind] |= {thing.name: thing for thing in more}
        return cls(folder, registry)

    def models(self, thing: Any, needed: Collection[str]) -> tuple[list[str], str | None]:
        """The encoders to try a thing with, all of one type, and the method that an aligner is judged by on them.

        Of the type `states` there are toys, first those of the distributions that it needs; of another type that it
        takes those models are, that are installed. The method is None where none is installed that takes the type.
        """
        of_type = self._toys(needed) if STATES in encoder_types.taken(thing) else []
        if of_type:
            return of_type, DEFAULT_METHOD
        found: tuple[list[str], str | None] = [], None
        for at in sorted(encoder_types.taken(thing) - {STATES}):
            of_type = [name for name, one in sorted(self.registry.objects["model"].items()) if given(one) == at]
            if of_type and found[1] is None:
                found = of_type, self._after(thing, at, needed)
        return found

    def _toys(self, needed: Collection[str]) -> list[str]:
        families = [family for family in self.registry.families() if hasattr(family, "toy")]
        toys = [(family.toy(words()), self.registry.owners["model", family.name]) for family in families]
        known = [
            (canonicalize_name(owner.distribution) not in needed, toy.name)
            for toy, owner in toys if given(toy) == STATES
        ]  # fmt: skip
        return [name for _, name in sorted([*known, (bool(known) and not min(known)[0], FAKE)])]

    def _after(self, thing: Any, encoder: str, needed: Collection[str]) -> str | None:
        """The method that takes a type and learns the kind of task; those of the distributions that it needs first."""
        able = [
            (canonicalize_name(self.registry.owners["method", name].distribution) not in needed, name)
            for name, one in self.registry.objects["method"].items()
            if encoder in encoder_types.taken(one) and self.kind(thing) in one.task_kinds
        ]
        return min(able)[1] if able else None

    def kind(self, thing: Any) -> TaskKind | None:
        """The kind of task that a thing is tried on: the first that it learns and that there is an invented one of."""
        learned = getattr(thing, "task_kinds", KINDS)
        return next((kind for kind in KINDS if kind in learned), None)

    def plan(self, part: Part, model: str, seed: int = 0, **changed: bool) -> tuple[Plan, Shelf]:
        """The plan of a part; `changed` are fields of the task. Raises XbenchError where there is none."""
        task = self.registry.objects["task"][f"invented-{self.kind(part.thing)}"]
        tasks = {**self.registry.objects["task"], task.name: replace(task, **changed)}
        registry = replace(self.registry, objects={**self.registry.objects, "task": tasks})
        request = Request(task.name, (part.recipe(model),), SAMPLE, (model,), seeds=(seed,), device="cpu")
        shelf = WatchedShelf(SAMPLE)
        return build_plan(resolve(request, registry), shelf), shelf

    def run(self, part: Part, model: str, store: str, seed: int = 0, **changed: bool) -> Outcome:
        """Carry the plan out in the store of that name, as far as it goes."""
        try:
            plan, shelf = self.plan(part, model, seed, **changed)
        except Exception as error:  # whatever a plugin raises when it is asked what it needs
            return Outcome(Plan("", (), ()), WatchedBench(Store(self.folder / store), Shelf(SAMPLE)), error=error)
        bench = WatchedBench(Store(self.folder / store), shelf, "cpu", on_read=self.on_read)
        predictions, scores = {}, {}
        try:
            for planned in plan.cells:
                bench.ensure(planned.score)
                predict, target = planned.score.predict, planned.cell.target
                folder = bench.store.place(predict.kind, predict.key)
                predictions[target] = pyarrow.parquet.read_table(folder / PREDICTIONS)
                scores[target] = bench.store.manifest("score", planned.score.key)["metrics"]["accuracy"]
        except StageError as error:
            return Outcome(plan, bench, error=error.__cause__ or error)
        return Outcome(plan, bench, predictions, scores)

    def reopened(self, outcome: Outcome) -> WatchedBench:
        """A bench that remembers nothing, at the same store."""
        return WatchedBench(outcome.bench.store, outcome.bench.shelf, "cpu")
