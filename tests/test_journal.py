import dataclasses
import json
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xbench.cell import Cell, Result, Status
from xbench.errors import StoreError
from xbench.journal import Journal, latest, read

TEXT = st.text(st.characters())  # with surrogates: a reason may hold a file name that is no UTF-8
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.dictionaries(st.text(max_size=5), st.one_of(TEXT, NUMBER, st.integers(), st.lists(NUMBER, max_size=2)))
RESULT = st.builds(
    Result,
    cell=st.builds(Cell, TEXT, TEXT, TEXT, st.just("en"), st.sampled_from(["de", "sw"]), st.integers(0, 3)),
    status=st.sampled_from(Status),
    reason=TEXT,
    main_score=st.none() | NUMBER,
    metrics=st.dictionaries(st.text(max_size=5), NUMBER, max_size=2),
    keys=st.fixed_dictionaries({"score": st.text(max_size=3)}),
    supervision=JSON,
    command=TEXT,
)
FRESH = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)


def result(number=0, status=Status.OK, key="k", **fields):
    cell = Cell("m", "r", "t", "en", f"l{number}", 0)
    return Result(cell, status, keys={"score": key}, **fields)


@FRESH
@given(st.lists(RESULT, max_size=6))
def test_any_results_survive_and_the_last_of_a_cell_counts(tmp_path, results):
    path = tmp_path / "r.jsonl"
    path.unlink(missing_ok=True)
    journal = Journal(path)
    for each in results:
        last = journal.latest().get(each.cell)
        assert journal.append(each) == (last is None or last.identity != each.identity)
    assert latest(read(path)) == Journal(path).latest() == journal.latest()
    assert {cell: each.identity for cell, each in journal.latest().items()} == {r.cell: r.identity for r in results}
    assert all(each in results for each in journal.latest().values())


def test_a_file_cut_at_any_byte_is_read_up_to_the_last_whole_line_and_repaired_by_the_next_append(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("os.fsync", lambda descriptor: None)  # two thousand appends
    path = tmp_path / "r.jsonl"
    whole = [result(0, reason="größer", main_score=1.5), result(1, Status.FAILED, reason="🙃")]
    for each in whole:
        Journal(path).append(each)
    content = path.read_bytes()
    for cut in range(len(content) + 1):
        path.write_bytes(content[:cut])
        kept = whole[: content[:cut].count(b"\n")]
        assert read(path) == kept
        assert Journal(path).append(result(9))
        assert read(path) == [*kept, result(9)]


def test_a_fact_is_written_once_and_a_change_of_it_again(tmp_path):
    journal = Journal(tmp_path / "r.jsonl")
    facts = [
        result(),
        result(key="other"),
        result(status=Status.FAILED, reason="a"),
        result(status=Status.FAILED, reason="b"),
        result(),
    ]
    for each in facts:
        assert journal.append(each)
        assert not journal.append(dataclasses.replace(each, command="another command", started="later"))
    assert read(journal.path) == facts


def test_a_journal_sees_what_another_one_wrote_in_between(tmp_path):
    one, other = Journal(tmp_path / "r.jsonl"), Journal(tmp_path / "r.jsonl")
    assert one.append(result(0))
    assert other.append(result(1))
    assert not one.append(result(1))
    assert len(one.latest()) == 2


def test_a_journal_that_was_removed_begins_anew(tmp_path):
    journal = Journal(tmp_path / "r.jsonl")
    journal.append(result(0))
    journal.path.unlink()
    assert journal.latest() == {}
    journal.append(result(1))
    assert read(journal.path) == [result(1)]


def test_a_journal_that_is_not_there_is_empty(tmp_path):
    assert read(tmp_path / "r.jsonl") == []


@pytest.mark.parametrize("line", [b"{", b"", b"[]", b"5", b"\xff", b'{"cell": 5}', b'{"cell": {}, "status": "ok"}'])
def test_a_line_that_is_no_record_is_named(tmp_path, line):
    path = tmp_path / "r.jsonl"
    for key in ("a", "b"):  # two lines of one cell
        Journal(path).append(result(key=key))
    path.write_bytes(path.read_bytes() + line + b"\n")
    for reader in (read, lambda path: Journal(path).latest()):
        with pytest.raises(StoreError, match=r"r\.jsonl, line 3: "):
            reader(path)


def test_a_record_with_a_status_or_field_that_does_not_exist_is_no_record(tmp_path):
    good = result().to_json()
    for change in ({"status": "fine"}, {"colour": "red"}):
        with pytest.raises(StoreError, match="not a result record"):
            Result.from_json(good | change)


def test_a_place_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        Journal(tmp_path / "file" / "r.jsonl").append(result())
    (tmp_path / "r.jsonl").mkdir()
    with pytest.raises(StoreError, match="cannot be"):
        read(tmp_path / "r.jsonl")


WRITER = """
import sys
from pathlib import Path
from xbench.cell import Cell, Result, Status
from xbench.journal import Journal
journal = Journal(Path(sys.argv[1]))
for number in range(60):
    journal.append(Result(Cell("m", sys.argv[2], "t", "en", "de", number), Status.OK, reason="x" * 3000))
    journal.append(Result(Cell("m", "shared", "t", "en", "de", number), Status.OK))
"""


def test_appends_of_two_processes_interleave_whole(tmp_path):
    path = tmp_path / "r.jsonl"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), name]) for name in ("one", "two")]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    cells = [each.cell for each in read(path)]
    assert len(cells) == len(set(cells)) == 180
    assert all(json.loads(line) for line in path.read_bytes().splitlines())


FULL = """
import resource, sys
from pathlib import Path
from xbench.cell import Cell, Result, Status
from xbench.errors import StoreError
from xbench.journal import Journal
path = Path(sys.argv[1])
journal = Journal(path)
journal.append(Result(Cell("m", "r", "t", "en", "de", 0), Status.OK))
before = path.read_bytes()
resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, len(before) + 100))
try:
    journal.append(Result(Cell("m", "r", "t", "en", "de", 1), Status.OK))
except StoreError as error:
    print("cannot be written" in str(error), path.read_bytes() == before)
"""


def test_a_record_for_which_there_is_no_room_leaves_the_file_as_it_was(tmp_path):
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path / "r.jsonl")], capture_output=True, text=True)
    assert done.stdout == "True True\n", done.stderr
