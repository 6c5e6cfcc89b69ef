"""What there is for one cell, and what of it a component may see."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xbench import tables
from xbench.access import Grant, Place
from xbench.cell import Cell
from xbench.contracts import PairedData, Resource, Scope, Split, Task
from xbench.errors import MissingDataError, PluginError, unknown
from xbench.shelf import Shelf
from xbench.uses import Component, TaskUse
from xbench.values import PAIRED

TARGET = {Resource.TARGET_LABELS, Resource.TARGET_VALIDATION, Resource.TARGET_TEXT, Resource.TARGET_SHOTS}
TARGET |= {Resource.TARGET_INPUTS, *PAIRED}
AUTO = "auto"  # of an option that names a resource: the first that has pairs of the target


class CannotRunError(Exception):
    """Why a cell cannot be run; it becomes a skipped cell, never a message of its own."""


@dataclass(frozen=True)
class Granter:
    """What there is for one cell, and what of it a component may see."""

    use: TaskUse
    cell: Cell
    targets: list[str]
    shelf: Shelf
    supplies: Mapping[str, PairedData] = field(default_factory=dict)

    def grant(self, part: Component, chosen: Any) -> Grant:
        """What a component may see. Raises CannotRunError or MissingDataError when what it needs is not there."""
        needs, scope = part.plugin.needs(chosen), part.plugin.scope(chosen)
        targets = self._in_scope(scope)
        if scope is Scope.SOURCE and needs & TARGET:
            raise PluginError(f"{part.name.name} needs target data but declares the scope {scope}")
        if Resource.TARGET_TEXT in needs and not targets:
            only = self.cell.source
            raise CannotRunError(f"{part.name.name} needs target text and there is no target language besides {only}")
        spoken = [self.cell.source] * (Resource.SOURCE_TEXT in needs)
        spoken += list(targets) * (Resource.TARGET_TEXT in needs)
        texts, labels = self._texts(part, spoken), self._labels(needs, targets)
        inputs = {target: self._inputs(part, target) for target in targets if Resource.TARGET_INPUTS in needs}
        shots = {target: self._shots(target) for target in targets if Resource.TARGET_SHOTS in needs}
        pairs: dict[tuple[Resource, str], PairedData] = {}
        for resource in (one for one in PAIRED if one in needs):
            pairs |= self._pairs(part, resource, targets, getattr(chosen, _option(resource), AUTO))
        return Grant(self.cell.source, targets, texts, labels, inputs, shots, pairs, self._preparation(needs))

    def _in_scope(self, scope: Scope) -> tuple[str, ...]:
        match scope:
            case Scope.SOURCE:
                return ()
            case Scope.JOINT:
                return tuple(target for target in self.targets if target != self.cell.source)
            case Scope.PAIRWISE:
                return (self.cell.target,)

    def _texts(self, part: Component, spoken: list[str]) -> dict[str, Place]:
        """Where unlabelled text is read: one split for all, so that the split does not betray the language.

        It is never the evaluated split: a fit does not see what it is judged on, not even without labels.
        """
        if not spoken:
            return {}
        places: dict[str, Place] = {}
        usable = [split for split in (Split.TRAIN, Split.VALIDATION) if split is not self.use.split]
        for split in usable:
            places = {}
            for language in spoken:
                for task in filter(None, (self.use.text, self.use.task, self.use.trainer)):
                    if language not in places and language in self.shelf.languages(task, split):
                        places[language] = (task, split)
            if len(places) == len(set(spoken)):
                return places
        lacking = ", ".join(dict.fromkeys(language for language in spoken if language not in places))
        has = f"{part.name.name} needs unlabelled text of one split in every language, and {self.use.task.name} has"
        hint = "" if self.use.text else f"; name a task that lends its text: {self.use.task.name}[text=TASK]"
        if len(usable) == 1:
            only = f"no {usable[0]} split in {lacking}; its {self.use.split} split is evaluated"
            raise CannotRunError(f"{has} {only}{hint}")
        raise CannotRunError(f"{has} neither a train split in all of them nor a validation split in {lacking}{hint}")

    def _preparation(self, needs: frozenset[Resource]) -> Place | None:
        """Labels of a task that is learned first, where the task has one and the data hold it: it is no condition."""
        first = self.use.preparation
        if Resource.PREPARATION not in needs or first is None:
            return None
        return (first, Split.LENT) if self.cell.source in self.shelf.languages(first, Split.LENT) else None

    def _inputs(self, part: Component, target: str) -> Place:
        """Where unlabelled examples of a target are: in its train split, or validation; never where it is judged."""
        usable = [split for split in (Split.TRAIN, Split.VALIDATION) if split is not self.use.split]
        for split in usable:
            if target in self.shelf.languages(self.use.task, split):
                self.shelf.load(self.use.task, target, split)
                return self.use.task, split
        has = f"{self.use.task.name} has no {' or '.join(usable)} split in {target}"
        raise CannotRunError(f"{part.name.name} needs unlabelled examples of the target, and {has}")

    def _pairs(
        self, part: Component, resource: Resource, targets: tuple[str, ...], asked: str
    ) -> dict[tuple[Resource, str], PairedData]:
        """What supplies pairs of the source with each target; targets without any are left out of a joint fit."""
        source = self.cell.source
        if targets == (source,) and hasattr(part.plugin, "task_kinds"):
            return {}  # a method that learns each target by itself has no use for pairs in the source
        known = {name: one for name, one in sorted(self.supplies.items()) if one.supplies is resource}
        if asked != AUTO and asked not in known:
            raise unknown(f"resource of {resource}", asked, known)
        found: dict[tuple[Resource, str], PairedData] = {}
        for paired in known.values() if asked == AUTO else [known[asked]]:
            for target in self.shelf.paired_with(paired, source):
                if target in targets:
                    found.setdefault((resource, target), paired)
        lacking = self.cell.target != source and (resource, self.cell.target) not in found
        if lacking or not found:
            there = f"{asked if asked != AUTO else ', '.join(known)} of {self.shelf.data} has none"
            what = f"{resource} of {source} with {self.cell.target if lacking else 'any target'}"
            raise CannotRunError(f"{part.name.name} needs {what}, and {there if known else 'no plugin supplies any'}")
        for (_, target), paired in found.items():
            self.shelf.pairs(paired, source, target)
        return found

    def _labels(self, needs: frozenset[Resource], targets: tuple[str, ...]) -> dict[tuple[str, Split], Place]:
        found = self._source_labels(needs)
        for target in targets if Resource.TARGET_VALIDATION in needs else ():
            what = f"the validation labels of {target} are what"
            if self.use.split is Split.VALIDATION:
                raise CannotRunError(f"{what} is evaluated, and the fit reads them; evaluate on the test split")
            if self._own is Split.VALIDATION and (Resource.TARGET_LABELS in needs or (target, Split.TRAIN) in found):
                raise CannotRunError(f"{what} the fit trains on, and it selects on them; select otherwise")
            self.shelf.load(self.use.task, target, Split.VALIDATION)
            found[target, Split.VALIDATION] = (self.use.task, Split.VALIDATION)
        for target in targets if Resource.TARGET_LABELS in needs else ():
            if (target, Split.TRAIN) not in found:
                self.shelf.load(self.use.task, target, self._own)
                found[target, Split.TRAIN] = (self.use.task, self._own)
        return found

    @property
    def _own(self) -> Split:
        """The split in which the task's own labels teach."""
        return Split.VALIDATION if self.use.taught is Split.VALIDATION else Split.TRAIN

    def _shots(self, target: str) -> Place:
        """Where a few labels of a target are: in its train split, or in validation where it has none."""
        dev = self.use.split is not Split.VALIDATION and target in self.shelf.languages(self.use.task, Split.VALIDATION)
        split = self._own if target in self.shelf.languages(self.use.task, self._own) or not dev else Split.VALIDATION
        self.shelf.load(self.use.task, target, split)
        return self.use.task, split

    def _source_labels(self, needs: frozenset[Resource]) -> dict[tuple[str, Split], Place]:
        source, trainer, task = self.cell.source, self.use.trainer, self.use.task
        found: dict[tuple[str, Split], Place] = {}
        if Resource.SOURCE_LABELS in needs:
            self._present(trainer, source, self.use.taught)
            found[source, Split.TRAIN] = (trainer, self.use.taught)
        if Resource.SOURCE_VALIDATION in needs:
            what = f"the validation labels of {source}"
            if self.use.taught is Split.VALIDATION:
                raise CannotRunError(f"{what} are what the fit trains on, and it selects on them; select otherwise")
            if self.use.split is Split.VALIDATION and self.cell.target == source:
                what += " are what is evaluated, and the fit selects on them"
                raise CannotRunError(f"{what}; evaluate on the test split, or select otherwise")
            holder = task if source in task.languages else trainer
            self.shelf.load(holder, source, Split.VALIDATION)
            found[source, Split.VALIDATION] = (holder, Split.VALIDATION)
        return found

    def _present(self, trainer: Task, source: str, split: Split) -> None:
        """Raises CannotRunError where the source labels are not there."""
        try:
            self.shelf.load(trainer, source, split)
        except MissingDataError as error:
            hint = f"; or train on the labels of another task: {self.use.task.name}[train=TASK]"
            raise CannotRunError(f"{error}{hint}") from error

    def majority(self, grant: Grant) -> str | None:
        """The commonest label of the first training data granted, the source's where there are: what chance means.

        None where answers are no labels. A place that is not among the task's choices is its first.
        """
        if not tables.COLUMNS[self.use.task.kind].closed:
            return None
        first = self.use.task.labels[0]
        if not grant.labels:
            return self.use.trainer.labels[0]
        (language, _), (task, split) = next(iter(grant.labels.items()))
        found = self.shelf.commonest_label(task, language, split)
        return found if found in self.use.task.labels else first


def _option(resource: Resource) -> str:
    """The option by which a component says which resource it is to be given: its first word."""
    return resource.value.split()[0]
