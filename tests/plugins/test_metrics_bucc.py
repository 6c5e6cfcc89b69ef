"""Bitext mining: the scores of pair sets, and every step of mining against a naive version."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xbench_tasks.metrics.bucc import (
    Candidates,
    Matches,
    Side,
    bucc,
    bucc_counts,
    candidates,
    extract,
    mine,
    read_pairs,
    tune_threshold,
    unique_sentences,
)

from xbench.errors import DataError

PAIRS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz")), max_size=12)


def test_repeated_lines_count_once():
    gold = read_pairs(["a\tx", "b\ty", "c\tz"], "gold")
    scores = bucc(read_pairs(["a\tx", "a\tx", "b\tz"], "predictions"), gold)
    assert scores == pytest.approx({"precision": 50, "recall": 100 / 3, "f1": 40})


def test_nothing_predicted_and_nothing_right_score_0():
    assert bucc([], [("a", "x")]) == {"precision": 0, "recall": 0, "f1": 0}
    assert bucc([("x", "a")], [("a", "x")]) == {"precision": 0, "recall": 0, "f1": 0}


def test_mining_is_not_scored_without_gold():
    for scorer in (bucc, bucc_counts):
        with pytest.raises(DataError, match="no gold pairs"):
            scorer([("a", "x")], [])
    with pytest.raises(DataError, match="no gold pairs"):
        tune_threshold(Candidates([("a", "x")], np.ones(1)), [])


@pytest.mark.parametrize("line", ["a x", "a\tx\ty", "", "a\t", "\tx", "a\tx\r", "a\t x"])
def test_a_line_that_is_no_pair_is_refused(line):
    with pytest.raises(DataError, match=r"file:2: .* is no pair: 'source id<TAB>target id' is expected"):
        read_pairs(["a\tx", line], "file")


@given(PAIRS, PAIRS.filter(bool))
def test_scores_are_a_naive_version_to_the_last_bit_and_follow_from_the_counts(predicted, gold):
    correct = len([pair for pair in set(predicted) if pair in gold])
    precision = correct / len(set(predicted)) if predicted else 0
    recall = correct / len(set(gold))
    f1 = 2 * precision * recall / (precision + recall) if correct else 0
    scores = bucc(predicted, gold)
    assert scores == {"precision": precision * 100, "recall": recall * 100, "f1": f1 * 100}
    ids, counts = bucc_counts(predicted, gold)
    assert ids == sorted({source for source, _ in predicted + gold})
    right, given_, wanted = counts.sum(axis=0).tolist()
    assert (right, given_, wanted) == (correct, len(set(predicted)), len(set(gold)))
    assert scores["f1"] == pytest.approx(100 * 2 * right / (given_ + wanted))


def test_unique_sentences_keep_the_first_place():
    assert unique_sentences(["b", "a", "b", "é", "e\u0301"]) == ["b", "a", "é", "e\u0301"]


def naive_matches(sources, targets, k):
    """The specification's steps 2 to 4, one pair at a time."""
    source_units = [vector / np.linalg.norm(vector) for vector in sources]
    target_units = [vector / np.linalg.norm(vector) for vector in targets]
    cosine = np.array([[one @ other for other in target_units] for one in source_units])

    def nearest(row):
        return sorted(range(len(row)), key=lambda place: -row[place])[:k]

    forward, backward = [nearest(row) for row in cosine], [nearest(row) for row in cosine.T]
    means = [np.mean([cosine[i][j] for j in places]) for i, places in enumerate(forward)]
    other_means = [np.mean([cosine[i][j] for i in places]) for j, places in enumerate(backward)]
    found = []
    for i, places in enumerate(forward):
        found.append(max((cosine[i][j] / ((means[i] + other_means[j]) / 2), -j, i, j) for j in places))
    for j, places in enumerate(backward):
        found.append(max((cosine[i][j] / ((means[i] + other_means[j]) / 2), -i, i, j) for i in places))
    kept = []
    for score, _, i, j in sorted(found, key=lambda one: -one[0]):
        if all(i != other[0] and j != other[1] for other in kept):
            kept.append((i, j, score))
    return kept


@pytest.mark.parametrize("seed", range(20))
def test_mining_is_a_naive_version(seed):
    drawn = np.random.default_rng(seed)
    sources, targets = drawn.normal(size=(drawn.integers(1, 40), 3)), drawn.normal(size=(drawn.integers(1, 40), 3))
    sources, targets = np.abs(sources) + 0.01, np.abs(targets) * 5  # positive: every margin is
    found, expected = mine(sources, targets), naive_matches(sources, targets, 4)
    assert sorted(zip(found.sources.tolist(), found.targets.tolist(), strict=True)) == sorted(
        (i, j) for i, j, _ in expected
    )
    assert found.scores == pytest.approx([score for *_, score in expected])
    assert len(set(found.sources.tolist())) == len(found.sources) == len(set(found.targets.tolist()))


def test_mining_finds_translations_among_noise():
    drawn = np.random.default_rng(0)
    shared = drawn.normal(size=(50, 32))
    sources = np.concatenate([shared, drawn.normal(size=(30, 32))]).astype(np.float32)
    targets = np.concatenate([drawn.normal(size=(20, 32)), shared + 0.1 * drawn.normal(size=(50, 32))])
    found = mine(sources, targets)
    best = {(int(i), int(j)) for i, j in zip(found.sources[:50], found.targets[:50], strict=True)}
    assert best == {(place, place + 20) for place in range(50)}
    assert (np.diff(found.scores) <= 0).all()


def test_of_equal_scores_the_matches_of_sources_come_first_in_their_order():
    found = mine(np.repeat(np.eye(60), 3, axis=0), np.eye(60))
    assert len(set(found.scores.tolist())) == 1
    assert found.sources.tolist() == list(range(0, 180, 3))
    assert found.targets.tolist() == list(range(60))


def test_orthogonal_vectors_have_the_margin_0():
    assert mine(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])).scores.tolist() == [0.0]


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        (np.zeros((1, 2)), "source vector 0 .* is zero"),
        (np.full((2, 2), np.nan), "source vector 0 .* not finite"),
        (np.ones((0, 2)), r"source vectors have the shape \(0, 2\)"),
        (np.ones(2), r"source vectors have the shape \(2,\)"),
        (np.ones((1, 3)), "3 and 2 dimensions"),
    ],
)
def test_vectors_that_cannot_be_compared_are_refused(sources, message):
    with pytest.raises(DataError, match=message):
        mine(sources, np.ones((2, 2)))


def matched(*rows):
    sources, targets, scores = zip(*rows, strict=True)
    return Matches(np.array(sources), np.array(targets), np.array(scores))


def test_candidates_leave_out_low_scores_and_repeated_sentences():
    source = Side(["s1", "s2", "s3", "s4"], ["one", "two", "one", "three"])  # unique: one, two, three
    target = Side(["t1", "t2", "t3"], ["un", "deux", "trois"])
    matches = matched((0, 0, 1.5), (1, 2, 1.2), (2, 1, -0.1))
    found = candidates(matches, source, target)
    assert found.pairs == [("s2", "t3")]
    assert found.scores.tolist() == [1.2]
    assert candidates(matches, source, target, minimum=-0.1).pairs == [("s2", "t3"), ("s4", "t2")]


def test_sides_and_matches_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="2 ids for 1 sentences"):
        Side(["a", "b"], ["x"])
    with pytest.raises(DataError, match="id 'a' occurs more than once"):
        Side(["a", "a"], ["x", "y"])
    side = Side(["a", "b"], ["x", "x"])
    with pytest.raises(DataError, match="not of these files, which have 1 and 1 different"):
        candidates(matched((1, 0, 1.0)), side, side)


def naive_threshold(pairs, scores, gold):
    best, threshold, correct = 0, 0.0, 0
    for place, pair in enumerate(pairs):
        correct += pair in gold
        if correct:
            precision, recall = correct / (place + 1), correct / len(gold)
            f1 = 2 * precision * recall / (precision + recall)
            if f1 > best:
                best, threshold = f1, (scores[place] + scores[min(place + 1, len(scores) - 1)]) / 2
    return threshold


def test_the_threshold_is_half_way_to_the_next_score():
    found = Candidates([("a", "w"), ("b", "x"), ("c", "y"), ("d", "z")], np.array([2.0, 1.5, 1.0, 0.5]))
    assert tune_threshold(found, [("a", "w"), ("b", "x")]) == 1.25
    assert tune_threshold(found, [("d", "z")]) == 0.5
    assert tune_threshold(found, [("a", "z")]) == 0.0
    assert tune_threshold(Candidates([], np.empty(0)), [("a", "w")]) == 0.0
    assert extract(found, 1.25) == [("a", "w"), ("b", "x")]
    assert extract(found, 1.0) == [("a", "w"), ("b", "x"), ("c", "y")]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30)), min_size=1, max_size=40), st.integers(1, 5))
def test_the_threshold_is_a_naive_version_to_the_last_bit(rows, missed):
    scores = np.array(sorted((score / 7 for _, score in rows), reverse=True))
    pairs = [(f"s{place}", f"t{place}") for place in range(len(rows))]
    gold = [(f"s{place}", f"t{place}") for place, (right, _) in enumerate(rows) if right]
    gold += [("x", str(number)) for number in range(missed)]
    assert tune_threshold(Candidates(pairs, scores), gold) == naive_threshold(pairs, scores.tolist(), gold)


def test_mining_the_gold_of_real_files_finds_every_pair(shared_data):
    folder = shared_data / "bucc2018"
    sides = []
    for language in ("zh", "en"):
        lines = (folder / f"zh-en.dev.{language}").read_text(encoding="utf-8").split("\n")[:-1]
        ids, sentences = zip(*(line.split("\t", 1) for line in lines), strict=True)
        sides.append(Side(ids, sentences))
    gold = read_pairs((folder / "zh-en.dev.gold").read_text(encoding="utf-8").split("\n")[:-1], "zh-en.dev.gold")
    assert (len(sides[0].ids), len(sides[1].ids), len(gold)) == (8624, 13589, 257)
    drawn = np.random.default_rng(0)
    place_of = {id_: place for place, id_ in enumerate(sides[1].ids)}
    numbers = [{text: n for n, text in enumerate(unique_sentences(side.sentences))} for side in sides]
    vectors = [drawn.normal(size=(len(number), 16)).astype(np.float32) for number in numbers]
    for source_id, target_id in gold:  # an encoder that knows the gold pairs, and nothing else
        source = sides[0].sentences[sides[0].ids.index(source_id)]
        vectors[1][numbers[1][sides[1].sentences[place_of[target_id]]]] = vectors[0][numbers[0][source]]
    found = candidates(mine(*vectors), *sides)
    repeated = [pair for pair in gold if None in (unique(sides[0], pair[0]), unique(sides[1], pair[1]))]
    mined = extract(found, tune_threshold(found, gold))
    assert set(gold) - set(mined) <= set(repeated)
    assert bucc(mined, gold)["recall"] > 95


def unique(side, id_):
    sentence = side.sentences[side.ids.index(id_)]
    return id_ if side.sentences.count(sentence) == 1 else None
