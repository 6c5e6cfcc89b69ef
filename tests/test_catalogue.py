import pytest

from tests.fakes import suite
from xbench.catalogue import record_to_text, rows, show, to_text
from xbench.errors import UsageError
from xbench.registry import load_registry
from xbench.testing import FakeModel, FakePlugin, FakeTask


@pytest.fixture
def found(tmp_path):
    tasks = [FakeTask(), FakeTask(name="borrows", donor="fake-task"), FakeTask(name="bare", train_on=None)]
    plugin = FakePlugin(tmp_path, tasks=tasks, suites=[suite("fake-task", "borrows")])
    return load_registry(extra={"fake": plugin})


def test_a_row_says_where_the_labels_come_from_and_who_provides_it(found):
    about = {row["name"]: row for row in rows(found, "task") if row["from"] == "fake"}
    assert about["fake-task"]["trains on"] == "fake-task (en)"
    assert about["borrows"]["trains on"] == "fake-task (en)"
    assert about["bare"]["trains on"] == "nothing"


def test_what_is_shown_of_a_method_is_what_it_declares(found):
    record = show(found, "method", "fake-method")
    assert (record["scope"], record["needs"], record["version"]) == ("source", ["source labels"], 1)
    assert record["options"]["on"] == "source|target, default source"
    assert record["documentation"].startswith("Memorises")


def test_a_kind_that_does_not_exist_is_refused(found):
    for ask in (lambda: rows(found, "tusk"), lambda: show(found, "tusk", "x")):
        with pytest.raises(UsageError, match="did you mean 'task'"):
            ask()


def test_columns_are_aligned_and_long_lines_cut_to_the_terminal():
    records = [{"name": "a", "languages": ["en"] * 40, "n": 1}, {"name": "longer", "languages": ["de"], "n": 22}]
    lines = to_text(records, 200).splitlines()
    assert lines[0].index("n", 3) == lines[0].rindex("languages") + 2
    assert "40: en en" in lines[1]
    assert {len(line) for line in to_text(records, 20).splitlines()} == {20}
    assert to_text([], 80) == "none"


def test_a_record_is_lines_of_name_and_value():
    assert record_to_text({"a": 1, "b": {"c": "d"}, "e": ["f", "g"]}) == "a: 1\nb:\n  c: d\ne: f, g"


def test_a_model_shows_its_recipe(tmp_path):
    plugin = FakePlugin(tmp_path, models=[FakeModel(hyperparameters={"epochs": 2})])
    assert show(load_registry(extra={"fake": plugin}), "model", "fake-model")["recipe"] == {"epochs": 2}
