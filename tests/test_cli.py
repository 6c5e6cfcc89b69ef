import json
import logging
import sys

import pytest

from tests.fakes import files, suite
from xbench import cli, registry, session
from xbench.errors import DataError
from xbench.testing import FakePlugin, FakeTask

GRID = ["--suite", "fake-suite", "--methods", "fake-method", "--models", "fake-model"]


@pytest.fixture
def plugin(tmp_path):
    (tmp_path / "plugin").mkdir()
    return FakePlugin(tmp_path / "plugin")


@pytest.fixture
def call(tmp_path, monkeypatch, capsys, plugin):
    """Run the command in this process, in an empty folder: exit code, standard output, standard error."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(registry, "_entry_points", tuple)
    for name in ("load_registry", "survey"):
        monkeypatch.setattr(cli, name, lambda *_: registry.load_registry({"fake": plugin}))

    def run(*arguments):
        handlers = list(cli.log.handlers)
        monkeypatch.setattr(sys, "argv", ["/somewhere/xbench", *map(str, arguments)])
        try:
            with pytest.raises(SystemExit) as caught:
                cli.main()
        finally:
            cli.log.handlers, cli.log.level = handlers, logging.NOTSET
        out, err = capsys.readouterr()
        code = caught.value.code
        return (1, out, err + code) if isinstance(code, str) else (code or 0, out, err)

    run.folder = tmp_path / "work"
    return run


def test_run_prints_the_board_and_writes_results_board_and_environment(call):
    code, out, err = call("run", *GRID)
    assert code == 0
    folder = call.folder / "xbench-runs" / "fake-suite"
    assert out == (folder / "README.md").read_text()
    assert "## fake-task (source en)" in out
    assert "3 ok (0 of them were there already); 1 trainings run" in err
    about = json.loads((folder / "environment.json").read_text())
    assert about["command"] == "xbench run --suite fake-suite --methods fake-method --models fake-model"
    assert set(about) == {"command", "git", "made", "results"}
    assert "3 of them were there already); 0 trainings" in call("run", *GRID)[2]


def test_plan_and_dry_run_say_the_same_and_write_nothing(call):
    code, out, _ = call("plan", *GRID, "--seeds", "0,1")
    assert (code, out) == call("run", *GRID, "--seeds", "0", "--seeds", "1", "--dry-run")[:2]
    assert "fake-suite: 6 cells, 0 skipped; data: sample" in out
    assert "trainings to run: 2 (0 alignments, 2 fits)" in out
    assert files(call.folder) == []


def test_after_a_run_the_plan_says_what_is_cached(call):
    call("run", *GRID)
    out = call("plan", *GRID)[1]
    assert "fit          1 stages, 1 cached" in out
    assert "trainings to run: 0" in out


def test_long_flags_accept_underscores(call):
    assert call("run", *GRID, "--dry_run")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--suite", "fake-suit"], "no suite is called 'fake-suit'; did you mean 'fake-suite'"),
        (["--methods", "fake-methd"], "did you mean 'fake-method'"),
        (["--methods", "fake-method[epoch=3]"], "no option of fake-method is called 'epoch'; did you mean 'epochs'"),
        (["--methods", "fake-method[epochs=nan]"], "'nan' is not a finite number"),
        (["--methods", "fake-method[epochs=0]"], "fake-method: epochs must be above 0"),
        (["--methods", "fake-method[epochs"], "closing bracket"),
        (["--models", "fake-modle"], "did you mean 'fake-model'"),
        (["--languages", "xx"], "no language of fake-suite is called 'xx'"),
        (["--source", "xx"], "no source language"),
        (["--seeds", "-1"], "seeds are whole numbers"),
        (["--seeds", "1.5"], "seeds are whole numbers"),
        (["--seeds", ","], "no seed was named"),
        (["--models", ","], "no model was named"),
        (["--data", "nowhere"], "there is no such folder"),
        (["--limit", "0"], "'--limit'"),
        (["--limt", "5"], "--limit"),
        (["--config", "gone.toml"], "gone.toml: cannot read the configuration"),
    ],
)
def test_a_wrong_argument_is_code_2_with_what_to_do_and_nothing_is_written(call, arguments, says):
    given = [part for flag, value in zip(GRID[::2], GRID[1::2], strict=True) if flag not in arguments
             for part in (flag, value)]  # fmt: skip
    code, out, err = call("run", *given, *arguments)
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err
    assert files(call.folder) == []


def test_failed_cells_are_code_3_and_the_board_names_them(call):
    code, out, err = call("run", *GRID[:2], *GRID[4:], "--methods", "fake-method,fake-method[fail=fit]")
    assert code == 3
    assert "RuntimeError: cannot fit, as it was told" in out
    assert "3 ok, 3 failed" in err
    assert "Traceback" not in err


def test_debug_shows_the_traceback_of_what_failed(call):
    assert "Traceback" in call("run", *GRID[:2], *GRID[4:], "--methods", "fake-method[fail=fit]", "--debug")[2]


@pytest.mark.parametrize(
    ("raised", "code", "says"),
    [
        (DataError("de.tsv, line 7: two columns"), 1, "can be run: de.tsv, line 7: two columns"),
        (KeyError("premise"), 1, "KeyError: 'premise'"),
        (KeyboardInterrupt(), 130, "interrupted; the same command resumes"),
    ],
)
def test_what_goes_wrong_is_one_line_and_leaves_the_journal_as_it_was(call, plugin, raised, code, says):
    call("run", *GRID)
    results = call.folder / "xbench-runs" / "fake-suite" / "results.jsonl"
    before = results.read_bytes()

    class Broken(FakeTask):
        def load(self, language, split, data):
            raise raised

    plugin.tasks[:] = [Broken()]
    found, out, err = call("run", *GRID)
    assert (found, out) == (code, "")
    assert says in err
    assert len(err.strip().splitlines()) == 1
    assert results.read_bytes() == before


def test_an_interrupt_in_a_fit_keeps_what_is_finished_and_the_same_command_resumes(call, plugin):
    method = plugin.methods[0]
    fit = type(method).fit

    class Interrupted(type(method)):
        def fit(self, encoder, task, options, context):
            if context.seed == 1:
                raise KeyboardInterrupt
            return fit(self, encoder, task, options, context)

    plugin.methods[:] = [Interrupted()]
    assert call("run", *GRID, "--seeds", "0,1")[0] == 130
    plugin.methods[:] = [method]
    code, _, err = call("run", *GRID, "--seeds", "0,1")
    assert code == 0
    assert "6 ok (3 of them were there already); 1 trainings run" in err


def test_a_journal_that_is_broken_stops_the_run_before_any_work(call, plugin):
    call("run", *GRID)
    path = call.folder / "xbench-runs" / "fake-suite" / "results.jsonl"
    path.write_text("{}\n" + path.read_text())
    plugin.methods[0].log.fits.clear()
    code, _, err = call("run", *GRID, "--seeds", "5")
    assert code == 1
    assert "results.jsonl, line 1: not a result record" in err
    assert plugin.methods[0].log.fits == []


CONFIG = """
suite = "fake-suite"
methods = ["fake-method", "fake-aligner+fake-method"]
models = "fake-model"
seeds = [10, 2]
languages = "de,fr"
limit = 9
"""


def test_a_config_file_gives_the_defaults_of_the_flags(call):
    (call.folder / "grid.toml").write_text(CONFIG)
    code, out, err = call("plan", "--config", "grid.toml")
    assert code == 0, err
    assert "fake-suite: 12 cells" in out
    assert "(9 rows)" not in out
    assert "seed 10" in out
    assert "seed 2" in out


def test_a_single_value_in_a_config_file_is_a_list_of_one(call):
    (call.folder / "grid.toml").write_text(
        'suite = "fake-suite"\nmethods = "fake-method"\nseeds = 12\nmodels = "fake-model"'
    )
    code, out, err = call("plan", "--config", "grid.toml")
    assert code == 0, err
    assert "fit fake-method on fake-task, en, seed 12" in out


def test_a_flag_wins_over_a_variable_and_that_over_the_config_file(call, monkeypatch):
    (call.folder / "grid.toml").write_text(CONFIG)
    monkeypatch.setenv("XBENCH_CONFIG", "grid.toml")
    monkeypatch.setenv("XBENCH_METHODS", "fake-method[epochs=2]")
    monkeypatch.setenv("XBENCH_SEEDS", "7")
    out = call("plan", "--seeds", "8")[1]
    assert "fit fake-method[epochs=2] on fake-task, en, seed 8" in out
    assert "fake-suite: 3 cells" in out


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sweet = 1", "no key of grid.toml is called 'sweet'"),
        ("suit = 1", "did you mean 'suite'"),
        ("= 1", "cannot read"),
    ],
)
def test_a_wrong_config_file_is_named_with_what_is_wrong(call, text, says):
    (call.folder / "grid.toml").write_text(text)
    code, _, err = call("run", *GRID, "--config", "grid.toml")
    assert code == 2
    assert says in err


def test_a_suite_may_be_a_file(call):
    (call.folder / "mine.toml").write_text(suite("fake-task", name="mine"))
    code, out, _ = call("plan", "--suite", "mine.toml", *GRID[2:])
    assert code == 0
    assert out.startswith("mine: 3 cells")


@pytest.mark.parametrize("kind", ["tasks", "suites", "models", "aligners", "methods", "plugins"])
def test_every_kind_is_listed_as_text_and_as_json(call, kind):
    code, out, _ = call("list", kind)
    assert code == 0
    assert "fake" in out
    (record,) = json.loads(call("list", kind, "--json")[1])
    assert record["name"].startswith("fake")


@pytest.mark.parametrize(
    ("kind", "name", "says"),
    [
        ("task", "fake-task", "labels: rain, snow, sun"),
        ("suite", "fake-suite", "tasks: fake-task"),
        ("model", "fake-model", "knows no words"),
        ("aligner", "fake-aligner", "scope: joint"),
        ("method", "fake-method", "  epochs: float, default 1.0"),
        ("plugin", "fake", "method fake-method"),
    ],
)
def test_everything_is_shown_as_text_and_as_json(call, kind, name, says):
    code, out, _ = call("show", kind, name)
    assert code == 0
    assert says in out
    assert json.loads(call("show", kind, name, "--json")[1])["name"] == name
    code, _, err = call("show", kind, name + "x")
    assert code == 2
    assert f"did you mean {name!r}" in err


def test_the_board_is_made_again_in_every_form(call):
    board = call("run", *GRID)[1]
    folder = call.folder / "xbench-runs" / "fake-suite"
    assert call("leaderboard", folder)[1] == board
    assert call("leaderboard", folder / "results.jsonl")[1] == board
    assert call("leaderboard", folder, "--format", "csv")[1].count("\n") >= 2
    assert json.loads(call("leaderboard", folder, "--format", "json")[1])["tables"]
    assert call("leaderboard", folder, "-o", "board.md")[:2] == (0, "")
    assert (call.folder / "board.md").read_text() == board


def test_check_fails_where_the_board_is_not_what_the_results_give(call):
    call("run", *GRID)
    folder = call.folder / "xbench-runs" / "fake-suite"
    assert call("leaderboard", folder, "--check") == (0, "", "")
    (folder / "README.md").write_text((folder / "README.md").read_text().replace("100", "101"))
    code, _, err = call("leaderboard", folder, "--check")
    assert code == 1
    assert "the board differs from the file" in err
    assert "101" in err


def test_a_board_of_nothing_is_one_clear_error(call):
    code, _, err = call("leaderboard", ".")
    assert code == 1
    assert "there are no results here" in err


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    session.write(tmp_path / "a.md", "old")
    with pytest.raises(UnicodeEncodeError):
        session.write(tmp_path / "a.md", "\udc80")
    assert files(tmp_path) == ["a.md"]
    assert (tmp_path / "a.md").read_text() == "old"
