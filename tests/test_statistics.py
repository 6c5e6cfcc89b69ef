import base64
import json
import math
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xbench.errors import StoreError
from xbench.items import pack, unpack
from xbench.statistics import DRAWS, Interval, bootstrap, interval, uncertainty

LANGUAGES = ("de", "sw", "zh")


def simulated(generator, rates, examples=300, languages=LANGUAGES, parallel=True):
    """Rows of one seed that answer rightly what is easier than their rate: the same examples are hard for all."""
    shared = generator.random(examples)
    hard = {language: shared if parallel else generator.random(examples) for language in languages}
    noise = {language: generator.random(examples) for language in languages}
    return [
        {at: ((0.8 * hard[at] + 0.2 * noise[at] < quantile)[np.newaxis]).astype(float) for at in languages}
        for quantile in rates
    ]


def truth(quantile):
    """The rate of 0.8 U + 0.2 V < quantile for uniform U, V and a quantile between 0.2 and 0.8."""
    return 100 * (quantile - 0.1) / 0.8


@given(st.lists(st.sampled_from([0.0, 1.0])))
def test_zeros_and_ones_come_back_from_bits_as_they_were(values):
    record = json.loads(json.dumps(pack(values)))
    assert record["encoding"] == "bitmap"
    assert unpack(record).tolist() == values


@given(st.lists(st.floats(0, 1, width=32)))
def test_any_scores_come_back_to_the_precision_of_float32(values):
    assert unpack(json.loads(json.dumps(pack(values)))).tolist() == values


def test_a_bit_per_example_is_what_an_accuracy_costs():
    items = np.random.default_rng(0).random(5010) < 0.7
    assert len(pack(items)["data"]) < 5010 / 8 * 4 / 3 + 4
    assert unpack(pack(items)).mean() * 100 == pytest.approx(items.mean() * 100, abs=1e-12)


@pytest.mark.parametrize(
    "values", [[math.nan], [math.inf, 1.0], [1e39], [[0.0], [1.0]], [[0.0], 1.0], [None], [{}], ["x"], 1.0]
)
def test_what_is_no_list_of_finite_scores_is_not_packed(values):
    with pytest.raises(ValueError, match="a flat list of finite"):
        pack(values)


GOOD = pack([0.5, 0.25, 1.0])


@pytest.mark.parametrize(
    "record",
    [
        {},
        {**GOOD, "n": 4},
        {**GOOD, "n": -1},
        {**GOOD, "n": True},
        {**GOOD, "n": "3"},
        {**GOOD, "encoding": "pickle"},
        {**GOOD, "data": GOOD["data"][:-8]},
        {**GOOD, "data": "%%%"},
        {**GOOD, "data": None},
        {**GOOD, "data": base64.b64encode(b"no zlib").decode()},
        {**GOOD, "data": base64.b64encode(zlib.compress(bytes(10**6))).decode()},
        {**GOOD, "data": base64.b64encode(zlib.compress(np.float32([0, 1, np.nan]).tobytes())).decode()},
        {**pack([1.0, 0.0]), "n": 9},
    ],
)
def test_a_broken_record_says_so(record):
    with pytest.raises(StoreError, match="scores per example"):
        unpack(record)


def test_uncertainty_is_that_of_a_mean_on_the_scale_of_scores():
    items = (np.arange(1000) < 800).astype(float)
    found = uncertainty(items)
    expected = 100 * np.sqrt(0.8 * 0.2 / 999)
    assert found["standard_error"] == pytest.approx(expected)
    ends = found["confidence_interval"]
    assert ends["lower"] == pytest.approx(80 - 1.96 * expected, abs=0.2)
    assert ends["upper"] == pytest.approx(80 + 1.96 * expected, abs=0.2)
    assert ends["confidence_level"] == 0.95
    assert ends["method"] == f"percentile bootstrap over examples, {DRAWS} draws"
    assert uncertainty(items) == found


def test_one_example_has_no_uncertainty_to_speak_of():
    assert uncertainty([1.0]) == uncertainty([]) == {}


@pytest.mark.parametrize("parallel", [True, False])
def test_intervals_cover_the_truth_as_often_as_they_say(parallel):
    generator = np.random.default_rng(11)
    hits = np.zeros(2)
    simulations = 400
    for _ in range(simulations):
        rows = simulated(generator, (0.66, 0.60), examples=200, parallel=parallel)
        drawn = bootstrap(rows, parallel=parallel, draws=300)
        hits += [
            drawn.average(0, LANGUAGES).interval.covers(truth(0.66)),
            drawn.difference(0, 1, LANGUAGES).interval.covers(truth(0.66) - truth(0.60)),
        ]
    average, difference = hits / simulations
    assert 0.93 <= average <= 0.97
    assert 0.93 <= difference <= 0.97


def test_the_gap_interval_covers_the_true_gap():
    generator = np.random.default_rng(12)
    hits = 0
    for _ in range(400):
        (source,) = simulated(generator, (0.7,), examples=200, languages=("en",), parallel=False)
        (targets,) = simulated(generator, (0.6,), examples=200, parallel=False)
        drawn = bootstrap([source | targets], parallel=False, draws=300)
        hits += drawn.gap(0, "en", LANGUAGES).interval.covers(truth(0.7) - truth(0.6))
    assert 0.93 <= hits / 400 <= 0.97


def test_seeds_that_differ_widen_the_interval_and_seeds_that_agree_do_not():
    generator = np.random.default_rng(1)
    one = (generator.random(500) < 0.7).astype(float)
    agree = {"de": np.stack([one, one, one])}
    worse, better = one * (generator.random(500) < 0.9), np.maximum(one, generator.random(500) < 0.3)
    rows = [{"de": one[np.newaxis]}, agree, {"de": np.stack([one, worse, better])}]
    single, same, wide = (width(bootstrap([row], parallel=True).average(0, ["de"]).interval) for row in rows)
    assert same == pytest.approx(single)
    assert wide > 1.3 * single


def test_the_same_seeds_are_drawn_for_every_row():
    generator = np.random.default_rng(2)
    luck = np.repeat(generator.random((5, 1)) < 0.5, 100, axis=1).astype(float)
    rows = [{"de": luck}, {"de": luck}]
    drawn = bootstrap(rows, parallel=True)
    assert width(drawn.average(0, ["de"]).interval) > 50
    assert drawn.difference(0, 1, ["de"]).interval == Interval(0.0, 0.0)


def width(found):
    return found.upper - found.lower


def test_a_paired_interval_is_narrower_than_an_unpaired_one():
    rows = simulated(np.random.default_rng(3), (0.66, 0.62))
    drawn = bootstrap(rows, parallel=True)
    rest = np.random.default_rng(4)
    shuffled = {at: values[:, rest.permutation(values.shape[1])] for at, values in rows[1].items()}
    unpaired = bootstrap([rows[0], shuffled], parallel=True)
    apart = width(unpaired.difference(0, 1, LANGUAGES).interval)
    assert width(drawn.difference(0, 1, LANGUAGES).interval) < 0.5 * apart


def test_parallel_examples_are_one_sample_and_others_are_one_per_language():
    (row,) = simulated(np.random.default_rng(5), (0.6,))
    together = bootstrap([row], parallel=True).average(0, LANGUAGES).interval
    apart = bootstrap([row], parallel=False).average(0, LANGUAGES).interval
    assert width(apart) == pytest.approx(width(together) / np.sqrt(3), rel=0.15)


@given(st.lists(st.floats(0, 1, width=32), min_size=2, max_size=40), st.booleans())
def test_equal_rows_differ_by_exactly_nothing(values, parallel):
    row = {"de": np.array([values]), "sw": np.array([values[1:]])}
    drawn = bootstrap([row, dict(row)], parallel=parallel, draws=50)
    assert drawn.difference(0, 1, ["de", "sw"]).interval == Interval(0.0, 0.0)


def test_another_row_or_language_moves_no_number():
    first, second = simulated(np.random.default_rng(6), (0.6, 0.5))
    alone = bootstrap([first], parallel=False, draws=100)
    beside = bootstrap([second, first | {"ur": np.ones((1, 7))}], parallel=False, draws=100)
    assert beside.average(1, LANGUAGES) == alone.average(0, LANGUAGES)


def test_draws_do_not_depend_on_how_many_are_held_at_a_time(monkeypatch):
    rows = simulated(np.random.default_rng(7), (0.6, 0.5))
    whole = bootstrap(rows, parallel=True, draws=100).rows[1]["sw"]
    monkeypatch.setattr("xbench.draws._CELLS", 7 * 300)
    assert bootstrap(rows, parallel=True, draws=100).rows[1]["sw"].tolist() == whole.tolist()


def test_a_mean_of_draws_is_the_score():
    (row,) = simulated(np.random.default_rng(8), (0.6,))
    drawn = bootstrap([row], parallel=True).rows[0]["de"]
    assert drawn.mean() == pytest.approx(100 * row["de"].mean(), abs=0.3)
    assert interval(drawn).covers(100 * row["de"].mean())


@pytest.mark.parametrize(
    "rows",
    [
        [{"de": np.ones((1, 3))}, {"de": np.ones((1, 4))}],
        [{"de": np.ones((1, 3))}, {"de": np.ones((2, 3))}],
        [{"de": np.ones((1, 3)), "sw": np.ones((2, 3))}],
        [{"de": np.ones((1, 0))}],
        [{"de": np.ones(3)}],
    ],
)
def test_rows_on_other_examples_or_seeds_are_not_compared(rows):
    with pytest.raises(ValueError, match="same seeds"):
        bootstrap(rows, parallel=True)
