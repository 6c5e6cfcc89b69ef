"""Worker processes: `-j 2` ends as `-j 1` does, also where a fit fails, a worker is killed or the user stops it."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.fakes import command, environment, install, xbench

METHODS = "fake-method,fake-aligner+fake-method,fake-method[fail=fit]"
GRID = ("run", "--suite", "fake-suite", "--models", "fake-model", "--seeds", "0,1")
FAILING = (*GRID, "--methods", METHODS)
SLOW = (*GRID, "--methods", "fake-method[seconds=60]")  # so long that a test which waits for it fails
STARTED = "fake-method fake-task en"
linux = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks processes up in /proc")


def results(folder):
    text = (folder / "xbench-runs" / "fake-suite" / "results.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def board(folder):
    return (folder / "xbench-runs" / "fake-suite" / "README.md").read_bytes()


def fits(folder):
    path = folder / "fits.log"
    return path.read_text().splitlines() if path.exists() else []


@contextlib.contextmanager
def started(folder, *arguments):
    """A command in a process group of its own, which is gone when the test ends."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    call = command(*arguments)
    with subprocess.Popen(call, env=environment(folder), cwd=folder, start_new_session=True, **pipes) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def until(fact, seconds=60):
    end = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def workers(pid):
    """The worker processes of a driver."""
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            with contextlib.suppress(OSError):
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.append(int(child))
    return found


def told(err):
    """What stands on standard error besides the stages that the workers begin."""
    return [line for line in err.splitlines() if line and not line.startswith("[")]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def fast(folder):
    """Make the fits of an installed fake short, without another key of any stage."""
    hooks = folder / "fake_dist_hooks.py"
    hooks.write_text(
        hooks.read_text() + "\nimport xbench.fake_plugin\nxbench.fake_plugin.time.sleep = lambda _: None\n"
    )


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """One grid, one of whose recipes fails, made with one process and with two."""
    folders = [install(tmp_path_factory.mktemp(name)) for name in ("alone", "together")]
    done = [xbench(folder, *FAILING, "-j", jobs) for folder, jobs in zip(folders, (1, 2), strict=True)]
    return folders, done


def test_two_workers_give_the_board_and_the_predictions_of_one_process(both):
    (alone, together), (first, second) = both
    assert (first.stdout, first.returncode) == (second.stdout, second.returncode)
    assert board(alone) == board(together) == second.stdout.encode()
    digests = [[(one["cell"], one.get("predictions"), one.get("main_score")) for one in results(folder)]
               for folder in (alone, together)]  # fmt: skip
    assert digests[0] == digests[1]
    assert sum(bool(predictions) for _, predictions, _ in digests[0]) == 12
    assert sorted(fits(alone)) == sorted(fits(together))
    trainings = [re.search(r"(\d+) trainings run", one.stderr)[1] for one in (first, second)]
    assert trainings[0] == trainings[1]


def test_a_failing_fit_is_code_3_and_fails_its_cells_and_no_other(both):
    (_, together), (_, second) = both
    assert second.returncode == 3
    assert {(one["cell"]["recipe"], one["status"]) for one in results(together)} == {
        ("fake-method", "ok"), ("fake-aligner+fake-method", "ok"), ("fake-method[fail=fit]", "failed"),
    }  # fmt: skip
    failed = [one["reason"] for one in results(together) if one["status"] == "failed"]
    assert len(failed) == 6
    assert all("RuntimeError: cannot fit, as it was told" in reason for reason in failed)
    assert "Traceback" not in second.stderr


def test_a_finished_grid_starts_no_process(tmp_path):
    install(tmp_path)
    asked = (*GRID, "--methods", "fake-method")
    assert xbench(tmp_path, *asked).returncode == 0
    hooks = tmp_path / "fake_dist_hooks.py"
    forbid = "import multiprocessing.util as util\ndef no(*_): raise RuntimeError('a process was started')\n"
    hooks.write_text(hooks.read_text() + forbid + "util.spawnv_passfds = no\n")
    done = xbench(tmp_path, *asked, "-j", 2)
    assert (done.returncode, len(fits(tmp_path))) == (0, 2), done.stderr
    assert "6 ok (6 of them were there already); 0 trainings run" in done.stderr
    again = xbench(tmp_path, *asked[:-1], "fake-method[epochs=2]", "-j", 2)
    assert "a process was started" in again.stderr


@linux
def test_a_killed_worker_is_one_clear_line_and_the_same_command_finishes(tmp_path):
    install(tmp_path)
    with started(tmp_path, *SLOW, "-j", 2) as process:
        until(lambda: len(fits(tmp_path)) == 2)
        os.kill(workers(process.pid)[0], signal.SIGKILL)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert told(err) == ["xbench: a worker process was killed or ran out of memory; the same command resumes"]
    fast(tmp_path)
    done = xbench(tmp_path, *SLOW, "-j", 2)
    assert done.returncode == 0, done.stderr
    assert "6 ok (0 of them were there already); 2 trainings run" in done.stderr
    assert list((tmp_path / "xbench-runs").rglob("*.tmp")) == []


@linux
@pytest.mark.parametrize("whom", ["group", "driver"])
def test_an_interrupt_ends_the_workers_at_once(tmp_path, whom):
    install(tmp_path)
    with started(tmp_path, *SLOW, "-j", 2) as process:
        until(lambda: len(fits(tmp_path)) == 2)
        found = workers(process.pid)
        os.killpg(process.pid, signal.SIGINT) if whom == "group" else process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert not any(map(alive, found))
    assert len(found) == 2
    assert process.returncode == 130
    assert told(err) == ["xbench: interrupted; the same command resumes"]


@linux
def test_an_interrupt_while_the_workers_start_leaves_no_traceback(tmp_path):
    install(tmp_path)
    with started(tmp_path, *SLOW, "-j", 2) as process:
        until(lambda: len(workers(process.pid)) == 2)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "xbench: interrupted; the same command resumes" in err


@linux
def test_workers_do_not_outlive_a_killed_driver(tmp_path):
    install(tmp_path)
    with started(tmp_path, *SLOW, "-j", 2) as process:
        until(lambda: len(fits(tmp_path)) == 2)
        found = workers(process.pid)
        process.kill()
        until(lambda: not any(map(alive, found)), 20)
    assert len(found) == 2


ONLY_IN_WORKERS = """
    import multiprocessing
    from pathlib import Path
    from xbench.testing import FakePlugin, FakeTask
    class TwoPart(Exception):  # cannot be sent from process to process
        def __init__(self, one, two):
            super().__init__(f"{one} and {two}")
    class Task(FakeTask):
        def available(self, split, data):
            if multiprocessing.parent_process():
                raise TwoPart("salt", "pepper")
            return super().available(split, data)
    plugin = FakePlugin(Path(__file__).parent, tasks=[Task()])
    xbench_tasks, xbench_suites = plugin.xbench_tasks, plugin.xbench_suites
    xbench_models, xbench_methods = plugin.xbench_models, plugin.xbench_methods
"""
NO_IMPORT = """
    if multiprocessing.parent_process():
        raise RuntimeError("no licence here")
"""


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        (ONLY_IN_WORKERS, 1, "a worker process failed: TwoPart: salt and pepper"),
        (ONLY_IN_WORKERS + NO_IMPORT, 2, "fake of fake-dist (RuntimeError: no licence here)"),
    ],
    ids=["plan", "import"],
)
def test_why_a_worker_cannot_start_reaches_the_user(tmp_path, body, code, says):
    install(tmp_path, body)
    done = xbench(tmp_path, *GRID, "--methods", "fake-method", "-j", 2)
    assert says in done.stderr
    assert done.returncode == code
    assert len(done.stderr.splitlines()) == 1
