"""Retrieval by CSLS: what is near to a query and not to all, by the published formula."""

import numpy as np
import pytest
from xbench_aligners.csls import csls
from xbench_methods.retrieve import RetrieveOptions

from tests.plugins.test_retrieve import Known, Points, points, pool_of


def drawn(rows, seed):
    return np.random.default_rng(seed).standard_normal((rows, 5))


def spelt(vectors):
    return [",".join(map(repr, row)) for row in vectors.tolist()]


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("neighbours", [None, 1, 4, 99])
def test_candidates_are_ranked_by_the_formula(depth, neighbours):
    queries, candidates = drawn(20, 0), drawn(30, 1)
    scores = csls(queries, candidates, neighbours or 10).block(slice(0, 20))
    options = RetrieveOptions(search="csls", depth=depth, neighbours=neighbours)
    found = Points(Known(), "pairs", options).predict(pool_of(spelt(queries), spelt(candidates)), "de").to_pydict()
    for row, (matches, values) in enumerate(zip(found["matches"][:20], found["scores"][:20], strict=True)):
        best = np.argsort(-scores[row])[:depth]
        assert matches == [f"c{at}" for at in best]
        assert values == pytest.approx(scores[row][best].tolist(), abs=1e-5)
    assert found["matches"][20:] == [[]] * 30


def test_a_hub_loses_by_it():
    # c0 is the nearest by cosine of both queries, but nearer to all than to any.
    queries, candidates = "1,0.2 1,-0.3", "1,0 1,-0.7"
    assert points(queries, candidates)["matches"][:2] == [["c0"], ["c0"]]
    assert points(queries, candidates, search="csls", neighbours=2)["matches"][:2] == [["c0"], ["c1"]]


def test_a_pair_below_the_threshold_is_none():
    found = points("1,0 0,1", "1,0 1,1", search="csls", neighbours=2, threshold=0.3)
    assert found["matches"][:2] == [["c0"], ["c1"]]
    assert points("1,0 0,1", "1,0 1,1", search="csls", neighbours=2, threshold=0.5)["matches"][:2] == [["c0"], []]


def test_each_search_has_its_own_number_of_neighbours_unless_one_is_given():
    assert [RetrieveOptions(search=search).nearest for search in ("csls", "margin")] == [10, 4]
    assert [RetrieveOptions(search=search, neighbours=7).nearest for search in ("csls", "margin")] == [7, 7]
    with pytest.raises(ValueError, match="at least 1"):
        RetrieveOptions(search="csls", neighbours=0)


@pytest.mark.parametrize("options", [{}, {"search": "csls"}])
def test_what_has_no_vector_has_no_match_and_is_none(options):
    found = points("1,0 0,0 0,1", "0,0 1,0 0,1", **options)["matches"][:3]
    assert found == [["c1"], [], ["c2"]]
    assert points("0,0", "1,0", **options)["matches"] == [[], []]
