"""`export` and `import` with a format of one line per example, on results of the fake plugin."""

import json
from dataclasses import dataclass, replace
from typing import ClassVar

import pyarrow as pa
import pytest

from tests.fakes import SAMPLE, run, suite
from xbench import catalogue, imports, session
from xbench.contracts import Examples, Provenance, Split
from xbench.errors import DataError, MissingDataError, StoreError, UsageError
from xbench.exports import Choice, export, write_tree
from xbench.keys import digest
from xbench.registry import load_registry
from xbench.shelf import Shelf
from xbench.submission import score_tree
from xbench.testing import FakePlugin, FakeTask


@dataclass(frozen=True)
class Plain:
    """Lines `text<TAB>label` of `task/language.txt`, or labels alone where no text is asked for."""

    name: str = "plain"
    summary: str = "a line a row"
    suites: tuple[str, ...] = ("fake-suite",)
    tasks: tuple[str, ...] = ("fake-task", "second")
    asked: tuple[str, ...] = ("text",)
    folder: ClassVar[str] = "files"

    def path(self, task, language):
        return f"{self.folder}/{task.name}/{language}.txt"

    def columns(self, task):
        return self.asked

    def write(self, task, language, predictions):
        columns = [predictions[name].to_pylist() for name in (*self.asked, "label")]
        return "".join("\t".join(row) + "\n" for row in zip(*columns, strict=True))

    def read(self, task, file, inputs):
        lines = file.read_text().splitlines()
        if len(lines) != len(inputs):
            raise DataError(f"{file}:{len(lines) + 1}: {len(lines)} lines for {len(inputs)} examples")
        return pa.table({"label": [line.rpartition("\t")[2] for line in lines]})

    def labels(self, task, file):
        rows = [line.split("\t") for line in file.read_text().splitlines()]
        about = Provenance(task.name, "", "test", "labels", len(rows), digest(rows))
        return Examples(
            pa.table({"text": [row[0] for row in rows]}), pa.table({"label": [row[1] for row in rows]}), about
        )

    def report(self, scores, languages, groups):
        return {"scores": scores, "languages": languages, "groups": groups}


FORM = Plain()
TWO = suite("fake-task", "second[method=fake-method]")


@pytest.fixture
def plugin(tmp_path):
    (tmp_path / "plugin").mkdir()
    return FakePlugin(tmp_path / "plugin", tasks=[FakeTask(), FakeTask(name="second")], suites=[TWO], formats=[FORM])


@pytest.fixture
def found(plugin):
    return load_registry(extra={"fake": plugin})


@pytest.fixture
def ran(tmp_path, plugin):
    """The folder of a run's results."""
    return run(tmp_path, plugin)[0].folder


def test_of_several_suites_it_is_that_of_the_files_or_results_there_are(tmp_path):
    (tmp_path / "plugin").mkdir()
    suites = [suite("fake-task"), suite("fake-task", "second", "third", name="wide")]
    tasks = [FakeTask(), FakeTask(name="second"), FakeTask(name="third")]
    form = Plain(suites=("fake-suite", "wide"))
    plugin = FakePlugin(tmp_path / "plugin", tasks=tasks, suites=suites, formats=[form])
    installed = load_registry(extra={"fake": plugin})
    narrow = export(run(tmp_path, plugin)[0].folder, form, installed, Choice(), Shelf(SAMPLE))
    wide = export(run(tmp_path, plugin, suite="wide")[0].folder, form, installed, Choice(), Shelf(SAMPLE))
    assert (len(narrow.files), narrow.remarks) == (3, ())
    assert (len(wide.files), wide.remarks) == (6, ("plain has no files of third",))
    for tree, name in ((narrow, "fake-suite"), (wide, "wide")):
        write_tree(tree.files, tmp_path / f"{name}-files")
        submission = score_tree(tmp_path / f"{name}-files", form, installed, Shelf(SAMPLE))
        assert submission.suite.name == name
        assert len(submission.scored) == len(tree.files)
    (tmp_path / "wide-files/files/third").mkdir()
    with pytest.raises(DataError, match="third: wide has no such folder; there are files/fake-task, files/second"):
        score_tree(tmp_path / "wide-files", form, installed, Shelf(SAMPLE))


def test_a_format_is_listed_with_its_suites(found):
    (row,) = [row for row in catalogue.rows(found, "format") if row["from"] == "fake"]
    assert row == {"name": "plain", "suites": ["fake-suite"], "summary": "a line a row", "from": "fake"}


def test_predictions_of_a_run_are_written_with_what_the_data_tell(tmp_path, ran, found):
    tree = export(ran, FORM, found, Choice(), Shelf(SAMPLE))
    assert tree.remarks == ()
    assert sorted(tree.files) == [
        f"files/{task}/{at}.txt" for task in ("fake-task", "second") for at in ("de", "en", "fr")
    ]
    lines = tree.files["files/second/de.txt"].splitlines()
    assert lines[:3] == ["de test 0: rain\train", "de test 1: snow-de\train", "de test 2: sun\tsun"]
    write_tree(tree.files, tmp_path / "out")
    assert {path: (tmp_path / "out" / path).read_text() for path in tree.files} == tree.files
    with pytest.raises(UsageError, match="there is something already"):
        write_tree(tree.files, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.endswith(".tmp")) == []


def test_a_folder_that_cannot_be_written_is_left_as_it_was(tmp_path):
    with pytest.raises(StoreError, match="out: cannot be written"):
        write_tree({"a.txt": "a", "a.txt/b.txt": "b"}, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_whose_predictions_must_be_clear(tmp_path, plugin, found):
    methods = ("fake-method", "fake-aligner+fake-method")
    folder = run(tmp_path, plugin, methods, seeds=(0, 1))[0].folder
    with pytest.raises(
        UsageError, match=r"several results fit; .* \(there are: fake-model fake-aligner\+fake-method seed 0"
    ):
        export(folder, FORM, found, Choice(), None)
    with pytest.raises(UsageError, match=r"no results fit; say whose .* fake-model fake-method seed 1"):
        export(folder, FORM, found, Choice(model="other"), None)
    shelf = Shelf(SAMPLE)
    plain = export(folder, FORM, found, Choice(recipe="fake-method", seed=1), shelf)
    aligned = export(folder, FORM, found, Choice("fake-model", "fake-aligner+fake-method", 1), shelf)
    assert plain.files["files/second/en.txt"] == aligned.files["files/second/en.txt"]
    assert plain.files["files/second/de.txt"] != aligned.files["files/second/de.txt"]


def test_what_is_lacking_is_named(tmp_path, plugin, found):
    folder = run(tmp_path, plugin, languages=("de",))[0].folder
    assert export(folder, FORM, found, Choice(), Shelf(SAMPLE)).remarks == (
        "there are no predictions of fake-task in fr",
        "there are no predictions of second in fr",
    )
    lines = (folder / session.RESULTS).read_text().splitlines(keepends=True)
    (folder / session.RESULTS).write_text("".join(line for line in lines if '"task":"fake-task"' in line))
    assert export(folder, FORM, found, Choice(), Shelf(SAMPLE)).remarks[1] == "there are no predictions of second"


def test_results_of_one_file_are_not_chosen_between(ran, found):
    lines = (ran / session.RESULTS).read_text()
    (ran / session.RESULTS).write_text(lines + lines.replace('"source":"en"', '"source":"de"'))
    with pytest.raises(UsageError, match=r"two results are of one file: .* en→.* and .* de→"):
        export(ran, FORM, found, Choice(), Shelf(SAMPLE))


def test_results_on_another_split_are_no_submission(tmp_path, plugin, found):
    folder = run(tmp_path, plugin, suite="fake-suite[split=dev]")[0].folder
    with pytest.raises(UsageError, match="no results on the test data of a task of fake-suite: fake-task, second"):
        export(folder, FORM, found, Choice(), Shelf(SAMPLE))


def test_predictions_that_changed_or_are_gone_are_refused(ran, found, tmp_path):
    file = session.read_results(ran)[0].predictions["path"]
    data = (ran / file).read_bytes()
    (ran / file).write_bytes(data + b"x")
    with pytest.raises(StoreError, match="not the predictions that the journal tells of"):
        export(ran, FORM, found, Choice(), Shelf(SAMPLE))
    (ran / file).unlink()
    with pytest.raises(StoreError, match="are not there; run the cell again"):
        export(ran, FORM, found, Choice(), Shelf(SAMPLE))


def test_other_data_than_were_predicted_are_refused(ran, found, plugin):
    plugin.tasks[1] = FakeTask(name="second", relabelled={("de", Split.TEST, 0): "sun"})
    other = load_registry(extra={"fake": plugin})
    with pytest.raises(DataError, match="second in 'de': sample does not hold the examples that were predicted"):
        export(ran, FORM, other, Choice(), Shelf(SAMPLE))
    with pytest.raises(UsageError, match="'text' of the examples; name the data that were predicted, --data"):
        export(ran, FORM, found, Choice(), None)
    assert len(export(ran, Plain(asked=()), found, Choice(), None).files) == 6


@pytest.fixture
def tree(tmp_path, ran, found):
    """A tree of predictions, exported from a run."""
    write_tree(export(ran, FORM, found, Choice(), Shelf(SAMPLE)).files, tmp_path / "tree")
    return tmp_path / "tree"


def test_what_was_exported_scores_as_it_did(tree, ran, found):
    submission = score_tree(tree, FORM, found, Shelf(SAMPLE))
    own = {(one.cell.task, one.cell.target): one for one in session.read_results(ran)}
    theirs = imports.results(submission, "theirs")
    assert len(theirs) == len(own) == 6
    for one in theirs:
        known = own[one.cell.task, one.cell.target]
        for field in ("metrics", "main_metric", "main_score", "items", "uncertainty", "n_examples"):
            assert getattr(one, field) == getattr(known, field)
        assert one.dataset == known.dataset | {"train": []}
    assert submission.report()["scores"]["second"]["en"] == {"accuracy": 100.0}


def test_imported_results_stand_beside_those_of_a_run(tree, ran, found, tmp_path):
    before = (ran / session.SUITE).read_bytes()
    submission = score_tree(tree, FORM, found, Shelf(SAMPLE))
    folder = imports.keep(submission, imports.results(submission, "theirs"), tmp_path / "runs")
    assert folder == ran
    assert (ran / session.SUITE).read_bytes() == before
    (summary,) = json.loads(session.board(ran, "json"))["summaries"]
    rows = {(row["model"], row["recipe"]): row for row in summary["rows"]}
    assert rows["theirs", "imported"]["score"] == rows["fake-model", "fake-method"]["score"]
    (_, table) = json.loads(session.board(ran, "json"))["tables"]
    assert [row["model"] for row in table["rows"]] == ["fake-model", "theirs"]
    assert (ran / "README.md").read_text() == session.board(ran)
    lines = (ran / session.RESULTS).read_text()
    imports.keep(submission, imports.results(submission, "theirs"), tmp_path / "runs")
    assert (ran / session.RESULTS).read_text() == lines
    again = export(ran, FORM, found, Choice(model="theirs"), None)
    assert again.files == {str(path.relative_to(tree)): path.read_text() for path in tree.rglob("*.txt")}


def test_labels_take_the_place_of_data(tree, found):
    submission = score_tree(tree, FORM, found, tree)
    assert {one.scores.metrics["accuracy"] for one in submission.scored} == {100.0}
    found_results = imports.results(submission, "theirs")
    assert {one.dataset["origin"] for one in found_results} == {"labels"}
    assert "origin labels" in imports.board(submission, found_results)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda tree: (tree / "files/second/de.txt").unlink(),
            "second/de.txt: there is no such file; second lacks de, and",
        ),
        (
            lambda tree: (tree / "files/third").mkdir(),
            "third: fake-suite has no such folder; there are files/fake-task, files/sec",
        ),
        (lambda tree: (tree / "files/a.txt").touch(), "a.txt: fake-suite has no file of that name here"),
        (lambda tree: (tree / "files/second/es.txt").touch(), "es.txt: .* here; there are en.txt, de.txt, fr.txt"),
        (
            lambda tree: (tree / "files/second/de.txt").write_text("a\tsun\n"),
            "second/de.txt:2: 1 lines for 12 examples",
        ),
    ],
)
def test_a_tree_that_does_not_fit_is_refused(tree, found, change, says):
    change(tree)
    with pytest.raises(DataError, match=says):
        score_tree(tree, FORM, found, Shelf(SAMPLE))


def test_a_task_that_lacks_a_language_counts_where_that_is_asked_for(tree, found):
    (tree / "files/second/de.txt").unlink()
    submission = score_tree(tree, FORM, found, Shelf(SAMPLE), incomplete=True)
    assert submission.remarks == ("second is scored without de, and has no official average",)
    assert len(submission.scored) == 5
    board = imports.board(submission, imports.results(submission, "theirs"))
    assert "second: no score of theirs imported, for want of de (seed 0)" in board


def test_a_task_that_is_not_in_both_is_left_out(tmp_path, tree, plugin):
    absent = frozenset((language, Split.TEST) for language in ("en", "de", "fr"))
    plugin.tasks[1] = FakeTask(name="second", absent=absent)
    submission = score_tree(tree, FORM, load_registry(extra={"fake": plugin}), Shelf(SAMPLE))
    assert submission.remarks == ("second is left out: there are no labels of it in sample",)
    for file in (tree / "files/fake-task").iterdir():
        file.unlink()
    (tree / "files/fake-task").rmdir()
    with pytest.raises(DataError, match="tree: there is nothing to score for plain; second is left out"):
        score_tree(tree, FORM, load_registry(extra={"fake": plugin}), Shelf(SAMPLE))


def test_test_data_without_labels_score_nothing(tree, plugin):
    class Bare(FakeTask):
        def load(self, language, split, data):
            return replace(super().load(language, split, data), gold=None)

    plugin.tasks[0] = Bare()
    with pytest.raises(MissingDataError, match="test data of fake-task in 'en' have no labels"):
        score_tree(tree, FORM, load_registry(extra={"fake": plugin}), Shelf(SAMPLE))


@pytest.mark.parametrize("name", ["", "  ", "two\nlines"])
def test_a_name_must_be_one_that_can_be_printed(tree, found, name):
    with pytest.raises(UsageError, match="needs a name that can be printed"):
        imports.results(score_tree(tree, FORM, found, Shelf(SAMPLE)), name)
