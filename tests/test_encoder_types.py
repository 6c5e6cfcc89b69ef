"""Types of encoder: what does not take what a model gives is skipped and says why, in grids and in checks."""

import sys
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from tests import recall
from tests.fakes import run, session
from tests.test_diagnose import WORDS, Known
from xbench import hookimpl, plugin_check
from xbench.catalogue import show
from xbench.plan import StageKind
from xbench.plugin_check import check
from xbench.registry import load_registry
from xbench.testing import FakeAligner, FakeDictionary, FakeMethod, FakeModel, FakePlugin
from xbench.verdicts import Verdict

COUNTS = frozenset({"counts"})
BOTH = frozenset({"counts", "states"})


@dataclass(frozen=True)
class Counts(FakeModel):
    name: str = "counting"
    encoder_type: str = "counts"


@dataclass
class OfCounts(FakeMethod):
    name: str = "of-counts"
    encoder_types: frozenset = COUNTS


@dataclass
class OfBoth(FakeMethod):
    name: str = "of-both"
    encoder_types: frozenset = BOTH


def plugin(folder, **more):
    methods = [FakeMethod(), OfCounts(), OfBoth()]
    return FakePlugin(folder, models=[FakeModel(), Counts()], methods=methods, **more)


def test_what_does_not_take_an_encoder_is_skipped_with_the_reason_and_the_rest_runs(tmp_path):
    recipes = ("fake-method", "of-counts", "of-both", "fake-aligner+of-both")
    opened, summary = run(tmp_path, plugin(tmp_path), recipes, models=("fake-model", "counting"), languages=("de",))
    ran = {(planned.cell.model, planned.cell.recipe) for planned in opened.plan.cells}
    assert ran == {
        ("fake-model", "fake-method"), ("fake-model", "of-both"), ("fake-model", "fake-aligner+of-both"),
        ("counting", "of-counts"), ("counting", "of-both"),
    }  # fmt: skip
    assert {(one.cell.model, one.cell.recipe): one.reason for one in opened.plan.skipped} == {
        ("fake-model", "of-counts"): "of-counts takes encoders of the type counts, fake-model gives states",
        ("counting", "fake-method"): "fake-method takes encoders of the type states, counting gives counts",
        ("counting", "fake-aligner+of-both"): "fake-aligner takes encoders of the type states, counting gives counts",
    }
    assert dict(summary.counts) == {"ok": 10, "skipped": 6, "failed": 0}


def test_an_encoder_is_measured_by_what_takes_it(tmp_path):
    counted = Known(name="counted")
    counted.encoder_types = BOTH
    able = plugin(tmp_path, resources=[FakeDictionary(words=WORDS)], diagnostics=[Known(), counted])
    opened = session(tmp_path, able, ("of-both",), models=("fake-model", "counting"), languages=("de",))
    measured = [stage for stage in opened.plan.stages().values() if stage.kind is StageKind.DIAGNOSE]
    by_model = {stage.base.model.name: [one.name for one in stage.diagnostics] for stage in measured}
    assert by_model == {"fake-model": ["counted", "known"], "counting": ["counted"]}
    unable = plugin(tmp_path, resources=[FakeDictionary(words=WORDS)], diagnostics=[Known()])
    stages = session(tmp_path, unable, ("of-both",), models=("counting",), languages=("de",)).plan.stages().values()
    assert not [stage for stage in stages if stage.kind is StageKind.DIAGNOSE]


def test_types_are_shown(tmp_path):
    registry = load_registry(extra={"fake": plugin(tmp_path)})
    assert show(registry, "model", "counting")["encoder"] == "counts"
    assert show(registry, "model", "fake-model")["encoder"] == "states"
    assert show(registry, "method", "of-both")["encoders"] == ["counts", "states"]
    assert show(registry, "aligner", FakeAligner().name)["encoders"] == ["states"]


MODEL = """
    @hookimpl
    def xbench_models():
        from dataclasses import dataclass
        from xbench.testing import FakeModel
        @dataclass(frozen=True)
        class Counting(FakeModel):
            name: str = "counting"
            encoder_type: str = "counts"
        return [Counting()]
"""
TYPED = recall.HOOKS.replace("version = 1", 'version = 1\n        encoder_types = frozenset({"counts"})')
MAPPED = """
    from xbench import hookimpl
    from xbench.testing import FakeAligner

    class Mapping(FakeAligner):
        encoder_types = frozenset({"counts"})

    @hookimpl
    def xbench_aligners():
        return [Mapping(name="mapping")]
"""


@pytest.fixture
def checked(tmp_path, monkeypatch):
    """The report on a plugin of these hooks; no other process is asked unless it is wanted."""

    def _checked(hooks, elsewhere=False):
        monkeypatch.syspath_prepend(str(recall.written(tmp_path / "site", "xbench-typed", hooks=hooks)))
        if not elsewhere:
            monkeypatch.setattr(plugin_check, "kill", spared)
        return check("xbench-typed")

    def spared(folder, trials):
        for trial in trials:
            trial.elsewhere = list(trial.first.plan.stages())

    yield _checked
    sys.modules.pop("xbench_typed", None)


def test_a_method_of_another_type_is_tried_on_a_model_that_gives_it(checked):
    report = checked(TYPED + MODEL, elsewhere=True)
    assert report.faults == ()
    (ran,) = report.of("runs")
    assert ran.what == "recall on counting"


def test_an_aligner_of_another_type_is_judged_by_a_method_that_takes_it(checked):
    report = checked(TYPED + MODEL + MAPPED, elsewhere=True)
    assert report.faults == ()
    assert {one.what for one in report.of("runs")} == {"recall on counting", "mapping+recall on counting"}


@pytest.mark.parametrize(
    ("hooks", "why"),
    [
        (TYPED, "no model that gives encoders of the type counts is installed"),
        (MAPPED + MODEL, "no method that takes encoders of the type counts is installed"),
    ],
)
def test_what_there_is_nothing_to_try_with_is_told_so(hooks, why, checked):
    report = checked(hooks)
    told = report.of("runs")
    assert [(one.verdict, one.what) for one in told] == [(Verdict.FAULT, f"{why}, to try it with")]
    assert [one.rule for one in report.faults] == ["runs"]


@pytest.mark.parametrize("types", [None, 5, "counts", frozenset(), frozenset({1, "a"}), ["counts"]])
@pytest.mark.parametrize("kind", ["methods", "aligners", "diagnostics"])
def test_a_plugin_of_nonsense_types_is_broken_and_harms_nothing_else(kind, types, tmp_path):
    thing = {"methods": FakeMethod, "aligners": FakeAligner, "diagnostics": Known}[kind](name="odd")
    thing.encoder_types = types
    hook = hookimpl(lambda: [thing], specname=f"xbench_{kind}")
    registry = load_registry(
        extra={"fake": FakePlugin(tmp_path), "theirs": SimpleNamespace(**{f"xbench_{kind}": hook})}
    )
    (broken,) = [one for one in registry.plugins if one.error]
    assert "'odd': encoder_types must be a frozenset of texts" in broken.error
    assert "odd" not in registry.objects[kind.removesuffix("s")]


def test_so_is_one_whose_model_gives_no_type(tmp_path):
    hook = hookimpl(lambda: [Counts(encoder_type=None)], specname="xbench_models")
    registry = load_registry(extra={"theirs": SimpleNamespace(xbench_models=hook)})
    assert "encoder_type must be a text, not None" in registry.plugins[-1].error


TAGGER = """class Tagger(Recall):
        name = "a-tagger"
        task_kinds = frozenset({TaskKind.EXTRACTIVE_QA})
"""


def test_an_aligner_is_judged_by_a_method_that_learns_the_task(checked):
    hooks = TYPED.replace("return [Recall()]", "return [Tagger(), Recall()]")
    hooks = hooks.replace("@hookimpl", f"{TAGGER}\n    @hookimpl") + MODEL + MAPPED
    report = checked(hooks)
    assert "mapping+recall on counting" in {one.what for one in report.of("runs")}
    assert report.faults == ()


def test_an_aligner_of_several_types_is_tried_on_one_that_a_method_takes(checked):
    model = MODEL.replace("return [Counting()]", 'return [Counting("beading", encoder_type="beads"), Counting()]')
    report = checked(TYPED + model + MAPPED.replace('{"counts"}', '{"beads", "counts"}'))
    assert "mapping+recall on counting" in {one.what for one in report.of("runs")}
    assert report.faults == ()
