import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xbench.cell import Cell, Result, Status
from xbench.items import pack
from xbench.leaderboard import board
from xbench.markdown import to_markdown
from xbench.references import Reference
from xbench.render import to_csv, to_json
from xbench.suite import Suite

GROUPS = {
    "classification": ("pawsx", "xnli"),
    "tagging": ("udpos", "panx"),
    "qa": ("xquad", "mlqa", "tydiqa"),
    "retrieval": ("bucc2018", "tatoeba"),
}
TASKS = ("xnli", "pawsx", "udpos", "panx", "xquad", "mlqa", "tydiqa", "bucc2018", "tatoeba")
EASE = np.random.default_rng(0).permutation(200)  # example i is answered rightly from a score of EASE[i] / 2 up


def suite(*tasks, languages=("en", "de"), **fields):
    names = dict.fromkeys((task.partition("[")[0] for task in tasks), tuple(languages))
    return Suite("s", 1, "T", tasks, **{"languages": names} | fields)


def scored(recipe, task, target, score, seed=0, **fields):
    data = {"id": task, "split": "test", "origin": "folder", "fingerprint": target, "parallel": True}
    values = {"main_metric": "accuracy", "main_score": score, "n_examples": 200, "dataset": data}
    return Result(Cell("m", recipe, task, fields.pop("source", "en"), target, seed), Status.OK, **values | fields)


def drawn(recipe, task, target, score, seed=0):
    """A result whose examples are right in the order of their ease, the same for every row and task."""
    return scored(recipe, task, target, score, seed, items=pack((2 * score > EASE).astype(float)))


def row(recipe, scores, languages=("en", "de"), make=scored, seeds=(0,)):
    return [make(recipe, task, at, scores[task], seed) for task in scores for at in languages for seed in seeds]


def only(results, of):
    (summary,) = board(results, of).summaries
    return summary


def find(summary, recipe="a"):
    (found,) = [each for each in summary.rows if each.recipe == recipe]
    return found


# What XTREME's script makes of published scores: EM and F1 of answers are one score, their mean.
PUBLISHED = {
    "mBERT": ("65.4 81.9 70.3 62.2 64.5/49.4 61.4/44.2 59.7/43.9 56.7 38.7", "73.7 66.2 53.9 47.7", 59.6),
    "XLM-100": ("69.1 80.9 70.1 61.2 59.8/44.3 48.5/32.6 43.6/29.1 56.8 32.6", "75.0 65.7 43.0 44.7", 55.5),
    "XLM-R large": ("79.2 86.4 72.6 65.4 76.6/60.8 71.6/53.2 65.1/45.0 66.0 57.3", "82.8 69.0 62.0 61.6", 68.1),
    "XLM-R, old POS": ("79.2 86.4 73.8 65.4 76.6/60.8 71.6/53.2 65.1/45.0 66.0 57.3", "82.8 69.6 62.0 61.6", 68.2),
    "MMTE": ("67.4 81.3 72.3 58.3 64.4/46.2 60.3/41.4 58.1/43.8 59.8 37.9", "74.3 65.3 52.4 48.8", 59.3),
    "MMTE, old POS": ("67.4 81.3 73.5 58.3 64.4/46.2 60.3/41.4 58.1/43.8 59.8 37.9", "74.3 65.9 52.4 48.8", 59.5),
}  # fmt: skip


def published(model):
    cells, groups, score = PUBLISHED[model]
    means = [np.mean([float(part) for part in cell.split("/")]) for cell in cells.split()]
    return dict(zip(TASKS, means, strict=True)), dict(zip(GROUPS, map(float, groups.split()), strict=True)), score


def told(summary):
    """The notes, without what rows come to over what is there."""
    return tuple(note for note in summary.notes if "over what is there" not in note)


def test_a_row_that_lacks_something_is_told_over_what_is_there():
    results = row("a", {"x": 1})
    (note,) = [one for one in only(results, suite("x", "y")).notes if "over what is there" in one]
    assert note.endswith(": x 1.0 (2 of 2 languages)")


@pytest.mark.parametrize("model", PUBLISHED)
def test_scores_are_those_of_the_official_script(model):
    tasks, groups, score = published(model)
    found = find(only(row("a", tasks), suite(*TASKS, groups=GROUPS)))
    assert found.tasks == pytest.approx(tasks)
    assert found.groups == pytest.approx(groups, abs=0.0501)
    assert found.score.value == pytest.approx(score, abs=0.05)
    assert found.score.value == pytest.approx(np.mean(list(tasks.values())), abs=1e-9)


def test_a_mean_of_groups_is_another_number_and_has_to_be_asked_for():
    results = row("a", published("mBERT")[0])
    assert find(only(results, suite(*TASKS, groups=GROUPS))).score.value == pytest.approx(59.6, abs=0.05)
    of_groups = suite(*TASKS, groups=GROUPS, average="groups")
    assert find(only(results, of_groups)).score.value == pytest.approx(60.4, abs=0.05)


def test_a_task_that_stands_in_two_groups_counts_once_in_the_suite():
    groups = {"classification": ("xnli", "xcopa"), "multi-choice": ("xcopa",), "tagging": ("udpos",)}
    found = find(only(row("a", {"xnli": 70, "xcopa": 60, "udpos": 50}), suite("xnli", "xcopa", "udpos", groups=groups)))
    assert found.groups == {"classification": 65, "multi-choice": 60, "tagging": 50}
    assert found.score.value == 60


def test_a_tasks_score_is_over_all_languages_the_source_included_and_over_seeds():
    results = [scored("a", "x", "en", 80), scored("a", "x", "de", 60), scored("a", "x", "de", 50, 1)]
    results += [scored("a", "x", "en", 70, 1), *row("a", {"y": 40}, seeds=(0, 1))]
    found = only(results, suite("x", "y"))
    assert find(found).tasks == {"x": 65, "y": 40}
    assert found.seeds == (0, 1)


def test_languages_that_the_suite_does_not_have_do_not_count():
    results = [*row("a", {"x": 50, "y": 50}), scored("a", "x", "sw", 0)]
    assert find(only(results, suite("x", "y"))).score.value == 50


LACKS = {
    "a language": (
        lambda cell: (cell.task, cell.target) == ("y", "de"),
        "y: no score of m a, for want of de (seeds 0, 1)",
    ),
    "a seed": (
        lambda cell: (cell.task, cell.target, cell.seed) == ("y", "en", 1),
        "y: no score of m a, for want of en (seed 1)",
    ),
    "a task": (lambda cell: cell.task == "y", "y: no score of m a, for want of every language"),
}


@pytest.mark.parametrize("what", LACKS)
@pytest.mark.parametrize("beside", [True, False])
def test_what_is_not_complete_has_no_score_and_a_note_says_what_is_lacking(what, beside):
    lacks, note = LACKS[what]
    scores = {"x": 70, "y": 60, "z": 50}
    results = [each for each in row("a", scores, seeds=(0, 1)) if not lacks(each.cell)]
    results += row("b", scores, seeds=(0, 1)) if beside else []
    summary = only(results, suite("x", "y", "z", groups={"one": ("x", "y"), "other": ("z",)}))
    found = find(summary)
    assert found.tasks == {"x": 70, "y": None, "z": 50}
    assert found.groups == {"one": None, "other": 50}
    assert (found.score.value, found.rank) == (None, None)
    assert told(summary) == (note,)
    assert "m a over what is there, which is no official score" in summary.notes[-1]
    assert [each.rank for each in summary.rows] == ([1, None] if beside else [None])


def test_rows_that_lack_the_same_share_a_note():
    results = [each for recipe in "ab" for each in row(recipe, {"x": 1}, languages=("en",))]
    assert told(only(results, suite("x", "y"))) == (
        "x: no score of m a, m b, for want of de (seed 0)",
        "y: no score of m a, m b, for want of every language",
    )


def test_without_the_languages_of_a_task_it_has_no_score():
    summary = only(row("a", {"x": 70, "y": 60}), suite("x", "y", languages=()))
    assert find(summary).tasks == {"x": None, "y": None}
    assert "for want of the languages, which the suite does not name" in summary.notes[0]


def test_a_metric_that_is_better_lower_is_no_part_of_a_mean():
    results = row("a", {"x": 70}) + [scored("a", "y", at, 60, higher_is_better=False) for at in ("en", "de")]
    summary = only(results, suite("x", "y"))
    assert find(summary).score.value is None
    assert told(summary) == ("y: no score of m a, for want of a metric of which more is better, which accuracy is not",)


def test_a_remark_of_the_suite_is_its_first_note():
    notes = only(row("a", {"x": 1}), suite("x", "y", remark="not computable with the official script")).notes
    assert notes[0] == "not computable with the official script"
    assert len(notes) == 3


def test_the_score_ranks_and_has_an_interval_and_equal_rows_tie():
    scores = {"x": 70, "y": 50}
    results = [each for name in ("a", "b") for each in row(name, scores, make=drawn)]
    results += row("c", {"x": 60, "y": 40}, make=drawn) + row("d", {"x": 90}, make=drawn)
    first, second, third, last = only(results, suite("x", "y")).rows
    assert [each.recipe for each in (first, second, third, last)] == ["a", "b", "c", "d"]
    assert [first.rank, second.rank, third.rank, last.rank] == [1, 1, 3, None]
    assert first.score.value == 60
    assert first.score.interval.covers(60)
    assert (second.tie, second.to_best.value, second.to_best.interval.lower) == (True, 0, 0)
    assert (third.tie, third.to_best.value) == (False, -10)
    assert third.to_best.interval.upper < 0
    assert first.to_best.value is None


def test_tasks_are_drawn_independently_of_each_other_and_parallel_languages_together():
    results = row("a", {"x": 60, "y": 60}, make=drawn)
    made = board(results, suite("x", "y"))
    task = made.tables[0].rows[0].average.interval
    both = made.summaries[0].rows[0].score.interval
    assert both.upper - both.lower == pytest.approx((task.upper - task.lower) / np.sqrt(2), rel=0.15)


def test_without_scores_per_example_there_is_a_rank_and_no_interval():
    results = row("a", {"x": 70, "y": 50}) + row("b", {"x": 60, "y": 50}, make=drawn)
    first, second = only(results, suite("x", "y")).rows
    assert (first.rank, first.score.interval) == (1, None)
    assert (second.rank, second.to_best.value, second.to_best.interval, second.tie) == (2, -5, None, False)
    assert second.score.interval is not None


def test_tasks_go_by_their_names_without_options_where_these_tell_them_apart():
    results = row("a", {"x[method=r]": 70, "y": 50})
    summary = only(results, suite("x[method=r]", "y", groups={"g": ("x",)}))
    assert summary.notes == ("x is x[method=r]",)
    found = find(summary)
    assert (found.tasks, found.groups) == ({"x": 70, "y": 50}, {"g": 70})
    twice = find(only(row("a", {"x": 70, "x[train=y]": 50}), suite("x", "x[train=y]")))
    assert twice.tasks == {"x": 70, "x[train=y]": 50}


def sample(result):
    return replace(
        result,
        cell=replace(result.cell, task=f"{result.cell.task}-sample"),
        dataset={**result.dataset, "origin": "sample", "task": result.cell.task},
    )


def test_a_sample_never_adds_to_the_real_thing_nor_one_source_to_another():
    real, other = row("a", {"x": 70, "y": 50}), [scored("a", "x", "de", 1, source="de")]
    samples = [sample(each) for each in row("a", {"x": 10, "y": 20})]
    made = board([*real, *samples, *other], suite("x", "y")).summaries
    assert [(each.suite, each.source, each.rows[0].score.value) for each in made] == [
        ("s", "de", None),
        ("s", "en", 60),
        ("s-sample", "en", 15),
    ]


def test_of_tables_on_different_data_the_largest_counts_and_a_note_says_so():
    old = [scored("b", "x", "de", 1, dataset={"id": "x", "fingerprint": "old", "origin": "folder"})]
    summary = only([*row("a", {"x": 70, "y": 50}), *old], suite("x", "y"))
    assert find(summary).score.value == 60
    assert find(summary, "b").tasks == {"x": None, "y": None}
    assert summary.notes[0] == "x: of its 2 tables, which are not compared, the one of most results counts"


def test_a_limit_on_rows_does_not_go_unsaid_beside_a_score():
    def first(result):
        return replace(result, dataset={**result.dataset, "note": "first 200 of 5010 rows"})

    results = [*map(first, row("a", {"x": 70})), *row("a", {"y": 50})]
    assert only(results, suite("x", "y")).notes == ("x: its test data have notes, under its table",)


def test_a_suite_of_one_task_and_results_without_a_suite_have_no_summary():
    results = row("a", {"x": 70})
    assert board(results, suite("x")) == board(results)
    assert board(results).summaries == ()
    assert json.loads(to_json(board(results, suite("x")))).keys() == {"tables"}


def test_tasks_of_another_suite_do_not_count():
    assert board(row("a", {"z": 70}), suite("x", "y")).summaries == ()


def texts(made):
    return [render(made) for render in (to_markdown, to_csv, to_json)]


SUITE = suite("x", "y", groups={"g": ("x", "y")})
MANY = [
    *row("a", {"x": 70, "y": 50}, make=drawn, seeds=(0, 1)),
    *row("b", {"x": 69, "y": 50}, make=drawn, seeds=(0, 1)),
    *row("c", {"x": 70}, seeds=(0,)),
    *[sample(each) for each in row("a", {"x": 10, "y": 20})],
    scored("d", "x", "de", 1, dataset={"id": "x", "fingerprint": "old", "origin": "folder"}),
    Result(Cell("m", "e", "y", "en", "de", 0), Status.SKIPPED, reason="no dictionary"),
]
EXPECTED = texts(board(MANY, SUITE))


@settings(max_examples=10, deadline=None)
@given(st.permutations(MANY))
def test_the_order_of_results_changes_no_byte(results):
    assert texts(board(results, SUITE)) == EXPECTED


def test_published_numbers_change_nothing_of_ranks_ties_and_intervals():
    better = [Reference("paper", "a giant", "x", "accuracy", at, 99.9) for at in ("", "en", "de")]
    better.append(Reference("paper", "a giant", "s", "score", "", 99.9))
    made = board(MANY, SUITE, better)
    assert made.references == tuple(better)
    assert replace(made, references=()) == board(MANY, SUITE)
    for shown, plain in zip(texts(made), EXPECTED, strict=True):
        assert "99.9" in shown
        assert "a giant" not in plain
