"""Trials of an aligner or a method: runs of it on the invented tasks, each made once, which rules look at."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

from xbench.errors import ModelError, XbenchError
from xbench.lab import Lab, Outcome, Part
from xbench.offline import offline
from xbench.verdicts import Finding, Verdict

Told = tuple[Verdict, str]
BEFORE = ("runs", "needs", "scope", "offline")  # rules that can be told of what does not run to its end


@dataclass
class Trial:
    """One part, tried on the first of the `models` that it can begin with; every run is made once.

    `elsewhere` are the keys that another process came to, which was killed in the store `again`.
    """

    lab: Lab
    part: Part
    models: Sequence[str]
    place: str
    elsewhere: Sequence[str] = ()
    killed: bool = False
    trouble: str = ""  # why the other process came to no keys
    asked: list[str] = field(default_factory=list)  # hosts

    @property
    def model(self) -> str:
        """The encoder that it is tried on: the first that it does not fail on as on a thing that it does not know."""
        return self._begun[0]

    @property
    def first(self) -> Outcome:
        """The grid, with seed 0."""
        return self._begun[1]

    @cached_property
    def _begun(self) -> tuple[str, Outcome]:
        tried: list[tuple[str, Outcome]] = []
        for model in self.models:
            with self._offline():
                found = self.lab.run(self.part, model, f"{self.place}-first")
            tried.append((model, found))
            if found.error is None or found.bench.refused or _deliberate(found.error):
                return tried[-1]
        return tried[0]

    @contextmanager
    def _offline(self) -> Iterator[None]:
        with offline() as asked:
            yield
        self.asked += asked

    def run(self, store: str, seed: int = 0, **changed: bool) -> Outcome:
        """The grid again."""
        return self.lab.run(self.part, self.model, f"{self.place}-{store}", seed, **changed)

    @cached_property
    def again(self) -> Outcome:
        """The grid with the same seed and other test labels, where another process was killed in it."""
        return self.run("again", hidden=True)

    @cached_property
    def plain(self) -> Outcome:
        """The grid once more, as the first."""
        return self.run("plain")

    @cached_property
    def other(self) -> Outcome:
        """The grid with another seed."""
        return self.run("other", seed=1)

    def held_to(self, rule: str, check: "Check") -> Finding:
        """What a rule comes to; of what does not run to its end that is told which is seen before."""
        if self.first.error is not None and rule not in BEFORE:
            return Finding(rule, Verdict.NONE, "it does not run", self.part.title)
        with self._offline():
            told = check(self)
        return Finding(rule, *told, self.part.title)


def _deliberate(error: BaseException) -> bool:
    return isinstance(error, XbenchError) and not isinstance(error, ModelError)


Check = Callable[[Trial], Told]


def said(error: BaseException | None) -> str:
    """An error as one line; of xbench's own the text alone."""
    lines = str(error).splitlines() or ["no message"]
    return lines[0] if isinstance(error, XbenchError) else f"{type(error).__name__}: {lines[0]}"


def same(one: Outcome, other: Outcome) -> bool:
    """Whether two grids predict the same, to the bit."""
    return one.predictions.keys() == other.predictions.keys() and all(
        table.equals(other.predictions[language]) for language, table in one.predictions.items()
    )
