"""Normalisation, neighbours by cosine, CSLS and inverted softmax, and what is read off them."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xbench_aligners import csls as module
from xbench_aligners.csls import cosine, csls, inverted_softmax, mutual, top, union
from xbench_aligners.diagnostics import cosines, hub_share, most_chosen, retrieval, translation
from xbench_aligners.normalisation import (
    ITERATIVE,
    UNIT_CENTER_UNIT,
    Normalisation,
    fit_normalisation,
    read_normalisation,
    unit,
)

from tests.plugins import spaces
from xbench.errors import StageError

SEEDS = st.integers(0, 2**32 - 1)


def similarities(scores):
    return scores.block(np.arange(len(scores.source)))


def dense_csls(s, k):
    """The definition, on a whole matrix of cosines."""
    rows, columns = (np.sort(one, axis=1)[:, -k:].mean(axis=1) for one in (s, s.T))
    return 2 * s - rows[:, None] - columns


def test_the_mean_vanishes_geometrically_under_iterative_normalisation():
    rows = unit(spaces.words(500, 30, seed=1)) + 0.5
    lengths = []
    for rounds in range(1, 6):
        steps = ("unit", "center") * rounds + ("unit",)
        found = fit_normalisation(rows, steps).apply(rows)
        lengths.append(np.linalg.norm(found.mean(axis=0)))
        assert np.abs(np.linalg.norm(found, axis=1) - 1).max() < 1e-12
    assert lengths[-1] < 1e-5
    assert all(later < earlier / 5 for earlier, later in itertools.pairwise(lengths))
    assert steps == ITERATIVE


def test_other_rows_undergo_the_same_after_a_round_trip():
    rows, others = spaces.words(80, 6, seed=1).astype(np.float32), spaces.words(9, 6, seed=2)
    fitted = fit_normalisation(rows, UNIT_CENTER_UNIT)
    mean = unit(rows).mean(axis=0)
    assert np.array_equal(read_normalisation(fitted.arrays()).apply(others), unit(unit(others) - mean))
    assert np.array_equal(fitted.apply(others)[:4], fitted.apply(others[:4]))


def test_the_order_of_the_steps_matters():
    rows = spaces.words(80, 6)
    centred = fit_normalisation(rows, ("unit", "center")).apply(rows)
    assert np.abs(centred.mean(axis=0)).max() < 1e-14
    assert np.abs(np.linalg.norm(centred, axis=1) - 1).max() > 0.01
    assert np.allclose(fit_normalisation(rows, ("center", "unit")).apply(rows), unit(rows - rows.mean(axis=0)))


def test_a_row_of_zeros_stays_what_it_is():
    assert unit(np.array([[0.0, 0.0], [3.0, 4.0]])).tolist() == [[0.0, 0.0], [0.6, 0.8]]


@pytest.mark.parametrize("rows", [np.ones(3), np.ones((0, 3)), np.array([[1.0, np.nan]])])
def test_what_is_no_table_of_vectors_is_refused(rows):
    with pytest.raises(StageError, match="vectors"):
        unit(rows)


def test_a_broken_normalisation_is_refused():
    fitted = fit_normalisation(spaces.words(9, 3))
    with pytest.raises(StageError, match="of 3 dimensions meets 4"):
        fitted.apply(np.ones((2, 4)))
    with pytest.raises(StageError, match="means"):
        read_normalisation({**fitted.arrays(), "means": np.ones((2, 3))})
    with pytest.raises(StageError, match="cannot be read"):
        read_normalisation({"means": np.ones((1, 3))})
    with pytest.raises(StageError, match="not all among unit, center"):
        Normalisation(("whiten",), np.ones((0, 3)))


@given(SEEDS, st.integers(1, 30), st.integers(1, 30), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_csls_is_its_definition_in_blocks_of_any_size(seed, rows, columns, k):
    draw = np.random.default_rng(seed)
    x, y = draw.standard_normal((rows, 4)), draw.standard_normal((columns, 4))
    whole, cosines = csls(x, y, k), unit(x) @ unit(y).T
    expected = dense_csls(cosines, k)
    assert np.allclose(similarities(whole), expected, atol=1e-12)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", 3 * columns)
        found = csls(x, y, k).nearest()
    assert np.allclose(found.similarities, expected.max(axis=1), atol=1e-12)
    assert np.allclose(expected[np.arange(rows), found.indices], found.similarities, atol=1e-12)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_csls_of_the_transpose_is_the_transpose(seed):
    # Four entries of one half: cosines are multiples of a quarter, and sums of eight of them exact.
    draw = np.random.default_rng(seed)
    sides = []
    for rows in (20, 30):
        side = np.zeros((rows, 9))
        for row in side:
            row[draw.permutation(9)[:4]] = draw.choice([-0.5, 0.5], size=4)
        sides.append(side)
    x, y = sides
    assert np.array_equal(similarities(csls(x, y, 8)), similarities(csls(y, x, 8)).T)
    assert np.array_equal(similarities(csls(x, y, 8)), similarities(csls(x, y, 8).transposed).T)
    assert np.array_equal(similarities(csls(x, y, 8)), dense_csls(x @ y.T, 8))


def test_the_inverted_softmax_sums_to_one_over_the_source():
    x, y = spaces.words(12, 5, seed=1), spaces.words(8, 5, seed=2)
    found = np.exp(similarities(inverted_softmax(x, y)))
    cosines = np.exp(30 * unit(x) @ unit(y).T)
    assert np.allclose(found, cosines / cosines.sum(axis=0), atol=1e-12)
    assert np.allclose(found.sum(axis=0), 1.0)


def test_neighbours_are_those_of_a_whole_sort(monkeypatch):
    x, y = spaces.words(40, 5, seed=1), spaces.words(25, 5, seed=2)
    monkeypatch.setattr(module, "BLOCK", 60)
    found, products = top(x, y, 3), x @ y.T
    assert np.allclose(np.sort(found.similarities, axis=1), np.sort(products, axis=1)[:, -3:])
    assert np.allclose(np.take_along_axis(products, found.indices, axis=1), found.similarities)
    assert top(x, y, 99).indices.shape == (40, 25)
    with pytest.raises(StageError, match="5 and of 4 dimensions"):
        top(x, y[:, :4], 3)


def test_mutual_choices_and_either_choice():
    forward, backward = np.array([1, 0, 3, 1]), np.array([1, 0, 0])  # row 3 of the target is not asked
    assert mutual(forward, backward).tolist() == [[0, 1], [1, 0]]
    assert union(np.array([1, -1]), np.array([-1, 0])).tolist() == [[0, 1], [0, 1]]


@pytest.mark.parametrize(("rows", "dimension", "noise"), [(300, 50, 1.2), (2000, 300, 1.6)])
def test_csls_frees_what_hubs_take(rows, dimension, noise):
    draw = np.random.default_rng(0)
    centre = unit(draw.standard_normal((1, dimension)))
    source = unit(0.5 * centre + draw.standard_normal((rows, dimension)) / dimension**0.5)
    target = source + noise * draw.standard_normal((rows, dimension)) / dimension**0.5
    near_all = centre + 0.1 * draw.standard_normal((5, dimension)) / dimension**0.5
    plain, scaled = (score(source, np.concatenate([target, near_all])).nearest().indices for score in (cosine, csls))
    hubs = np.arange(rows, rows + 5)
    assert (scaled == np.arange(rows)).mean() > (plain == np.arange(rows)).mean()
    assert hub_share(plain, hubs) > 5
    assert hub_share(scaled, hubs) <= hub_share(plain, hubs) / 2
    assert np.bincount(scaled).max() <= 3 < np.bincount(plain).max()


def test_the_most_chosen():
    choices = np.array([7, 2, 7, 5, 2, 7, 9, 5])
    assert most_chosen(choices, 2).tolist() == [7, 2]
    assert hub_share(choices, most_chosen(choices, 1)) == 37.5


def test_translation_tells_precision_from_coverage():
    scores = cosine(np.eye(4), np.eye(4)[[0, 1, 3, 2]])  # words 2 and 3 are confused
    source, target = {"a": 0, "b": 1, "c": 2}, {"A": 0, "B": 1, "C": 2, "D": 3}
    dictionary = [("a", "A"), ("a", "unseen"), ("b", "D"), ("b", "B"), ("c", "C"), ("e", "A"), ("b", "B")]
    found = translation(scores, dictionary, source, target)
    assert (found.precision, found.coverage) == (pytest.approx(200 / 3), 75.0)
    assert found.overall == pytest.approx(50.0)  # two of the four source words
    assert translation(scores, [("e", "A")], source, target).overall == 0.0
    with pytest.raises(StageError, match="without pairs"):
        translation(scores, [], source, target)


def test_retrieval_goes_both_ways():
    assert retrieval(cosine(np.eye(3), np.eye(3))) == (100.0, 100.0)
    source, target = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[1.0, 0.1], [1.0, 0.2]])
    assert retrieval(cosine(source, target)) == (100.0, 50.0)
    with pytest.raises(StageError, match="not pairs"):
        retrieval(cosine(np.eye(3), np.eye(3)[:2]))


@given(SEEDS, st.integers(2, 12))
@settings(max_examples=20, deadline=None)
def test_the_cosines_of_pairs_and_others_are_their_definitions(seed, rows):
    draw = np.random.default_rng(seed)
    x, y = draw.standard_normal((rows, 4)), draw.standard_normal((rows, 4))
    every = unit(x) @ unit(y).T
    expected = np.diag(every).mean(), every[~np.eye(rows, dtype=bool)].mean()
    assert cosines(x, y) == pytest.approx(expected, abs=1e-12)


def test_one_pair_has_no_others():
    with pytest.raises(StageError, match="two pairs"):
        cosines(np.ones((1, 3)), np.ones((1, 3)))
