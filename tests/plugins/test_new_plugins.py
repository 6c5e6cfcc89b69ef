"""What `xbench plugin new` makes of each kind: it installs, is clean, passes its own tests and runs in a grid."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY
from xbench.authoring import BEGUN

PIP = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation",
       "--disable-pip-version-check"]  # fmt: skip
RUFF = ["ruff", "check", "--no-cache", "--config", REPOSITORY / "pyproject.toml"]
PROGRAM = [sys.executable, "-c", "from xbench.cli import main; main()"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a distribution of each kind, and beside each a folder that it is installed in."""
    folder = tmp_path_factory.mktemp("new")
    for kind in BEGUN:
        done = call(folder, [*PROGRAM, "plugin", "new", f"xbench-trial-{kind}", "--kind", kind])
        assert done.returncode == 0, done.stderr
        done = call(folder, [*PIP, "--target", folder / "site" / kind, folder / f"xbench-trial-{kind}"])
        assert done.returncode == 0, done.stderr
    return folder


def call(folder, command, *sites):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, sites)), "OMP_NUM_THREADS": "1"}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    return subprocess.run(
        [*map(str, command)], env=environment, cwd=folder, capture_output=True, text=True, timeout=280
    )


@pytest.mark.parametrize("kind", BEGUN)
def test_it_passes_its_own_tests_where_it_is_installed(made, kind):
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = call(made / f"xbench-trial-{kind}", tests, made / "site" / kind)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout


@pytest.mark.parametrize("kind", BEGUN)
def test_its_code_is_clean(made, kind):
    if not shutil.which("ruff"):
        pytest.skip("needs ruff")
    for part, ignored in ((f"xbench_trial_{kind}", "PLC0415"), ("tests", "S,ANN,PLC0415,PLR0913")):  # as for ours
        done = call(made / f"xbench-trial-{kind}", [*RUFF, "--ignore", ignored, part])
        assert done.returncode == 0, done.stdout
    done = call(made / f"xbench-trial-{kind}", ["ruff", "format", "--check", "--no-cache", *RUFF[3:], "."])
    assert done.returncode == 0, done.stdout + done.stderr
