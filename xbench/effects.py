"""What draws say of a quantity: its interval, widened for the seeds and languages that were not tried."""

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
from scipy.special import stdtr, stdtrit

from xbench.items import Values

CONFIDENCE = 0.95
POWER = 0.8  # of the smallest difference that is called detectable
SLACK = 1e-9  # of scores, 0..100
_POINT = (1 + CONFIDENCE) / 2


@dataclass(frozen=True)
class Interval:
    """Ends with 95 % confidence, on the scale of the scores."""

    lower: float
    upper: float

    def covers(self, value: float) -> bool:
        """Whether the value is inside, the ends included; sums in another order differ by their last bits."""
        return self.lower - SLACK <= value <= self.upper + SLACK


def interval(draws: Values) -> Interval:
    """The percentile interval of draws, shape (draws,)."""
    lower, upper = np.quantile(draws, [1 - _POINT, _POINT])
    return Interval(float(lower), float(upper))


@dataclass(frozen=True)
class Effect:
    """A score, an average or a difference: its interval, standard error, and degrees of freedom (inf: normal)."""

    value: float
    interval: Interval
    error: float
    freedom: float

    @property
    def p(self) -> float:
        """How probable a value at least so far from zero is where the truth is zero: Student's t, two-sided."""
        if self.error == 0:
            return float(self.value == 0)
        return 2 * float(stdtr(self.freedom, -abs(self.value) / self.error))

    @property
    def detectable(self) -> float:
        """The true value that would be told from zero four times out of five, with this error (Bloom 1995, Minimum
        Detectable Effects, Evaluation Review 19(5))."""
        return self.error * float(stdtrit(self.freedom, _POINT) + stdtrit(self.freedom, POWER))


def effect(drawn: Values) -> Effect:
    """What draws say of a mean over seeds, or over languages and seeds.

    `drawn` is linear in scores: (seeds, 1 + draws), the value and then its draws, see `Bootstrap.scores`; or
    (languages, seeds, 1 + draws) where the languages are meant as a sample of languages. Seeds always are one. The
    variance is that of the draws, over examples, and of the means of seeds (of languages) beyond what their
    examples explain, as in a crossed random-effects analysis; as few seeds tell little of how seeds vary, ends are
    as far out as Student's t says, with the degrees of freedom of Satterthwaite (1946, An Approximate Distribution
    of Estimates of Variance Components), parts of an end added in squares (Zou & Donner 2008, Construction of
    Confidence Limits About Effect Measures). With one seed and no languages it is the percentile interval.

    Of 100 true values it covered, in simulations, 93 to 98 with 5 seeds, 91 to 98 with 3 and 86 to 98 with 2:
    fewest where seeds vary much more than examples do, most where they differ in single examples alone. The
    percentiles of examples and seeds drawn with replacement covered 88 to 99, 76 to 99 and 60 to 99, for no draw is
    further out than the best of the seeds.
    """
    mean = drawn.mean(axis=tuple(range(drawn.ndim - 1)))
    value, draws = float(mean[0]), mean[1:]
    found, variance = interval(draws), float(draws.var())
    factors = [_factor(drawn, mean, axis) for axis in range(drawn.ndim - 1) if drawn.shape[axis] > 1]
    beyond = sum(max(between - within, 0.0) for between, within, _ in factors)
    total, noise = variance + beyond, sum(between**2 / freedom for between, _, freedom in factors)
    if not factors or not noise:
        return Effect(value, found, sqrt(total), inf)
    freedom = max(total**2 / noise, min(freedom for *_, freedom in factors))
    stretch = float(stdtrit(freedom, _POINT) / stdtrit(inf, _POINT))
    more = float(stdtrit(inf, _POINT)) ** 2 * beyond
    lower = value - stretch * sqrt(max(value - found.lower, 0.0) ** 2 + more)
    upper = value + stretch * sqrt(max(found.upper - value, 0.0) ** 2 + more)
    return Effect(value, Interval(lower, upper), sqrt(total), freedom)


def _factor(drawn: Values, mean: Values, axis: int) -> tuple[float, float, int]:
    """Variance of the mean from units of an axis, how much of it is noise of their examples, degrees of freedom."""
    units = drawn.mean(axis=tuple(other for other in range(drawn.ndim - 1) if other != axis))
    freedom = len(units) - 1
    between = float(units[:, 0].var(ddof=1)) / len(units)
    within = float((units[:, 1:] - mean[1:]).var(axis=1).mean()) / freedom
    return between, within, freedom
