"""Installs distributions as pip installs a stranger's: built, and into a folder of its own."""

import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
PIP = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation",
       "--disable-pip-version-check"]  # fmt: skip


def install(folder, *places):
    """The folder with the distributions that are made of these places; examples of `tests/` go by their names."""
    made = subprocess.run([*PIP, "--target", str(folder), *(str(TESTS / place) for place in places)],
                          capture_output=True, text=True, timeout=200, check=False)  # fmt: skip
    assert made.returncode == 0, made.stderr
    return folder
