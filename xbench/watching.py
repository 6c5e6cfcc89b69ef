"""A bench that watches: what fits ask for in vain, what they read by other ways, and when they read."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xbench.access import GuardedContext
from xbench.contracts import Examples, Split, Task
from xbench.errors import ScopeError
from xbench.plan import AlignStage, FitStage, Stage
from xbench.shelf import Shelf
from xbench.stages import Bench

Trained = AlignStage | FitStage


class WatchedShelf(Shelf):
    """Notes what is read while there is a place to note it, by whatever way."""

    noted: list[tuple[str, str, Split]] | None = None

    def load(self, task: Task, language: str, split: Split) -> Examples:
        """One split of a task, as ever."""
        if self.noted is not None:
            self.noted.append((task.name, language, split))
        return super().load(task, language, split)


@dataclass
class WatchedContext(GuardedContext):
    """Tells what it refuses, for a plugin may swallow the error, and when something is read."""

    on_refused: Callable[[str, str], None] = lambda language, why: None
    on_read: Callable[[], None] = lambda: None

    def _refused(self, asked: str, language: str, granted: Iterable[str]) -> ScopeError:
        error = super()._refused(asked, language, granted)
        self.on_refused(language, str(error))
        return error

    def _count(self, kind: str, language: str, rows: int) -> None:
        self.on_read()
        super()._count(kind, language, rows)


@dataclass
class WatchedBench(Bench):
    """Notes what fits were refused, by language, and the splits that they read beside their context."""

    refused: list[tuple[Trained, str, str]] = field(default_factory=list)
    beside: list[tuple[str, Split]] = field(default_factory=list)
    on_read: Callable[[], None] = lambda: None

    def _context(self, stage: Trained) -> GuardedContext:
        def note(language: str, why: str) -> None:
            self.refused.append((stage, language, why))

        return WatchedContext(
            stage.grant, self.shelf, stage.seed, self.device, self.on_progress, on_refused=note, on_read=self.on_read
        )

    def _carried_out(self, stage: Stage, folder: Path) -> Mapping[str, Any]:
        if not isinstance(stage, Trained) or not isinstance(self.shelf, WatchedShelf):
            return super()._carried_out(stage, folder)
        read: list[tuple[str, str, Split]] = []
        self.shelf.noted = read
        try:
            return super()._carried_out(stage, folder)
        finally:
            self.shelf.noted = None
            granted = _granted(stage)
            self.beside += [one[1:] for one in dict.fromkeys(read) if one not in granted]


def _granted(stage: Trained) -> set[tuple[str, str, Split]]:
    grant = stage.grant
    places = [*grant.texts.items(), *grant.inputs.items(), *grant.shots.items()]
    places += [(language, place) for (language, _), place in grant.labels.items()]
    places += [(grant.source, grant.preparation)] if grant.preparation else []
    return {(task.name, language, split) for language, (task, split) in places}
