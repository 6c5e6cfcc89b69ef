"""Two rows side by side: scores, differences, examples that flipped, and how they came about."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.fakes import SAMPLE, run
from xbench import cli, journal, leaderboard, session
from xbench.cell import Cell, Result, Status
from xbench.changes import changes
from xbench.diff import diff, to_json
from xbench.diff_text import to_markdown
from xbench.errors import DataError, UsageError
from xbench.exports import Choice
from xbench.flips import Flip, Reader, counts
from xbench.registry import load_registry
from xbench.sides import pairs, right
from xbench.testing import FakeMethod, FakePlugin, FakeTask
from xbench.verify import Rescore

PLAIN, ALIGNED = "fake-method", "fake-aligner+fake-method"
ANY = Choice()
RELABELLED = {("de", "test", 0): "sun"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with two rows: one is right on half of the examples of the targets, one on all."""
    folder = tmp_path_factory.mktemp("diff")
    plugin = FakePlugin(folder)
    opened, _ = run(folder, plugin, (PLAIN, ALIGNED), seeds=(0, 1))
    return opened.folder, load_registry(extra={"fake": plugin})


def other(folder, recipes=(PLAIN,), seeds=(0, 1), **things):
    """The results of another machine, whose plugin may have other things."""
    folder.mkdir()
    return run(folder, FakePlugin(folder, **things), recipes, seeds=seeds)[0].folder


def compared(a, b, reader=None, rows=(ANY, ANY)):
    (found,) = diff(pairs(a, b, *rows), reader).contrasts
    return found


def within(folder, reader=None):
    return compared(folder, folder, reader, (Choice(recipe=PLAIN), Choice(recipe=ALIGNED)))


def line(found, language):
    (one,) = [each for each in found.lines if each.language == language]
    return one


def changed(found):
    return {(change.part, change.what): (change.a, change.b) for change in found.changes}


def test_scores_differences_and_flips_are_those_of_the_rows(made):
    folder, _ = made
    found = within(folder)
    assert (found.a, found.b, found.seeds) == (("fake-model", PLAIN), ("fake-model", ALIGNED), ((0, 1), (0, 1)))
    assert [(one.language, one.n, one.a, one.b, one.lost, one.won) for one in found.lines] == [
        ("en", 12, 100.0, 100.0, 0, 0),
        ("de", 12, pytest.approx(200 / 3), 100.0, 0, 8),
        ("fr", 12, pytest.approx(200 / 3), 100.0, 0, 8),
    ]
    same, won = line(found, "en"), line(found, "de")
    assert (same.difference.value, same.difference.interval.lower, same.difference.interval.upper) == (0, 0, 0)
    assert (same.p, same.holm) == (1, 1)
    assert won.difference.interval.covers(100 / 3)
    assert won.difference.interval.lower > 0
    assert won.p < 0.05
    assert won.holm == pytest.approx(3 * won.p)
    assert (found.over, found.average.n, found.average.won) == (("de", "fr"), 24, 16)
    assert found.average.difference.value == pytest.approx(100 / 3)
    assert found.notes == ()


def test_the_average_differs_by_what_the_board_says(made):
    folder, _ = made
    (table,) = leaderboard.board(session.read_results(folder)).tables
    behind, found = table.rows[1].to_best, within(folder).average.difference
    assert table.rows[1].recipe == PLAIN
    assert found.value == pytest.approx(-behind.value)
    ends = (found.interval.lower, found.interval.upper)
    assert ends == pytest.approx((-behind.interval.upper, -behind.interval.lower))


def test_what_is_right_has_all_that_it_can_have():
    plain = np.array([[1.0, 0.5, 0.0]])
    assert right(plain).tolist() == [[True, False, False]]
    assert right(plain, higher_is_better=False).tolist() == [[False, False, True]]
    spans = np.array([[[2.0, 2.0], [2.0, 4.0], [0.0, 0.0]]])  # all found; half of them; none to find
    assert right(spans).tolist() == [[True, False, True]]
    assert counts(plain, 1 - plain, True) == (1, 1)
    assert counts(plain, plain[:, ::-1], True) == (1, 1)


def test_flips_have_texts_gold_and_what_each_side_said(made):
    folder, registry = made
    reader = Reader(Rescore(folder, registry, SAMPLE), 2)
    flips = within(folder, reader).flips
    assert [(one.language, one.row, one.seeds, one.won) for one in flips] == [
        ("de", 1, (0, 0), True), ("de", 1, (1, 1), True), ("fr", 1, (0, 0), True), ("fr", 1, (1, 1), True),
    ]  # fmt: skip
    assert flips[0] == Flip("de", 1, (0, 0), True, "de test 1: snow-de", "snow", "rain", "snow")
    assert reader.unread == []
    back = compared(folder, folder, Reader(reader.rescore, 1), (Choice(recipe=ALIGNED), Choice(recipe=PLAIN)))
    assert [(one.won, one.a, one.b) for one in back.flips] == [(False, "snow", "rain")] * 2


def test_flips_without_kept_predictions_have_their_texts_and_it_is_said(made, tmp_path):
    folder, registry = made
    (tmp_path / "results.jsonl").write_bytes((folder / "results.jsonl").read_bytes())
    reader = Reader(Rescore(tmp_path, registry, SAMPLE), 1)
    found = diff(pairs(tmp_path, tmp_path, Choice(recipe=PLAIN), Choice(recipe=ALIGNED)), reader)
    (contrast,) = found.contrasts
    (flip,) = [one for one in contrast.flips if one.language == "de"]
    assert (flip.text, flip.a, flip.b) == ("de test 1: snow-de", None, None)
    (note,) = found.notes
    assert note.startswith("predictions of 4 results cannot be shown; the first: A, fake-task en→de fake-model")
    assert "| n/a | n/a |" in " ".join(to_markdown(found).split())


def test_other_data_than_those_that_were_scored_give_no_texts(made, tmp_path):
    folder, _ = made
    elsewhere = load_registry(extra={"fake": FakePlugin(tmp_path, tasks=[FakeTask(relabelled=RELABELLED)])})
    with pytest.raises(DataError, match="does not hold the examples of fake-task en→de"):
        within(folder, Reader(Rescore(folder, elsewhere, SAMPLE), 1))


def test_what_was_set_is_a_change_of_configuration_and_what_was_read_one_of_data(made):
    assert changed(within(made[0])) == {
        ("configuration", "aligners"): ("none", "fake-aligner"),
        ("configuration", "model parameters"): ("0", "6"),
        ("data", "supervision"): (
            "source labels en 12",
            "source labels en 12; source text en 12; target text 2 languages 24",
        ),
    }


def test_options_seeds_code_and_machine_are_changes(made, tmp_path):
    folder = other(tmp_path / "b", recipes=("fake-method[epochs=2]",), seeds=(0, 2))
    elsewhere = {"hardware": {"cores": 64}, "git": {"commit": "c" * 40, "changed": True}, "command": "xbench run x"}
    results = session.read_results(folder)
    versions = results[0].versions | {"numpy": "0.1", "xbench-transfer": "9"}
    text = "".join(journal.line(replace(one, versions=versions, **elsewhere)) for one in results)
    (folder / "results.jsonl").write_text(text)
    found = compared(made[0], folder, rows=(Choice(recipe=PLAIN), ANY))
    said = changed(found)
    assert said["configuration", "fake-method epochs"] == ("not told", "2")
    assert said["code", "commit"][1] == "c" * 12
    assert said["code", "xbench-transfer"][1] == "9"
    assert said["environment", "numpy"][1] == "0.1"
    assert said["environment", "cores"][1] == "64"
    assert said["environment", "command"][1] == "xbench run x"
    assert ("configuration", "key of the training") not in said
    assert found.seeds == ((0,), (0,))
    parts = [change.part for change in found.changes]
    assert parts == sorted(parts, key=["configuration", "seeds", "data", "code", "environment"].index)
    assert "3 more results of A are left out: of other seeds, data or trainings" in found.notes


def test_where_nothing_is_told_the_key_shows_that_trainings_differ(made, tmp_path):
    folder = other(tmp_path / "b", methods=[FakeMethod(version=2)])
    said = changed(compared(made[0], folder, rows=(Choice(recipe=PLAIN), ANY)))
    ours, theirs = said.pop(("configuration", "key of the training"))
    assert len(ours) == len(theirs) == 12
    assert ours != theirs
    assert {part for part, _ in said} <= {"environment"}


def test_languages_with_other_test_data_are_shown_and_not_compared(made, tmp_path):
    folder = other(tmp_path / "b", tasks=[FakeTask(relabelled=RELABELLED)])
    found = compared(made[0], folder, rows=(Choice(recipe=PLAIN), ANY))
    german = line(found, "de")
    assert (german.difference.value, german.p, german.won) == (None, None, None)
    assert found.over == ("fr",)
    assert "not compared in de: the test data or the metric differ" in found.notes
    assert ("data", "test data in de") in changed(found)
    assert ("data", "test data in fr") not in changed(found)


def test_samples_are_not_compared_with_other_data(made, tmp_path):
    results = session.read_results(made[0])
    lines = (journal.line(replace(one, dataset=one.dataset | {"origin": "folder"})) for one in results)
    (tmp_path / "results.jsonl").write_text("".join(lines))
    found = compared(made[0], tmp_path, rows=(Choice(recipe=PLAIN), Choice(recipe=PLAIN)))
    assert (found.average, found.over) == (None, ())
    assert changed(found) == {("data", "test data origin"): ("sample", "folder")}
    assert "Nothing of the two can be compared." in to_markdown(diff(pairs(made[0], tmp_path, *ROWS)))


ROWS = (Choice(recipe=PLAIN), Choice(recipe=PLAIN))


IN_ORDER = "no seed is in both: seeds 0, 1 of A and seeds 5, 6 of B are compared, in this order"
LEFT_OUT = "3 more results of B are left out: of other seeds, data or trainings"


@pytest.mark.parametrize(
    ("seeds", "paired", "notes"),
    [
        ((0, 1, 2), ((0, 1), (0, 1)), (LEFT_OUT,)),
        ((1, 2), ((1,), (1,)), (LEFT_OUT.replace("B", "A"), LEFT_OUT)),
        ((5, 6, 7), ((0, 1), (5, 6)), (IN_ORDER, LEFT_OUT)),
    ],
)
def test_shared_seeds_are_compared_else_in_order(made, tmp_path, seeds, paired, notes):
    found = compared(made[0], other(tmp_path / "b", seeds=seeds), rows=ROWS)
    assert (found.seeds, found.notes) == (paired, notes)
    assert line(found, "de").difference.value == 0
    assert changed(found)["seeds", "seed"] == ("0; 1", "; ".join(map(str, seeds)))


def test_a_language_without_scores_per_example_has_a_difference_and_no_interval(made, tmp_path):
    results = session.read_results(made[0])
    lines = (journal.line(replace(one, items={} if one.cell.target == "de" else one.items)) for one in results)
    (tmp_path / "results.jsonl").write_text("".join(lines))
    found = compared(made[0], tmp_path, rows=(Choice(recipe=PLAIN), Choice(recipe=ALIGNED)))
    assert line(found, "de").difference.value == pytest.approx(100 / 3)
    assert (line(found, "de").difference.interval, found.average.difference.interval) == (None, None)
    assert "not tested in de: there are no scores per example" in found.notes


def test_rows_are_those_of_the_same_name_or_those_that_are_chosen(made, tmp_path):
    folder = made[0]
    both = other(tmp_path / "b", recipes=(PLAIN, ALIGNED))
    assert [(a.recipe, b.recipe) for a, b in pairs(folder, both, ANY, ANY)] == [(ALIGNED, ALIGNED), (PLAIN, PLAIN)]
    assert [(a.recipe, b.recipe) for a, b in pairs(folder, folder, ANY, ANY)] == [(ALIGNED, PLAIN)]
    ((a, b),) = pairs(folder, folder, Choice(recipe=PLAIN), ANY)
    assert (a.recipe, b.recipe) == (PLAIN, ALIGNED)
    with pytest.raises(UsageError, match=r"of one folder two rows are compared; say which, with --model-a"):
        pairs(folder, folder, Choice(recipe=PLAIN), Choice(recipe=PLAIN))
    with pytest.raises(UsageError, match=f"no scores of such a row; there are: fake-model {ALIGNED.replace('+', '.')}"):
        pairs(folder, folder, Choice(recipe="theirs"), ANY)
    strange = other(tmp_path / "c", recipes=("fake-method[epochs=2]",))
    with pytest.raises(UsageError, match="no row is in both; say which to compare"):
        pairs(folder, strange, ANY, ANY)


def test_what_is_on_one_side_only_is_said(made, tmp_path):
    results = session.read_results(made[0])
    cells = [replace(one.cell, task="other") if one.cell.target == "fr" else one.cell for one in results]
    lines = (journal.line(replace(one, cell=cell)) for one, cell in zip(results, cells, strict=True))
    (tmp_path / "results.jsonl").write_text("".join(lines))
    found = diff(pairs(made[0], tmp_path, *ROWS))
    assert [(one.task, one.over, one.notes) for one in found.contrasts] == [("fake-task", ("de",), ("in A only: fr",))]
    assert found.notes == ("other (source en) is in B only: fake-model fake-method",)
    assert "In de (accuracy), B minus A is 0.0" in to_markdown(found)


def test_of_many_values_those_that_differ_stand_first():
    cells = [Cell("m", "r", "t", "en", "de", seed) for seed in range(10, 17)]
    results = [Result(cell, Status.OK) for cell in cells]
    (change,) = changes(results, results[:1])
    assert (change.part, change.a, change.b) == ("seeds", "11; 12; 13; 14; and 3 more", "10")


def test_text_from_data_shows_as_text(made):
    found = within(made[0])
    flip = Flip("de", 3, (0, 1), False, "<script>alert(1)</script> | @you " + "x" * 400, "a|b", "<b>", None)
    found = replace(found, flips=(flip,), notes=("<i>",), task="<h1>")
    text = to_markdown(replace(diff(()), contrasts=(found,)))
    assert "`<script>alert(1)</script>` \\| `@you` x" in text
    assert "x" * 300 not in text
    for tag in ("<script>", "<b>", "<i>", "<h1>"):
        assert text.count(tag) == text.count(f"`{tag}")


def test_the_verdict_claims_no_more_than_the_interval(made, tmp_path):
    folder = made[0]
    better = to_markdown(diff(pairs(folder, folder, Choice(recipe=PLAIN), ANY)))
    assert "B minus A is 33 (95 %:" in better
    assert ": B is better." in better
    assert ": A is better." in to_markdown(diff(pairs(folder, folder, ANY, Choice(recipe=PLAIN))))
    same = to_markdown(diff(pairs(folder, other(tmp_path / "b"), *ROWS)))
    assert "B minus A is 0.0 (95 %: 0.0 to 0.0; p 1.000): these results do not tell the two apart" in same
    assert "| average of 2 |" in " ".join(same.split())


def test_the_command_writes_markdown_or_json_and_the_same_bytes(made, tmp_path, capsys):
    folder = str(made[0])
    chosen = ["--recipe-a", PLAIN, "--recipe-b", ALIGNED]
    cli.cli.main(["diff", folder, *chosen], standalone_mode=False)
    said = capsys.readouterr().out
    found = diff(pairs(made[0], made[0], Choice(recipe=PLAIN), Choice(recipe=ALIGNED)))
    assert said == to_markdown(found)
    file = tmp_path / "diff.json"
    cli.cli.main(["diff", folder, folder, *chosen, "--format", "json", "-o", str(file)], standalone_mode=False)
    assert file.read_text() == to_json(found)
    (plain,) = json.loads(file.read_text())["contrasts"]
    assert (plain["a"], plain["over"]) == (["fake-model", PLAIN], ["de", "fr"])
    assert plain["average"]["difference"]["value"] == 33.3333
