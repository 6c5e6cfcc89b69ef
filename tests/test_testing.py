from dataclasses import dataclass, replace
from typing import Literal

import pyarrow as pa
import pytest

from tests.fakes import SAMPLE
from xbench.cell import Status
from xbench.contracts import Examples, ModelInfo, Resource, Scope, Scores
from xbench.errors import PluginError
from xbench.testing import (
    FakeAligner,
    FakeMethod,
    FakeModel,
    FakeTask,
    check_aligner,
    check_method,
    check_model,
    check_task,
    run_grid,
)


def test_the_fakes_keep_the_contract():
    check_task(FakeTask(), SAMPLE)
    check_model(FakeModel())
    check_model(FakeModel(languages=("en", "zh-Hant")))
    for scope in (Scope.JOINT, Scope.PAIRWISE):
        check_aligner(FakeAligner(declared=scope))
    check_method(FakeMethod())


class Changed(FakeTask):
    """Examples that `change` has been at."""

    change = staticmethod(lambda examples: examples)

    def load(self, language, split, data):
        return self.change(super().load(language, split, data))


def changed(change):
    return type("Changed", (Changed,), {"change": staticmethod(change)})()


class Scored(FakeTask):
    make = staticmethod(lambda scores: scores)

    def score(self, gold, predictions, language):
        return self.make(super().score(gold, predictions, language))


def scored(make):
    return type("Scored", (Scored,), {"make": staticmethod(make)})()


class Lenient(FakeTask):
    def score(self, gold, predictions, language):
        return super().score(gold, gold, language)


def longer(examples):
    return replace(examples, provenance=replace(examples.provenance, n_rows=99))


COUNT = iter(range(1000))
TASKS = {
    "needs a name": FakeTask(name=5),
    "no brackets": FakeTask(name="a[b]"),
    "needs summary": FakeTask(summary=""),
    "needs revision": FakeTask(revision=1),
    "needs hyperparameters": FakeTask(hyperparameters=None),
    "kind must be a TaskKind": FakeTask(kind="classification"),
    "labels must be": FakeTask(labels=("rain", "rain", "sun")),
    "languages must be": FakeTask(languages=["en"]),
    "write 'zh-Hant'": FakeTask(languages=("en", "zh-hant")),
    "not a language tag": FakeTask(languages=("english",)),
    "train_on must be": FakeTask(train_on=1),
    "in its order": type("T", (FakeTask,), {"available": lambda self, split, data: ("fr", "en")})(),
    "must give Examples": changed(lambda examples: (examples.inputs, examples.gold)),
    "inputs must be a table": changed(
        lambda e: Examples(e.inputs.append_column("label", e.gold["label"]), e.gold, e.provenance)
    ),
    "of the columns text": changed(lambda e: Examples(pa.table({"words": e.inputs["text"]}), e.gold, e.provenance)),
    "provenance says 99 rows": changed(longer),
    "of gold: 11 rows for 12 inputs": changed(lambda e: replace(e, gold=e.gold.slice(1))),
    "labels that the task does not name": changed(
        lambda e: replace(e, gold=pa.table({"label": ["hail"] * len(e.gold)}))
    ),
    "same fingerprint": changed(lambda e: replace(e, provenance=replace(e.provenance, fingerprint=f"{next(COUNT)}"))),
    "must give Scores": scored(lambda scores: scores.metrics),
    "lacks the main metric": scored(lambda scores: Scores({"f1": 100.0}, scores.items)),
    "must score 100": scored(lambda scores: Scores({"accuracy": 1.0}, scores.items)),
    "one item per row": scored(lambda scores: Scores(scores.metrics, scores.items[1:])),
    "must be 1": scored(lambda scores: Scores(scores.metrics, [100.0] * len(scores.items))),
    "another length": Lenient(),
}


@pytest.mark.parametrize("says", TASKS)
def test_a_task_that_breaks_the_contract_is_told_how(says):
    with pytest.raises(PluginError, match=says.replace("[", r"\[")):
        check_task(TASKS[says], SAMPLE)


@dataclass
class Thawed:
    steps: int = 1


@dataclass(frozen=True)
class Required:
    steps: int


@dataclass(frozen=True)
class Nested:
    steps: tuple[int, ...] = (1,)


@dataclass(frozen=True)
class Commas:
    word: Literal["a", "b"] = "c"


class Sees(FakeMethod):
    def scope(self, options):
        return Scope.SOURCE


class Labelled(FakeAligner):
    def needs(self, options):
        return frozenset({Resource.SOURCE_LABELS})


class Lists(FakeAligner):
    def needs(self, options):
        return [Resource.SOURCE_TEXT]


class Scopeless(FakeAligner):
    def scope(self, options):
        return "joint"


@pytest.mark.parametrize(
    ("check", "thing", "says"),
    [
        (check_model, FakeModel(languages=()), "languages must be"),
        (check_model, FakeModel(hyperparameters=None), "needs hyperparameters"),
        (check_model, type("M", (FakeModel,), {"info": lambda self: ("a", "b")})(), "must give a ModelInfo"),
        (check_model, type("M", (FakeModel,), {"info": lambda self: ModelInfo("a", "1", "")})(), "with id and digest"),
        (check_model, type("M", (FakeModel,), {"load": None})(), "lacks load"),
        (check_model, type("M", (FakeModel,), {"encoder_type": None})(), "encoder_type must be a text, not None"),
        (check_method, type("M", (FakeMethod,), {"encoder_types": "counts"})(), "encoder_types must be a frozenset"),
        (check_aligner, type("A", (FakeAligner,), {"encoder_types": frozenset()})(), "encoder_types must be a froz"),
        (check_aligner, FakeAligner(version="1"), "needs version: int"),
        (check_aligner, FakeAligner(Options=dict), "frozen dataclass"),
        (check_aligner, FakeAligner(Options=Thawed), "frozen dataclass"),
        (check_aligner, FakeAligner(Options=Required), "every option needs a default"),
        (check_aligner, FakeAligner(Options=Nested), "the option steps must be text, number"),
        (check_aligner, FakeAligner(Options=Commas), "must be one of a, b"),
        (check_aligner, FakeAligner(declared=Scope.SOURCE), "needs target data but declares the scope source"),
        (check_aligner, Labelled(), "the context of an aligner has no labels"),
        (check_aligner, Lists(), "frozenset of Resource"),
        (check_aligner, Scopeless(), "scope must give a Scope"),
        (check_aligner, type("A", (FakeAligner,), {"save": None})(), r"lacks save\(\)"),
        (check_method, Sees(), "needs target data but declares the scope source"),
        (check_method, FakeMethod(task_kinds={"x"}), "task_kinds must be a frozenset"),
        (check_method, FakeMethod(task_kinds=frozenset()), "task_kinds must be a frozenset"),
    ],
)
def test_what_breaks_the_contract_is_told_how(check, thing, says):
    with pytest.raises(PluginError, match=says):
        check(thing)


def test_a_grid_of_the_fakes_gives_results_and_reasons_and_is_read_back(tmp_path):
    results = run_grid(tmp_path, languages=["de"], seeds=(0, 1))
    assert [(one.cell.target, one.cell.seed) for one in results] == [("en", 0), ("de", 0), ("en", 1), ("de", 1)]
    assert {one.status for one in results} == {Status.OK}
    (failed, _) = run_grid(tmp_path, methods=["fake-method[fail=fit]"], languages=["de"])[4:]
    assert "cannot fit, as it was told" in failed.reason
