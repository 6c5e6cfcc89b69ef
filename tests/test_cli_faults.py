"""Arguments that fit no command, and what the command says of them."""

import pytest
from xbench_encoders import devices

from tests.fakes import install, xbench
from xbench.errors import DeviceError

GRID = ("--suite", "fake-suite", "--methods", "fake-method", "--models", "fake-model")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return install(tmp_path_factory.mktemp("faults"))


@pytest.mark.parametrize("seed", ["9223372036854775808", "1" + "0" * 5000])
def test_a_seed_that_is_too_large_is_a_usage_error_that_names_the_limit(folder, seed):
    done = xbench(folder, "plan", *GRID, "--seeds", f"1,{seed}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "seeds are whole numbers from 0, below 2**63" in done.stderr


def test_the_largest_seed_runs(folder):
    done = xbench(folder, "run", *GRID, "--seeds", str(2**63 - 1), "-o", "largest")
    assert done.returncode == 0, done.stderr


def test_one_config_file_serves_run_and_plan(folder):
    text = 'suite = "fake-suite"\nmethods = "fake-method"\nmodels = "fake-model"\njobs = 2\n"dry-run" = true\n'
    (folder / "grid.toml").write_text(text)
    planned = xbench(folder, "plan", "--config", "grid.toml")
    assert planned.returncode == 0, planned.stderr
    assert planned.stdout == xbench(folder, "run", "--config", "grid.toml").stdout
    (folder / "typo.toml").write_text(text + "job = 2\n")
    refused = xbench(folder, "plan", "--config", "typo.toml")
    assert refused.returncode == 2
    assert "no key of typo.toml is called 'job'; did you mean 'jobs'" in refused.stderr


@pytest.mark.parametrize("form", ["csv", "json"])
def test_check_compares_another_form_than_markdown_only_with_a_named_file(folder, form):
    assert xbench(folder, "run", *GRID).returncode == 0
    asked = ("leaderboard", "xbench-runs/fake-suite", "--format", form)
    refused = xbench(folder, *asked, "--check")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"--check with --format {form} needs -o" in refused.stderr
    assert xbench(folder, *asked, "-o", "board").returncode == 0
    assert xbench(folder, *asked, "-o", "board", "--check").returncode == 0


@pytest.mark.parametrize("name", ["meta", "xla", "cpu:1", "cuda:", "cuda:-1", "cuda:01", "cuda:1000000", "CPU", ""])
def test_a_device_that_xbench_does_not_compute_on_is_refused(name):
    with pytest.raises(DeviceError, match=f"--device {name}: no such device; use auto, cpu, cuda or cuda:N, or mps"):
        devices.pick(name)


def test_a_device_must_be_there(monkeypatch):
    monkeypatch.setattr(devices.torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(devices.torch.backends.mps, "is_available", lambda: False)
    assert devices.pick("cpu").type == "cpu"
    assert [devices.pick(name).index for name in ("cuda", "cuda:0", "cuda:1")] == [None, 0, 1]
    with pytest.raises(DeviceError, match="--device cuda:2: this machine has 2 CUDA devices"):
        devices.pick("cuda:2")
    with pytest.raises(DeviceError, match="--device mps: this machine has no such device"):
        devices.pick("mps")


def test_a_wrong_device_ends_the_command_at_once(folder):
    asked = ("--suite", "xnli", "--methods", "finetune", "--limit", "5", "--device", "meta", "-o", "meta")
    done = xbench(folder, "run", *asked)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("xbench: --device meta: no such device")
    assert "failed" not in done.stderr
