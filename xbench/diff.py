"""How two rows of results differ: in every language, on average, example by example, and in how they came about."""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from xbench.changes import Change, changes
from xbench.flips import Flip, Reader, counts
from xbench.grids import Grid
from xbench.items import Values
from xbench.notes import seeded
from xbench.ranks import holm
from xbench.render import rounded
from xbench.sides import LETTERS, Match, Side, match
from xbench.standings import Dataset, Estimate, targets
from xbench.statistics import Bootstrap, bootstrap

_Items = tuple[dict[str, Values], dict[str, Values]]


@dataclass(frozen=True)
class Line:
    """Both scores in a language, means over seeds, and B's minus A's with its interval and p.

    `p` and `detectable` are those of `effects.Effect`; `holm` is p corrected for the number of languages. `lost` and
    `won` are how many examples, counted for each seed, A alone and B alone has right. None without values per example.
    """

    language: str
    n: int
    a: float
    b: float
    difference: Estimate = field(default_factory=Estimate)
    p: float | None = None
    holm: float | None = None
    detectable: float | None = None
    lost: int | None = None
    won: int | None = None


@dataclass(frozen=True)
class Contrast:
    """Rows A and B on one task and source: lines by language, the source first; `average` is over targets.

    The average, `over` these, is None where no target can be compared; its examples and flips are sums. `seeds` are
    those compared, in order.
    """

    task: str
    source: str
    dataset: Dataset
    a: tuple[str, str]
    b: tuple[str, str]
    seeds: tuple[tuple[int, ...], tuple[int, ...]]
    lines: tuple[Line, ...]
    average: Line | None
    over: tuple[str, ...]
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    flips: tuple[Flip, ...] = ()


@dataclass(frozen=True)
class Diff:
    """All contrasts, and what is on one side only."""

    contrasts: tuple[Contrast, ...]
    notes: tuple[str, ...]


def diff(pairs: Iterable[tuple[Side, Side]], reader: Reader | None = None) -> Diff:
    """Compare rows, see `sides.pairs`, on every task and source that both have; with a reader, flips have their texts.

    Raises StoreError when values per example are broken, DataError when the reader cannot read.
    """
    contrasts: list[Contrast] = []
    notes: list[str] = []
    for sides in pairs:
        one, other = (side.grids() for side in sides)
        for at in sorted({*one, *other}):
            if at in one and at in other:
                grids = one[at][0], other[at][0]
                found = match(at, sides, grids)
                made = _compared(found)
                notes_of = (*_untested(found, made.lines), *_left_out(found, (one[at], other[at])))
                flips = tuple(reader.flips(found)) if reader else ()
                contrasts.append(replace(made, changes=_changes(found, grids), notes=notes_of, flips=flips))
            else:
                letter = LETTERS[at not in one]
                notes.append(f"{at[0]} (source {at[1]}) is in {letter} only: {' '.join(sides[at not in one].name)}")
    if reader and reader.unread:
        notes.append(f"predictions of {len(reader.unread)} results cannot be shown; the first: {reader.unread[0]}")
    return Diff(tuple(contrasts), tuple(notes))


def to_json(made: Diff) -> str:
    """The values, field by field; n/a is null."""
    text = json.dumps(dataclasses.asdict(made), allow_nan=False)
    plain = json.loads(text, parse_float=lambda number: rounded(float(number)))
    return json.dumps(plain, ensure_ascii=False, indent=2) + "\n"


def _compared(found: Match) -> Contrast:
    items = found.items()
    drawn = bootstrap(items, parallel=found.grids[0].dataset.parallel)
    lines = _corrected([_line(found, language, items, drawn) for language in found.languages])
    over = targets((line.language for line in lines if line.difference.value is not None), found.source)
    return Contrast(
        task=found.task,
        source=found.source,
        dataset=found.grids[0].dataset,
        a=found.sides[0].name,
        b=found.sides[1].name,
        seeds=found.seeds,
        lines=lines,
        average=_average([line for line in lines if line.language in over], drawn),
        over=over,
    )


def _line(found: Match, language: str, items: _Items, drawn: Bootstrap) -> Line:
    a, b = (grid.scores(side.name)[language] for grid, side in zip(found.grids, found.sides, strict=True))
    line = Line(language, found.grids[0].prints[language][1], a, b)
    if found.obstacle(language):
        return line
    if language in items[0]:
        lost, won = counts(items[0][language], items[1][language], found.grids[0].dataset.higher_is_better)
        line = replace(line, lost=lost, won=won)
    return _tested(line, [language], drawn)


def _average(lines: Sequence[Line], drawn: Bootstrap) -> Line | None:
    if not lines:
        return None
    a, b = (float(np.mean(scores)) for scores in zip(*((line.a, line.b) for line in lines), strict=True))
    flips = [(line.lost, line.won) for line in lines if line.lost is not None and line.won is not None]
    lost, won = map(sum, zip(*flips, strict=True)) if len(flips) == len(lines) else (None, None)
    average = Line("", sum(line.n for line in lines), a, b, lost=lost, won=won)
    return _tested(average, [line.language for line in lines], drawn)


def _tested(line: Line, languages: Sequence[str], drawn: Bootstrap) -> Line:
    """The line with the difference of its scores, and where values per example are there how sure it is."""
    value = line.b - line.a
    if not (drawn.has(0, languages) and drawn.has(1, languages)):
        return replace(line, difference=Estimate(value))
    found = drawn.difference(1, 0, languages)
    return replace(line, difference=Estimate(value, found.interval), p=found.p, detectable=found.detectable)


def _corrected(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines with their p made good for all languages at once."""
    adjusted = iter(holm([line.p for line in lines if line.p is not None]))
    return tuple(line if line.p is None else replace(line, holm=next(adjusted)) for line in lines)


def _changes(found: Match, grids: tuple[Grid, Grid]) -> tuple[Change, ...]:
    """Between all seeds of the two, in the languages of both."""
    told = [[result for result in grid.all() if result.cell.target in found.languages] for grid in grids]
    return changes(*told)


def _untested(found: Match, lines: Iterable[Line]) -> Iterator[str]:
    """The languages in which scores are not compared, or the difference has no interval, by reason."""
    reasons: dict[str, list[str]] = {}
    for line in lines:
        if obstacle := found.obstacle(line.language):
            reasons.setdefault(f"not compared in {{}}: {obstacle}", []).append(line.language)
        elif line.difference.interval is None:
            reasons.setdefault("not tested in {}: there are no scores per example", []).append(line.language)
    yield from (reason.format(", ".join(of)) for reason, of in reasons.items())


def _left_out(found: Match, there: tuple[Sequence[Grid], Sequence[Grid]]) -> Iterator[str]:
    """What there is of each side beyond what is compared."""
    one, other = map(seeded, found.seeds)
    if found.seeds[0] != found.seeds[1]:
        yield f"no seed is in both: {one} of A and {other} of B are compared, in this order"
    for letter, mine, theirs in zip(LETTERS, found.grids, found.grids[::-1], strict=True):
        if alone := [language for language in mine.languages if language not in theirs.prints]:
            yield f"in {letter} only: {', '.join(alone)}"
    for letter, taken, grids in zip(LETTERS, found.grids, there, strict=True):
        if count := sum(len(grid.all()) for grid in grids) - len(taken.all()):
            yield f"{count} more results of {letter} are left out: of other seeds, data or trainings"
