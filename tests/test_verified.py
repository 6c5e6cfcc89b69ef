"""What is recorded of verifications: by whom it is written, what a board shows of it, and what our own boards pass."""

import json

import pytest
from click.testing import CliRunner

from tests import check_boards
from tests.fakes import run
from xbench import session as sessions
from xbench import verified, verifying
from xbench.cell import Cell, Result, Status
from xbench.errors import StoreError, UsageError
from xbench.publish import publish
from xbench.registry import load_registry
from xbench.standings import Board
from xbench.testing import FakePlugin

METHODS = ("fake-method", "fake-aligner+fake-method")


@pytest.fixture
def made(tmp_path):
    opened, _ = run(tmp_path, methods=METHODS, seeds=(0, 1))
    return opened.folder


CELLS = [Cell("m", "r", "t", "en", target, 0) for target in ("de", "fr")]
OTHER = Cell("m", "other", "t", "en", "de", 0)
RESULTS = [Result(cell, Status.OK) for cell in (*CELLS, OTHER)]
ROW = ("m", "r", "t", "en")


def test_the_highest_level_counts_with_how_much_of_the_row_it_is_of(tmp_path):
    empty = verified.Verified("0")
    scored = empty.after("rescore", RESULTS, [*CELLS, OTHER], [])
    assert scored.highest(ROW) == "rescore"
    part = scored.after("retrain", RESULTS, CELLS[:1], [])
    assert part.highest(ROW) == "retrain (1 of 2 cells)"
    assert part.after("retrain", RESULTS, CELLS, []).highest(ROW) == "retrain"
    assert part.after("retrain", RESULTS, [], []) == part
    (tmp_path / verified.FILE).write_text(part.to_json())
    assert verified.read(tmp_path) == part


def test_what_fails_has_passed_neither_this_level_nor_a_higher_one():
    every = [*CELLS, OTHER]
    found = verified.Verified("0")
    for level in ("rescore", "repredict", "retrain"):
        found = found.after(level, RESULTS, every, [])
    failed = found.after("repredict", RESULTS, CELLS[:1], CELLS[1:])
    assert failed.highest(ROW) == "rescore"
    assert failed.highest(("m", "other", "t", "en")) == "retrain"
    assert failed.after("rescore", RESULTS, [], CELLS).highest(ROW) == ""


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"results": "0", "versions": {}, "rows": [1]}'])
def test_a_record_that_is_broken_is_ignored_and_said(tmp_path, text):
    (tmp_path / verified.FILE).write_text(text)
    with pytest.raises(StoreError, match=r"verified\.json: cannot be read"):
        verified.read(tmp_path)
    found = verified.marked(Board(()), tmp_path / "results.jsonl")
    assert found.ignored.startswith("verified.json is ignored: cannot be read")


@pytest.fixture
def command(made, monkeypatch):
    """`verify` of the results with the fake plugin; its exit code and what it prints."""
    monkeypatch.setattr(verifying, "load_registry", lambda: load_registry(extra={"fake": FakePlugin(made.parent)}))

    def call(*arguments):
        done = CliRunner().invoke(verifying.verify_command, [str(made), *arguments])
        assert isinstance(done.exception, SystemExit | None), done.exception
        return done.exit_code, done.output

    return call


def test_the_command_records_what_holds_and_the_board_shows_it(made, command):
    code, text = command("--level", "repredict", "--record")
    assert code == 0
    for level in ("rescore", "repredict"):
        assert f"{level}: 12 cells hold, 0 differ, 0 were not checked" in text
    assert "predict fake-task de (12 rows) with fake-method, seed 0" in text
    sha256 = json.loads((made / "environment.json").read_text())["results"]
    board = (made / "README.md").read_text()
    assert board == sessions.board(made)
    assert board.count("| repredict ") == 2
    assert f"results.jsonl with the sha256 `{sha256}`" in board
    code, text = command("--level", "retrain", "--only", "fake-method", "--limit", "2", "--seeds", "4", "--record")
    assert code == 0
    assert "retrain: 2 cells hold" in text
    record = json.loads((made / "verified.json").read_text())
    assert (record["results"], set(record["versions"])) == (sha256, {"rescore", "repredict", "retrain"})
    passed = {row["recipe"]: row["levels"] for row in record["rows"]}
    assert passed["fake-method"]["retrain"] == {"held": 2, "of": 6}
    assert passed["fake-aligner+fake-method"] == {
        "rescore": {"held": 6, "of": 6},
        "repredict": {"held": 6, "of": 6},
    }
    (table,) = json.loads(sessions.board(made, "json"))["tables"]
    assert [row["verified"] for row in table["rows"]] == ["repredict", "retrain (2 of 6 cells)"]
    assert ",retrain (2 of 6 cells)\n" in sessions.board(made, "csv")
    page = sessions.board(made, "html")
    assert page.count('<td class="left">retrain (2 of 6 cells)</td>') == 4, "over all targets and in each language"
    assert f"results.jsonl with the sha256 <code>{sha256}</code>" in " ".join(page.split())
    assert "<code>verified.json</code> beside the results" in " ".join(page.split())


def test_a_record_of_other_results_is_ignored_and_said_and_what_does_not_fit_is_not_recorded(made, command, caplog):
    assert command("--record")[0] == 0
    results = made / "results.jsonl"
    results.write_text("\n".join(results.read_text().splitlines()[1:]) + "\n")
    stale = sessions.board(made)
    assert "verified.json is ignored: it is of results with the sha256" in stale
    assert "| rescore " not in stale
    page = sessions.board(made, "html")
    assert "verified.json is ignored: it is of results with the sha256" in page
    assert ">verified</button>" not in page
    before = (made / "verified.json").read_text()
    assert command("--record")[0] == 4
    assert "nothing is recorded" in caplog.text
    assert (made / "verified.json").read_text() == before


def test_other_seeds_are_for_training_again(made):
    with pytest.raises(UsageError, match="it needs --level retrain"):
        verifying.verify_command.main([str(made), "--seeds", "1"], standalone_mode=False)


def test_a_board_without_a_record_says_nothing_of_it(made):
    assert "verified" not in sessions.board(made)


@pytest.fixture
def boards(made, tmp_path, monkeypatch):
    """A folder of published boards: as they should be, without predictions, and as a run left them."""
    registry = load_registry(extra={"fake": FakePlugin(tmp_path)})
    monkeypatch.setattr(check_boards, "load_registry", lambda: registry)
    folder = tmp_path / "boards"
    publish(made, folder / "good", registry)
    made.rename(folder / "left")
    publish(folder / "left", folder / "without", registry)  # the store is not where the journal says any more
    return folder


def test_our_boards_are_scored_again_and_what_cannot_be_is_said(boards):
    good, left, without = check_boards.rescored(boards, None)
    assert good == ("good: rescore: 12 cells hold, 0 differ, 0 were not checked", False)
    assert left == ("left: not checked: its predictions are in a store elsewhere", False)
    assert without == ("without: not checked: its predictions are in a store elsewhere", False)


def test_a_board_of_ours_that_was_edited_is_a_fault(boards):
    file = boards / "good" / "results.jsonl"
    file.write_text(file.read_text().replace('"main_score":100.0', '"main_score":99.0', 1))
    (text, fault), *_ = check_boards.rescored(boards, None)
    assert fault
    assert "rescore: 11 cells hold, 1 differ" in text
    assert "results.jsonl is not the file that was written" in text
