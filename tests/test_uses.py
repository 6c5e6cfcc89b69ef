"""What a task trains on and is evaluated on, and what a suite lets stand in where data lack."""

import json
from pathlib import Path

import pytest

from tests.fakes import run, session, suite
from xbench.contracts import Data, Origin, Resource, Split
from xbench.errors import DataError, UsageError
from xbench.plan import StageKind
from xbench.session import describe
from xbench.suite import load_suite
from xbench.testing import FakeMethod, FakePlugin, FakeTask

FOLDER = Data(Origin.FOLDER, Path("official"))
STAND_INS = '[stand_ins]\nfake-task = ["fake-task[train=lender]", "fake-task[split=dev,train=lender]"]\n'
NO_TRAIN = frozenset({("en", Split.TRAIN)})
NO_TEST = frozenset((language, Split.TEST) for language in ("en", "de", "fr"))


def plan(tmp_path, absent=frozenset(), lent=frozenset(), name="fake-suite", text=STAND_INS, **asked):
    tasks = [FakeTask(absent=absent), FakeTask(name="lender", absent=lent)]
    plugin = FakePlugin(tmp_path, tasks=tasks, suites=[suite("fake-task") + text])
    return session(tmp_path, plugin, suite=name, data=FOLDER, **asked)


def cells(opened):
    return {cell.cell.task for cell in opened.plan.cells}


@pytest.mark.parametrize(
    ("absent", "runs", "lack"),
    [
        (frozenset(), "fake-task", ""),
        (NO_TRAIN, "fake-task[train=lender]", "no fake-task labels in en to train on"),
        (NO_TRAIN | NO_TEST, "fake-task[split=dev,train=lender]", "no fake-task labels in en to train on"),
        (NO_TEST, "fake-task[split=dev,train=lender]", "no test split of fake-task"),
        (frozenset({("de", Split.TEST), ("de", Split.TRAIN)}), "fake-task", ""),  # one language stops no other
    ],
)
def test_the_first_stand_in_that_is_there_is_run_and_said(tmp_path, absent, runs, lack):
    opened = plan(tmp_path, absent)
    assert cells(opened) == {runs}
    said = [f"official has {lack}: {runs} stands in for fake-task"] if lack else []
    assert [remark for remark in opened.plan.remarks if "stands in" in remark] == said
    assert all(f"note: {remark}" in describe(opened) for remark in said)


def test_without_stand_ins_what_lacks_is_skipped_with_its_reason(tmp_path):
    with pytest.raises(DataError, match=r"nothing .* no train split in 'en'; or train on the labels of another task"):
        plan(tmp_path, NO_TRAIN, stand_ins=False)


def test_where_no_stand_in_is_there_the_task_itself_says_what_lacks(tmp_path):
    with pytest.raises(DataError, match=r"fake-task has no train split in 'en'"):
        plan(tmp_path, NO_TRAIN, NO_TRAIN)


def test_the_suite_as_it_was_run_has_the_stand_in_for_its_task(tmp_path):
    tasks = [FakeTask(absent=NO_TRAIN), FakeTask(name="lender")]
    plugin = FakePlugin(tmp_path, tasks=tasks, suites=[suite("fake-task") + STAND_INS])
    opened, summary = run(tmp_path, plugin, data=FOLDER)
    assert summary.counts["ok"] == 3
    made = load_suite(opened.folder / "suite.toml")
    assert made.tasks == ("fake-task[train=lender]",)
    assert made.stand_ins == {}


def test_its_own_dev_split_may_teach(tmp_path):
    opened = plan(tmp_path, NO_TRAIN, name="fake-suite[train=dev]", text="")
    assert cells(opened) == {"fake-task[train=dev]"}
    (fit,) = (stage for stage in opened.plan.stages().values() if stage.kind is StageKind.FIT)
    assert {place for _, place in fit.grant.labels.values()} == {Split.VALIDATION}
    targets = plan(tmp_path, NO_TRAIN, name="fake-suite[train=dev]", text="", methods=("fake-method[on=target]",))
    fits = [stage for stage in targets.plan.stages().values() if stage.kind is StageKind.FIT]
    assert {place for fit in fits for _, place in fit.grant.labels.values()} == {Split.VALIDATION}


def test_a_split_that_teaches_neither_selects_nor_is_evaluated(tmp_path):
    with pytest.raises(UsageError, match="its dev split cannot both teach and be evaluated"):
        plan(tmp_path, name="fake-suite[split=dev,train=dev]")

    class Selects(FakeMethod):
        def needs(self, options):
            return super().needs(options) | {Resource.SOURCE_VALIDATION}

    plugin = FakePlugin(tmp_path, methods=[Selects()])
    with pytest.raises(DataError, match="the validation labels of en are what the fit trains on, and it selects"):
        session(tmp_path, plugin, suite="fake-suite[train=dev]")


class Broken(FakeTask):
    """The German test file is malformed."""

    def load(self, language, split, data):
        if (language, split) == ("de", Split.TEST):
            raise DataError("test-de.tsv:7: two columns where three are expected")
        return super().load(language, split, data)


def test_a_broken_file_fails_the_cells_that_read_it_and_no_other(tmp_path):
    opened, summary = run(tmp_path, FakePlugin(tmp_path, tasks=[Broken()]))
    assert dict(summary.counts) == {"ok": 2, "skipped": 0, "failed": 1}
    assert "failed: 1 cells: test-de.tsv:7: two columns" in describe(opened)
    text = (opened.folder / "README.md").read_text()
    assert "- 1 cell failed: `test-de.tsv:7`: two columns where three are expected" in text
    assert "fake-model fake-method: no average, for it lacks de (seed 0)" in text  # not a mean of the others
    again, summary = run(tmp_path, FakePlugin(tmp_path))  # mended: only what lacked is run
    assert dict(summary.counts) == {"ok": 3, "skipped": 0, "failed": 0}
    assert (summary.reused, summary.trainings()) == (2, 0)
    assert "two columns" not in (again.folder / "README.md").read_text()


class Prepares(FakeMethod):
    """Learns what is to be learned first, if anything."""

    def needs(self, options):
        return super().needs(options) | {Resource.PREPARATION}

    def fit(self, encoder, task, options, context):
        first = context.preparation()
        self.log.add(f"first {first.provenance.id if first else None}")
        return super().fit(encoder, task, options, context)


def prepared(tmp_path, method, absent=frozenset()):
    tasks = [FakeTask(prepared_by="before"), FakeTask(name="before", absent=absent)]
    return run(tmp_path, FakePlugin(tmp_path, tasks=tasks, methods=[method]))


def test_labels_that_are_learned_first_are_given_counted_and_part_of_the_key(tmp_path):
    method = Prepares()
    opened, _ = prepared(tmp_path, method)
    assert method.log.fits[0] == "first before"
    (result, *_) = map(json.loads, (opened.folder / "results.jsonl").read_text().splitlines())
    assert result["supervision"]["preparation labels"] == {"en": 12}
    assert [data["id"] for data in result["dataset"]["train"]] == ["before", "fake-task"]
    plain = session(tmp_path, FakePlugin(tmp_path, methods=[Prepares()]))
    assert plain.plan.cells[0].score.predict.fit.key != opened.plan.cells[0].score.predict.fit.key


def test_where_they_are_not_there_the_task_trains_alone_and_says_so(tmp_path):
    method = Prepares()
    opened, summary = prepared(tmp_path, method, NO_TRAIN)
    assert (method.log.fits[0], summary.counts["ok"]) == ("first None", 3)
    remark = "fake-task: sample has no before labels in en, which are learned first: it trains on fake-task alone"
    assert remark in opened.plan.remarks


def test_a_method_that_does_not_ask_for_them_is_not_given_any(tmp_path):
    opened, _ = prepared(tmp_path, FakeMethod())
    assert all(cell.score.predict.fit.grant.preparation is None for cell in opened.plan.cells)
