"""Evaluating on another split than test: `task[split=dev]`."""

import json

import pytest

from tests.fakes import run, session, suite
from xbench.contracts import Resource, Scope, Split
from xbench.errors import DataError, UsageError
from xbench.session import board
from xbench.testing import FakeMethod, FakePlugin, FakeTask

ALIGNED = "fake-aligner+fake-method"


def plan(tmp_path, name="fake-suite", methods=("fake-method",), **things):
    return session(tmp_path, FakePlugin(tmp_path, **things), methods, suite=name).plan


def keys(found):
    return {(kind, cell.cell.target): stage.key for cell in found.cells for kind, stage in stages(cell).items()}


def stages(cell):
    return {stage.kind: stage for stage in cell.stages()}


class Same(FakeTask):
    """A task whose dev rows are its test rows, as the Thai ones of one benchmark are."""

    def load(self, language, split, data):
        return super().load(language, Split.TEST if split is Split.VALIDATION else split, data)


def test_the_split_is_part_of_the_name_and_of_what_is_evaluated(tmp_path):
    found = plan(tmp_path, "fake-suite[split=dev]")
    assert {cell.cell.task for cell in found.cells} == {"fake-task[split=dev]"}
    assert {stages(cell)["predict"].split for cell in found.cells} == {Split.VALIDATION}
    assert all("(6 rows)" in stages(cell)["predict"].title for cell in found.cells)


def test_the_split_is_part_of_the_key_even_of_equal_rows_and_fits_are_shared(tmp_path):
    test, dev = (keys(plan(tmp_path, name, tasks=[Same()])) for name in ("fake-suite", "fake-suite[split=dev]"))
    for at, key in test.items():
        assert (dev[at] == key) == (at[0] == "fit")


def test_the_test_split_goes_without_saying(tmp_path):
    usual, said = plan(tmp_path), plan(tmp_path, "fake-suite[split=test]")
    assert keys(usual) == keys(said)
    assert {cell.cell for cell in usual.cells} == {cell.cell for cell in said.cells}


def test_a_suite_file_may_name_the_split(tmp_path):
    suites = [suite("fake-task[split=dev]", name="held-out")]
    found = plan(tmp_path, "held-out", suites=suites)
    assert {cell.cell.task for cell in found.cells} == {"fake-task[split=dev]"}
    over = plan(tmp_path, "held-out[split=test]", suites=suites)
    assert {cell.cell.task for cell in over.cells} == {"fake-task"}


def test_it_goes_with_labels_of_another_task(tmp_path):
    tasks = [FakeTask(), FakeTask(name="lender")]
    found = plan(tmp_path, "fake-suite[split=dev,train=lender]", tasks=tasks)
    assert {cell.cell.task for cell in found.cells} == {"fake-task[split=dev,train=lender]"}


def test_another_split_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(UsageError, match=r"no split to evaluate fake-task on is called 'train'.*dev"):
        plan(tmp_path, "fake-suite[split=train]")


def test_the_board_says_which_split_it_is(tmp_path):
    opened, summary = run(tmp_path, suite="fake-suite[split=dev]")
    assert summary.counts["ok"] == 3
    assert opened.folder.name == "fake-suite-split-dev"
    text = board(opened.folder)
    assert "`fake-task[split=dev]`" in text
    assert "split validation" in text
    (line, *_) = (opened.folder / "results.jsonl").read_text().splitlines()
    assert json.loads(line)["dataset"]["split"] == "validation"


def test_a_language_without_the_split_is_a_remark_that_names_it(tmp_path):
    task = FakeTask(absent=frozenset({("fr", Split.VALIDATION)}))
    found = plan(tmp_path, "fake-suite[split=dev]", tasks=[task])
    assert [cell.cell.target for cell in found.cells] == ["en", "de"]
    assert found.remarks == ("fake-task: sample has 2 of 3 languages' validation splits (not there: fr)",)


def test_unlabelled_text_is_never_that_of_the_evaluated_split(tmp_path):
    for name, wanted in (("fake-suite", Split.VALIDATION), ("fake-suite[split=dev]", None)):
        absent = frozenset({("fr", Split.TRAIN)})
        found = plan(tmp_path, name, ("fake-method", ALIGNED), tasks=[FakeTask(absent=absent)])
        read = {split for cell in found.cells for _, split in texts(cell)}
        assert read == ({wanted} if wanted else set())
        reasons = {skip.reason for skip in found.skipped}
        assert len(reasons) == (wanted is None)
        assert all("no train split in fr; its validation split is evaluated" in reason for reason in reasons)


def texts(cell):
    align = stages(cell).get("align")
    return align.grant.texts.values() if align else ()


class Selects(FakeMethod):
    def needs(self, options):
        return super().needs(options) | {Resource.SOURCE_VALIDATION}


def test_what_selects_on_the_evaluated_labels_is_not_evaluated_on_them(tmp_path):
    found = session(tmp_path, FakePlugin(tmp_path, methods=[Selects()]), suite="fake-suite[split=dev]").plan
    assert [cell.cell.target for cell in found.cells] == ["de", "fr"]
    (skip,) = found.skipped
    assert skip.cell.target == "en"
    assert "the validation labels of en are what is evaluated" in skip.reason


class Oracle(FakeMethod):
    """Reads validation labels of one target."""

    def needs(self, options):
        return super().needs(options) | {Resource.TARGET_VALIDATION}

    def scope(self, options):
        return Scope.PAIRWISE

    def fit(self, encoder, task, options, context):
        for target in context.targets:
            context.labelled(target, Split.VALIDATION)
        return super().fit(encoder, task, options, context)


@pytest.mark.parametrize(("how", "kept"), [("split=dev", []), ("train=dev", ["de", "fr"])])
def test_validation_labels_of_a_target_that_teach_or_judge_do_not_select(tmp_path, how, kept):
    plugin = FakePlugin(tmp_path, methods=[Oracle()])
    if not kept:
        with pytest.raises(DataError, match="validation labels of en are what is evaluated, and the fit reads them"):
            session(tmp_path, plugin, suite=f"fake-suite[{how}]")
        return
    found = session(tmp_path, plugin, suite=f"fake-suite[{how}]").plan
    assert [cell.cell.target for cell in found.cells] == kept
    (skip,) = found.skipped
    assert skip.cell.target == "en"
    assert "the validation labels of en are what the fit trains on, and it selects on them" in skip.reason


def test_a_row_that_was_selected_on_target_labels_is_called_an_oracle(tmp_path):
    opened, _ = run(tmp_path, FakePlugin(tmp_path, methods=[Oracle()]))
    shown = board(opened.folder)
    assert "- oracle: fake-model fake-method: target validation labels chose what is predicted with" in shown
    assert "target validation labels 2 languages 12" in shown
    assert shown.count("## fake-task") == 1  # its training for the source reads no labels of targets, and is its own
    plain, _ = run(tmp_path / "plain", FakePlugin(tmp_path))
    assert "oracle" not in board(plain.folder)


def test_a_task_without_the_source_language_selects_on_the_lenders_validation_labels(tmp_path):
    tasks = [FakeTask(languages=("de", "fr"), donor="lender"), FakeTask(name="lender")]
    found = session(tmp_path, FakePlugin(tmp_path, tasks=tasks, methods=[Selects()])).plan
    assert [cell.cell.target for cell in found.cells] == ["de", "fr"]
    labels = stages(found.cells[0])["fit"].grant.labels
    held = {place: (task.name, split) for place, (task, split) in labels.items()}
    assert held["en", Split.VALIDATION] == ("lender", Split.VALIDATION)
