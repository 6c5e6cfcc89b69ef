"""Settings of every test: no network, threads that do not spin, fixtures that several files share."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read once, when torch is first imported
os.environ.setdefault("GOMP_SPINCOUNT", "0")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
for _name in [name for name in os.environ if name.startswith("XBENCH_") and name != "XBENCH_TEST_DATA"]:
    del os.environ[_name]  # flags of a user's shell must not reach the tests
os.environ["XBENCH_PATIENCE"] = "120"  # where much else runs, imports are slow, and lists would leave plugins out

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data in official formats; tests that need them are skipped where they are not there."""
    places = [os.environ.get("XBENCH_TEST_DATA", ""), str(REPOSITORY.parent / "shared" / "data")]
    for place in places:
        if place and Path(place).is_dir():
            return Path(place)
    pytest.skip("needs real data: set XBENCH_TEST_DATA to a folder of official files")
