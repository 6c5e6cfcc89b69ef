"""What a fit may see. A grant is made once, by the plan: it is the fit's part of the key and its leak guard."""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from xbench import tables
from xbench.contracts import Examples, PairedData, Resource, Split, Task
from xbench.errors import ScopeError, StageError
from xbench.keys import digest
from xbench.shelf import Shelf, teaching
from xbench.values import MEASURING

Place = tuple[Task, Split]  # where to read: a task's split, which may be lent by another task


@dataclass(frozen=True)
class Grant:
    """Source, targets in scope, and where text, labels and pairs of a language may be read; nothing else exists.

    `inputs` are places of unlabelled examples of a target, `shots` of the few labelled ones, `pairs` say by
    resource and target what supplies them, and `preparation` is the place of labels that are learned first.
    """

    source: str
    targets: tuple[str, ...] = ()
    texts: Mapping[str, Place] = field(default_factory=dict)
    labels: Mapping[tuple[str, Split], Place] = field(default_factory=dict)
    inputs: Mapping[str, Place] = field(default_factory=dict)
    shots: Mapping[str, Place] = field(default_factory=dict)
    pairs: Mapping[tuple[Resource, str], PairedData] = field(default_factory=dict)
    preparation: Place | None = None

    def fingerprint(self, shelf: Shelf) -> dict[str, Any]:
        """The grant as JSON for a key: languages in scope and the digests of all that may be read."""
        texts = {language: _digest(shelf, language, place) for language, place in self.texts.items()}
        labels = {f"{lang} {split}": _digest(shelf, lang, place) for (lang, split), place in self.labels.items()}
        told: dict[str, Any] = {"source": self.source, "targets": sorted(self.targets)}
        told |= {"texts": texts, "labels": labels}
        for what, places in (("inputs", self.inputs), ("shots", self.shots)):
            if places:
                told[what] = {language: _digest(shelf, language, place) for language, place in places.items()}
        if self.preparation:
            told["preparation"] = _digest(shelf, self.source, self.preparation)
        if self.pairs:
            told["pairs"] = {
                f"{resource} {target}": shelf.pairs(paired, self.source, target).provenance.fingerprint
                for (resource, target), paired in self.pairs.items()
            }
        return told


def _digest(shelf: Shelf, language: str, place: Place) -> str:
    task, split = place
    return shelf.load(task, language, split).provenance.fingerprint


@dataclass
class GuardedContext:
    """The context handed to an aligner or method: reads through the grant, counts what was read."""

    _grant: Grant
    _shelf: Shelf
    seed: int
    device: str
    _on_progress: Callable[[int, int, float], None]
    read: dict[str, dict[str, int]] = field(default_factory=dict)
    diagnostics: dict[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """The source language."""
        return self._grant.source

    @property
    def targets(self) -> tuple[str, ...]:
        """The target languages in scope."""
        return self._grant.targets

    def text(self, language: str) -> Sequence[str]:
        """Unlabelled texts of a language; the two sides of a pair are texts of their own."""
        if language not in self._grant.texts:
            raise self._refused(f"text in {language!r}", language, self._grant.texts)
        task, split = self._grant.texts[language]
        inputs = self._shelf.load(task, language, split).inputs
        kind = "source text" if language == self.source else "target text"
        self._count(kind, language, len(inputs))
        return list(dict.fromkeys(tables.texts(task.kind, inputs, language)))

    def labelled(self, language: str, split: Split = Split.TRAIN) -> Examples:
        """Labelled examples of a language."""
        if (language, split) not in self._grant.labels:
            asked = f"{split} labels in {language!r}"
            raise self._refused(asked, language, [f"{lang} {part}" for lang, part in self._grant.labels])
        task, place = self._grant.labels[language, split]
        examples = self._shelf.load(task, language, place)
        side = "source" if language == self.source else "target"
        kind = f"{side} validation labels" if split is Split.VALIDATION else f"{side} labels"
        self._count(kind, language, examples.provenance.n_rows)
        return examples

    def shots(self, language: str, count: int) -> Examples:
        """The first `count` of the target's labelled examples in an order drawn from the seed and nothing else."""
        if language not in self._grant.shots:
            raise self._refused(f"shots in {language!r}", language, self._grant.shots)
        task, place = self._grant.shots[language]
        examples = self._shelf.load(task, language, place)
        of = examples.provenance
        order = random.Random(digest(["shots", task.name, language, self.seed])).sample(range(of.n_rows), of.n_rows)
        chosen = order[:count]  # of the whole order, so that fewer are part of more
        self._count("target labels", language, len(chosen))
        gold = None if examples.gold is None else examples.gold.take(chosen)
        about = replace(of, n_rows=len(chosen), fingerprint=digest([of.fingerprint, "shots", self.seed, count]))
        return Examples(examples.inputs.take(chosen), gold, about)

    def preparation(self) -> Examples | None:
        """Labelled examples of the source that are learned first, of a task of its own; None where there are none."""
        if self._grant.preparation is None:
            return None
        task, split = self._grant.preparation
        examples = self._shelf.load(task, self.source, split)
        self._count(str(Resource.PREPARATION), self.source, examples.provenance.n_rows)
        return examples

    def inputs(self, language: str) -> Any:
        """Inputs of unlabelled examples of a target."""
        if language not in self._grant.inputs:
            raise self._refused(f"unlabelled examples in {language!r}", language, self._grant.inputs)
        task, split = self._grant.inputs[language]
        inputs = self._shelf.load(task, language, split).inputs
        self._count("unlabelled target examples", language, len(inputs))
        return inputs

    def paired(self, resource: Resource) -> tuple[str, ...]:
        """The targets in scope that there are such pairs of."""
        return tuple(target for target in self.targets if (resource, target) in self._grant.pairs)

    def pairs(self, resource: Resource, target: str) -> Sequence[tuple[str, str]]:
        """Pairs of the source with a target."""
        if (resource, target) not in self._grant.pairs:
            there = [f"{of} {lang}" for of, lang in self._grant.pairs]
            raise self._refused(f"{resource} with {target!r}", target, there)
        found = self._shelf.pairs(self._grant.pairs[resource, target], self.source, target).rows
        if resource in MEASURING:
            found = teaching(found)
        self._count(str(resource), target, len(found))
        return found

    def score(self, predictions: Any, language: str | None = None) -> float:
        """The main metric of predictions for a validation split; the core scores, the fit sees a number."""
        of = language or self.source
        gold = self.labelled(of, Split.VALIDATION).gold
        task, split = self._grant.labels[of, Split.VALIDATION]
        if gold is None:
            raise StageError(f"the {split} split of {task.name} in {of} has no labels to score against")
        return float(task.score(gold, predictions, of).metrics[task.main_metric])

    def progress(self, step: int, steps: int, loss: float) -> None:
        """Say how far the work is."""
        self._on_progress(step, steps, loss)

    def log(self, name: str, value: Any) -> None:
        """Record a diagnostic beside the artifact."""
        self.diagnostics[name] = value

    def _count(self, kind: str, language: str, rows: int) -> None:
        self.read.setdefault(kind, {})[language] = rows

    def _refused(self, asked: str, language: str, granted: Iterable[str]) -> ScopeError:
        there = ", ".join(granted) or "nothing"
        return ScopeError(f"asked for {asked}, which its declared scope and needs do not cover (granted: {there})")
