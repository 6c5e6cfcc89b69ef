"""How sure a score is: bootstrap intervals.

The percentile bootstrap (Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 13): draw the
examples again with replacement, score the draw, repeat; the middle 95 % of the draws are the interval.
Systems are compared on the same draws, the paired bootstrap (Koehn 2004, Statistical Significance Tests for
Machine Translation Evaluation): what is hard for one is hard for the other, so that noise cancels. Many data
sets, here languages, must not be read one test at a time (Dror et al. 2017, Replicability Analysis for
Natural Language Processing, TACL 5): one interval of the average answers for all of them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xbench.items import Values

DRAWS = 2000
CONFIDENCE = 0.95
SEED = 20040725  # any constant: the same results always give the same bytes
_CELLS = 4_000_000  # draws x examples held at a time: three arrays of 8 bytes each, about 100 MB
_GRID = 2.0**24  # the precision of float32 below 1; sums of whole numbers come out the same in any order


@dataclass(frozen=True)
class Interval:
    """The middle 95 % of the draws, on the scale of the scores."""

    lower: float
    upper: float

    def covers(self, value: float) -> bool:
        """Whether the value is inside, the ends included."""
        return self.lower <= value <= self.upper


def interval(draws: Values) -> Interval:
    """The percentile interval of draws, shape (draws,)."""
    tail = (1 - CONFIDENCE) / 2
    lower, upper = np.quantile(draws, [tail, 1 - tail])
    return Interval(float(lower), float(upper))


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
    """Scores (0..100) of every draw: per row, language -> shape (draws,). A draw is the same in all rows."""

    rows: tuple[Mapping[str, Values], ...]

    def has(self, row: int, languages: Sequence[str]) -> bool:
        """Whether the row was drawn in all these languages."""
        return self.rows[row].keys() >= set(languages)

    def average(self, row: int, languages: Sequence[str]) -> Interval:
        """The interval of the mean over languages."""
        return interval(self.mean(row, languages))

    def difference(self, row: int, other: int, languages: Sequence[str]) -> Interval:
        """The interval of the first row's mean over languages minus the other's."""
        return interval(self.mean(row, languages) - self.mean(other, languages))

    def gap(self, row: int, source: str, targets: Sequence[str]) -> Interval:
        """The interval of the transfer gap: the source's score minus the mean over targets."""
        return interval(self.rows[row][source] - self.mean(row, targets))

    def mean(self, row: int, languages: Sequence[str]) -> Values:
        """The mean over languages of every draw."""
        mean: Values = np.mean([self.rows[row][language] for language in languages], axis=0)
        return mean


def bootstrap(
    rows: Sequence[Mapping[str, ArrayLike]], *, parallel: bool, draws: int = DRAWS, task: str = ""
) -> Bootstrap:
    """Draw examples and seeds again, both at once, the same for every row.

    A row maps language -> values per example (0..1), shape (seeds, examples), or numerators and denominators
    of a ratio of sums, (seeds, examples, 2), whose sums are divided in each draw, seed by seed. All rows have
    the same seeds in the same order, and a language the same examples. Where test items are `parallel`,
    languages with equally many examples share each draw; elsewhere every language has its own. A language's
    draws depend on nothing but its code and size, so another row or language moves no number. Draws of one `task`
    and of another are independent over examples; over seeds they are the same, for a seed is one run of them all.

    Seeds are crossed with examples (seed k is the same data order in every row), so both are drawn (Owen
    2007, The pigeonhole bootstrap). Of S seeds S - 1 are drawn, lest the variance of few seeds be understated
    by (S - 1) / S (Rao & Wu 1988, Resampling Inference With Complex Survey Data). Noise particular to one
    seed on one example counts up to three times (Owen 2007): wider than needed. Two or three seeds still say
    little of others, and one nothing: its interval is over examples only.

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
    sizes = {shape[0] for shape in shapes.values()} or {1}
    if len(sizes) > 1:
        raise ValueError(f"languages do not have the same seeds: {sorted(sizes)}")
    seeds = _drawn_seeds(sizes.pop(), draws)
    scores: list[dict[str, Values]] = [{} for _ in rows]
    for (stream, shape), entries in groups.items():
        drawn = _draw(_counts(stream, shape[0], draws), np.stack([array for _, _, array in entries]), seeds)
        for (index, language, _), values in zip(entries, drawn, strict=True):
            scores[index][language] = values
    return Bootstrap(tuple(scores))


def _fits(array: Values) -> bool:
    return array.size > 0 and (array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 2))


def _draw(counts: Iterable[Values], items: Values, seeds: Values) -> Values:
    """Scores of draws: items (entries, seeds, examples[, 2]), seeds (draws, seeds) give (entries, draws)."""
    entries, n_seeds, n = items.shape[:3]
    flat = np.ascontiguousarray(np.rint(np.moveaxis(items, 2, -1) * _GRID).reshape(-1, n).T)
    sums = np.concatenate([chunk @ flat for chunk in counts]).reshape(-1, entries, n_seeds, *items.shape[3:])
    whole = _GRID * n
    if items.ndim == 4:  # the sums of a seed are divided before seeds are averaged, as the scores themselves are
        parts, wholes = sums[..., 0], sums[..., 1]
        sums, whole = np.divide(parts, wholes, out=np.zeros_like(parts), where=wholes != 0), 1.0
    total: Values = (sums * seeds[:, np.newaxis]).sum(axis=2).T
    scale = 100 / (whole * float(seeds[0].sum()))
    scores: Values = total * scale
    return scores


def _counts(stream: str, n: int, draws: int) -> Iterator[Values]:
    """How often each of n examples is drawn, some draws at a time: (size, n), multinomial."""
    generator = np.random.default_rng([SEED, n, *stream.encode()])
    step = max(1, _CELLS // n)
    for start in range(0, draws, step):
        size = min(step, draws - start)
        picks = generator.integers(0, n, (size, n))
        picks += np.arange(size)[:, np.newaxis] * n
        counts: NDArray[np.intp] = np.bincount(picks.ravel(), minlength=size * n).reshape(size, n)
        yield counts.astype(np.float64)


def _drawn_seeds(n: int, draws: int) -> Values:
    """How often each of n seeds is drawn, shape (draws, n)."""
    generator = np.random.default_rng([SEED + 1, n])
    return generator.multinomial(max(1, n - 1), np.full(n, 1 / n), draws).astype(np.float64)
