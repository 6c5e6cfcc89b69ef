"""What is there before anything runs: how light the command is, and what plugins do to each other."""

import json
import subprocess
import sys

import pytest

from tests.fakes import install, xbench

GRID = ["--suite", "fake-suite", "--methods", "fake-method", "--models", "fake-model"]
HEAVY = ("torch", "transformers", "datasets", "evaluate", "pandas", "pyarrow", "sklearn", "scipy")
HEAVY += ("matplotlib", "jinja2")
PROBE = """
import sys
from xbench.cli import main
try:
    main()
except SystemExit as ended:
    print("HEAVY", sorted(set(sys.modules) & set({heavy!r})), ended.code)
"""


SLOW = """
    import time
    from pathlib import Path
    Path(__file__).with_name("imported").touch()
    time.sleep({seconds})
    from xbench import hookimpl
    @hookimpl
    def xbench_methods():
        return []
"""
LIGHT = [["--help"], ["run", "--help"], ["import", "--help"], ["list", "methods"], ["list", "tasks", "--json"]]


@pytest.mark.parametrize("arguments", [*LIGHT, ["list", "formats"], ["plugin", "list"], ["plugin", "new", "-h"]])
def test_help_and_lists_answer_without_the_heavy_libraries(tmp_path, arguments):
    code = PROBE.format(heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] in ("HEAVY [] 0", "HEAVY [] None"), done.stdout + done.stderr


def test_a_broken_plugin_is_listed_with_its_reason_and_the_rest_works(tmp_path):
    install(tmp_path)
    install(tmp_path, "import no_such_library", name="broken", distribution="broken-dist")
    listed = {row["name"]: row for row in json.loads(xbench(tmp_path, "list", "plugins", "--json").stdout)}
    assert listed["broken"]["distribution"] == "broken-dist"
    assert "No module named 'no_such_library'" in listed["broken"]["error"]
    assert listed["fake"]["error"] == ""
    asked = xbench(tmp_path, "run", *GRID[:2], *GRID[4:], "--methods", "theirs")
    assert asked.returncode == 2
    assert "broken of broken-dist" in asked.stderr
    assert xbench(tmp_path, "plan", *GRID).returncode == 0


def test_two_plugins_of_one_name_are_an_error_that_names_both(tmp_path):
    install(tmp_path)
    install(tmp_path, "", name="fake", distribution="other-dist")
    for listing in (["list", "methods"], ["plugin", "list"], ["plan", *GRID]):
        done = xbench(tmp_path, *listing)
        assert done.returncode == 1
        assert "'fake': fake-dist and other-dist; uninstall one of them" in done.stderr
        assert done.stdout.count("fake-dist") == {"list": 1, "plugin": 2, "plan": 0}[listing[0]]


def test_plugins_are_listed_with_distribution_version_what_they_provide_and_reasons(tmp_path):
    install(tmp_path)
    install(tmp_path, "import no_such_library", name="broken", distribution="broken-dist")
    text = xbench(tmp_path, "plugin", "list").stdout
    lines = {line.split()[0]: line.split() for line in text.splitlines()}
    assert lines["name"] == ["name", "distribution", "version", "provides"]
    assert lines["fake"][1:3] == ["fake-dist", "1.0"]
    assert "method fake-method" in text
    assert lines["broken"] == ["broken", "broken-dist", "1.0", "broken"]
    assert "broken: broken: ModuleNotFoundError: No module named 'no_such_library'" in text
    methods = xbench(tmp_path, "list", "methods")
    assert "no_such_library" not in methods.stdout
    assert "whose names are missing: broken of broken-dist" in methods.stderr


def test_a_plugin_that_is_slow_to_import_slows_no_help_and_no_list(tmp_path):
    install(tmp_path)
    install(tmp_path, SLOW.format(seconds=600), name="slow", distribution="slow-dist")
    for command in ("run", "list", "plugin"):
        assert xbench(tmp_path, command, "--help").returncode == 0
    assert not (tmp_path / "imported").exists(), "the help needs no plugin"
    done = xbench(tmp_path, "list", "plugins", "--json", XBENCH_PATIENCE="3")
    listed = {row["name"]: row["error"] for row in json.loads(done.stdout)}
    assert (tmp_path / "imported").exists()
    assert "not imported within 3 s" in listed["slow"]
    assert "fake" in listed


def test_what_runs_waits_for_a_slow_plugin(tmp_path):
    install(tmp_path)
    install(tmp_path, SLOW.format(seconds=0.3), name="slow", distribution="slow-dist")
    assert "not imported within 0.1 s" in xbench(tmp_path, "plugin", "list", "--patience", "0.1").stdout
    assert xbench(tmp_path, "show", "plugin", "slow").stdout.splitlines()[-2:] == ["error: ", "note: "]
