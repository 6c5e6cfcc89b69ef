"""How sure a score is: the bootstrap.

The percentile bootstrap (Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 13): draw the
examples again with replacement, score the draw, repeat; the middle 95 % of the draws are the interval.
Systems are compared on the same draws, the paired bootstrap (Koehn 2004, Statistical Significance Tests for
Machine Translation Evaluation): what is hard for one is hard for the other, so that noise cancels. Many data
sets, here languages, must not be read one test at a time (Dror et al. 2017, Replicability Analysis for
Natural Language Processing, TACL 5): one interval of the average answers for all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from xbench.draws import DRAWS, drawn_seeds, redrawn
from xbench.effects import CONFIDENCE, Effect, Interval, effect, interval
from xbench.items import Values

__all__ = ["CONFIDENCE", "DRAWS", "Bootstrap", "Effect", "Interval", "bootstrap", "effect", "interval", "uncertainty"]


def uncertainty(values: Sequence[float] | Values, draws: int = DRAWS) -> dict[str, Any]:
    """Standard error of the score and its interval over examples, 0..100; empty below two examples.

    `values` are those of `items.ratios`, shape (examples,) or (examples, 2). The error of a ratio of sums is the
    linearised one (Cochran 1977, Sampling Techniques, section 6.3).
    """
    items = np.asarray(values, dtype=np.float64)
    if len(items) < 2:
        return {}
    found = interval(bootstrap([{"": items[np.newaxis]}], parallel=True, draws=draws).rows[0][""])
    return {
        "standard_error": _standard_error(items),
        "confidence_interval": {
            "lower": found.lower,
            "upper": found.upper,
            "confidence_level": CONFIDENCE,
            "method": f"percentile bootstrap over examples, {draws} draws",
        },
    }


def _standard_error(items: Values) -> float:
    if items.ndim == 1:
        return float(items.std(ddof=1) / np.sqrt(items.size) * 100)
    parts, wholes = items.T
    if not wholes.sum():
        return 0.0
    residuals = parts - parts.sum() / wholes.sum() * wholes
    return float(residuals.std(ddof=1) / np.sqrt(len(items)) / wholes.mean() * 100)


@dataclass(frozen=True)
class Bootstrap:
    """What was drawn: per row, language -> scores (0..100), shape (seeds, 1 + draws), the first of all examples.

    A draw is the same in all rows. Averages over languages, differences and gaps come in two intervals. That for
    these very languages is the one to rank rows by, which are all scored on them, and what a board shows first.
    With `sample` it is for languages like these, of which these are a sample: the one to quote for what a method
    does in languages that were not tried. The fewer languages and the more they differ, the wider it is.
    """

    scores: tuple[Mapping[str, Values], ...]

    @cached_property
    def rows(self) -> tuple[Mapping[str, Values], ...]:
        """The draws, of examples and seeds with replacement (Owen 2007, The pigeonhole bootstrap): (draws,).

        Of S seeds S - 1 are drawn, lest the variance of few be understated by (S - 1) / S (Rao & Wu 1988, Resampling
        Inference With Complex Survey Data). Their percentiles are no interval for few seeds, see `effect`.
        """
        return tuple({language: _over_seeds(scores) for language, scores in row.items()} for row in self.scores)

    def has(self, row: int, languages: Sequence[str]) -> bool:
        """Whether the row was drawn in all these languages."""
        return self.scores[row].keys() >= set(languages)

    def stacked(self, row: int, languages: Sequence[str]) -> Values:
        """The row's scores in these languages, (languages, seeds, 1 + draws)."""
        return np.stack([self.scores[row][language] for language in languages])

    def over(self, row: int, languages: Sequence[str]) -> Values:
        """The row's mean over these languages, (seeds, 1 + draws)."""
        mean: Values = self.stacked(row, languages).mean(axis=0)
        return mean

    def average(self, row: int, languages: Sequence[str], sample: bool = False) -> Effect:
        """The mean over languages."""
        return _averaged(self.stacked(row, languages), sample)

    def difference(self, row: int, other: int, languages: Sequence[str], sample: bool = False) -> Effect:
        """The first row's mean over languages minus the other's."""
        return _averaged(self.stacked(row, languages) - self.stacked(other, languages), sample)

    def gap(self, row: int, source: str, targets: Sequence[str], sample: bool = False) -> Effect:
        """The transfer gap: the source's score minus the mean over targets."""
        return _averaged(self.scores[row][source] - self.stacked(row, targets), sample)


def _averaged(drawn: Values, sample: bool) -> Effect:
    return effect(drawn if sample else drawn.mean(axis=0))


def _over_seeds(scores: Values) -> Values:
    weights = drawn_seeds(len(scores), scores.shape[1] - 1)
    drawn: Values = (scores[:, 1:] * weights).sum(axis=0) / weights[:, 0].sum()
    return drawn


def bootstrap(
    rows: Sequence[Mapping[str, ArrayLike]], *, parallel: bool, draws: int = DRAWS, task: str = ""
) -> Bootstrap:
    """Draw examples again, the same for every row and seed.

    A row maps language -> values per example (0..1), shape (seeds, examples), or numerators and denominators
    of a ratio of sums, (seeds, examples, 2), whose sums are divided in each draw, seed by seed. All rows have
    the same seeds in the same order, and a language the same examples. Where test items are `parallel`,
    languages with equally many examples share each draw; elsewhere every language has its own. A language's
    draws depend on nothing but its code and size, so another row or language moves no number. Draws of one `task`
    and of another are independent. Seeds are crossed with all of it: seed k is the same data order in every row,
    and one run of all tasks and languages.

    Raises ValueError when shapes do not fit.
    """
    groups: dict[tuple[str, tuple[int, ...]], list[tuple[int, str, Values]]] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    for index, row in enumerate(rows):
        for language, values in row.items():
            array = np.asarray(values, dtype=np.float64)
            if not _fits(array) or array.shape != shapes.setdefault(language, array.shape):
                raise ValueError(f"rows do not have the same seeds and examples in {language!r}")
            stream = task if parallel else f"{task} {language}".strip()
            groups.setdefault((stream, array.shape[1:]), []).append((index, language, array))
    sizes = sorted({shape[0] for shape in shapes.values()})
    if len(sizes) > 1:
        raise ValueError(f"languages do not have the same seeds: {sizes}")
    scores: list[dict[str, Values]] = [{} for _ in rows]
    for (stream, _), entries in groups.items():
        drawn = redrawn(np.stack([array for _, _, array in entries]), stream, draws)
        for (index, language, _), values in zip(entries, drawn, strict=True):
            scores[index][language] = values
    return Bootstrap(tuple(scores))


def _fits(array: Values) -> bool:
    return array.size > 0 and (array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 2))
