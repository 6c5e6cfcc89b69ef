"""Examples that one side has right and the other has not: how many, and what they say."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from xbench import kept, tables
from xbench.cell import Result
from xbench.contracts import Examples, Task
from xbench.errors import DataError, StoreError
from xbench.items import Values
from xbench.sides import LETTERS, Match, right
from xbench.verify import Rescore


@dataclass(frozen=True)
class Flip:
    """An example that B alone has right (`won`), or A alone: row, texts, gold, and what each says with its seed.

    A prediction is None where it was not kept.
    """

    language: str
    row: int
    seeds: tuple[int, int]
    won: bool
    text: str
    gold: str
    a: str | None
    b: str | None


def counts(a: Values, b: Values, higher_is_better: bool) -> tuple[int, int]:
    """How many examples, of each seed, A alone has right, and B alone; values are those of `Match.items`."""
    one, other = right(a, higher_is_better), right(b, higher_is_better)
    return int((one & ~other).sum()), int((other & ~one).sum())


@dataclass
class Reader:
    """Reads the first `count` flips of each language and direction, with the data of `rescore`.

    `unread` says which predictions could not be read, and why.
    """

    rescore: Rescore
    count: int
    unread: list[str] = field(default_factory=list)

    def flips(self, match: Match) -> Iterator[Flip]:
        """By language, row and seed. Raises DataError where the data are not there, or not those that were scored."""
        higher = match.grids[0].dataset.higher_is_better
        ours, theirs = match.items()
        for language in ours:
            one, other = right(ours[language], higher), right(theirs[language], higher)
            found = [*self._first(one & ~other, False), *self._first(other & ~one, True)]
            if found:
                yield from self._told(match, language, sorted(found))

    def _first(self, flipped: Any, won: bool) -> list[tuple[int, int, bool]]:
        """Row, place of the seed, direction."""
        return [(int(row), int(at), won) for row, at in np.argwhere(flipped.T)[: self.count]]

    def _told(self, match: Match, language: str, found: list[tuple[int, int, bool]]) -> Iterator[Flip]:
        results = match.results(language)
        scored = next(iter(results[0].values()))
        task: Task = self.rescore.registry.find("task", str(scored.dataset.get("task", "")))
        examples, columns = self._examples(scored, task), tables.COLUMNS[task.kind]
        texts: dict[int, list[str]] = {}
        for row, text in tables.texts_by_row(task.kind, examples.inputs):
            texts.setdefault(row, []).append(text)
        gold = examples.gold[columns.gold].to_pylist() if examples.gold is not None else []
        answers: dict[tuple[int, int], list[Any] | None] = {}
        for row, at, won in found:
            said = []
            for side in (0, 1):
                seed = match.seeds[side][at]
                if (side, seed) not in answers:
                    answers[side, seed] = self._answers(match, side, results[side][seed], columns.answer)
                given = answers[side, seed]
                said.append(None if given is None else _shown(given[row]))
            seeds = match.seeds[0][at], match.seeds[1][at]
            yield Flip(language, row, seeds, won, _shown(texts.get(row, [])), _shown(gold[row]), *said)

    def _examples(self, result: Result, task: Task) -> Examples:
        examples = self.rescore.examples(result, task)
        known, there = result.dataset.get("fingerprint"), examples.provenance.fingerprint
        if known != there:
            raise DataError(
                f"{self.rescore.data} does not hold the examples of {result.cell}: their fingerprint is {known}, "
                f"and there it is {there}"
            )
        return examples

    def _answers(self, match: Match, side: int, result: Result, column: str) -> list[Any] | None:
        try:
            found: list[Any] = kept.read(result, match.sides[side].folder)[column].to_pylist()
        except (StoreError, KeyError) as error:
            self.unread.append(f"{LETTERS[side]}, {result.cell}: {error}")
            return None
        return found


def _shown(value: Any) -> str:
    return " / ".join(map(str, value)) if isinstance(value, list) else str(value)
