"""What strangers bring, each its own distribution: a task from a CSV file, an aligner, a library, no transformer."""

import json
from functools import partial

import pyarrow as pa
import pytest

from tests import fakes
from tests.plugins import examples
from xbench.contracts import Data, Origin, Split
from xbench.errors import DataError, MissingDataError
from xbench.plugin_check import check

STRANGERS = ("example_task", "example_aligner", "example_trees", "example_tfidf")
SMALL = ("--limit", "40", "--languages", "de")
HEAD = "id,split,intent,en,de\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return examples.install(tmp_path_factory.mktemp("site"), *STRANGERS)


@pytest.fixture
def xbench(site):
    return partial(fakes.xbench, site, OMP_NUM_THREADS="1")


@pytest.fixture
def support(site, monkeypatch):
    monkeypatch.syspath_prepend(str(site))
    from xbench_example_task.support import SupportRequests

    return SupportRequests()


@pytest.mark.parametrize("example", ["example_trees", "example_tfidf"])  # the tutorials check the others
def test_each_keeps_every_rule(example, site, monkeypatch):
    monkeypatch.syspath_prepend(str(site))
    report = check("xbench-" + example.replace("_", "-"))
    assert [(fault.rule, fault.what) for fault in report.faults] == []
    ran = [finding.component for finding in report.of("learns") if finding.verdict == "ok"]
    assert len(ran) == 1


def records(folder):
    (journal,) = folder.glob("*/results.jsonl")
    return [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]


def test_they_stand_on_one_board_with_ours_and_what_does_not_go_together_is_skipped(xbench, tmp_path):
    ran = xbench("run", "--suite", "support-requests", "--models", "xbench-mini,char-counts", "--languages", "de",
                 "--methods", "probe,coral+probe,trees,tfidf", "-o", tmp_path)  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    by_row = {}
    for one in records(tmp_path):
        by_row.setdefault((one["cell"]["model"], one["cell"]["recipe"]), []).append(one)
    done = {row for row, cells in by_row.items() if {one["status"] for one in cells} == {"ok"}}
    assert done == {("xbench-mini", "probe"), ("xbench-mini", "coral+probe"), ("xbench-mini", "trees"),
                    ("char-counts", "tfidf")}  # fmt: skip
    reasons = {cells[0]["reason"] for row, cells in by_row.items() if row not in done}
    assert "coral takes encoders of the type states, char-counts gives ngram-counts" in reasons
    assert len(by_row) == 8
    assert f"- 2 cells skipped: {sorted(reasons)[0]}" in ran.stdout
    again = xbench("run", "--suite", "support-requests", "--models", "char-counts", "--languages", "de",
                   "--methods", "tfidf", "-o", tmp_path)  # fmt: skip
    assert "0 trainings run" in again.stderr


def test_pairs_of_texts_are_learned_by_each(xbench, tmp_path):
    ran = xbench("run", "--suite", "xnli", *SMALL, "--models", "xbench-mini,char-counts", "-o", tmp_path,
                 "--methods", "trees[rounds=5],tfidf,coral+trees[rounds=5]")  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    done = {(one["cell"]["model"], one["cell"]["recipe"]) for one in records(tmp_path) if one["status"] == "ok"}
    assert done == {("xbench-mini", "trees[rounds=5]"), ("xbench-mini", "coral+trees[rounds=5]"),
                    ("char-counts", "tfidf")}  # fmt: skip


def test_a_label_that_no_example_has_and_two_labels_are_no_trouble_for_tf_idf(site, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(site))
    from types import SimpleNamespace

    from xbench_example_tfidf.counts import CharCounts
    from xbench_example_tfidf.tfidf import TfIdf

    texts = ["red rose", "red blood", "green leaf", "green grass"]
    examples_ = SimpleNamespace(inputs=pa.table({"text": texts}), gold=pa.table({"label": ["b", "b", "c", "c"]}))
    context = SimpleNamespace(source="en", labelled=lambda language: examples_)
    task = SimpleNamespace(labels=("a", "b", "c"))
    method, encoder = TfIdf(), CharCounts().load("cpu")
    learned = method.fit(encoder, task, method.Options(), context)
    assert learned.predict(pa.table({"text": ["red", "green"]}), "en")["label"].to_pylist() == ["b", "c"]
    learned.save(tmp_path)
    read = method.load(encoder, task, method.Options(), tmp_path)
    assert read.predict(examples_.inputs, "en")["label"].to_pylist() == ["b", "b", "c", "c"]


def test_an_aligned_language_has_mean_and_covariance_of_the_source(site, monkeypatch):
    monkeypatch.syspath_prepend(str(site))
    from types import SimpleNamespace

    import numpy as np
    from xbench_encoders.vectors import mean_vectors
    from xbench_example_aligner.coral import Coral

    from tests.plugins import tiny

    texts = {at: tiny.coloured(at, 200).inputs["text"].to_pylist() for at in ("en", "de")}
    context = SimpleNamespace(source="en", targets=("de",), seed=0, text=texts.get, log=lambda name, value: None,
                              progress=lambda step, steps, loss: None)  # fmt: skip
    before = tiny.encoder("en", "de")
    aligned = Coral().fit(before.copy(), Coral.Options(shrinkage=1e-9), context)
    home, away, moved = (
        mean_vectors(encoder, texts[at], at) for encoder, at in ((before, "en"), (before, "de"), (aligned, "de"))
    )
    assert not np.allclose(away.mean(0), home.mean(0), atol=1e-3)
    assert np.allclose(moved.mean(0), home.mean(0), atol=1e-4)
    spread = np.linalg.norm(np.cov(home.T))
    assert np.linalg.norm(np.cov(moved.T) - np.cov(home.T)) < 0.01 * spread
    assert np.linalg.norm(np.cov(away.T) - np.cov(home.T)) > 0.1 * spread


def test_a_csv_file_of_a_company_is_read_as_a_spreadsheet_writes_it(support, tmp_path):
    data = Data(Origin.FOLDER, tmp_path)
    file = tmp_path / "support-requests.csv"
    file.write_text(
        HEAD + '1,train,billing,"Refund, please.",\n2,test,account,"Line one\nline two",Zwei\n', "utf-8-sig"
    )
    assert support.available(Split.TEST, data) == ("en", "de")
    assert support.available(Split.TRAIN, data) == ("en",)
    found = support.load("en", Split.TRAIN, data)
    assert found.inputs["text"].to_pylist() == ["Refund, please."]
    assert (found.provenance.id, found.provenance.n_rows) == ("support-requests", 1)
    assert support.load("en", Split.TEST, data).inputs["text"].to_pylist() == ["Line one\nline two"]
    with pytest.raises(MissingDataError, match="no train split in 'de'"):
        support.load("de", Split.TRAIN, data)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD + "1,test,greeting,Hello,\n", ":2: the intent 'greeting' is none of account, billing, delivery"),
        (HEAD + "1,tset,billing,Hello,\n", ":2: the split 'tset' is none of train, validation, test"),
        (HEAD + "1,test,billing,Hello\n", ":2: there are more or fewer fields than columns"),
        (HEAD + "1,test,billing,Hello,Hallo,Hola\n", ":2: there are more or fewer fields than columns"),
        (HEAD + "1,test,billing, ,Hallo\n", ":2: a row needs en"),
        (HEAD + "1,test,billing,A,\n1,test,billing,B,\n", ":3: there is another row with the id 1"),
        (HEAD + '1,test,billing,"Hello,Hallo\n', "unexpected end of data"),
        (HEAD, "there is no row in it"),
        ("", ":1: columns id, split, intent, en, .. are wanted, each once, not "),
        ("id,split,intent,en,en\n1,test,billing,A,B\n", ":1: columns id, split, intent, en, .. are wanted, each once"),
        (HEAD + "1,test,billing,A,\n2,test,billing,caf\xe9,\n", ":3: .*save it as CSV in UTF-8"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_line(text, says, support, tmp_path):
    (tmp_path / "support-requests.csv").write_text(text, encoding="latin-1")
    with pytest.raises(DataError, match=says):
        support.load("en", Split.TEST, Data(Origin.FOLDER, tmp_path))


def test_row_i_of_the_test_split_is_one_message_in_every_language(support, tmp_path):
    rows = "1,test,billing,One,Eins\n2,test,account,Two, \n3,test,billing,Three,Drei\n4,validation,account,Four,\n"
    (tmp_path / "support-requests.csv").write_text(HEAD + rows, encoding="utf-8")
    data = Data(Origin.FOLDER, tmp_path)
    found = {at: support.load(at, Split.TEST, data) for at in support.available(Split.TEST, data)}
    assert {at: one.inputs["text"].to_pylist() for at, one in found.items()} == {
        "en": ["One", "Three"], "de": ["Eins", "Drei"],
    }  # fmt: skip
    assert {one.provenance.note for one in found.values()} == {"1 of 3 rows lack a translation and are left out"}
    assert support.load("en", Split.VALIDATION, data).provenance.note == ""


def test_one_label_is_too_few_and_is_said_so(xbench, tmp_path):
    ran = xbench("run", "--suite", "support-requests", "--models", "xbench-mini,char-counts", "--languages", "de",
                 "--methods", "trees,tfidf", "--limit", "1", "-o", tmp_path)  # fmt: skip
    assert ran.returncode == 3
    failed = {one["cell"]["recipe"]: one["reason"] for one in records(tmp_path) if one["status"] == "failed"}
    reason = "examples of two labels or more are wanted, and those of en have account"
    assert failed == {"trees": reason, "tfidf": reason}
