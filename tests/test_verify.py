"""Verification: honest results hold, published or not, and every way of changing them by hand is noticed."""

import base64
import json
import zipfile

import pytest

from tests.fakes import SAMPLE, install, run, xbench
from xbench import kept, session, verify
from xbench.publish import publish
from xbench.registry import load_registry
from xbench.testing import FakePlugin

METHODS = ("fake-method", "fake-aligner+fake-method")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("verify")
    plugin = FakePlugin(folder)
    opened, _ = run(folder, plugin, METHODS, seeds=(0, 1))
    return opened.folder, load_registry(extra={"fake": plugin})


@pytest.fixture
def published(made, tmp_path):
    folder, registry = made
    assert publish(folder, tmp_path / "board", registry) == []
    return tmp_path / "board"


def report(folder, registry):
    return verify.Rescore(folder, registry, SAMPLE).report(session.read_results(folder))


def test_what_a_run_wrote_holds(made):
    folder, registry = made
    found = report(folder, registry)
    assert (len(found.held), found.differences, found.unchecked) == (12, [], {})
    assert verify.sealed(folder) == ""


def test_what_is_published_holds_by_itself(made, published):
    _, registry = made
    found = report(published, registry)
    assert (len(found.held), found.differences, found.unchecked) == (12, [], {})
    assert verify.sealed(published) == ""
    files = {path.name for path in published.iterdir()}
    assert files == {"README.md", "environment.json", "index.html", "predictions.zip", "results.jsonl", "suite.toml"}
    with zipfile.ZipFile(published / "predictions.zip") as archive:
        assert len(archive.namelist()) == 12


def test_publishing_again_gives_the_same_bytes(made, published, tmp_path):
    _, registry = made
    publish(published, tmp_path / "again", registry)
    for path in published.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def test_results_without_their_predictions_are_published_and_said(made, tmp_path):
    folder, registry = made
    (tmp_path / "bare").mkdir()
    for name in ("results.jsonl", "suite.toml"):
        (tmp_path / "bare" / name).write_bytes((folder / name).read_bytes())
    (remark,) = publish(tmp_path / "bare", tmp_path / "board", registry)
    assert remark == "the predictions of 12 results are not there: their scores cannot be verified"
    found = report(tmp_path / "board", registry)
    assert (found.held, found.differences, len(found.unchecked)) == ([], [], 12)
    assert "the predictions are in the store of a run" in next(iter(found.unchecked.values()))


def edited(folder, change, at=0, reseal=True):
    """Change one record by hand, and the seal and the board to fit."""
    file = folder / "results.jsonl"
    lines = file.read_text().splitlines()
    record = json.loads(lines[at])
    change(record)
    lines[at] = json.dumps(record)
    file.write_text("\n".join(lines) + "\n")
    if reseal:
        session.seal(folder)


def flip(record):
    data = bytearray(base64.b64decode(record["items"]["data"]))
    data[0] ^= 0b1000_0000
    record["items"]["data"] = base64.b64encode(bytes(data)).decode()


def raised(record):
    record["main_score"] += 1


TAMPERINGS = {
    "the score": (raised, "main score"),
    "a metric": (lambda record: record["metrics"].update(accuracy=99.0), "metrics accuracy"),
    "another metric": (lambda record: record["metrics"].update(f1=99.0), "metrics f1"),
    "a score of an example": (flip, "scores per example data"),
    "the number of examples": (lambda record: record.update(n_examples=11), "examples"),
    "the interval": (
        lambda record: record["uncertainty"]["confidence_interval"].update(lower=60.0),
        "uncertainty confidence_interval",
    ),
    "the baseline": (lambda record: record["baseline"].update(score=1.0), "baseline score"),
    "the fingerprint of the data": (
        lambda record: record["dataset"].update(fingerprint="0"),
        "fingerprint of the data",
    ),
    "the number of rows": (lambda record: record["dataset"].update(n_rows=1), "rows"),
    "the key of the score": (lambda record: record["keys"].update(score="0"), "key of the score"),
    "the key of the predictions": (lambda record: record["keys"].update(predict="0"), "key of the score"),
    "the digest of the predictions": (lambda record: record["predictions"].update(sha256="0" * 64), "predictions"),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_a_result_that_was_edited_is_caught_though_seal_and_board_fit(made, published, what):
    _, registry = made
    change, says = TAMPERINGS[what]
    edited(published, change)
    assert verify.sealed(published) == ""
    found = report(published, registry)
    assert {one.what for one in found.differences if says in one.what}, verify.to_text(found)


def test_scores_of_one_language_that_are_said_to_be_of_another_are_caught(made, published):
    _, registry = made
    file = published / "results.jsonl"
    records = [json.loads(line) for line in file.read_text().splitlines()]
    kept_ones = [record for record in records if record["cell"]["target"] != "fr"]
    for record in kept_ones:
        if record["cell"]["target"] == "de":
            record["cell"]["target"] = "fr"
    file.write_text("".join(json.dumps(record) + "\n" for record in kept_ones))
    found = report(published, registry)
    assert {one.cell.target for one in found.differences} == {"fr"}
    assert "fingerprint of the data" in {one.what for one in found.differences}


def test_a_changed_prediction_is_caught(made, published):
    _, registry = made
    archive = published / "predictions.zip"
    with zipfile.ZipFile(archive) as opened:
        members = {name: opened.read(name) for name in opened.namelist()}
    first, second, *_ = sorted(members)
    members[first] = members[second][:-1] + b"\0"
    with zipfile.ZipFile(archive, "w") as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    found = report(published, registry)
    assert any("are not those that were scored: the sha256 differs" in one.found for one in found.differences)


@pytest.mark.parametrize("how", ["gone", "cut", "empty"])
def test_an_archive_that_is_gone_or_cut_is_caught(made, published, how):
    _, registry = made
    archive = published / "predictions.zip"
    if how == "gone":
        archive.unlink()
    else:
        archive.write_bytes(archive.read_bytes()[:200] if how == "cut" else b"")
    found = report(published, registry)
    assert len(found.differences) == 12
    assert not found.held


def test_what_no_score_depends_on_is_caught_by_the_seal(published):
    edited(published, lambda record: record["supervision"].clear(), reseal=False)
    assert "results.jsonl is not the file that was written" in verify.sealed(published)


def test_a_line_that_was_taken_out_is_caught_by_the_seal(published):
    file = published / "results.jsonl"
    file.write_text("\n".join(file.read_text().splitlines()[1:]) + "\n")
    assert "results.jsonl is not the file that was written" in verify.sealed(published)


def test_other_data_are_said_to_be_the_cause(made, published):
    _, registry = made
    registry.objects["task"]["fake-task"] = type(registry.objects["task"]["fake-task"])(
        relabelled={("de", "test", 0): "sun"}
    )
    found = report(published, registry)
    registry.objects["task"]["fake-task"] = type(registry.objects["task"]["fake-task"])()
    assert {one.what for one in found.differences} == {"fingerprint of the data"}
    assert {one.cell.target for one in found.differences} == {"de"}


def test_data_that_are_not_here_leave_cells_unchecked(made, published):
    _, registry = made
    edited(published, lambda record: record["dataset"].update(origin="folder"))
    found = report(published, registry)
    assert len(found.held) == 11
    (reason,) = found.unchecked.values()
    assert "scored on data of the origin 'folder', and --data names sample" in reason


def test_the_kept_predictions_are_the_answers_alone(made, published):
    for result in session.read_results(published):
        assert kept.read(result, published).column_names == ["label"]


def test_the_commands_publish_and_verify_and_say_what_differs_with_exit_code_4(tmp_path):
    install(tmp_path)
    asked = ("--suite", "fake-suite", "--methods", "fake-method", "--models", "fake-model", "-o", "runs")
    assert xbench(tmp_path, "run", *asked).returncode == 0
    assert xbench(tmp_path, "publish", "runs/fake-suite", "-o", "board").returncode == 0
    good = xbench(tmp_path, "verify", "board")
    assert (good.returncode, good.stderr) == (0, "")
    assert "rescore: 3 cells hold, 0 differ, 0 were not checked" in good.stdout
    edited(tmp_path / "board", raised, reseal=False)
    bad = xbench(tmp_path, "verify", "board")
    assert bad.returncode == 4
    assert "main score" in bad.stdout
    assert "rescore: 2 cells hold, 1 differ, 0 were not checked" in bad.stdout
    assert "results.jsonl is not the file that was written" in bad.stderr
    assert "README.md is not the board of these results" in bad.stderr
