import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xbench.cell import Cell, Result, Status
from xbench.errors import StoreError
from xbench.items import pack
from xbench.leaderboard import board
from xbench.render import to_csv, to_json, to_markdown

DATA = {"id": "xnli", "revision": "r1", "split": "test", "origin": "hub", "n_rows": 200, "fingerprint": "f"}
DATA |= {"note": "", "parallel": True}
EASE = np.random.default_rng(0).permutation(200)  # example i is answered rightly from a score of EASE[i] / 2 up


def scored(recipe, target, score, seed=0, **fields):
    """A result whose examples are right in the order of their ease, the same for every row."""
    items = (2 * score > EASE).astype(float)
    values = {
        "main_metric": "accuracy",
        "main_score": float(items.mean() * 100),
        "n_examples": 200,
        "items": pack(items),
        "baseline": {"majority": "neutral", "score": 33.5},
        "dataset": DATA,
        "supervision": {"source labels": {"en": 1000}},
    }
    task, source = fields.pop("task", "xnli"), fields.pop("source", "en")
    return Result(Cell("xlmr", recipe, task, source, target, seed), Status.OK, **(values | fields))


def grid(recipe, scores, seeds=(0,), **fields):
    return [scored(recipe, target, score, seed, **fields) for target, score in scores.items() for seed in seeds]


def only(results):
    (table,) = board(results).tables
    return table


def row(table, recipe):
    (found,) = [each for each in table.rows if each.recipe == recipe]
    return found


SCORES = {"en": 80, "de": 70, "sw": 60}


def test_averages_leave_the_source_out_and_the_gap_is_what_the_targets_lack():
    found = row(only(grid("finetune", SCORES, seeds=(0, 1))), "finetune")
    assert found.scores == {"en": 80, "de": 70, "sw": 60}
    assert found.average.value == 65
    assert found.average_with_source == 70
    assert found.gap.value == 15
    assert found.average.interval.covers(65)
    assert found.gap.interval.covers(15)
    assert (found.rank, found.seeds) == (1, (0, 1))


def test_a_score_is_the_mean_over_seeds():
    results = [scored("finetune", "de", 70, 0), scored("finetune", "de", 60, 1)]
    assert row(only(results), "finetune").scores == {"de": 65}


def test_without_the_source_there_is_an_average_and_no_gap():
    found = row(only(grid("finetune", {"de": 70, "sw": 60})), "finetune")
    assert (found.average.value, found.average_with_source, found.gap.value) == (65, None, None)


def test_equal_rows_tie_with_a_difference_of_exactly_nothing():
    table = only(grid("a", SCORES) + grid("b", SCORES))
    best, other = table.rows
    assert [best.rank, other.rank] == [1, 1]
    assert other.tie
    assert other.to_best.value == 0.0
    assert (other.to_best.interval.lower, other.to_best.interval.upper) == (0.0, 0.0)
    assert best.to_best.value is None


def test_a_planted_difference_is_no_tie():
    table = only(grid("good", SCORES) + grid("bad", {"en": 80, "de": 60, "sw": 50}))
    assert [(each.recipe, each.rank, each.tie) for each in table.rows] == [("good", 1, False), ("bad", 2, False)]
    assert table.rows[1].to_best.value == -10
    assert table.rows[1].to_best.interval.upper < 0


def test_a_difference_within_the_noise_of_the_examples_shares_the_first_rank():
    other = np.where(EASE < 21, 0, np.where(EASE >= 180, 1, EASE < 140)).astype(float)  # 21 lost, 20 won
    near = scored("near", "de", 0, items=pack(other), main_score=float(other.mean() * 100))
    table = only([scored("good", "de", 70), near, scored("worse", "de", 40)])
    assert [(each.recipe, each.rank, each.tie) for each in table.rows] == [
        ("good", 1, False),
        ("near", 1, True),
        ("worse", 3, False),
    ]
    assert table.rows[1].to_best.value == pytest.approx(-0.5)


def test_lower_is_better_where_the_metric_says_so():
    table = only(grid("a", {"de": 20}, higher_is_better=False) + grid("b", {"de": 40}, higher_is_better=False))
    assert [(each.recipe, each.rank) for each in table.rows] == [("a", 1), ("b", 2)]
    assert table.rows[1].to_best.value == 20


@pytest.mark.parametrize("missing", [("sw", 0), ("sw", 1)])
def test_a_row_that_lacks_a_language_or_a_seed_has_no_average_and_a_note_says_what(missing):
    results = grid("whole", SCORES, seeds=(0, 1)) + grid("part", SCORES, seeds=(0, 1))
    results = [each for each in results if (each.cell.recipe, each.cell.target, each.cell.seed) != ("part", *missing)]
    table = only(results)
    found = row(table, "part")
    assert (found.average.value, found.average_with_source, found.gap.value, found.rank) == (None, None, None, None)
    assert found.scores["de"] == 70
    assert table.rows[-1] is found
    assert table.notes == (f"xlmr part: no average, for it lacks sw (seed {missing[1]})",)


def test_a_row_that_lacks_the_source_keeps_its_average():
    table = only(grid("whole", SCORES) + grid("part", {"de": 70, "sw": 60}))
    found = row(table, "part")
    assert (found.average.value, found.gap.value, found.average_with_source) == (65, None, None)
    assert table.notes == ("xlmr part: no transfer gap, for it lacks en (seed 0)",)


def test_chance_is_in_sight_and_has_no_rank():
    (majority,) = only(grid("finetune", SCORES)).majority
    assert majority.scores == {"en": 33.5, "de": 33.5, "sw": 33.5}
    assert (majority.model, majority.recipe, majority.rank) == ("majority class", "neutral", None)
    assert (majority.average.value, majority.gap.value, majority.supervision) == (33.5, 0.0, {})


def test_the_best_majority_label_is_not_picked_by_its_test_score():
    results = grid("a", SCORES) + grid("b", {"de": 70, "sw": 60}, baseline={"majority": "entailment", "score": 40.0})
    assert [(each.recipe, each.scores, each.average.value) for each in only(results).majority] == [
        ("entailment", {"de": 40.0, "sw": 40.0}, 40.0),
        ("neutral", {"en": 33.5, "de": 33.5, "sw": 33.5}, 33.5),
    ]


def test_supervision_is_counted_once_over_seeds_and_added_up_over_languages():
    results = [
        scored("few", target, 60, seed, supervision={"source labels": {"en": 9}, "target labels": {target: 10}})
        for target in ("de", "sw")
        for seed in (0, 1)
    ]
    assert row(only(results), "few").supervision == {
        "source labels": {"en": 9},
        "target labels": {"de": 10, "sw": 10},
    }


def test_sample_and_real_data_never_stand_in_one_table():
    sample = DATA | {"origin": "sample"}
    tables = board(grid("a", SCORES) + grid("b", SCORES, dataset=sample)).tables
    assert [(table.dataset.origin, [each.recipe for each in table.rows]) for table in tables] == [
        ("hub", ["a"]),
        ("sample", ["b"]),
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"dataset": DATA | {"id": "other"}},
        {"dataset": DATA | {"revision": "r2"}},
        {"dataset": DATA | {"fingerprint": "g"}},
        {"source": "de"},
        {"task": "paws-x"},
        {"main_metric": "f1"},
    ],
)
def test_results_on_other_data_have_a_table_of_their_own(other):
    tables = board(grid("a", SCORES) + grid("b", SCORES, **other)).tables
    assert [len(table.rows) for table in tables] == [1, 1]


def test_one_language_with_other_rows_parts_the_tables():
    results = grid("a", SCORES) + grid("b", SCORES)
    changed = dataclasses.replace(results[-1], dataset=DATA | {"fingerprint": "changed"})
    assert [len(table.rows) for table in board([*results[:-1], changed]).tables] == [1, 1]


def test_a_row_never_mixes_trainings_and_what_is_left_of_former_ones_stands_together():
    def of(recipe, variant, scores):
        return grid(recipe, scores, keys={"variant": variant})

    former = of("a", "1", {"sw": 50}) + of("b", "9", {"sw": 50}) + of("c", "5", {"sw": 50})
    tables = board(former + of("a", "2", {"en": 80, "de": 70}) + of("b", "3", {"en": 80, "de": 60})).tables
    rows = [[(each.recipe, each.scores) for each in table.rows] for table in tables]
    assert rows == [
        [("a", {"en": 80, "de": 70}), ("b", {"en": 80, "de": 60}), ("c", {"sw": 50})],
        [("a", {"sw": 50}), ("b", {"sw": 50})],
    ]
    apart = "results on different data or of different trainings (other targets, options, versions) are not compared"
    assert {table.notes[-1] for table in tables} == {f"another table has this title too: {apart}"}


def test_seeds_of_different_trainings_make_no_mean():
    results = [scored("a", "de", 70, 0), scored("a", "de", 60, 1, keys={"variant": "x"})]
    assert [table.rows[0].scores for table in board(results).tables] == [{"de": 70}, {"de": 60}]


def test_the_last_record_of_a_cell_counts_whatever_it_says():
    good, better = scored("a", "de", 50), scored("a", "de", 60)
    failed = Result(good.cell, Status.FAILED, reason="out of memory")
    assert row(only([good, failed, better]), "a").average.value == 60
    table = only([good, failed])
    assert table.rows == ()
    assert table.notes == ("1 cell failed: out of memory (xlmr a; de; seed 0)",)


def test_what_was_skipped_or_failed_is_told_once_per_reason():
    rows = [("xlmr", "b"), ("mbert", "c")]
    cells = [Cell(*named, "xnli", "en", target, 0) for named in rows for target in ("sw", "de")]
    without = [Result(cell, Status.SKIPPED, reason="no dictionary") for cell in cells]
    without.append(Result(Cell("xlmr", "b", "xnli", "en", "de", 1), Status.FAILED))
    assert only(grid("a", SCORES) + without).notes == (
        "1 cell failed: no reason given (xlmr b; de; seed 1)",
        "4 cells skipped: no dictionary (mbert c, xlmr b; de, sw; seed 0)",
    )


def test_a_score_that_is_no_number_is_a_failure():
    broken = scored("a", "sw", 50, main_score=float("nan"))
    table = only([scored("a", "de", 50), broken, scored("b", "de", 50), scored("b", "sw", 50)])
    assert row(table, "a").average.value is None
    assert "its score is not a finite number" in table.notes[-1]


def test_a_limit_on_rows_is_told():
    table = only(grid("a", SCORES, dataset=DATA | {"note": "first 200 of 5010 rows"}))
    assert table.notes == ("data: first 200 of 5010 rows (de, en, sw)",)


def test_what_training_data_say_of_themselves_is_told_once():
    def note(language, text, of="snli"):
        return {"id": of, "split": "train", "note": text, "language": language}

    first = {"train": [note("en", "dev in place of train"), note("de", "")]}
    second = {"train": [note("fr", "dev in place of train"), note("en", "dev in place of train"), note("en", "x", "m")]}
    table = only(grid("a", SCORES, dataset=DATA | first) + grid("b", SCORES, dataset=DATA | second))
    assert table.notes == ("data: train snli (en, fr): dev in place of train", "data: train m (en): x")


def test_without_scores_per_example_a_row_ranks_and_has_no_interval():
    table = only(grid("a", SCORES, items={}) + grid("b", {"en": 80, "de": 71, "sw": 60}))
    found = row(table, "a")
    assert (found.rank, found.average.interval, found.to_best.value, found.tie) == (2, None, -0.5, False)
    assert table.notes == ("xlmr a: no interval, for it has no scores per example",)


def test_scores_that_are_not_one_per_example_name_their_cell():
    with pytest.raises(StoreError, match=r"xnli en→de xlmr a seed 0: 3 scores for 200 examples"):
        board([scored("a", "de", 50, items=pack([1, 0, 1]))])
    with pytest.raises(StoreError, match="xlmr a seed 0: cannot read"):
        board([scored("a", "de", 50, items={"encoding": "bitmap", "n": 200, "data": ""})])


def test_no_results_are_an_empty_board():
    assert board([]).tables == ()


def test_where_the_source_is_the_only_language_it_is_what_rows_are_ranked_by():
    table = only(grid("a", {"en": 80}) + grid("b", {"en": 50}))
    assert [(row.recipe, row.rank, row.average.value, row.gap.value) for row in table.rows] == [
        ("a", 1, 80.0, None),
        ("b", 2, 50.0, None),
    ]
    assert table.notes == ("the source is the only language: avg is the score in en",)


MANY = [
    *grid("a", SCORES, seeds=(0, 1)),
    *grid("b", {"en": 80, "de": 60}, seeds=(0, 1)),
    *grid("c", SCORES, seeds=(1,), dataset=DATA | {"fingerprint": "g"}),
    *grid("a", SCORES, task="paws-x", dataset=DATA | {"origin": "sample", "parallel": False}),
    *grid("a", {"de": 61, "sw": 62}, seeds=(2,), keys={"variant": "other"}),
    *grid("d", SCORES, items={}, baseline={"majority": "contradiction", "score": 30.0}),
    Result(Cell("xlmr", "e", "xnli", "en", "sw", 0), Status.SKIPPED, reason="no dictionary"),
    Result(Cell("xlmr", "e", "xnli", "en", "de", 0), Status.FAILED, reason="loss is not finite"),
]


def texts(results):
    made = board(results)
    return [render(made) for render in (to_markdown, to_csv, to_json)]


EXPECTED = texts(MANY)


@settings(max_examples=15, deadline=None)
@given(st.permutations(MANY))
def test_the_order_of_results_changes_no_byte(results):
    assert texts(results) == EXPECTED
