import errno
import json
import logging
import os
import signal
import subprocess
import sys
import time

import pytest

from xbench.errors import StageError, StoreError
from xbench.store import Store


def write(text="weights"):
    def body(folder):
        (folder / "part").mkdir()
        (folder / "weights").write_text(text)
        (folder / "part" / "more").write_text("more")
        return {"rows": 3}

    return body


def left(root):
    """What lies in the store, without its lock files."""
    return sorted(path.name for path in (root / "fit").iterdir() if not path.name.endswith(".lock"))


def test_an_artifact_is_its_files_and_a_manifest(tmp_path):
    store = Store(tmp_path)
    assert store.open("fit", "k") is None
    assert not store.has("fit", "k")
    folder = store.make("fit", "k", write())
    assert folder == store.open("fit", "k") == tmp_path / "fit" / "k"
    manifest = store.manifest("fit", "k")
    assert (manifest["kind"], manifest["key"], manifest["rows"]) == ("fit", "k", 3)
    assert sorted(manifest["files"]) == ["part/more", "weights"]
    assert manifest["seconds"] >= 0
    assert left(tmp_path) == ["k"]


def test_what_is_there_is_not_made_again(tmp_path):
    Store(tmp_path).make("fit", "k", write())
    Store(tmp_path).make("fit", "k", lambda folder: pytest.fail("made again"))


def test_a_write_that_raises_leaves_nothing(tmp_path):
    def half(folder):
        (folder / "weights").write_text("half")
        raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"):
        Store(tmp_path).make("fit", "k", half)
    assert left(tmp_path) == []
    assert (Store(tmp_path).make("fit", "k", write()) / "weights").read_text() == "weights"


def test_a_manifest_that_is_not_json_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        Store(tmp_path).make("fit", "k", lambda folder: {"loss": float("nan")})
    assert left(tmp_path) == []


def damage_byte(place):
    (place / "weights").write_text("weightz")


def damage_missing(place):
    (place / "part" / "more").unlink()


def damage_extra(place):
    (place / "extra").write_text("")


def damage_manifest(place):
    text = (place / "manifest.json").read_text()
    (place / "manifest.json").write_text(text[: len(text) // 2])


def damage_no_manifest(place):
    (place / "manifest.json").unlink()


def damage_not_a_manifest(place):
    (place / "manifest.json").write_text("[]")


@pytest.mark.parametrize(
    "damage",
    [damage_byte, damage_missing, damage_extra, damage_manifest, damage_no_manifest, damage_not_a_manifest],
)
def test_a_broken_artifact_is_set_aside_with_a_warning_and_made_again(tmp_path, caplog, damage):
    place = Store(tmp_path).make("fit", "k", write("weights"))
    damage(place)
    assert Store(tmp_path).open("fit", "k") is None
    with caplog.at_level(logging.WARNING, "xbench"):
        made = Store(tmp_path).make("fit", "k", write("weights"))
    assert (made / "weights").read_text() == "weights"
    assert Store(tmp_path).open("fit", "k") == place
    (aside,) = (tmp_path / "broken").iterdir()
    assert aside.name.startswith("fit-k-")
    assert str(place) in caplog.text
    assert str(aside) in caplog.text


def test_a_full_disk_is_one_clear_error_and_leaves_nothing(tmp_path):
    def full(folder):
        (folder / "weights").write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(StoreError, match=r"disk under .* is full; free some space"):
        Store(tmp_path).make("fit", "k", full)
    assert left(tmp_path) == []


def test_another_error_of_the_system_is_the_stages_affair(tmp_path):
    def refused(folder):
        raise PermissionError(errno.EACCES, "denied", "/data/x")

    with pytest.raises(StageError, match="PermissionError"):
        Store(tmp_path).make("fit", "k", refused)
    assert left(tmp_path) == []


def test_a_store_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write"):
        Store(tmp_path / "file").make("fit", "k", write())


MAKER = """
import sys, time
from pathlib import Path
from xbench.store import Store
root, seconds = Path(sys.argv[1]), float(sys.argv[2])
def write(folder):
    with (root / "made.log").open("a") as log:
        log.write("made\\n")
    (folder / "weights").write_text("half")
    (root / "writing").write_text("")
    time.sleep(seconds)
    (folder / "weights").write_text("whole")
    return {}
print((Store(root).make("fit", "k", write) / "weights").read_text(), end="")
"""


def maker(root, seconds):
    return subprocess.Popen([sys.executable, "-c", MAKER, str(root), str(seconds)], stdout=subprocess.PIPE, text=True)


def test_of_processes_that_want_one_key_one_makes_it_and_all_get_it(tmp_path):
    makers = [maker(tmp_path, 0.3) for _ in range(3)]
    assert [each.communicate(timeout=60)[0] for each in makers] == ["whole"] * 3
    assert (tmp_path / "made.log").read_text() == "made\n"


def test_a_process_killed_in_the_middle_leaves_no_artifact_and_the_next_one_clears_up(tmp_path):
    killed = maker(tmp_path, 60)
    deadline = time.monotonic() + 60
    while not (tmp_path / "writing").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate(timeout=60)
    assert Store(tmp_path).open("fit", "k") is None
    (draft,) = left(tmp_path)
    assert draft.startswith(".k.")
    assert (Store(tmp_path).make("fit", "k", write("whole")) / "weights").read_text() == "whole"
    assert left(tmp_path) == ["k"]
    assert json.loads((tmp_path / "fit" / "k" / "manifest.json").read_text())["key"] == "k"
