"""What the rows of a table cost: what is paid once, what is shared, and which rows are worth their cost."""

import pytest

from tests.test_leaderboard import grid
from xbench.costs import Cost, costs, front, told
from xbench.leaderboard import board
from xbench.markdown import to_markdown
from xbench.page import to_html


def stage(kind, seconds, **fields):
    return {"kind": kind, "seconds": seconds} | fields


def cost_of(results):
    (table,) = board(results).tables
    return dict(zip([row.recipe for row in table.rows], costs(table, results), strict=True))


def paid(recipe, *parts, **fields):
    """Two seeds and two targets; a part is a stage's key, `S` and `T` in it stand for seed and target."""
    made = []
    for seed in (0, 1):
        for target in ("de", "sw"):
            at = {key.replace("S", str(seed)).replace("T", target): stage for key, stage in parts}
            made += grid(recipe, {target: 50}, seeds=(seed,), cost=at, model={"parameters": 100}, **fields)
    return made


ALIGN, FIT, PREDICT = ("aS", stage("align", 8.0)), ("fS", stage("fit", 10.0)), ("pST", stage("predict", 1.0))


def test_a_stage_that_serves_several_targets_is_paid_once_and_seeds_are_averaged():
    found = cost_of(paid("a", ALIGN, FIT, PREDICT))["a"]
    assert (found.seconds, found.shared, found.predicting, found.parameters) == (18.0, 18.0, 2.0, 100)
    pairwise = cost_of(paid("a", ALIGN, ("fST", FIT[1]), PREDICT))["a"]
    assert (pairwise.seconds, pairwise.shared) == (28.0, 28.0)


def test_what_rows_have_in_common_is_divided_among_them_so_that_the_sum_is_what_was_spent():
    found = cost_of(paid("a", ALIGN, FIT, PREDICT) + paid("b", ALIGN, ("gS", stage("fit", 2.0)), ("qST", PREDICT[1])))
    assert [found[name].seconds for name in "ab"] == [18.0, 10.0]
    assert [found[name].shared for name in "ab"] == [14.0, 6.0]


def test_memory_is_that_of_the_largest_stage_and_energy_that_of_all():
    parts = [
        ("aS", stage("align", 1.0, memory_mib=300.0, energy_joules=5.0)),
        ("fS", stage("fit", 1.0, memory_mib=700.0, accelerator_mib=90.0, energy_joules=6.0)),
        ("pST", stage("predict", 1.0, memory_mib=500.0, energy_joules=1.0)),
    ]
    found = cost_of(paid("a", *parts))["a"]
    assert (found.memory, found.accelerator, found.energy) == (700.0, 90.0, 13.0)
    silent = cost_of(paid("a", *parts[:2], PREDICT))["a"]
    assert (silent.memory, silent.energy) == (700.0, None)  # one that is not told is not nothing


def test_trained_parameters_are_those_of_the_largest_training_wherever_they_are_logged():
    logged = {"mlm": {"trained_parameters": 7}, "finetune": {"training": {"trained_parameters": 9}, "steps": 99}}
    assert cost_of(paid("a", FIT, diagnostics=logged))["a"].trained == 9
    assert cost_of(paid("a", FIT))["a"].trained is None


def test_the_board_tells_it_where_that_is_asked_for():
    results = paid("a", ALIGN, FIT, PREDICT) + paid("b", ("gS", stage("fit", 2.0, memory_mib=1500.4)))
    plain = board(results)
    text = to_markdown(told(plain, results))
    (head, _, *rows) = [line for line in text.split("### Cost")[1].splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in (head, *rows)]
    assert cells == [
        ["model", "recipe", "avg", "seconds of training", "shared", "seconds of prediction", "memory, MiB",
         "parameters", "Pareto front"],
        ["xlmr", "a", "50", "18", "18", "2", "n/a", "100", ""],
        ["xlmr", "b", "50", "2", "2", "0", "1,500", "100", "yes"],
    ]  # fmt: skip
    assert "*Pareto front*" in text
    assert "Cost" not in to_markdown(plain)
    assert "<h3>Cost, means over seeds</h3>" in to_html(plain, results)


@pytest.mark.parametrize(
    ("seconds", "merits", "wanted"),
    [
        ((1, 2, 3), (50, 60, 55), (True, True, False)),
        ((1, 1), (50, 60), (False, True)),
        ((1, 1), (50, 50), (True, True)),
        ((1, 2), (50, 50), (True, False)),
        ((None, 2), (90, 50), (False, True)),
        ((1, 2), (None, 50), (False, True)),
    ],
)
def test_the_front_has_the_rows_that_none_beats_for_less(seconds, merits, wanted):
    assert front([Cost(each) for each in seconds], merits) == list(wanted)
