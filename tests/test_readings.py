"""What diagnostics and degenerate trainings look like on a board."""

from dataclasses import replace

from tests.test_leaderboard import only, row, scored
from xbench.leaderboard import board
from xbench.render import to_csv, to_markdown


def measured(seed, target, value, **more):
    result = scored("a", target, 60, seed=seed)
    return replace(result, diagnostics={"encoder": {"readings": {"gap": value}}} | more)


def test_readings_are_means_over_targets_and_seeds_and_only_on_request():
    results = [measured(0, "de", 10), measured(0, "sw", 20), measured(1, "de", 30), measured(1, "sw", 40)]
    (table,) = board(results, readings=True).tables
    assert row(table, "a").readings == {"gap": 25}
    assert row(only(results), "a").readings == {}
    text = to_markdown(board(results, readings=True))
    assert "Readings of the encoders" in text
    assert "25.0" in text
    assert "Readings" not in to_markdown(board(results))
    assert "reading gap,,25.0" in to_csv(board(results, readings=True))


def test_a_degenerate_training_is_counted_and_said():
    bad = {"adversarial": {"degenerate": "the norm of the features collapsed"}}
    results = [measured(0, "de", 1, **bad), measured(0, "sw", 1, **bad), measured(1, "de", 1), measured(1, "sw", 1)]
    assert (
        "xlmr a: adversarial degenerate in 1 of 2 seeds: the norm of the features collapsed (seed 0);"
        " its scores are in the averages"
    ) in only(results).notes


def test_a_row_that_did_not_learn_its_source_is_said():
    chance = {"majority": "x", "score": 60.0}
    results = [replace(scored("a", at, 60, seed=1), baseline=chance) for at in ("en", "de")]
    assert "xlmr a: no better in the source than the majority class (seed 1)" in only(results).notes
    better = [replace(one, baseline=chance | {"score": 59.0}) for one in results]
    assert only(better).notes == ()
