"""What a stage costs besides its time, read from files that stand for the kernel's."""

import sys
from types import SimpleNamespace

import pytest

from tests.fakes import run
from xbench.meter import MIB, PROCESS, metered
from xbench.session import read_results
from xbench.testing import FakePlugin


@pytest.fixture
def process(tmp_path):
    """A process whose peak of memory is 3 MiB."""
    folder = tmp_path / "self"
    folder.mkdir()
    (folder / "clear_refs").write_text("")
    (folder / "status").write_text("Name:\tx\nVmHWM:\t    3072 kB\nThreads:\t1\n")
    return folder


@pytest.fixture
def power(tmp_path):
    """Two packages, and a part of the first, which must not count twice."""
    for name in ("intel-rapl:0", "intel-rapl:1", "intel-rapl:0:0"):
        zone = tmp_path / "power" / name
        zone.mkdir(parents=True)
        (zone / "energy_uj").write_text("1000000\n")
        (zone / "max_energy_range_uj").write_text("5000000\n")
    return tmp_path / "power"


def test_memory_is_the_peak_since_the_block_began(process, power):
    with metered(process, power) as cost:
        assert not cost
    assert (process / "clear_refs").read_text() == "5"
    assert cost["memory_mib"] == 3.0


def test_energy_is_that_of_the_packages_and_a_counter_may_begin_anew(process, power):
    with metered(process, power) as cost:
        (power / "intel-rapl:0" / "energy_uj").write_text("3500000")
        (power / "intel-rapl:0:0" / "energy_uj").write_text("9000000")
        (power / "intel-rapl:1" / "energy_uj").write_text("500000")  # from 1 to 5, then to 0.5
    assert cost["energy_joules"] == 2.5 + 4.5


def test_what_cannot_be_read_is_not_told(tmp_path, process, power):
    with metered(tmp_path / "none", tmp_path / "nothing") as cost:
        pass
    assert not cost
    (process / "clear_refs").unlink()
    (process / "clear_refs").mkdir()  # cannot be written: the peak is that of all that was before
    with metered(process, power) as cost:
        (power / "intel-rapl:1" / "energy_uj").write_text("no number")
    assert not cost


def test_an_accelerator_that_a_block_begins_to_use_is_told_of_it(process, power, monkeypatch):
    used = SimpleNamespace(begun=False, resets=0)
    cuda = SimpleNamespace(is_available=lambda: True, is_initialized=lambda: used.begun)
    cuda.max_memory_allocated = lambda: 5 * MIB
    cuda.reset_peak_memory_stats = lambda: vars(used).update(resets=used.resets + 1)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    with metered(process, power) as cost:
        pass
    assert "accelerator_mib" not in cost
    with metered(process, power) as cost:
        used.begun = True
    assert (cost["accelerator_mib"], used.resets) == (5.0, 0)
    with metered(process, power) as cost:
        pass
    assert (cost["accelerator_mib"], used.resets) == (5.0, 1)


@pytest.mark.skipif(not (PROCESS / "clear_refs").exists(), reason="the kernel tells no peak of memory here")
def test_the_real_peak_is_that_of_the_block():
    with metered() as before:
        pass
    with metered() as cost:
        bytearray(64 * MIB)
    assert 60 < cost["memory_mib"] - before["memory_mib"] < 80
    with metered() as after:
        pass
    assert after["memory_mib"] < cost["memory_mib"] - 60


def test_a_result_tells_what_its_stages_cost(tmp_path):
    opened, _ = run(tmp_path, FakePlugin(tmp_path), ("fake-aligner+fake-method",))
    for result in read_results(opened.folder):
        kinds = [stage["kind"] for stage in result.cost.values()]
        assert kinds == ["align", "fit", "predict"]
        assert list(result.cost) == [*result.keys["align"], result.keys["fit"], result.keys["predict"]]
        assert sum(stage["seconds"] for stage in result.cost.values()) == pytest.approx(sum(result.timings.values()))
