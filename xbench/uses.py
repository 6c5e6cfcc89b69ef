"""How a task is used: which labels teach, which split is evaluated, and what the suite lets stand in for data."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from xbench import names, tables
from xbench.contracts import Data, Origin, Split, Task
from xbench.errors import MissingDataError, UsageError, unknown
from xbench.registry import Registry
from xbench.suite import Suite

EVALUATED = {"test": Split.TEST, "dev": Split.VALIDATION}  # values of the task option `split`
OWN_DEV = "dev"  # the value of the task option `train` by which the task's own validation split teaches
TASK_OPTIONS = ("method", "split", "text", "train")


@dataclass(frozen=True)
class Component:
    """An aligner or method with what the user set; its options are resolved per model and task."""

    plugin: Any
    name: names.Name


@dataclass(frozen=True)
class TaskUse:
    """A task of the grid: its name as asked for, the task that lends the labels (often itself), the evaluated split.

    `taught` is the split of the lender that teaches. `method` is the one that serves it whatever a recipe's is: what
    is retrieved, for one, is not learned. `text` is a task that lends unlabelled text, where this one has none but
    what is evaluated. `preparation` is a task whose labels are learned first. `note` says for what lack of data this
    use stands in.
    """

    name: names.Name
    task: Task
    trainer: Task
    split: Split = Split.TEST
    taught: Split = Split.TRAIN
    method: Component | None = None
    text: Task | None = None
    preparation: Task | None = None
    note: str = ""


@dataclass(frozen=True)
class Uses:
    """Makes the uses of a suite's tasks; `options` are those that the suite was asked for with."""

    suite: Suite
    options: tuple[tuple[str, str], ...]
    registry: Registry
    sources: tuple[str, ...]
    data: Data
    stand_ins: bool = True

    def all(self) -> Iterator[TaskUse]:
        """The suite's tasks in order, or what stands in for them. Raises UsageError on what does not exist."""
        for text in self.suite.tasks:
            asked = self._use(names.parse(text))
            others = self.suite.stand_ins.get(asked.task.name, ()) if self.stand_ins else ()
            yield self._there(asked, [self._use(names.parse(other)) for other in others])

    def _there(self, asked: TaskUse, others: list[TaskUse]) -> TaskUse:
        """What is asked for, or the first of the others that the data hold where they do not hold it."""
        lack = self._lack(asked)
        if not lack:
            return asked
        for other in others:
            if not self._lack(other):
                return replace(other, note=f"{self.data} has {lack}: {other.name} stands in for {asked.name}")
        return asked

    def _lack(self, use: TaskUse) -> str:
        """What a folder lacks altogether of what the use reads; a language or source that is lacking stops no other."""
        if self.data.origin is not Origin.FOLDER:
            return ""
        if use.task.train_on and not set(self.sources) & set(self._languages(use.trainer, use.taught)):
            return f"no {use.trainer.name} labels in {', '.join(self.sources)} to train on"
        return "" if self._languages(use.task, use.split) else f"no {use.split} split of {use.task.name}"

    def _languages(self, task: Task, split: Split) -> tuple[str, ...]:
        try:
            return task.available(split, self.data)
        except MissingDataError:
            return ()

    def _use(self, name: names.Name) -> TaskUse:
        task: Task = self.registry.find("task", name.name)
        options = dict(name.options) | dict(self.options)
        for option in options:
            if option not in TASK_OPTIONS:
                raise unknown(f"option of task {name.name}", option, TASK_OPTIONS)
        split = options.pop("split", "test")  # the official one: it goes without saying
        if split not in EVALUATED:
            raise unknown(f"split to evaluate {name.name} on", split, EVALUATED)
        said = {} if split == "test" else {"split": split}
        said |= {option: options[option] for option in ("method", "text") if option in options}
        lender, taught, trainer = options.get("train", task.donor), Split.TRAIN, task
        if lender == OWN_DEV:
            taught = Split.VALIDATION
            if split == "dev":
                raise UsageError(f"{name.name}: its dev split cannot both teach and be evaluated")
        elif lender is not None and lender != task.name:
            trainer, taught = self.registry.find("task", lender), Split.LENT
            _check_trainer(task, trainer)
        if "train" in options and (lender != task.name or task.donor):
            said |= {"train": options["train"]}
        asked = names.Name(name.name, tuple(sorted(said.items())))
        method = self._method(said["method"]) if "method" in said else None
        text: Task | None = self.registry.find("task", said["text"]) if "text" in said else None
        before = getattr(trainer, "prepared_by", None)  # tasks of former contracts have no such thing
        first: Task | None = self.registry.find("task", before) if before else None
        return TaskUse(asked, task, trainer, EVALUATED[split], taught, method, text, first)

    def _method(self, text: str) -> Component:
        name = names.parse(text)
        return Component(self.registry.find("method", name.name), name)


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
