import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from xbench import environment


def test_versions_name_python_the_core_and_the_libraries_that_change_numbers():
    found = environment.versions()
    assert found["python"].count(".") == 2
    assert {"xbench-transfer", "numpy", "pyarrow"} <= set(found)
    assert list(found)[1:] == sorted(list(found)[1:])


def test_a_library_that_is_not_there_is_left_out(monkeypatch):
    monkeypatch.setattr(environment, "LIBRARIES", ("no-such-library",))
    assert "no-such-library" not in environment.versions()


def test_the_machine_is_described_as_json_without_loading_torch():
    code = (
        "import json, sys; from xbench.environment import hardware as h; print(json.dumps(h()), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    record, _, loaded = done.stdout.rpartition(" ")
    assert loaded.strip() == "False"
    assert set(json.loads(record)) == {"machine", "system", "cores"}


def test_threads_and_accelerator_are_told_once_torch_is_loaded(monkeypatch):
    cuda = SimpleNamespace(is_available=lambda: True, get_device_name=lambda: "H200")
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(get_num_threads=lambda: 2, cuda=cuda))
    assert environment.hardware() | {"threads": 2, "accelerator": "H200"} == environment.hardware()


def test_the_checkout_is_a_commit_and_whether_it_has_changes(monkeypatch):
    answers = {"ls-files": "environment.py", "rev-parse": "abc", "status": " M x.py"}
    monkeypatch.setattr(environment, "_git", lambda folder, verb, *rest: answers[verb])
    assert environment.git() == {"commit": "abc", "changed": True}
    answers["ls-files"] = ""
    assert environment.git() == {}


@pytest.mark.parametrize("raised", [FileNotFoundError("git"), subprocess.TimeoutExpired("git", 10)])
def test_without_git_there_is_no_checkout(monkeypatch, raised):
    def fail(*_, **__):
        raise raised

    monkeypatch.setattr(environment.subprocess, "run", fail)
    assert environment.git() == {}


def test_the_command_is_what_was_typed(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/usr/bin/xbench", "run", "--suite", "a b"])
    assert environment.command() == "xbench run --suite 'a b'"
