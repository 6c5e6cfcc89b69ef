"""Intervals beyond the examples: of seeds and languages that were not tried. What they cover is known by simulation."""

from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats

from xbench.effects import Effect, Interval, effect
from xbench.items import ratios, score_of
from xbench.statistics import bootstrap, interval, uncertainty

LANGUAGES = ("de", "sw", "zh")
NORMAL = NormalDist()
HARD, NOISE = 0.8, 0.6  # how much examples differ for all rows and seeds, and for each by itself


def trained(generator, seeds, luck, ease=(0.4, 0.2), examples=100):
    """Rows that answer rightly where their ease, their seeds' luck and the example's add up to more than zero."""
    shared = HARD * generator.standard_normal(examples)
    rows = []
    for quality in ease:
        runs = quality + luck * generator.standard_normal((seeds, 1)) + shared
        noise = {language: NOISE * generator.standard_normal((seeds, examples)) for language in LANGUAGES}
        rows.append({language: (runs + each > 0).astype(float) for language, each in noise.items()})
    return rows


def truth(ease, luck):
    """The score that such a row has in the mean of all seeds and examples."""
    return 100 * NORMAL.cdf(ease / np.sqrt(luck**2 + HARD**2 + NOISE**2))


def coverage(seeds, luck, simulations):
    """How often the truth is covered: of an average, of a difference, and of that by percentiles of drawn seeds."""
    generator = np.random.default_rng(1)
    average, difference = truth(0.4, luck), truth(0.4, luck) - truth(0.2, luck)
    hits = np.zeros(3)
    for _ in range(simulations):
        drawn = bootstrap(trained(generator, seeds, luck), parallel=True, draws=300)
        draws = np.mean([drawn.rows[0][at] - drawn.rows[1][at] for at in LANGUAGES], axis=0)
        hits += [
            drawn.average(0, LANGUAGES).interval.covers(average),
            drawn.difference(0, 1, LANGUAGES).interval.covers(difference),
            interval(draws).covers(difference),
        ]
    return hits / simulations


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_few_seeds_cover_the_truth_as_often_as_they_say(seeds):
    # the scores of two seeds differ by 2 points
    average, difference, _ = coverage(seeds, luck=0.05, simulations=700)
    assert 0.93 <= average <= 0.97
    assert 0.93 <= difference <= 0.97


@pytest.mark.parametrize(("seeds", "least", "most"), [(2, 0.87, 0.83), (3, 0.9, 0.9)])
def test_seeds_that_vary_more_than_examples_are_told_better_than_by_their_percentiles(seeds, least, most):
    average, difference, percentiles = coverage(seeds, luck=0.2, simulations=300)
    assert least <= min(average, difference) <= 0.97
    assert percentiles <= most


def test_languages_as_a_sample_cover_what_is_true_of_all_languages():
    generator = np.random.default_rng(3)
    hits = np.zeros(2)
    for _ in range(400):
        gains = 0.05 + 0.08 * generator.standard_normal(8)
        rows = [{f"l{at}": (generator.random((1, 100)) < rate).astype(float) for at, rate in enumerate(0.5 + by)}
                for by in (gains, 0 * gains)]  # fmt: skip
        drawn = bootstrap(rows, parallel=False, draws=400)
        hits += [drawn.difference(0, 1, list(rows[0]), sample).interval.covers(5.0) for sample in (False, True)]
    of_these, of_others = hits / 400
    assert 0.93 <= of_others <= 0.97
    assert of_these < 0.85


def test_one_seed_of_these_languages_is_the_percentile_interval():
    items = (np.random.default_rng(4).random((1, 150)) < 0.7).astype(float)
    drawn = bootstrap([{"de": items}], parallel=True)
    found = drawn.average(0, ["de"])
    assert found.interval == interval(drawn.rows[0]["de"])
    assert found.value == pytest.approx(100 * items.mean())
    assert found.freedom == np.inf


def test_a_single_mean_has_the_interval_of_scipy():
    items = np.random.default_rng(5).beta(2, 1, 400)
    ours = uncertainty(items, draws=9999)["confidence_interval"]
    theirs = stats.bootstrap((items,), np.mean, n_resamples=9999, method="percentile", rng=0).confidence_interval
    assert ours["lower"] == pytest.approx(100 * theirs.low, abs=0.15)
    assert ours["upper"] == pytest.approx(100 * theirs.high, abs=0.15)


def test_seeds_without_example_noise_have_students_interval():
    scores = np.array([0.60, 0.64, 0.65])
    items = np.repeat(scores[:, np.newaxis], 50, axis=1)
    found = bootstrap([{"de": items}], parallel=True).average(0, ["de"])
    expected = stats.t.interval(0.95, 2, 63, 100 * scores.std(ddof=1) / np.sqrt(3))
    assert (found.interval.lower, found.interval.upper) == pytest.approx(expected, rel=1e-5)
    assert found.freedom == pytest.approx(2)
    assert found.p == pytest.approx(2 * stats.t.sf(63 / found.error, 2))


def test_the_error_of_ratios_of_sums_counts_seeds_whole():
    generator = np.random.default_rng(6)
    wholes = generator.integers(1, 6, (3, 400)).astype(float)
    parts = generator.binomial(wholes.astype(int), np.array([[0.6], [0.7], [0.8]]))
    pairs = np.stack([ratios(part, whole) for part, whole in zip(parts, wholes, strict=True)])
    found = bootstrap([{"de": pairs}], parallel=True).average(0, ["de"])
    scores = [score_of(pair) for pair in pairs]
    assert found.value == pytest.approx(np.mean(scores))
    assert found.error == pytest.approx(np.std(scores, ddof=1) / np.sqrt(3), rel=0.1)
    assert found.interval.covers(np.mean(scores))


def test_what_never_differs_is_zero_for_certain_and_what_always_does_is_not():
    nothing, always = effect(np.zeros((2, 11))), effect(np.full((2, 11), 3.0))
    assert (nothing.interval, nothing.p, nothing.detectable) == (Interval(0.0, 0.0), 1.0, 0.0)
    assert (always.interval, always.p) == (Interval(3.0, 3.0), 0.0)


def test_a_detectable_difference_is_found_four_times_out_of_five():
    assert Effect(0.0, Interval(-2, 2), 1.0, np.inf).detectable == pytest.approx(2.80, abs=0.002)
    generator = np.random.default_rng(7)
    rows = [{"de": (generator.random((1, 300)) < rate).astype(float)} for rate in (0.6, 0.6)]
    detectable = bootstrap(rows, parallel=True).difference(0, 1, ["de"]).detectable
    found = 0
    for _ in range(300):
        rows = [{"de": (generator.random((1, 300)) < rate).astype(float)} for rate in (0.6 + detectable / 100, 0.6)]
        found += not bootstrap(rows, parallel=True, draws=200).difference(0, 1, ["de"]).interval.covers(0.0)
    assert found / 300 == pytest.approx(0.8, abs=0.06)


@pytest.mark.parametrize("end", [0.0, -1e-14, 1e-14])
def test_an_end_that_is_zero_but_for_rounding_is_a_tie_from_either_side(end):
    assert Interval(-5.667, end).covers(0.0)
    assert Interval(end, 5.667).covers(0.0)
    assert not Interval(-5.667, -0.001).covers(0.0)
