"""Retrieval: nearest neighbours, Tatoeba's order of lines, LAReQA, Mewsli-X and XCOPA's choices."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xbench_tasks.metrics.lareqa import average_precision, lareqa, lareqa_items, rank
from xbench_tasks.metrics.mewslix import mewslix, mewslix_items
from xbench_tasks.metrics.neighbours import nearest, unit
from xbench_tasks.metrics.tatoeba import (
    english_order,
    export_lines,
    import_lines,
    retrieve,
    tatoeba,
    tatoeba_items,
)
from xbench_tasks.metrics.xcopa import xcopa, xcopa_items

from xbench.errors import DataError


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("blocks", [(1, 1), (3, 5), (1000, 1000)])
def test_nearest_is_a_sort_of_every_similarity_whatever_the_blocks(seed, blocks):
    drawn = np.random.default_rng(seed)
    # Small whole numbers: sums are exact, and many similarities are equal.
    queries, keys = drawn.integers(-2, 3, (drawn.integers(1, 20), 4)), drawn.integers(-2, 3, (drawn.integers(1, 20), 4))
    found = nearest(queries, keys, 5, *blocks)
    similarities = queries @ keys.T
    for row, indices, values in zip(similarities, found.indices, found.similarities, strict=True):
        expected = sorted(range(len(keys)), key=lambda place, row=row: (-row[place], place))[:5]
        assert indices.tolist() == expected
        assert values.tolist() == row[expected].tolist()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64])
def test_vectors_keep_single_or_double_precision(dtype):
    expected = np.float32 if dtype in (np.float16, np.float32) else np.float64
    ones = np.ones((2, 4), dtype=dtype)
    assert nearest(ones, ones, 1).similarities.dtype == unit(ones, "some").dtype == expected
    assert unit(ones, "some")[0].tolist() == [0.5] * 4


ENGLISH = ["b", " a", "É", "Zoo", "a b", "B", "e", "𠀀", "\uffff", "“q”", "\tZ"]


def test_english_is_sorted_by_code_points_without_surrounding_space():
    order = english_order(ENGLISH)
    assert [ENGLISH[place].strip() for place in order] == [
        "B", "Z", "Zoo", "a", "a b", "b", "e", "É", "“q”", "\uffff", "𠀀",
    ]  # fmt: skip


def test_lines_are_in_the_order_of_the_sorted_english():
    assert export_lines([10, 11, 12][:0], []) == []
    assert export_lines([2, 0, 1], ["c", "a", "b"]) == ["0", "1", "2"]
    assert export_lines([1, 1, 2], ["b", "c", "a"]) == ["2", "1", "1"]


@given(st.lists(st.text(max_size=3), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_import_undoes_export(english, drawn):
    found = [drawn.randrange(len(english)) for _ in english]
    assert import_lines(export_lines(found, english), english, "file") == found


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["0", "[1]"], r"file:2: '\[1\]' is no position: a plain number such as 12 is expected"),
        (["0", "01"], "file:2: '01' is no position"),
        (["0", "-1"], "file:2: '-1' is no position"),
        (["0", "1 "], "file:2: '1 ' is no position"),
        (["0", "١"], "file:2: '١' is no position"),
        (["0", "2"], "file:2: there is no foreign sentence 2; they are counted from 0 to 1"),
        (["0"], "1 lines for 2 English sentences"),
        (["0", "1", ""], "3 lines for 2 English sentences"),
    ],
)
def test_lines_that_are_no_positions_are_refused(lines, message):
    with pytest.raises(DataError, match=message):
        import_lines(lines, ["a", "b"], "file")


@pytest.mark.parametrize(("found", "message"), [([0], "1 positions for 2"), ([0, 2], r"1 \(from 0\).*sentence 2;")])
def test_positions_that_cannot_be_exported_are_refused(found, message):
    with pytest.raises(DataError, match=message):
        export_lines(found, ["a", "b"])


def test_the_english_sentences_are_the_queries():
    english, foreign = np.array([[1.0, 0.1], [1.0, 0.0]]), np.array([[9.0, 0.1], [0.0, 3.0]])
    assert retrieve(english, foreign).tolist() == [0, 0]
    assert retrieve(foreign, english).tolist() == [1, 0]
    with pytest.raises(DataError, match="2 English and 1 foreign vectors"):
        retrieve(english, foreign[:1])
    with pytest.raises(DataError, match=r"foreign vector 1 .* is zero"):
        retrieve(english, np.array([[1.0, 0.0], [0.0, 0.0]]))


def test_retrieval_is_by_cosine():
    drawn = np.random.default_rng(1)
    english = drawn.normal(size=(60, 4))
    foreign = (english + drawn.normal(size=(60, 4)) / 4) * drawn.uniform(0.1, 100, (60, 1))
    cosine = [
        [float(one @ other) / float(np.linalg.norm(one) * np.linalg.norm(other)) for other in foreign]
        for one in english
    ]
    assert retrieve(english, foreign).tolist() == [int(np.argmax(row)) for row in cosine]


def test_tatoeba_compares_lines_as_text():
    assert tatoeba(["12", "012", "[12]"], ["12", "12", "12"]) == {"accuracy": 1 / 3 * 100}
    assert tatoeba_items(["12", "012", "[12]"], ["12", "12", "12"]) == [1.0, 0.0, 0.0]
    for scorer in (tatoeba, tatoeba_items):
        with pytest.raises(DataError, match="1 predictions for 2"):
            scorer(["1"], ["1", "2"])


def test_label_lines_of_real_files(shared_data):
    folder = shared_data / "tatoeba"
    english = (folder / "v1" / "tatoeba.afr-eng.eng").read_text(encoding="utf-8").split("\n")[:-1]
    labels = export_lines(range(len(english)), english)
    assert labels[:10] == ["308", "441", "713", "233", "757", "35", "93", "939", "872", "52"]  # XTREME's mock labels
    assert tatoeba(labels, labels) == {"accuracy": 100.0}
    in_xtreme_order = (folder / "xtreme" / "af-en.en").read_text(encoding="utf-8").split("\n")[:-1]
    assert [english[place].strip() for place in english_order(english)] == in_xtreme_order


def naive_average_precision(ranked, targets):
    precisions = [
        len([one for one in ranked[:place] if one in targets]) / place
        for place in range(1, min(len(ranked), 20) + 1)
        if ranked[place - 1] in targets
    ]
    return sum(precisions) / min(len(targets), 20)


@given(st.permutations(list(range(40))), st.integers(0, 40), st.sets(st.integers(0, 45), min_size=1))
def test_average_precision_is_a_naive_version(ranked, length, targets):
    names, right = [str(one) for one in ranked[:length]], {str(one) for one in targets}
    assert average_precision(names, right) == pytest.approx(naive_average_precision(names, right))


def test_map_at_20_by_hand():
    pool = [str(number) for number in range(30)]
    gold = {"a": ["0", "2", "99"], "b": ["20"], "c": pool[:25], "d": ["1"]}
    predictions = {"a": pool, "b": pool, "c": pool}
    items = lareqa_items(predictions, gold)
    assert items == pytest.approx([(1 + 2 / 3) / 3, 0, 1, 0])
    assert lareqa(predictions, gold) == pytest.approx({"map@20": 100 * (5 / 9 + 1) / 4})


@pytest.mark.parametrize(
    ("predictions", "references", "message"),
    [
        ({}, {}, "no questions"),
        ({"ask2": ["x"]}, {"ask1": ["x"]}, "no question is called 'ask2'; did you mean 'ask1'"),
        ({"q": ["x", "y", "x"]}, {"q": ["x"]}, "for question 'q' has a candidate more than once"),
        ({"q": "xy"}, {"q": ["x"]}, "for question 'q' is the text 'xy'"),
        ({"q": ["x", "v"]}, {"q": ["x"]}, "has 'v', which is not in the pool"),
        ({"q": ["x"]}, {"q": []}, "'q' needs a list of one or more right candidates"),
    ],
)
def test_rankings_that_cannot_be_scored_are_refused(predictions, references, message):
    for scorer in (lareqa, lareqa_items):
        with pytest.raises(DataError, match=message):
            scorer(predictions, references, ["x", "y"])


def test_answers_are_ranked_by_inner_product_without_normalising():
    candidates = np.array([[1.0, 0.0], [5.0, 5.0], [0.0, 2.0], *[[0.1, 0.1]] * 30])
    ranked = rank(np.array([[1.0, 0.0], [0.0, 1.0]]), candidates)
    assert ranked.shape == (2, 20)
    assert ranked[:, :4].tolist() == [[1, 0, 3, 4], [1, 2, 3, 4]]
    assert rank(candidates[:1], candidates[:2]).tolist() == [[1, 0]]


def test_mewslix_is_the_reciprocal_rank_at_20():
    others = [f"Q{number}" for number in range(1, 30)]
    gold = {"1": ["Q1"], "2": ["Q20"], "3": ["Q21"], "4": ["Q1"], "5": ["Q1"], "6": ["Q2"]}
    predictions = {"1": others, "2": others, "3": others, "5": [], "6": ["Q1", "Q1", "Q2", "Q2"], "9": others}
    assert mewslix_items(predictions, gold) == [1, 1 / 20, 0, 0, 0, 1 / 3]
    assert mewslix(predictions, gold) == {"map@20": (1 + 1 / 20 + 1 / 3) / 6 * 100}
    assert mewslix({}, gold) == {"map@20": 0}


@pytest.mark.parametrize(
    ("predictions", "references", "message"),
    [
        ({}, {}, "no mentions"),
        ({}, {"1": ["Q1", "Q2"]}, r"'1' needs a list of exactly one right entity; it has \['Q1', 'Q2'\]"),
        ({}, {"1": "Q1"}, "'1' needs a list of exactly one right entity"),
        ({"1": "Q1"}, {"1": ["Q1"]}, "for mention '1' is 'Q1'; a list of entity ids"),
        ({"1": [1]}, {"1": ["Q1"]}, "a list of entity ids"),
        ({"2": ["Q1"]}, {"1": ["Q1"]}, "none of the 1 rankings is for one of the 1 mentions"),
    ],
)
def test_linkings_that_cannot_be_scored_are_refused(predictions, references, message):
    for scorer in (mewslix, mewslix_items):
        with pytest.raises(DataError, match=message):
            scorer(predictions, references)


def test_with_one_target_both_retrieval_metrics_agree():
    drawn = random.Random(0)
    pool = [str(number) for number in range(40)]
    gold = {str(number): [drawn.choice(pool)] for number in range(50)}
    predictions = {id_: drawn.sample(pool, 30) for id_ in gold}
    assert mewslix_items(predictions, gold) == lareqa_items(predictions, gold)
    assert any(mewslix_items(predictions, gold))


def test_xcopa_is_the_share_of_right_choices():
    assert xcopa([0, 1, 1], [0, 1, 0]) == {"accuracy": 2 / 3 * 100}
    assert xcopa_items([0, 1, 1], [0, 1, 0]) == [1.0, 1.0, 0.0]
    assert xcopa(np.array([1, 1]), [1, 0]) == {"accuracy": 50.0}


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=700))
def test_xcopa_is_a_naive_version_to_the_last_bit(rows):
    given_, wanted = zip(*rows, strict=True)
    assert xcopa(given_, wanted)["accuracy"] == float(sum(one == other for one, other in rows)) / len(rows) * 100


@pytest.mark.parametrize("choice", ["1", None, 2, -1, 1.0, True])
def test_a_choice_that_is_no_number_of_one_is_refused(choice):
    with pytest.raises(DataError, match=r"the prediction of row 2 is .*; the number 0 or 1 is expected"):
        xcopa([0, choice], [0, 1])
    with pytest.raises(DataError, match="the label of row 2 is"):
        xcopa_items([0, 1], [0, choice])


def test_xcopa_refuses_other_counts_and_none():
    with pytest.raises(DataError, match="2 predictions for 1 references"):
        xcopa([0, 1], [0])
    with pytest.raises(DataError, match="nothing to score"):
        xcopa([], [])
