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


LIGHT = [["--help"], ["run", "--help"], ["import", "--help"], ["list", "methods"], ["list", "tasks", "--json"]]


@pytest.mark.parametrize("arguments", [*LIGHT, ["list", "formats"]])
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
    done = xbench(tmp_path, "list", "methods")
    assert done.returncode == 1
    assert "'fake': fake-dist and other-dist; uninstall one of them" in done.stderr
