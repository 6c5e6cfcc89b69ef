"""What `xbench plugin new` makes of each kind: it installs, is clean, passes its own tests and runs in a grid."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY
from tests.plugins import examples
from tests.test_startup import HEAVY, PROBE
from xbench.authoring import BEGUN

RUFF = ["ruff", "check", "--no-cache", "--config", REPOSITORY / "pyproject.toml"]
PROGRAM = [sys.executable, "-c", "from xbench.cli import main; main()"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a distribution of each kind, and beside each a folder that it is installed in."""
    folder = tmp_path_factory.mktemp("new")
    for kind in BEGUN:
        done = call(folder, [*PROGRAM, "plugin", "new", f"xbench-trial-{kind}", "--kind", kind])
        assert done.returncode == 0, done.stderr
        examples.install(folder / "site" / kind, folder / f"xbench-trial-{kind}")
    return folder


def call(folder, command, *sites):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, sites)), "OMP_NUM_THREADS": "1"}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    return subprocess.run(
        [*map(str, command)], env=environment, cwd=folder, capture_output=True, text=True, timeout=280
    )


@pytest.mark.parametrize("kind", BEGUN)
def test_it_passes_its_own_tests_where_it_is_installed(made, kind):
    tests = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider"]
    done = call(made / f"xbench-trial-{kind}", tests, made / "site" / kind)
    assert done.returncode == 0, done.stdout + done.stderr
    skipped = [line for line in done.stdout.splitlines() if line.startswith("SKIPPED")]
    assert all("plugin_contract.py" in line for line in skipped), "but for rules that apply to nothing"
    assert bool(skipped) == (kind not in ("method", "aligner")), done.stdout


@pytest.mark.parametrize("kind", BEGUN)
def test_its_code_is_clean(made, kind):
    if not shutil.which("ruff"):
        pytest.skip("needs ruff")
    for part, ignored in ((f"xbench_trial_{kind}", "PLC0415"), ("tests", "S,ANN,PLC0415,PLR0913")):  # as for ours
        done = call(made / f"xbench-trial-{kind}", [*RUFF, "--ignore", ignored, part])
        assert done.returncode == 0, done.stdout
    done = call(made / f"xbench-trial-{kind}", ["ruff", "format", "--check", "--no-cache", *RUFF[3:], "."])
    assert done.returncode == 0, done.stdout + done.stderr


def sites(made):
    return [made / "site" / kind for kind in BEGUN]


def test_all_are_listed_and_none_loads_a_heavy_library(made):
    listed = call(made, [*PROGRAM, "plugin", "list", "--json"], *sites(made))
    about = {row["distribution"]: row for row in json.loads(listed.stdout)}
    for kind in BEGUN:
        plugin = about[f"xbench-trial-{kind}"]
        assert (plugin["name"], plugin["version"], plugin["error"], plugin["note"]) == (
            f"trial-{kind}",
            "0.1.0",
            "",
            "",
        )
        assert f"{kind} trial-{kind}" in plugin["provides"]
    light = call(made, [sys.executable, "-c", PROBE.format(heavy=HEAVY), "plugin", "list"], *sites(made))
    assert light.stdout.splitlines()[-1].startswith("HEAVY []"), light.stdout


def test_all_run_in_one_grid_and_learn(made):
    recipes = "trial-aligner+trial-method,trial-method"
    grid = ["--suite", "trial-task", "--methods", recipes, "--models", "trial-model,xbench-mini"]
    done = call(made, [*PROGRAM, "run", *grid], *sites(made))
    assert done.returncode == 0, done.stderr
    lines = (made / "xbench-runs" / "trial-task-sample" / "results.jsonl").read_text(encoding="utf-8").splitlines()
    cells = {tuple(one["cell"][at] for at in ("model", "recipe", "target")): one for one in map(json.loads, lines)}
    assert len(cells) == 12
    assert {one["status"] for one in cells.values()} == {"ok"}
    for (model, _, target), one in cells.items():
        assert model == "trial-model" or target == "en" or one["main_score"] > 70, "two labels, equally often"
        assert target != "en" or one["main_score"] > 70


def test_the_suite_runs_by_its_name(made):
    grid = ["--suite", "trial-suite", "--methods", "trial-method", "--models", "trial-model", "--limit", "12"]
    done = call(made, [*PROGRAM, "run", *grid], *sites(made))
    assert done.returncode == 0, done.stderr
    assert "trial-suite" in done.stdout
    assert "n/a" not in next(line for line in done.stdout.splitlines() if "`trial-model`" in line)
