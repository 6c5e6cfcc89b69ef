"""The example plugin, installed as a stranger's would be: found, listed, run, and as good as our own."""

import json
from functools import partial

import pytest

from tests import fakes
from tests.plugins import examples, tiny

EXAMPLE = examples.TESTS / "example_plugin"


@pytest.fixture(scope="module")
def xbench(tmp_path_factory):
    """The command `xbench` in a process that sees the example plugin, installed by pip into a fresh folder."""
    site = examples.install(tmp_path_factory.mktemp("site"), EXAMPLE.name)
    return partial(fakes.xbench, site, OMP_NUM_THREADS="1")


def test_the_example_is_short():
    lines = [line for file in EXAMPLE.rglob("*.py") for line in file.read_text(encoding="utf-8").splitlines()]
    assert sum(bool(line.strip()) for line in lines) < 120
    assert max(map(len, lines)) <= 120


def test_its_distribution_and_what_it_provides_are_listed(xbench):
    listed = xbench("list", "plugins", "--json")
    assert listed.returncode == 0, listed.stderr
    (example,) = [one for one in json.loads(listed.stdout) if one["distribution"] == "xbench-example"]
    assert "method nearest-mean" in json.dumps(example)
    shown = xbench("show", "method", "nearest-mean")
    assert shown.returncode == 0, shown.stderr
    assert "max_length" in shown.stdout


def test_it_runs_beside_a_method_of_ours(xbench, tmp_path):
    model = tiny.save_model(tmp_path / "model")
    recipes = "nearest-mean,finetune[epochs=1]"
    grid = ["--suite", "xnli", "--methods", recipes, "--models", model, "--languages", "de", "--limit", "60"]
    ran = xbench("run", *grid, "-o", tmp_path / "runs")
    assert ran.returncode == 0, ran.stderr
    assert "nearest-mean" in ran.stdout
    (journal,) = (tmp_path / "runs").glob("*/results.jsonl")
    results = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    cells = {(one["cell"]["recipe"], one["cell"]["target"]): one["status"] for one in results}
    assert cells == {(recipe, language): "ok" for recipe in recipes.split(",") for language in ("en", "de")}
    read = [one["supervision"] for one in results if one["cell"]["recipe"] == "nearest-mean"]
    assert read == [{"source labels": {"en": 60}}] * 2
    again = xbench("run", *grid, "-o", tmp_path / "runs")
    assert "0 trainings run" in again.stderr


@pytest.fixture
def nearest_mean(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLE))
    from xbench_example.nearest_mean import NearestMean

    return NearestMean()


def test_it_learns_a_toy_and_reads_its_means_back(nearest_mean, tmp_path):
    from xbench.contracts import Split

    given = tiny.ToyContext({("en", Split.TRAIN): tiny.coloured("en", 300)})
    encoder, test = tiny.encoder(), tiny.coloured("en", 60, seed=1)
    predictor = nearest_mean.fit(encoder, tiny.ToyTask(), nearest_mean.Options(), given)
    found = predictor.predict(test.inputs, "en")
    right = zip(found["label"].to_pylist(), test.gold["label"].to_pylist(), strict=True)
    assert sum(a == b for a, b in right) > 0.8 * 60
    predictor.save(tmp_path)
    again = nearest_mean.load(encoder, tiny.ToyTask(), nearest_mean.Options(), tmp_path)
    assert again.predict(test.inputs, "en").equals(found)
    assert given.read == [("en", "train")]
