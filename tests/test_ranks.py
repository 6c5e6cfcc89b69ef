import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xbench.ranks import Place, groups, holm, places
from xbench.statistics import bootstrap


def test_holm_is_as_computed_by_hand():
    # sorted 0.005 x 4, 0.01 x 3, 0.03 x 2, 0.04 x 1, none below the one before
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_makes_no_p_smaller_and_keeps_their_order(found):
    adjusted = holm(found)
    assert all(p <= q <= 1 for p, q in zip(found, adjusted, strict=True))
    assert [adjusted[at] for at in np.argsort(found, kind="stable")] == sorted(adjusted)
    assert min(adjusted) == min(1.0, len(found) * min(found))


def test_letters_of_ties_are_as_in_the_books():
    assert groups([], 3) == [("a",)] * 3
    assert groups([(0, 1), (0, 2), (1, 2)], 3) == [("a",), ("b",), ("c",)]
    assert groups([(0, 2)], 3) == [("a",), ("a", "b"), ("b",)]
    assert groups([(0, 1)], 3) == [("a",), ("b",), ("a", "b")]  # a tie with what stands below a difference
    assert groups([(one, other) for one in range(30) for other in range(one)], 30)[-1] == ("ad",)


@given(st.integers(1, 7).flatmap(lambda n: st.tuples(st.just(n), st.sets(
    st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda pair: pair[0] < pair[1])))))  # fmt: skip
def test_two_rows_share_a_letter_where_they_tie_and_only_there(drawn):
    n, apart = drawn
    letters = groups(sorted(apart), n)
    for one in range(n):
        for other in range(one + 1, n):
            assert bool(set(letters[one]) & set(letters[other])) == ((one, other) not in apart)
    assert all(letters)


def drawn(rates, seeds=1, examples=400, sign=1):
    """Places of rows of these rates, best first, on the same examples."""
    generator = np.random.default_rng(1)
    ease = generator.random((seeds, examples))
    rows = [{"de": (0.9 * ease + 0.1 * generator.random((seeds, examples)) < rate).astype(float)} for rate in rates]
    found = bootstrap(rows, parallel=True)
    return places([found.over(at, ["de"]) for at in range(len(rates))], sign)


def test_a_row_has_the_ranks_that_its_differences_leave_open():
    made = drawn([0.9, 0.62, 0.6, 0.3])
    assert [(each.best, each.worst) for each in made] == [(1, 1), (2, 3), (2, 3), (4, 4)]
    assert [each.groups for each in made] == [("a",), ("b",), ("b",), ("c",)]
    assert places([]) == []


def test_where_less_is_better_the_least_is_first():
    made = drawn([0.3, 0.6, 0.9], sign=-1)
    assert [(each.best, each.worst) for each in made] == [(1, 1), (2, 2), (3, 3)]


def test_equal_rows_may_have_every_rank():
    row = np.tile(np.random.default_rng(2).random(50), (2, 1))
    assert places([row, row, row]) == [Place(1, 3, ("a",))] * 3


def test_ranks_of_equally_good_rows_are_wrong_one_time_in_twenty_at_most():
    generator = np.random.default_rng(3)
    right = 0
    for _ in range(200):
        rows = [{"de": (generator.random((1, 150)) < 0.6).astype(float)} for _ in range(4)]
        found = bootstrap(rows, parallel=True, draws=200)
        made = places(sorted((found.over(at, ["de"]) for at in range(4)), key=lambda each: -each[0, 0]))
        right += all((each.best, each.worst) == (1, 4) for each in made)
    assert right / 200 >= 0.9  # all six differences at once; of one row it is 0.95
