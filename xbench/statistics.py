"""How sure a score is: compact values per example, and bootstrap intervals.

The percentile bootstrap (Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 13): draw the
examples again with replacement, score the draw, repeat; the middle 95 % of the draws are the interval.
Systems are compared on the same draws, the paired bootstrap (Koehn 2004, Statistical Significance Tests for
Machine Translation Evaluation): what is hard for one is hard for the other, so that noise cancels. Many data
sets, here languages, must not be read one test at a time (Dror et al. 2017, Replicability Analysis for
Natural Language Processing, TACL 5): one interval of the average answers for all of them.
"""

import base64
import binascii
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xbench.errors import StoreError

DRAWS = 2000
CONFIDENCE = 0.95
SEED = 20040725  # any constant: the same results always give the same bytes
_CELLS = 4_000_000  # draws x examples held at a time: three arrays of 8 bytes each, about 100 MB
_GRID = 2.0**24  # the precision of float32 below 1; sums of whole numbers come out the same in any order

Values = NDArray[np.float64]


def pack(values: Sequence[float] | Values) -> dict[str, Any]:
    """Values per example as JSON: bits when all are 0 or 1, else float32. Raises ValueError on anything else."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.array(np.nan)
    if array.ndim != 1 or not (np.abs(array) <= np.finfo(np.float32).max).all():
        raise ValueError("scores per example must be a flat list of finite numbers")
    bits = np.isin(array, (0.0, 1.0)).all()
    data = np.packbits(array.astype(bool)).tobytes() if bits else zlib.compress(array.astype("<f4").tobytes(), 9)
    encoding = "bitmap" if bits else "float32"
    return {"encoding": encoding, "n": array.size, "data": base64.b64encode(data).decode("ascii")}


def unpack(record: Mapping[str, Any]) -> Values:
    """What `pack` was given, to the precision of float32. Raises StoreError when the record is broken."""
    try:
        encoding, n = record["encoding"], record["n"]
        if type(n) is not int or n < 0:
            raise ValueError(f"n is {n!r}, not a count")
        values = _decode(encoding, n, base64.b64decode(record["data"], validate=True))
    except (KeyError, TypeError, ValueError, binascii.Error, zlib.error) as error:
        raise StoreError(f"cannot read the scores per example: {error}; run the cell again") from error
    if not np.isfinite(values).all():
        raise StoreError("cannot read the scores per example: some are not finite; run the cell again")
    return values


def _decode(encoding: str, n: int, data: bytes) -> Values:
    if encoding == "bitmap":
        if len(data) != (n + 7) // 8:
            raise ValueError(f"{len(data)} bytes cannot be {n} bits")
        return np.unpackbits(np.frombuffer(data, np.uint8), count=n).astype(np.float64)
    if encoding == "float32":
        stream = zlib.decompressobj()
        plain = stream.decompress(data, 4 * n + 1)  # never more than asked, whatever the record says
        if len(plain) != 4 * n or not stream.eof:
            raise ValueError(f"the data are not {n} numbers")
        return np.frombuffer(plain, "<f4").astype(np.float64)
    raise ValueError(f"no encoding is called {encoding!r}")


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
    """Standard error of the mean and its interval over examples, 0..100; empty below two examples."""
    items = np.asarray(values, dtype=np.float64)
    if items.size < 2:
        return {}
    found = interval(bootstrap([{"": items[np.newaxis]}], parallel=True, draws=draws).rows[0][""])
    return {
        "standard_error": float(items.std(ddof=1) / np.sqrt(items.size) * 100),
        "confidence_interval": {
            "lower": found.lower,
            "upper": found.upper,
            "confidence_level": CONFIDENCE,
            "method": f"percentile bootstrap over examples, {draws} draws",
        },
    }


@dataclass(frozen=True)
class Bootstrap:
    """Scores (0..100) of every draw: per row, language -> shape (draws,). A draw is the same in all rows."""

    rows: tuple[Mapping[str, Values], ...]

    def has(self, row: int, languages: Sequence[str]) -> bool:
        """Whether the row was drawn in all these languages."""
        return self.rows[row].keys() >= set(languages)

    def average(self, row: int, languages: Sequence[str]) -> Interval:
        """The interval of the mean over languages."""
        return interval(self._mean(row, languages))

    def difference(self, row: int, other: int, languages: Sequence[str]) -> Interval:
        """The interval of the first row's mean over languages minus the other's."""
        return interval(self._mean(row, languages) - self._mean(other, languages))

    def gap(self, row: int, source: str, targets: Sequence[str]) -> Interval:
        """The interval of the transfer gap: the source's score minus the mean over targets."""
        return interval(self.rows[row][source] - self._mean(row, targets))

    def _mean(self, row: int, languages: Sequence[str]) -> Values:
        mean: Values = np.mean([self.rows[row][language] for language in languages], axis=0)
        return mean


def bootstrap(rows: Sequence[Mapping[str, ArrayLike]], *, parallel: bool, draws: int = DRAWS) -> Bootstrap:
    """Draw examples and seeds again, both at once, the same for every row.

    A row maps language -> values per example (0..1), shape (seeds, examples); all rows have the same seeds in
    the same order, and a language the same examples. Where test items are `parallel`, languages with equally
    many examples share each draw; elsewhere every language has its own. A language's draws depend on nothing
    but its code and size, so another row or language moves no number.

    Seeds are crossed with examples (seed k is the same data order in every row), so both are drawn (Owen
    2007, The pigeonhole bootstrap). Of S seeds S - 1 are drawn, lest the variance of few seeds be understated
    by (S - 1) / S (Rao & Wu 1988, Resampling Inference With Complex Survey Data). Noise particular to one
    seed on one example counts up to three times (Owen 2007): wider than needed. Two or three seeds still say
    little of others, and one nothing: its interval is over examples only.

    Raises ValueError when shapes do not fit.
    """
    groups: dict[tuple[str, int], list[tuple[int, str, Values]]] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    for index, row in enumerate(rows):
        for language, values in row.items():
            array = np.asarray(values, dtype=np.float64)
            if array.ndim != 2 or not array.size or array.shape != shapes.setdefault(language, array.shape):
                raise ValueError(f"rows do not have the same seeds and examples in {language!r}")
            stream = "" if parallel else language
            groups.setdefault((stream, array.shape[1]), []).append((index, language, array))
    sizes = {shape[0] for shape in shapes.values()} or {1}
    if len(sizes) > 1:
        raise ValueError(f"languages do not have the same seeds: {sorted(sizes)}")
    seeds = _drawn_seeds(sizes.pop(), draws)
    scores: list[dict[str, Values]] = [{} for _ in rows]
    for (stream, n), entries in groups.items():
        drawn = _draw(_counts(stream, n, draws), np.stack([array for _, _, array in entries]), seeds)
        for (index, language, _), values in zip(entries, drawn, strict=True):
            scores[index][language] = values
    return Bootstrap(tuple(scores))


def _draw(counts: Iterable[Values], items: Values, seeds: Values) -> Values:
    """Scores of draws: items (entries, seeds, examples), seeds (draws, seeds) give (entries, draws)."""
    entries, n_seeds, n = items.shape
    flat = np.ascontiguousarray(np.rint(items * _GRID).reshape(-1, n).T)
    sums = np.concatenate([chunk @ flat for chunk in counts]).reshape(-1, entries, n_seeds)
    total: Values = (sums * seeds[:, np.newaxis]).sum(axis=2).T
    scale = 100 / (_GRID * n * float(seeds[0].sum()))
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
