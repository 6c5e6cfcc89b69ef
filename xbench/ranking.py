"""How the rows of a table are ranked, and compared with their baselines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

from xbench import names
from xbench.items import Values
from xbench.ranks import holm, places
from xbench.request import DEFAULT_METHOD
from xbench.standings import Comparison, Estimate, Row, Table
from xbench.statistics import CONFIDENCE, Bootstrap, Effect, bootstrap
from xbench.values import Resource

FEWEST = 3  # languages that are taken as a sample of languages: two tell nothing of a third


def ranked(table: Table, items: Sequence[Mapping[str, Values]], baseline: str = "") -> Table:
    """The table with intervals, differences to the best row and ranks; best first, rows without average last.

    `items` are each row's values per example by language, shape (seeds, examples[, 2]); a row whose targets are
    not all there gets no interval. The best row and those that tie with it have rank 1, any other has one
    more than the number of rows with a better average. Rows are compared with those of their model whose recipe is
    the `baseline`; without one it is the model's plain fine-tuning, else its first by name without an
    aligner: a score must not choose.
    """
    sign = 1 if table.dataset.higher_is_better else -1
    merits = [-inf if row.average.value is None else sign * row.average.value for row in table.rows]
    best = merits.index(max(merits)) if merits else 0
    field = _Field(table, bootstrap(items, parallel=table.dataset.parallel), sign)
    rows = []
    for index, row in enumerate(table.rows):
        if row.average.value is not None:
            better = sum(merit > merits[index] for merit in merits)
            row = field.to_best(field.estimated(row, index), index, best)
            row = replace(row, rank=1 if row.tie else 1 + better)
            row = replace(row, comparison=field.comparison(index, baseline))
        rows.append(row)
    order = sorted(range(len(rows)), key=lambda at: (-merits[at], rows[at].model, rows[at].recipe))
    return replace(table, rows=field.placed([(at, rows[at]) for at in order]))


@dataclass(frozen=True)
class _Field:
    """A table without ranks and the draws of its rows, in the same order; `sign` is -1 where less is better."""

    table: Table
    drawn: Bootstrap
    sign: int

    @property
    def targets(self) -> tuple[str, ...]:
        return self.table.targets

    def drawn_whole(self, index: int) -> bool:
        """Whether the row has an average and draws of all that it is over."""
        return self.table.rows[index].average.value is not None and self.drawn.has(index, self.targets)

    def estimated(self, row: Row, index: int) -> Row:
        """The row with the intervals of its scores, average and gap, where its values per example are there."""
        there = [language for language in row.scores if self.drawn.has(index, [language])]
        row = replace(row, intervals={at: self.drawn.average(index, [at]).interval for at in there})
        if not self.drawn_whole(index):
            return row
        effects = [self.drawn.average(index, self.targets, sample) for sample in (False, True)]
        row = replace(row, average=self.estimate(row.average.value, effects))
        if row.gap.value is None or self.table.source not in there:
            return row
        effects = [self.drawn.gap(index, self.table.source, self.targets, sample) for sample in (False, True)]
        return replace(row, gap=self.estimate(row.gap.value, effects))

    def estimate(self, value: float | None, effects: Sequence[Effect]) -> Estimate:
        """The value with its intervals, for these languages and for others."""
        these, others = (effect.interval for effect in effects)
        return Estimate(value, these, others if len(self.targets) >= FEWEST else None)

    def difference(self, index: int, other: int) -> Estimate:
        """The row's average minus the other's, with intervals where both are drawn."""
        one, two = (self.table.rows[at].average.value for at in (index, other))
        value = None if one is None or two is None else one - two
        if not (self.drawn_whole(index) and self.drawn_whole(other)):
            return Estimate(value)
        effects = [self.drawn.difference(index, other, self.targets, sample) for sample in (False, True)]
        return self.estimate(value, effects)

    def to_best(self, row: Row, index: int, best: int) -> Row:
        """The row with its difference to the best row."""
        if index == best:
            return row
        found = self.difference(index, best)
        return replace(row, to_best=found, tie=found.interval is not None and found.interval.covers(0.0))

    def baseline(self, index: int, wanted: str) -> int | None:
        """The row that this one is compared with; None where it is that row, or there is none."""
        rows = self.table.rows
        of = [at for at in range(len(rows)) if rows[at].model == rows[index].model and self.drawn_whole(at)]
        of = [at for at in of if (rows[at].recipe == wanted if wanted else _bare(rows[at].recipe))]
        first = min(of, key=lambda at: _plainness(rows[at]), default=index)
        return first if first != index and self.drawn_whole(index) else None

    def comparison(self, index: int, wanted: str) -> Comparison | None:
        """The row beside its baseline, where there is one."""
        base = self.baseline(index, wanted)
        if base is None:
            return None
        by_language = {at: self.drawn.difference(index, base, [at]) for at in self.targets}
        chances = holm([found.p for found in by_language.values()])
        p_values = dict(zip(by_language, chances, strict=True))
        won, lost = ([at for at, found in by_language.items() if _beyond(found, side * self.sign)] for side in (1, -1))
        return Comparison(
            baseline=self.table.rows[base].recipe,
            average=self.difference(index, base),
            detectable=self.drawn.difference(index, base, self.targets).detectable,
            languages={at: Estimate(found.value, found.interval) for at, found in by_language.items()},
            p_values=p_values,
            won=tuple(won),
            lost=tuple(lost),
            better=tuple(at for at in won if p_values[at] <= 1 - CONFIDENCE),
            worse=tuple(at for at in lost if p_values[at] <= 1 - CONFIDENCE),
        )

    def placed(self, rows: Sequence[tuple[int, Row]]) -> tuple[Row, ...]:
        """The rows, best first, with the places of those that are drawn; any other one may have any rank."""
        whole = [index for index, _ in rows if self.drawn_whole(index)]
        unknown = sum(row.average.value is not None for _, row in rows) - len(whole)
        found = places([self.drawn.over(index, self.targets) for index in whole], self.sign)
        by_index = {
            index: replace(place, worst=place.worst + unknown) for index, place in zip(whole, found, strict=True)
        }
        return tuple(replace(row, place=by_index.get(index)) for index, row in rows)


def _plainness(row: Row) -> tuple[bool, bool, str]:
    """What makes a row the baseline, least first: the default method, no labels of the targets; then its name."""
    labelled = any(row.supervision.get(kind) for kind in (Resource.TARGET_LABELS, Resource.TARGET_VALIDATION))
    return names.parse_recipe(row.recipe)[-1].name != DEFAULT_METHOD, labelled, row.recipe


def _bare(recipe: str) -> bool:
    """Whether a recipe has no aligner."""
    return len(names.parse_recipe(recipe)) == 1


def _beyond(found: Effect, side: int) -> bool:
    """Whether all of the interval is above zero (`side` 1) or below."""
    return not found.interval.covers(0.0) and (found.interval.lower > 0) == (side > 0)
