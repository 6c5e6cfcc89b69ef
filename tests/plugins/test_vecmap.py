"""Self-learning: it solves isometric toys from nothing, fails on unrelated spaces, and says which it was."""

import numpy as np
import pytest
from scipy.linalg import sqrtm
from xbench_aligners.csls import cosine, csls
from xbench_aligners.diagnostics import retrieval
from xbench_aligners.maps import cca, procrustes
from xbench_aligners.normalisation import UNIT_CENTER_UNIT, fit_normalisation, unit
from xbench_aligners.vecmap import (
    VecmapOptions,
    identical_pairs,
    learn,
    reweighted,
    solved,
    stochastic_choices,
    structural_pairs,
)

from tests.plugins import spaces
from xbench.errors import StageError

OPTIONS = VecmapOptions(interval=5)
WORDS = 300


def normal(rows):
    return fit_normalisation(rows, UNIT_CENTER_UNIT).apply(rows)


def languages(noise=0.3, seed=0):
    """Source and target words in orders of their own, and where each word of the source is in the target."""
    source, target, _ = spaces.languages(WORDS, 30, noise, seed)
    order = np.random.default_rng([seed, 2]).permutation(WORDS)
    return normal(source), normal(target[order]), np.argsort(order)


def right(source, target, gold, found):
    """How much of the vocabulary is translated rightly."""
    choices = csls(found.map_source(source), found.map_target(target)).nearest().indices
    return float((choices == gold).mean())


def unsupervised(source, target, seed=0, options=OPTIONS):
    pairs = structural_pairs(source, target, options)
    return learn(source, target, pairs, options, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(4))
def test_two_spaces_alike_meet_without_a_dictionary(seed):
    source, target, gold = languages(seed=seed)
    pairs = structural_pairs(source, target, OPTIONS)
    assert 0.3 < (gold[pairs[:, 0]] == pairs[:, 1]).mean() < 0.8  # a start, not a solution
    found = unsupervised(source, target, seed)
    assert right(source, target, gold, found) >= 0.98
    assert found.history[-1] > max(0.95, found.history[0] + 0.01)
    assert found.one_sided
    assert np.abs(found.weight.T @ found.weight - np.eye(30)).max() < 1e-12


@pytest.mark.parametrize("seed", range(2))
def test_unrelated_spaces_stay_apart_and_the_objective_tells(seed):
    source, target = normal(spaces.words(WORDS, 30, seed)), normal(spaces.words(WORDS, 30, seed + 50))
    found = unsupervised(source, target)
    assert max(retrieval(csls(source, found.map_target(target)))) <= 5.0
    assert found.history[-1] < 0.9


def test_a_seed_is_a_result():
    source, target = (rows[:100] for rows in languages()[:2])
    first, again, other = (unsupervised(source, target, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.weight, again.weight)
    assert first.history == again.history != other.history


def test_of_restarts_the_best_objective_counts():
    source, target, gold = languages()
    pairs = np.stack([np.arange(6), gold[:6]], axis=1)  # so few that chance decides
    one, best = (
        learn(source, target, pairs, VecmapOptions(interval=5, restarts=count), np.random.default_rng(0))
        for count in (1, 3)  # the first of the three is the one
    )
    assert best.history[-1] > one.history[-1]
    assert right(source, target, gold, best) >= 0.98 > right(source, target, gold, one)


def test_a_few_pairs_are_enough_to_start_from():
    source, target, gold = languages()
    pairs = np.stack([np.arange(10), gold[:10]], axis=1)
    alone = right(source, target, gold, solved(source, target, pairs, OPTIONS))
    assert alone < 0.5  # in 30 dimensions
    found = learn(source, target, pairs, OPTIONS, np.random.default_rng(0))
    assert right(source, target, gold, found) >= 0.98
    assert solved(source, target, pairs, OPTIONS).notes
    assert not found.notes


def test_words_that_are_spelt_the_same_are_pairs():
    assert identical_pairs(["of", "2010", "Berlin"], ["Berlin", "von", "2010"]).tolist() == [[1, 2], [2, 0]]
    with pytest.raises(StageError, match="no word"):
        identical_pairs(["of"], ["von"])


def test_words_beyond_the_cutoff_are_mapped_but_not_learnt_from():
    source, target, _ = spaces.languages(WORDS, 30, 0.3)
    source, target = normal(source), normal(target)
    scrambled = target.copy()
    scrambled[200:] = unit(np.random.default_rng(0).standard_normal((WORDS - 200, 30)))
    pairs = np.stack([np.arange(50)] * 2, axis=1)
    options = VecmapOptions(interval=5, cutoff=200)
    maps = [learn(source, rows, pairs, options, np.random.default_rng(0)) for rows in (target, scrambled)]
    assert np.array_equal(maps[0].weight, maps[1].weight)


def test_a_description_of_words_knows_no_rotation_and_no_order():
    source = normal(spaces.words(60, 8))
    order = np.random.default_rng(0).permutation(60)
    pairs = structural_pairs(source, (source @ spaces.rotation(8))[order], OPTIONS)
    assert len(pairs) == 120
    assert np.array_equal(order[pairs[:, 1]], pairs[:, 0])


def test_a_dropped_score_is_not_chosen():
    source, target, _ = languages()
    scores, draw = cosine(source[:40], target), np.random.default_rng(0)
    assert np.array_equal(stochastic_choices(scores, 1.0, draw), scores.nearest().indices)
    chosen = [stochastic_choices(scores, 0.5, draw) for _ in range(200)]
    kept = np.mean([one == scores.nearest().indices for one in chosen])
    assert kept == pytest.approx(0.5, abs=0.02)  # 8000 draws
    sparse = np.concatenate([stochastic_choices(cosine(source[:40], target[:2]), 0.5, draw) for _ in range(50)])
    assert (sparse == -1).mean() == pytest.approx(0.25, abs=0.04)


def pairs_of(noise=0.5):
    source, target, _ = spaces.languages(WORDS, 12, noise)
    return normal(source), normal(target * np.linspace(1 / 3, 3, 12))


def test_reweighting_is_its_definition():
    x, y = pairs_of()
    found = reweighted(x, y)
    root_x, root_y = sqrtm(x.T @ x), sqrtm(y.T @ y)
    u, s, vt = np.linalg.svd(np.linalg.inv(root_x) @ x.T @ y @ np.linalg.inv(root_y))
    expected_x = x @ np.linalg.inv(root_x) @ u @ np.diag(s**0.5) @ u.T @ root_x @ u
    expected_y = y @ np.linalg.inv(root_y) @ vt.T @ np.diag(s**0.5) @ vt @ root_y @ vt.T
    assert np.allclose(cosine(found.map_source(x), found.map_target(y)).block(slice(0, 9)),
                       cosine(expected_x, expected_y).block(slice(0, 9)), atol=1e-9)  # fmt: skip
    assert np.all((s > 0) & (s <= 1 + 1e-12))  # canonical correlations
    canonical = cca(x, y)
    assert np.allclose((canonical.map_source(x) * canonical.map_target(y)).sum(axis=0), s)


def test_without_noise_reweighting_is_a_rotation():
    source, target, _ = spaces.languages(WORDS, 12)
    found, plain = reweighted(source, target), procrustes(source, target)
    mapped = found.map_target(target)
    assert np.allclose(found.map_source(source), mapped, atol=1e-9)
    assert np.allclose(unit(mapped) @ unit(mapped).T, unit(plain.map_target(target)) @ unit(source).T, atol=1e-9)


def test_the_two_sided_map_reaches_further_where_spaces_are_not_isometric():
    source, target, _ = spaces.languages(1200, 30, 0.8)
    x, y = normal(source), normal(target * np.linspace(1 / 3, 3, 30))
    one, two = procrustes(x[:700], y[:700]), reweighted(x[:700], y[:700])
    before, after = (retrieval(csls(m.map_source(x[700:]), m.map_target(y[700:]))) for m in (one, two))
    assert min(after) > max(before)


def test_columns_that_correlate_most_come_first():
    x, y = pairs_of()
    whole, first = reweighted(x, y), reweighted(x, y, dimension=5)
    assert np.array_equal(first.weight, whole.weight[:, :5])
    assert first.map_source(x).shape == (WORDS, 5)
    mapped = zip(whole.map_source(x).T, whole.map_target(y).T, strict=True)
    correlations = [float(np.corrcoef(one, other)[0, 1]) for one, other in mapped]
    assert np.mean(correlations[:4]) > np.mean(correlations[4:8]) > np.mean(correlations[8:])


def test_self_learning_may_end_two_sided():
    source, target, gold = languages()
    found = unsupervised(source, target, options=VecmapOptions(interval=5, two_sided=True))
    assert not found.one_sided
    assert right(source, target, gold, found) >= 0.98


def test_too_few_pairs_cannot_be_whitened():
    x, y = pairs_of()
    with pytest.raises(StageError, match="11 pairs do not span 12 dimensions"):
        reweighted(x[:11], y[:11])
    with pytest.raises(StageError, match="do not span"):
        reweighted(np.repeat(x[:3], 10, axis=0), y[:30])


@pytest.mark.parametrize("wrong", [{"keep": 0.0}, {"growth": 1.0}, {"restarts": 0}, {"tolerance": 0.0}])
def test_senseless_options_are_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        VecmapOptions(**wrong)
