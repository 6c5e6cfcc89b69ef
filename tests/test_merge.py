"""Results of several machines in one folder: nothing lost, nothing mixed, and no disagreement passed over."""

import json
import logging
import zipfile
from dataclasses import replace

import pytest

from tests.fakes import SAMPLE, files, run, suite
from xbench import cli, comparing, journal, leaderboard, merge, render, session, verify
from xbench.errors import StoreError, UsageError
from xbench.fake_plugin import FakePredictor
from xbench.publish import publish
from xbench.registry import load_registry
from xbench.testing import FakeMethod, FakePlugin

PLAIN, ALIGNED = "fake-method", "fake-aligner+fake-method"


class Machine(FakeMethod):
    """Comes from the same training to other answers."""

    def fit(self, encoder, task, options, context):
        fitted = super().fit(encoder, task, options, context)
        return FakePredictor(fitted.encoder, dict.fromkeys(fitted.learned, "rain"), options)


class Broken(FakeMethod):
    """Breaks down."""

    def fit(self, encoder, task, options, context):
        raise RuntimeError("out of memory")


def machine(folder, recipes=(PLAIN,), seeds=(0,), **things):
    folder.mkdir()
    return run(folder, FakePlugin(folder, **things), recipes, seeds=seeds)[0].folder


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    return load_registry(extra={"fake": FakePlugin(tmp_path_factory.mktemp("merge"))})


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return machine(tmp_path_factory.mktemp("first") / "a", (PLAIN, ALIGNED))


@pytest.fixture
def board(tmp_path):
    return tmp_path / "board"


def rewritten(folder, target, change):
    """A copy of results, sealed, in which each is what `change` makes of it; those it makes nothing of are left out."""
    target.mkdir()
    changed = filter(None, map(change, session.read_results(folder)))
    (target / "results.jsonl").write_text("".join(map(journal.line, changed)))
    for name in ("suite.toml", "environment.json"):
        (target / name).write_bytes((folder / name).read_bytes())
    session.seal(target)
    return target


def merged(*folders, prefer=merge.FIRST):
    return merge.merge(merge.read(folders), prefer)


def holds(folder, registry):
    """The number of results, all of which hold, with seal and board."""
    results = session.read_results(folder)
    report = verify.Rescore(folder, registry, SAMPLE).report(results)
    assert (report.differences, report.unchecked, verify.sealed(folder)) == ([], {}, "")
    assert render.check(session.board(folder), folder / "README.md") == ""
    return len(results)


def test_what_several_machines_ran_is_what_one_would_have_run(first, registry, tmp_path, board):
    second = machine(tmp_path / "b", (PLAIN, ALIGNED), seeds=(1,))
    found = merged(first, second)
    assert found.conflicts == ()
    assert merge.write(found, board, registry) == []
    assert holds(board, registry) == 12
    assert publish(machine(tmp_path / "whole", (PLAIN, ALIGNED), seeds=(0, 1)), tmp_path / "same", registry) == []
    for name in ("README.md", "suite.toml", "predictions.zip"):
        assert (board / name).read_bytes() == (tmp_path / "same" / name).read_bytes()
    assert files(board) == files(tmp_path / "same")
    assert str(tmp_path) not in (board / "results.jsonl").read_text()


def test_a_merged_folder_tells_what_it_was_made_of(first, registry, tmp_path, board):
    second = machine(tmp_path / "b", seeds=(1,))
    file = second / "environment.json"
    about = json.loads(file.read_text())
    file.write_text(json.dumps(about | {"made": [{"hardware": {"cores": 64}}]}))
    merge.write(merged(first, second), board, registry)
    told = json.loads((board / "environment.json").read_text())
    assert told["made"] == [*about["made"], {"hardware": {"cores": 64}}]
    assert told["merged"] == [session.seal_of(first), session.seal_of(second)]
    assert told["results"] not in told["merged"]
    file.unlink()
    merge.write(merged(first, second), board, registry)
    assert json.loads((board / "environment.json").read_text())["made"] == about["made"]


def test_equal_facts_are_one_whenever_and_wherever_they_were_found(first, registry, tmp_path, board):
    elsewhere = {
        "started": "1999",
        "hardware": {"cores": 64},
        "timings": {"fit_seconds": 9.0},
        "cost": {"f": {"seconds": 9.0}},
        "command": "x",
    }
    again = rewritten(first, tmp_path / "again", lambda one: replace(one, **elsewhere))
    publish(first, tmp_path / "published", registry)
    found = merged(first, again, tmp_path / "published")
    assert found.conflicts == ()
    assert merge.write(found, board, registry) == []
    assert holds(board, registry) == 6
    assert {one.started for one in session.read_results(board)}.isdisjoint({"1999"})


def test_of_equal_results_the_one_that_has_its_predictions_is_kept(first, registry, tmp_path, board):
    bare = rewritten(first, tmp_path / "bare", lambda one: one)
    assert merge.write(merged(bare, first), board, registry) == []
    assert holds(board, registry) == 6
    (remark,) = merge.write(merged(bare, bare), tmp_path / "lacking", registry)
    assert remark == "the predictions of 6 results are not there: their scores cannot be verified"


def german(**fields):
    return lambda one: replace(one, **fields) if (one.cell.target, one.cell.recipe) == ("de", PLAIN) else one


def test_a_cell_with_other_numbers_is_shown_and_the_preferred_one_taken(first, tmp_path):
    other = rewritten(first, tmp_path / "other", german(main_score=99.0, metrics={"accuracy": 99.0}))
    for order, prefer, score in [
        ((first, other), merge.FIRST, 200 / 3),
        ((first, other), merge.LAST, 99.0),
        ((other, first), merge.FIRST, 99.0),
        ((first, other, first), merge.LAST, 200 / 3),
    ]:
        found = merged(*order, prefer=prefer)
        (conflict,) = found.conflicts
        assert (str(conflict.cell), len(found.results)) == (f"fake-task en→de fake-model {PLAIN} seed 0", 6)
        assert conflict.fields == ("main_score", "metrics")
        (taken,) = [one for one in found.results if one.cell == conflict.cell]
        assert taken.main_score == pytest.approx(score)
        assert conflict.told[0].result == taken
    text = merge.to_text(merged(first, other).conflicts)
    assert "66.6667" in text
    assert "99.0000" in text
    assert str(first) in text
    assert str(other) in text


@pytest.mark.parametrize(
    "fields",
    [
        {"items": {"encoding": "bitmap", "n": 12, "data": "//8="}},
        {"supervision": {}},
        {"keys": {"score": "other"}},
        {"baseline": {}},
        {"n_examples": 11},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_whatever_else_is_told_differently_is_a_conflict(first, tmp_path, fields):
    other = rewritten(first, tmp_path / "other", german(**fields))
    (conflict,) = merged(first, other).conflicts
    assert conflict.fields == tuple("scores per example" if name == "items" else name for name in fields)


def test_a_failure_here_and_a_score_there_are_a_conflict(first, tmp_path):
    broken = machine(tmp_path / "b", methods=[Broken()])
    found = merged(first, broken)
    assert [conflict.cell.recipe for conflict in found.conflicts] == [PLAIN] * 3
    assert {conflict.fields[0] for conflict in found.conflicts} == {"status"}
    assert "failed: fit fake-method raised RuntimeError: out of memory" in merge.to_text(found.conflicts)


def test_other_answers_of_the_same_training_are_kept_beside_each_other(first, registry, tmp_path, board):
    other = machine(tmp_path / "b", ("fake-method[epochs=1]",), methods=[Machine()])
    assert merge.write(merged(first, other), board, registry) == []
    assert holds(board, registry) == 9
    with zipfile.ZipFile(board / "predictions.zip") as archive:
        assert len(archive.namelist()) == 9
    keys = [one.keys["predict"] for one in session.read_results(board)]
    assert len(set(keys)) == 6


@pytest.mark.parametrize(
    "other",
    [{"origin": "folder"}, {"revision": "r2"}, {"fingerprint": "g"}, {"id": "other"}],
    ids=lambda other: next(iter(other)),
)
def test_samples_and_other_data_never_share_a_table_with_the_real_thing(first, tmp_path, board, registry, other):
    def strange(one):
        if one.cell.recipe != PLAIN:
            return None
        return replace(one, cell=replace(one.cell, recipe="fake-method[epochs=2]"), dataset=one.dataset | other)

    merge.write(merged(first, rewritten(first, tmp_path / "other", strange)), board, registry)
    tables = leaderboard.board(session.read_results(board)).tables
    assert sorted(sorted(row.recipe for row in table.rows) for table in tables) == [
        [ALIGNED, PLAIN], ["fake-method[epochs=2]"],
    ]  # fmt: skip


def test_suites_that_differ_are_refused_with_what_differs(first, tmp_path):
    other = machine(tmp_path / "b", suites=[suite("fake-task").replace("version = 1", "version = 2")])
    with pytest.raises(UsageError, match=r"are not of the same suite: version is 1 and 2; title is 'Weather' and 'T'"):
        merged(first, other)
    (other / "suite.toml").unlink()
    with pytest.raises(UsageError, match=r"are not of the same suite: one has no suite.toml"):
        merged(first, other)


def test_published_numbers_belong_to_the_suite_wherever_they_lie(tmp_path, registry, board):
    def with_numbers(folder, score):
        folder.mkdir()
        numbers = f"source,model,of,metric,language,score\npaper,x,fake-task,accuracy,,{score}\n"
        (folder / "p.csv").write_text(numbers)
        plugin = FakePlugin(folder, suites=[suite("fake-task") + 'references = "p.csv"\n'])
        return run(folder, plugin, seeds=(int(score),))[0].folder

    one, same = with_numbers(tmp_path / "a", 1), with_numbers(tmp_path / "b", 1)
    merge.write(merged(one, same), board, registry)
    assert (board / "p.csv").read_text() == (one / "p.csv").read_text()
    with pytest.raises(UsageError, match="references is"):
        merged(one, with_numbers(tmp_path / "c", 2))


def test_results_that_are_not_those_that_were_written_are_refused(first, tmp_path):
    other = rewritten(first, tmp_path / "other", lambda one: one)
    file = other / "results.jsonl"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[1:]))
    with pytest.raises(StoreError, match=r"results.jsonl is not the file that was written"):
        merged(first, other)


def test_a_folder_may_grow_in_its_place(first, registry, tmp_path, board):
    publish(first, board, registry)
    merge.write(merged(board, machine(tmp_path / "b", seeds=(1,))), board, registry)
    assert holds(board, registry) == 9


def test_the_command_writes_nothing_where_results_disagree_and_exits_with_4(
    first, registry, tmp_path, board, monkeypatch, capsys, caplog
):
    monkeypatch.setattr(comparing, "load_registry", lambda: registry)
    caplog.set_level(logging.INFO, "xbench")
    other = rewritten(first, tmp_path / "other", german(supervision={"source labels": {"en": 9}}))
    asked = ["merge", str(first), str(other), "-o", str(board)]
    with pytest.raises(SystemExit) as caught:
        cli.cli.main(asked, standalone_mode=False)
    assert (caught.value.code, board.exists()) == (4, False)
    table = capsys.readouterr().out
    assert table.count("en→de") == 2
    assert "supervision" in table
    assert "cells told differently: 1; nothing is written" in caplog.text
    cli.cli.main([*asked, "--prefer", "LAST"], standalone_mode=False)
    assert capsys.readouterr().out.count("en→de") == 2
    (taken,) = [one for one in session.read_results(board) if one.supervision["source labels"] == {"en": 9}]
    assert taken.cell.target == "de"
    assert "6 results of 2 folders merged in" in caplog.text
    with pytest.raises(UsageError, match="name two or more folders"):
        cli.cli.main(["merge", str(first), "-o", str(board)], standalone_mode=False)
