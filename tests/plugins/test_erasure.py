"""Language removed from vectors: what centring, LIR and LEACE do, and what none of them can."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from xbench_aligners.csls import cosine
from xbench_aligners.diagnostics import retrieval
from xbench_aligners.erasure import centring, leace, without_directions
from xbench_aligners.maps import identity, procrustes
from xbench_aligners.normalisation import fit_normalisation, unit
from xbench_encoders.probe import probe_accuracy

from tests.plugins import spaces
from xbench.errors import StageError

ROWS = 400
WORDS = 500


def offset(seed=0, size=5.0):
    """Sentences and their translations, which lie apart by one offset."""
    draw = np.random.default_rng(seed)
    source = draw.standard_normal((ROWS, 20))
    away = size * unit(draw.standard_normal((1, 20))) * np.sqrt(20)
    return source, source + 0.3 * draw.standard_normal(source.shape) + away


def own_language_first(source, target):
    """How many source rows find their translation in a pool of all other rows of both languages, 0..100."""
    pool = unit(np.concatenate([source, target]))
    similarities = pool[: len(source)] @ pool.T
    np.fill_diagonal(similarities, -np.inf)
    return 100.0 * float((similarities.argmax(axis=1) == np.arange(len(source)) + len(source)).mean())


def test_centring_takes_an_offset_away():
    source, target = offset()
    centred = [centring(rows).apply(rows) for rows in (source, target)]
    assert min(retrieval(cosine(source, target))) < 20
    assert min(retrieval(cosine(*centred))) >= 95
    assert own_language_first(source, target) < 5 < 95 < own_language_first(*centred)
    assert probe_accuracy(source, target, seed=0) > 99
    assert probe_accuracy(*centred, seed=0) <= 60


def test_centring_onto_the_source_leaves_the_source():
    source, target = offset()
    mean = source.mean(axis=0)
    assert np.allclose(centring(source, mean).apply(source), source)
    assert np.allclose(centring(target, mean).apply(target).mean(axis=0), mean)


def test_directions_that_are_removed_are_gone():
    source, target = offset()
    lir = without_directions(target, 2)
    cleaned = lir.apply(target)
    first = np.linalg.svd(target)[2][:2]
    assert np.abs(cleaned @ first.T).max() < 1e-10
    assert np.allclose(lir.apply(cleaned), cleaned)  # a projection
    both = without_directions(source, 1).apply(source), without_directions(target, 1).apply(target)
    assert min(retrieval(cosine(*both))) > min(retrieval(cosine(source, target)))
    assert probe_accuracy(*both, seed=0) < 75
    with pytest.raises(StageError, match="20 directions cannot be removed"):
        without_directions(target, 20)


@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
@settings(max_examples=30, deadline=None)
def test_leace_gives_every_language_one_mean(seed, count):
    draw = np.random.default_rng(seed)
    groups = [draw.standard_normal((int(draw.integers(10, 60)), 8)) + draw.standard_normal(8) for _ in range(count)]
    erased = leace(groups)
    means = [erased.apply(rows).mean(axis=0) for rows in groups]
    overall = np.concatenate(groups).mean(axis=0)
    assert np.abs(np.array(means) - overall).max() < 1e-9
    rows = np.concatenate(groups)
    assert np.allclose(erased.apply(erased.apply(rows)), erased.apply(rows), atol=1e-8)
    assert np.linalg.matrix_rank(np.eye(8) - erased.weight, tol=1e-8) == count - 1


def test_leace_changes_less_than_projecting_the_difference_of_means_out():
    draw = np.random.default_rng(0)
    mixing = draw.standard_normal((8, 8))
    groups = [draw.standard_normal((500, 8)) @ mixing + side * draw.standard_normal(8) for side in (0, 1)]
    rows, erased = np.concatenate(groups), leace(groups)
    axis = unit((groups[1].mean(axis=0) - groups[0].mean(axis=0))[None])
    orthogonal = rows - (rows - rows.mean(axis=0)) @ axis.T @ axis
    halves = np.split(orthogonal, 2)
    assert np.allclose(halves[0].mean(axis=0), halves[1].mean(axis=0))  # it erases the means as well
    changes = [((found - rows) ** 2).sum(axis=1).mean() for found in (erased.apply(rows), orthogonal)]
    assert changes[0] < changes[1]


def test_after_leace_no_linear_probe_reads_the_language():
    source, target = offset()
    target = target * np.linspace(0.5, 2.0, 20)  # another covariance, which is no linear matter
    erased = leace([source, target])
    vectors, sides = erased.apply(np.concatenate([source, target])), np.repeat([0, 1], ROWS)
    fitted = LogisticRegression(max_iter=1000).fit(vectors, sides)
    assert fitted.score(vectors, sides) <= 0.5 + 0.05
    assert probe_accuracy(source, target, seed=0) > 99


def test_leace_of_one_language_or_of_two_spaces_is_refused():
    for groups in ([np.ones((3, 2))], [np.ones((3, 2)), np.ones((3, 4))]):
        with pytest.raises(StageError, match="of one dimension from two languages"):
            leace(groups)


def test_languages_that_are_alike_are_left_alone():
    rows = np.random.default_rng(0).standard_normal((50, 6))
    assert np.array_equal(leace([rows, rows]).weight, np.eye(6))


def documents(seed, count, topics, vectors):
    """Means of the vectors of twelve words, mostly of one topic, and the topics."""
    draw = np.random.default_rng(seed)
    gold = draw.integers(4, size=count)
    own = [np.flatnonzero(topics == topic) for topic in range(4)]
    chosen = [
        np.where(draw.random(12) < 0.4, draw.choice(own[topic], 12), draw.integers(len(topics), size=12))
        for topic in gold
    ]
    return np.array([vectors[words].mean(axis=0) for words in chosen]), gold


@pytest.mark.parametrize("seed", range(3))
def test_a_cipher_is_read_through_a_rotation_and_not_through_a_mean(seed):
    source, target, _ = spaces.languages(WORDS, 20, 0.1, seed)
    source, target = (fit_normalisation(rows).apply(rows) for rows in (source, target))
    topics = (source @ np.random.default_rng(seed).standard_normal((20, 4))).argmax(axis=1)
    trained, labels = documents([seed, 1], 800, topics, source)
    model = LogisticRegression(max_iter=1000, C=100.0).fit(trained, labels)
    known = np.random.default_rng(seed).permutation(WORDS)[:60]
    ways = {
        "none": identity(20).map_target(target),
        "centring": centring(target, source.mean(axis=0)).apply(target),
        "procrustes": procrustes(source[known], target[known]).map_target(target),
        "source": source,
    }
    scores = {way: model.score(*documents([seed, 2], 800, topics, vectors)) for way, vectors in ways.items()}
    majority = np.bincount(documents([seed, 2], 800, topics, source)[1]).max() / 800
    assert max(scores["none"], scores["centring"]) <= majority + 0.1
    assert scores["procrustes"] >= scores["source"] - 0.03
    assert scores["source"] > 0.8
