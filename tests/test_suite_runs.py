"""Suites of several tasks from the command to the board."""

import json

import pytest

from tests.fakes import run, session, suite
from xbench import session as sessions
from xbench.catalogue import show
from xbench.cli import cli
from xbench.contracts import TaskKind
from xbench.errors import UsageError
from xbench.forms import Extras
from xbench.registry import load_registry
from xbench.suite import load_suite
from xbench.testing import FakeMethod, FakePlugin, FakeTask

NUMBERS = "source,model,of,metric,language,score\npaper,a giant,fake-task,accuracy,de,99.5\npaper,x,other,accuracy,,1\n"
TASKS = ("fake-task", "second[method=lookup]")
GROUPS = 'references = "p.csv"\n[groups]\nall = ["fake-task", "second"]\n'


def plugin(folder, tasks=TASKS, more=GROUPS, **things):
    (folder / "p.csv").write_text(NUMBERS)
    return FakePlugin(
        folder,
        tasks=[FakeTask(), FakeTask(name="second", sample="second-sample", parallel=False)],
        methods=[FakeMethod(), FakeMethod(name="lookup")],
        suites=[suite(*tasks) + more],
        **things,
    )


def test_a_suite_comes_to_one_score_a_row(tmp_path):
    opened, _ = run(tmp_path, plugin(tmp_path), ("fake-method", "fake-aligner+fake-method"), seeds=(0, 1))
    (summary,) = json.loads(sessions.board(opened.folder, "json"))["summaries"]
    best, other = summary["rows"]
    assert (summary["suite"], summary["seeds"]) == ("fake-suite-sample", [0, 1])
    assert (best["recipe"], best["rank"], best["score"]["value"]) == ("fake-aligner+fake-method", 1, 100.0)
    assert best["tasks"] == best["tasks"] | {"fake-task": 100.0}
    assert other["rank"] == 2
    assert other["score"]["value"] == pytest.approx(sum(other["tasks"].values()) / 2, abs=1e-3)
    assert other["groups"] == {"all": other["score"]["value"]}
    assert other["to_best"]["interval"]["upper"] < 0


def test_its_folder_holds_all_that_makes_its_board(tmp_path):
    opened, _ = run(tmp_path, plugin(tmp_path))
    written = load_suite(opened.folder / "suite.toml")
    assert written.tasks == TASKS
    assert written.languages == {"fake-task": ("en", "de", "fr"), "second": ("en", "de", "fr")}
    assert written.references.read_text() == NUMBERS
    moved = opened.folder.rename(tmp_path / "published")
    board = (moved / "README.md").read_text()
    assert sessions.board(moved) == board
    assert board.startswith("## fake-suite")
    assert "the method of every row is lookup: of the recipe its aligners are kept" in board


def test_fewer_languages_than_the_suite_has_are_no_score(tmp_path):
    opened, _ = run(tmp_path, plugin(tmp_path), languages=("de",))
    (summary,) = json.loads(sessions.board(opened.folder, "json"))["summaries"]
    assert summary["rows"][0]["score"] == {"value": None, "interval": None, "beyond": None}
    assert summary["notes"] == [
        "second is second[method=lookup]",
        "fake-task: no score of fake-model fake-method, for want of fr (seed 0)",
        "second: no score of fake-model fake-method, for want of fr (seed 0)",
        "fake-model fake-method over what is there, which is no official score and compares with no other row's:"
        " fake-task 83.3 (2 of 3 languages), second 83.3 (2 of 3 languages), group all 83.3, the suite 83.3",
    ]


def test_a_method_that_does_not_do_a_task_leaves_the_others_alone(tmp_path):
    picky = FakeMethod(name="chooser", task_kinds=frozenset({TaskKind.MULTIPLE_CHOICE}))
    made = plugin(tmp_path, more="")
    made.methods.append(picky)
    opened, summary = run(tmp_path, made, ("fake-method", "chooser"))
    assert summary.counts["skipped"] == 3
    rows = {row["recipe"]: row for row in json.loads(sessions.board(opened.folder, "json"))["summaries"][0]["rows"]}
    assert rows["fake-method"]["rank"] == 1
    assert rows["chooser"]["tasks"]["fake-task"] is None
    assert rows["chooser"]["tasks"]["second"] is not None


def test_a_single_task_is_as_it_was(tmp_path):
    opened, _ = run(tmp_path, plugin(tmp_path, ("fake-task",), ""))
    assert "summaries" not in json.loads(sessions.board(opened.folder, "json"))
    assert "languages" not in (opened.folder / "suite.toml").read_text()


def test_published_numbers_of_the_suite_are_shown_when_asked_for(tmp_path):
    opened, _ = run(tmp_path, plugin(tmp_path))
    plain, shown = sessions.board(opened.folder), sessions.board(opened.folder, extras=Extras(published=True))
    assert "a giant" not in plain
    assert shown.partition("## Published by others")[0] == plain.partition("### How to read this")[0]
    assert "| a giant | paper    | 99.5 |" in shown
    assert "other" not in shown.partition("## Published by others")[2].partition("### How")[0].replace("others", "")


def test_a_suite_without_published_numbers_says_so(tmp_path):
    opened, _ = run(tmp_path, plugin(tmp_path, more=""))
    with pytest.raises(UsageError, match="names published numbers"):
        sessions.board(opened.folder, extras=Extras(published=True))
    (opened.folder / "suite.toml").unlink()
    with pytest.raises(UsageError, match="names published numbers"):
        sessions.board(opened.folder, extras=Extras(published=True))


def test_the_command_shows_and_checks_published_numbers(tmp_path, capsys):
    opened, _ = run(tmp_path, plugin(tmp_path))
    with_numbers = ["leaderboard", str(opened.folder), "--reference"]
    cli.main([*with_numbers, "-o", str(opened.folder / "all.md")], standalone_mode=False)
    cli.main([*with_numbers, "-o", str(opened.folder / "all.md"), "--check"], standalone_mode=False)
    cli.main(["leaderboard", str(opened.folder), "--check"], standalone_mode=False)
    cli.main(with_numbers, standalone_mode=False)
    assert capsys.readouterr().out == (opened.folder / "all.md").read_text()


def test_what_is_shown_of_a_suite_are_its_groups_and_how_it_averages(tmp_path):
    registry = load_registry(extra={"fake": plugin(tmp_path)})
    record = show(registry, "suite", "fake-suite")
    assert record["average"] == "mean of the tasks"
    assert record["groups"] == {"all": "fake-task second"}


def test_a_plan_of_a_suite_writes_nothing(tmp_path):
    opened = session(tmp_path, plugin(tmp_path))
    assert "fit lookup on second" in sessions.describe(opened)
    assert not opened.folder.exists()
