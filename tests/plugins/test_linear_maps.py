"""Procrustes and its kin, refinement, and RCSLS, on spaces whose map is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xbench_aligners.csls import csls
from xbench_aligners.diagnostics import cosines, retrieval
from xbench_aligners.maps import (
    LinearMap,
    Refinement,
    bootstrap,
    cca,
    identity,
    procrustes,
    refine,
    ridge,
    solve,
)
from xbench_aligners.normalisation import fit_normalisation, unit
from xbench_aligners.rcsls import Problem, RcslsOptions, in_spectral_ball, rcsls

from tests.plugins import spaces
from xbench.errors import StageError

SEEDS = st.integers(0, 2**32 - 1)


def normal(rows):
    return fit_normalisation(rows).apply(rows)


def noisy(rows=600, dimension=30, noise=0.3, seed=0):
    """Two normalised languages with noise between them."""
    source, target, _ = spaces.languages(rows, dimension, noise, seed)
    return normal(source), normal(target)


def accuracy(source, target, found):
    """P@1 by CSLS, 0..100, of rows that are pairs, both ways."""
    return retrieval(csls(found.map_source(source), found.map_target(target)))


@pytest.mark.parametrize(("rows", "type_", "most"), [(60, np.float64, 1e-12), (90, np.float32, 1e-6)])
def test_procrustes_recovers_a_rotation(rows, type_, most):
    turn = spaces.rotation(30, seed=4)
    source = np.random.default_rng(4).standard_normal((rows, 30))
    found = procrustes(source.astype(type_), (source @ turn.T).astype(type_))
    assert np.abs(found.weight - turn).max() < most
    assert np.abs(found.map_target(source @ turn.T) - source).max() < 10 * most
    assert found.one_sided
    assert found.notes == ()
    assert np.array_equal(found.map_source(source), source)


@given(SEEDS, st.integers(1, 20), st.integers(1, 8))
@settings(max_examples=40, deadline=None)
def test_procrustes_is_orthogonal_and_blind_to_the_order_of_pairs(seed, rows, dimension):
    draw = np.random.default_rng(seed)
    source, target = draw.standard_normal((2, rows, dimension))
    weight = procrustes(source, target).weight
    assert np.abs(weight.T @ weight - np.eye(dimension)).max() < 1e-12
    if rows > dimension:  # else other maps fit as well
        order = draw.permutation(rows)
        assert np.abs(procrustes(source[order], target[order]).weight - weight).max() < 1e-8


def test_procrustes_beats_least_squares_where_there_is_noise():
    turn, draw = spaces.rotation(30, seed=2), np.random.default_rng(2)
    source = draw.standard_normal((100, 30))
    target = source @ turn.T + 0.1 * draw.standard_normal(source.shape)
    errors = [np.linalg.norm(make(source, target).weight - turn) for make in (procrustes, ridge)]
    assert errors[0] < errors[1]


def test_too_few_pairs_fit_a_wrong_map_and_say_so():
    turn = spaces.rotation(30, seed=4)
    source = np.random.default_rng(4).standard_normal((15, 30))
    found = procrustes(source, source @ turn.T)
    assert np.abs(found.map_target(source @ turn.T) - source).max() < 1e-12
    assert np.abs(found.weight - turn).max() > 0.1
    assert "15 pairs do not determine a map of 30 dimensions" in found.notes[0]
    assert ridge(source, source @ turn.T).notes == found.notes


def test_where_the_usual_solver_does_not_converge_another_does(monkeypatch):
    source, target, _ = spaces.languages(60, 20, 0.3)
    found = procrustes(source, target).weight

    def give_up(*sides):
        raise np.linalg.LinAlgError("SVD did not converge")

    monkeypatch.setattr("xbench_aligners.maps.orthogonal_procrustes", give_up)
    assert np.allclose(procrustes(source, target).weight, found, atol=1e-10)
    assert procrustes(source[:9], target[:9]).notes


@pytest.mark.parametrize(
    ("source", "target", "reason"), [((4, 3), (5, 3), "not pairs"), ((4, 3), (4, 2), "equal dimensions")]
)
def test_what_cannot_be_rotated_into_each_other_is_refused(source, target, reason):
    with pytest.raises(StageError, match=reason):
        procrustes(np.ones(source), np.ones(target))
    with pytest.raises(StageError, match="of 3 dimensions meets vectors of 2"):
        identity(3).map_target(np.ones((4, 2)))


@pytest.mark.parametrize("penalty", [0.0, 0.5])
def test_ridge_solves_its_normal_equations(penalty):
    draw = np.random.default_rng(0)
    source, target = draw.standard_normal((50, 7)), draw.standard_normal((50, 5))  # of unequal dimensions
    weight = ridge(source, target, penalty).weight
    assert np.allclose((target.T @ target + penalty * np.eye(5)) @ weight, target.T @ source, atol=1e-12)
    with pytest.raises(StageError, match="0 or more"):
        ridge(source, target, -1.0)


def test_least_squares_of_too_few_pairs_are_the_shortest():
    source, target = np.random.default_rng(0).standard_normal((2, 4, 7))
    assert np.allclose(ridge(source, target).weight, np.linalg.pinv(target) @ source, atol=1e-12)


def test_cca_makes_one_space_of_two_views_of_it():
    source = np.random.default_rng(1).standard_normal((80, 6))
    target = source @ np.random.default_rng(2).standard_normal((6, 6))  # no rotation: any invertible map
    found = cca(source, target)
    mapped = found.map_source(source)
    assert not found.one_sided
    assert np.allclose(mapped, found.map_target(target), atol=1e-10)
    assert np.allclose(mapped.T @ mapped, np.eye(6), atol=1e-10)


def test_canonical_correlations_come_in_order():
    source, target = noisy()
    found = cca(source, target, dimension=5)
    correlations = (found.map_source(source) * found.map_target(target)).sum(axis=0)
    whole = cca(source, target)
    assert correlations.shape == (5,)
    assert np.all(np.diff(correlations) <= 1e-12)
    assert np.allclose(whole.weight[:, :5], found.weight)
    assert correlations[0] > 0.9


def test_a_map_of_sentences_brings_parallel_ones_together():
    source, target = noisy()
    train, held_out = slice(400), slice(400, None)
    assert abs(np.subtract(*cosines(source[held_out], target[held_out]))) < 0.1
    for make in (procrustes, ridge):
        found = make(source[train], target[train])
        assert np.subtract(*cosines(source[held_out], found.map_target(target[held_out]))) > 0.7


def test_refinement_makes_a_good_map_of_a_poor_one():
    source, target = noisy(noise=0.5)
    start = procrustes(source[:15], target[:15])
    refined = refine(source, target, start, Refinement(rounds=20))
    before, after = (min(accuracy(source, target, one)) for one in (start, refined))
    assert before < 60
    assert after > 90
    assert start.notes
    assert not refined.notes  # of the pairs that were found there are enough
    *rising, last = refined.history
    assert rising == sorted(rising)
    assert last <= rising[-1] or len(refined.history) == 21


def test_refinement_keeps_the_best_round_by_its_own_criterion():
    source, target, turn = spaces.languages(200, 10)
    exact = LinearMap(turn)
    refined = refine(source, target, exact, Refinement())
    assert refined.weight is turn  # nothing is nearer than exact
    assert refined.history[0] == pytest.approx(1.0)
    assert refine(source, target, exact, Refinement(rounds=0)).history == refined.history[:1]


def test_only_frequent_words_are_paired():
    source, target = noisy(300)
    start = procrustes(source[:60], target[:60])
    scrambled = target.copy()
    scrambled[100:] = unit(np.random.default_rng(0).standard_normal((200, 30)))
    kept = refine(source, scrambled, start, Refinement(rounds=1, rank=100, tolerance=-1.0))
    assert np.abs(kept.weight - procrustes(source[:100], target[:100]).weight).max() < 0.1


def test_a_bootstrapped_dictionary_is_a_better_one():
    source, target = noisy(noise=0.5)
    pairs = np.stack([np.arange(25)] * 2, axis=1)
    one, two = solve(source, target, pairs), bootstrap(source, target, pairs, Refinement())
    assert min(accuracy(source, target, two)) > max(accuracy(source, target, one)) + 5


def test_senseless_refinement_is_refused():
    with pytest.raises(ValueError, match="rounds must be 0 or more"):
        Refinement(rank=0)


def problem(pairs=120, rows=400, dimension=8, noise=0.6, seed=0):
    source, target = noisy(rows, dimension, noise, seed)
    return Problem(source[:pairs], target[:pairs], source, target, neighbours=10)


@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_of_rcsls_is_that_of_its_loss(seed):
    given_ = problem()
    draw = np.random.default_rng(seed)
    weight, direction = draw.standard_normal((2, 8, 8))
    slope = float((given_.loss(weight)[1] * direction).sum())
    step = 1e-7
    ahead, behind = (given_.loss(weight + sign * step * direction)[0] for sign in (1, -1))
    assert (ahead - behind) / (2 * step) == pytest.approx(slope, rel=1e-5)


@given(SEEDS, st.floats(0.0, 1.0))
@settings(max_examples=20, deadline=None)
def test_the_loss_of_rcsls_is_convex_and_homogeneous(seed, share):
    given_ = problem(40, 100)
    first, second = np.random.default_rng(seed).standard_normal((2, 8, 8))
    between = given_.loss(share * first + (1 - share) * second)[0]
    assert between <= share * given_.loss(first)[0] + (1 - share) * given_.loss(second)[0] + 1e-9
    assert given_.loss(3 * first)[0] == pytest.approx(3 * given_.loss(first)[0])


@pytest.mark.parametrize("spectral", [True, False])
def test_rcsls_starts_at_procrustes_and_only_falls(spectral):
    given_ = problem()
    found = rcsls(given_, RcslsOptions(learning_rate=20.0, spectral=spectral))
    start = procrustes(given_.source, given_.target).weight
    losses = list(found.history)
    assert losses[0] == given_.loss(start)[0]
    assert losses == sorted(losses, reverse=True)
    assert 1 < len(losses) < 11  # some steps were too long, and were not taken
    assert given_.loss(found.weight)[0] == losses[-1]
    assert (float(np.linalg.norm(found.weight, 2)) <= 1 + 1e-9) == spectral
    assert np.allclose(np.linalg.norm(found.map_target(given_.target_table), axis=1), 1.0)
    assert "below 1000 Procrustes is safer" in found.notes[0]


def stretched():
    """Two languages that no rotation makes one, 1000 pairs of them to learn from."""
    source, target, _ = spaces.languages(1500, 30, 0.8)
    source, target = normal(source), normal(target * np.linspace(1 / 3, 3, 30))
    return Problem(source[:1000], target[:1000], source, target)


def test_rcsls_translates_better_than_procrustes_where_spaces_are_not_isometric():
    world = stretched()
    rotated = procrustes(world.source, world.target)
    found = rcsls(world, RcslsOptions(learning_rate=16.0))
    before, after = (accuracy(world.source_table[1000:], world.target_table[1000:], one) for one in (rotated, found))
    assert min(after) > max(before) + 1
    assert found.notes == ()


def test_without_a_constraint_the_loss_has_no_bottom():
    world = stretched()
    bound, free = (
        rcsls(world, RcslsOptions(learning_rate=16.0, iterations=4, spectral=one)).history for one in (True, False)
    )
    assert free[0] == bound[0] < 0
    assert free[-1] < 1.5 * bound[-1]


def test_the_spectral_ball_clips_and_leaves_the_rest():
    weight = np.diag([3.0, 0.5]) @ spaces.rotation(2)
    assert np.allclose(in_spectral_ball(weight), np.diag([1.0, 0.5]) @ spaces.rotation(2))


def test_senseless_descent_is_refused():
    with pytest.raises(ValueError, match="smallest_rate"):
        RcslsOptions(learning_rate=1e-6)
