"""What a score is made of, and that a ratio of sums is drawn as such and not as a mean."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xbench.errors import StoreError
from xbench.items import pack, ratios, score_of, unpack
from xbench.statistics import bootstrap, uncertainty

COUNTS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=2, max_size=30)


def parts(counts):
    """Items and totals of pairs (right, wrong)."""
    return [float(right) for right, _ in counts], [float(right + wrong) for right, wrong in counts]


def sentences(examples, rate=0.7, seed=0):
    """Chunks of sentences of unequal length: twice the right ones, and predicted plus gold."""
    draw = np.random.default_rng(seed)
    gold = draw.integers(0, 20, examples)
    return ratios(2.0 * draw.binomial(gold, rate), 2.0 * gold)


def test_the_score_is_a_ratio_of_sums_and_not_a_mean_of_ratios():
    items, totals = [2.0, 6.0], [2.0, 18.0]
    assert score_of(ratios(items, totals)) == 40.0
    assert score_of(ratios(items)) == 400.0
    assert score_of(ratios([1.0, 0.0, 1.0, 1.0])) == 75.0


def test_nothing_predicted_and_nothing_there_to_find_is_a_score_of_zero():
    nothing = ratios([0.0, 0.0], [0.0, 0.0])
    assert score_of(nothing) == 0.0
    assert bootstrap([{"de": nothing[np.newaxis]}], parallel=True, draws=20).rows[0]["de"].tolist() == [0.0] * 20
    assert uncertainty(nothing)["standard_error"] == 0.0


@given(COUNTS)
def test_items_and_totals_come_back_as_they_were(counts):
    items, totals = parts(counts)
    record = json.loads(json.dumps(pack(items, totals)))
    assert record["n"] == len(items)
    assert unpack(record).tolist() == [[item, total] for item, total in zip(items, totals, strict=True)]


def test_without_totals_the_record_is_what_it_was():
    assert set(pack([1.0, 0.0])) == {"encoding", "n", "data"}
    assert unpack(pack([1.0, 0.5])).tolist() == [1.0, 0.5]


@pytest.mark.parametrize("make", [pack, ratios])
def test_a_total_too_few_is_refused(make):
    with pytest.raises(ValueError, match="have 1 totals"):
        make([1.0, 2.0], [1.0])


def test_a_total_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="finite numbers"):
        pack([1.0, 2.0], [1.0, math.nan])


@pytest.mark.parametrize("totals", [None, "x", {}, pack([1.0]), {**pack([1.0, 2.0]), "data": "%"}])
def test_broken_totals_say_so(totals):
    with pytest.raises(StoreError, match="scores per example"):
        unpack({**pack([1.0, 0.5]), "totals": totals})


def naive(values, picks):
    """The ratio of each draw, example by example."""
    scores = []
    for drawn in picks:
        part = sum(values[at][0] for at in drawn)
        whole = sum(values[at][1] for at in drawn)
        scores.append(100 * part / whole if whole else 0.0)
    return scores


@given(COUNTS)
def test_a_draw_is_scored_as_the_draw_is(counts):
    values = ratios(*parts(counts))
    n, draws = len(values), 25
    picks = np.random.default_rng([20040725, n, *b"de"]).integers(0, n, (draws, n))
    drawn = bootstrap([{"de": values[np.newaxis]}], parallel=False, draws=draws).rows[0]["de"]
    assert drawn.tolist() == pytest.approx(naive(values.tolist(), picks.tolist()))


def test_totals_of_one_are_a_mean():
    items = (np.random.default_rng(3).random((2, 200)) < 0.6).astype(float)
    pairs = np.stack([items, np.ones_like(items)], axis=-1)
    mean = bootstrap([{"de": items}], parallel=True, draws=100).rows[0]["de"]
    ratio = bootstrap([{"de": pairs}], parallel=True, draws=100).rows[0]["de"]
    assert ratio == pytest.approx(mean)
    one = uncertainty(pairs[0])["standard_error"]
    assert one == pytest.approx(uncertainty(items[0])["standard_error"])


def test_seeds_are_scored_each_and_then_averaged():
    first, second = sentences(50, 0.9, seed=1), sentences(50, 0.2, seed=2)
    both = bootstrap([{"de": np.stack([first, second])}], parallel=True, draws=400).rows[0]["de"]
    assert both.min() == pytest.approx(score_of(second), abs=15)
    assert both.max() == pytest.approx(score_of(first), abs=15)


def test_the_interval_of_a_ratio_covers_the_truth_as_often_as_it_says():
    hits = sum(covers(uncertainty(sentences(120, 0.7, seed), draws=300), 70) for seed in range(400))
    assert 0.92 <= hits / 400 <= 0.97


def covers(found, truth):
    ends = found["confidence_interval"]
    return ends["lower"] <= truth <= ends["upper"]


def test_the_standard_error_of_a_ratio_is_the_spread_of_its_draws():
    values = sentences(400)
    drawn = bootstrap([{"de": values[np.newaxis]}], parallel=True).rows[0]["de"]
    assert uncertainty(values)["standard_error"] == pytest.approx(drawn.std(), rel=0.07)


def test_a_ratio_and_a_mean_of_one_language_are_not_compared():
    with pytest.raises(ValueError, match="same seeds and examples in 'de'"):
        bootstrap([{"de": np.ones((1, 3))}, {"de": np.ones((1, 3, 2))}], parallel=True)
