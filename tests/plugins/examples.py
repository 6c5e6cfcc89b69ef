"""Installs the example plugins of `tests/` as pip installs a stranger's: built, and into a folder of its own."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


def install(folder, *examples):
    """The folder with the distributions of `tests/EXAMPLE`; skips where nothing can be built."""
    if find_spec("hatchling") is None:
        pytest.skip("needs hatchling, which builds what is installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    places = [str(TESTS / example) for example in examples]
    made = subprocess.run([*pip, "--disable-pip-version-check", "--target", str(folder), *places], capture_output=True,
                          text=True, timeout=200, check=False)  # fmt: skip
    assert made.returncode == 0, made.stderr
    return folder


def xbench(folder, *arguments):
    """Run the command in a process that sees what is installed in the folder."""
    environment = os.environ | {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", "from xbench.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
