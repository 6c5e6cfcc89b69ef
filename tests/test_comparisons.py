"""What a board says of rows beside each other: baselines, languages won and lost, ranks, and the digits of numbers."""

import io
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tests.conftest import REPOSITORY
from tests.test_leaderboard import DATA, grid, only, row, scored
from tests.test_summary import drawn, suite
from tests.test_summary import row as suite_row
from xbench.cli import cli
from xbench.errors import UsageError
from xbench.items import pack, ratios, score_of
from xbench.leaderboard import board
from xbench.legends import COMPARED_LEGEND
from xbench.markup import decimals
from xbench.ranking import _beyond
from xbench.render import to_csv, to_json, to_markdown
from xbench.statistics import Interval

BASE = {"en": 80, "de": 70, "sw": 60, "zh": 50, "th": 40}
GAIN = {"en": 80, "de": 80, "sw": 62, "zh": 51, "th": 5}  # 10 more, 2 more, 1 more and 35 less


def spans(generator, rate, n=200):
    """Correct spans and all spans of sentences, as of span F1 (see `Scores`)."""
    wholes = generator.integers(1, 6, n)
    return generator.binomial(wholes, rate), wholes


def counted(recipe, target, pair, **fields):
    parts, wholes = pair
    score = score_of(ratios(parts, wholes))
    return scored(recipe, target, 0, main_score=score, items=pack(parts, wholes), **fields)


def test_a_row_is_compared_with_its_models_first_recipe_without_aligner():
    results = grid("finetune", BASE) + grid("probe", BASE) + grid("mlm+finetune", GAIN)
    table = only(results)
    assert row(table, "finetune").comparison is None
    assert [row(table, each).comparison.baseline for each in ("probe", "mlm+finetune")] == ["finetune"] * 2
    other = [replace(each, cell=replace(each.cell, model="mbert", recipe="mlm+probe")) for each in grid("x", GAIN)]
    assert row(only(results + other), "mlm+probe").comparison is None


def test_a_baseline_reads_no_labels_of_targets_where_one_is_there_that_does_not():
    oracle = {"supervision": {"source labels": {"en": 1000}, "target validation labels": {"de": 9}}}
    table = only(grid("finetune", BASE) + grid("finetune[epochs=1]", BASE, **oracle) + grid("few-shot", GAIN))
    assert {each.comparison.baseline for each in table.rows if each.comparison} == {"finetune"}
    first = only(grid("finetune[a=1]", BASE, **oracle) + grid("finetune[b=1]", BASE))
    assert row(first, "finetune[a=1]").comparison.baseline == "finetune[b=1]"


def test_another_baseline_can_be_named_and_has_to_be_there():
    results = grid("finetune", BASE) + grid("probe[steps=1]", BASE) + grid("mlm+finetune", GAIN)
    (table,) = board(results, baseline=" probe[steps=1]").tables
    assert row(table, "probe[steps=1]").comparison is None
    assert row(table, "finetune").comparison.baseline == "probe[steps=1]"
    with pytest.raises(UsageError, match=r"no row has the recipe tune; there are finetune, mlm\+finetune, probe"):
        board(results, baseline="tune")


def test_the_command_takes_a_baseline(capsys):
    board = REPOSITORY / "leaderboards" / "xnli-sample"
    cli.main(["leaderboard", str(board), "--baseline", "adversarial+finetune"], standalone_mode=False)
    assert "Beside the baseline, which is `adversarial+finetune` for `xbench-mini`:" in capsys.readouterr().out


def test_languages_won_and_lost_and_those_that_stay_so_by_holm():
    made = row(only(grid("finetune", BASE) + grid("mlm+finetune", GAIN)), "mlm+finetune").comparison
    assert {at: found.value for at, found in made.languages.items()} == {"de": 10, "sw": 2, "th": -35, "zh": 1}
    assert (made.won, made.lost) == (("de", "sw"), ("th",))
    assert (made.better, made.worse) == (("de",), ("th",))  # 4 of 200 more in sw: p = 0.04, of four languages 0.09
    assert made.p_values["de"] < 0.001 < 0.05 < made.p_values["sw"] < made.p_values["zh"]
    assert made.average.value == pytest.approx(-5.5)
    assert made.average.beyond.lower < made.average.interval.lower < made.average.interval.upper
    assert made.average.beyond.upper > made.average.interval.upper


def test_where_less_is_better_less_is_won():
    results = grid("finetune", BASE, higher_is_better=False) + grid("mlm+finetune", GAIN, higher_is_better=False)
    made = row(only(results), "mlm+finetune").comparison
    assert (made.won, made.lost, made.better) == (("th",), ("de", "sw"), ("th",))


def test_equal_rows_have_no_difference_in_any_language():
    made = row(only(grid("finetune", BASE) + grid("mlm+finetune", BASE)), "mlm+finetune")
    assert (made.comparison.won, made.comparison.lost, made.comparison.detectable) == ((), (), 0.0)
    assert set(made.comparison.p_values.values()) == {1.0}
    assert (made.place.best, made.place.worst, made.place.groups) == (1, 2, ("a",))


def test_spans_are_compared_by_the_ratio_of_their_sums():
    generator = np.random.default_rng(0)
    results = []
    for target in ("de", "sw", "zh"):
        base = spans(generator, 0.5)
        better = np.minimum(base[0] + (generator.random(200) < 0.4), base[1]), base[1]
        results += [counted("finetune", target, base), counted("mlm+finetune", target, better)]
        results += [counted("mlm+same", target, base)]
    table = only(results)
    made = row(table, "mlm+finetune").comparison
    assert made.better == ("de", "sw", "zh")
    difference = row(table, "mlm+finetune").average.value - row(table, "finetune").average.value
    assert made.average.value == pytest.approx(difference)
    assert made.average.interval.covers(difference)
    assert row(table, "mlm+same").place == row(table, "finetune").place
    assert row(table, "mlm+same").comparison.average.interval == Interval(0.0, 0.0)


def test_a_row_without_scores_per_example_may_have_any_rank():
    table = only(grid("finetune", BASE) + grid("mlm+finetune", GAIN) + grid("probe", BASE, items={}))
    assert (row(table, "probe").place, row(table, "probe").comparison) == (None, None)
    assert [(each.place.best, each.place.worst) for each in table.rows if each.place] == [(1, 2), (2, 3)]


def test_two_languages_tell_nothing_of_a_third():
    found = row(only(grid("a", {"en": 80, "de": 70, "sw": 60})), "a")
    assert (found.average.beyond, found.gap.beyond) == (None, None)
    found = row(only(grid("a", BASE)), "a")
    assert found.average.beyond.upper - found.average.beyond.lower > 30  # 70, 60, 50, 40
    assert found.gap.beyond.covers(25)


def test_every_score_has_the_interval_of_its_language():
    found = row(only(grid("a", BASE, seeds=(0, 1))), "a")
    assert found.intervals.keys() == found.scores.keys()
    assert all(found.intervals[at].covers(score) for at, score in found.scores.items())


def test_comparisons_are_a_table_of_their_own():
    text = to_markdown(board(grid("finetune", BASE) + grid("mlm+finetune", GAIN)))
    assert "Beside the baseline, which is `finetune` for `xlmr`:" in text
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if "`xlmr`" in line]
    base, other = lines[-2:]
    assert base == ["`xlmr`", "`finetune`", "1", "a", "baseline", *["n/a"] * 5]
    assert other[:4] == ["`xlmr`", "`mlm+finetune`", "2", "b"]
    assert other[6:9] == ["1 of 4", "1 of 4", "2, 1, 1"]
    assert COMPARED_LEGEND in text
    alone = to_markdown(board(grid("finetune", BASE)))
    assert "baseline" not in alone


def test_ranks_and_ties_of_a_suite_are_by_its_score():
    results = suite_row("a", {"x": 70, "y": 50}, make=drawn) + suite_row("b", {"x": 70, "y": 50}, make=drawn)
    results += suite_row("c", {"x": 40, "y": 40}, make=drawn)
    made = board(results, suite("x", "y"))
    places = [each.place for each in made.summaries[0].rows]
    assert [(each.best, each.worst, each.groups) for each in places] == [
        (1, 2, ("a",)), (1, 2, ("a",)), (3, 3, ("b",))
    ]  # fmt: skip
    assert "|  1 to 2 |" in to_markdown(made).partition("## x")[0]
    frame = pd.read_csv(io.StringIO(to_csv(made)), keep_default_na=False)
    ranks = frame[(frame.measure == "ranks") & (frame.task == made.summaries[0].suite)]
    assert ranks[["lower", "upper"]].astype(float).to_numpy().tolist() == [[1, 2], [1, 2], [3, 3]]


def test_comparisons_are_in_csv_and_json():
    made = board(grid("finetune", BASE) + grid("mlm+finetune", GAIN))
    frame = pd.read_csv(io.StringIO(to_csv(made)), keep_default_na=False)
    of = frame[frame.recipe == "mlm+finetune"].set_index(["measure", "language"])
    assert float(of.loc[("difference to baseline", "th"), "score"]) == -35
    assert float(of.loc[("p, by Holm", "de"), "score"]) < 0.001
    assert float(of.loc[("languages better", ""), "score"]) == 1
    assert of.loc[("ranks", ""), ["score", "lower", "upper"]].tolist() == ["2", "2", "2"]
    wide, narrow = (of.loc[(f"difference to baseline{of_what}", "")] for of_what in (", other languages", ""))
    assert float(wide.lower) < float(narrow.lower) < float(narrow.upper) < float(wide.upper)
    assert ("languages better", "") not in frame[frame.recipe == "finetune"].set_index(["measure", "language"]).index
    (table,) = json.loads(to_json(made))["tables"]
    assert table["rows"][1]["comparison"]["won"] == ["de", "sw"]
    assert table["rows"][1]["place"] == {"best": 2, "worst": 2, "groups": ["b"]}


@pytest.mark.parametrize(
    ("width", "digits"),
    [(0.0, 1), (40.0, 0), (3.56 * 3.92, 0), (3.54 * 3.92, 1), (3.92, 1), (0.9 * 3.92, 1), (0.36 * 3.92, 1),
     (0.34 * 3.92, 2), (0.04 * 3.92, 2), (0.001, 2)],
)  # fmt: skip
def test_a_number_has_the_digits_that_its_interval_supports(width, digits):
    assert decimals(Interval(50.0, 50.0 + width)) == digits


def test_more_examples_give_more_digits():
    assert decimals(None) == 1
    few = DATA | {"n_rows": 20}
    items = pack((np.arange(20) < 13).astype(float))
    text = to_markdown(board([scored("a", "de", 65, items=items, n_examples=20, main_score=65.0, dataset=few)]))
    assert "|    65 |" in text
    items = pack((np.arange(20000) < 13003).astype(float))
    text = to_markdown(board([scored("a", "de", 65, items=items, n_examples=20000, main_score=65.015)]))
    assert "65.02 | 64." in text or "65.01 | 64." in text


@pytest.mark.parametrize("end", [0.0, 1e-14, -1e-14])
def test_nothing_is_won_or_lost_by_the_last_bits(end):
    for side in (1, -1):
        assert not _beyond(SimpleNamespace(interval=Interval(-3.0, end)), side)
        assert not _beyond(SimpleNamespace(interval=Interval(end, 3.0)), side)
    assert _beyond(SimpleNamespace(interval=Interval(1.0, 3.0)), 1)
    assert not _beyond(SimpleNamespace(interval=Interval(1.0, 3.0)), -1)
    assert _beyond(SimpleNamespace(interval=Interval(-3.0, -1.0)), -1)
