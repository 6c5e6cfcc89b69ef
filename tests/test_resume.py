"""Kills and company: whatever happens to a process, the same command ends in the same board."""

import json
import random
import signal
import subprocess
import time

import pytest

from tests.fakes import command, environment, install, xbench

GRID = ("run", "--suite", "fake-suite", "--models", "fake-model", "--seeds", "0,1,2")
SLOW = ("--methods", "fake-method[seconds=0.1],fake-aligner+fake-method[seconds=0.1]")


def made(folder):
    """Finished stages by the file that finished them."""
    return {path: path.stat().st_ino for path in (folder / "xbench-runs" / "store").glob("*/*/manifest.json")
            if ".tmp" not in str(path)}  # fmt: skip


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


def result_board(folder):
    return (folder / "xbench-runs" / "fake-suite" / "README.md").read_bytes()


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = install(tmp_path_factory.mktemp("whole"))
    done = xbench(folder, *GRID, *SLOW)
    assert done.returncode == 0, done.stderr
    assert len(lines(folder / "fits.log")) == 9
    return folder


def test_kills_at_any_moment_lose_only_what_was_in_flight(tmp_path, uninterrupted):
    folder, dice = install(tmp_path / "killed"), random.Random(7)
    kills = 0
    for wanted in (1, 3, 6, 8):
        process = subprocess.Popen(
            command(*GRID, *SLOW),
            env=environment(folder),
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while len(lines(folder / "fits.log")) < wanted + kills and process.poll() is None:
            time.sleep(0.01)
        time.sleep(dice.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        kills += process.wait(60) == -signal.SIGKILL
        finished = made(folder)
        if wanted == 3:
            results_file = folder / "xbench-runs" / "fake-suite" / "results.jsonl"
            with results_file.open("ab") as file:  # as if the kill had come within a write
                file.write(b'{"cell": {"mod')
    assert kills >= 2
    last = xbench(folder, *GRID, *SLOW)
    assert last.returncode == 0, last.stderr
    assert result_board(folder) == result_board(uninterrupted)
    assert {path: made(folder)[path] for path in finished} == finished
    assert 9 <= len(lines(folder / "fits.log")) <= 9 + kills
    assert len(made(folder)) == len(made(uninterrupted))
    assert list((folder / "xbench-runs").rglob("*.tmp")) == []


def test_two_processes_with_one_grid_make_each_stage_once(tmp_path, uninterrupted):
    folder = install(tmp_path / "both")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(command(*GRID, *SLOW), env=environment(folder), cwd=folder, **pipes) for _ in range(2)]
    boards = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert len(lines(folder / "fits.log")) == 9
    assert boards[0] == boards[1]
    assert boards[0].encode() == result_board(folder) == result_board(uninterrupted)
    records = [json.loads(line) for line in lines(folder / "xbench-runs" / "fake-suite" / "results.jsonl")]
    assert len(records) == 18
