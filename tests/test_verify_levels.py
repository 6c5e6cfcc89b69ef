"""Verification beyond scores: predictions from stored checkpoints, and trainings from nothing."""

import json
from dataclasses import dataclass, replace

import pytest

from tests.fakes import SAMPLE, run
from xbench import environment
from xbench import session as sessions
from xbench.errors import UsageError
from xbench.fake_plugin import FakeMethodOptions, FakePredictor
from xbench.keys import file_digest
from xbench.publish import publish
from xbench.registry import load_registry
from xbench.replan import Replan, chosen
from xbench.repredict import Repredict
from xbench.retrain import Retrain, Score, agree
from xbench.shelf import Shelves
from xbench.statistics import Interval
from xbench.store import Store
from xbench.testing import FakeAligner, FakeMethod, FakeModel, FakePlugin, FakeTask

METHODS = ("fake-method", "fake-aligner+fake-method")


@pytest.fixture
def made(tmp_path):
    opened, _ = run(tmp_path, methods=METHODS, seeds=(0, 1))
    return opened.folder


def replan(folder, **things):
    """The results planned with a plugin that has these things instead."""
    registry = load_registry(extra={"fake": FakePlugin(folder.parent, **things)})
    every = sessions.read_results(folder)
    return Replan(registry, Shelves(SAMPLE), sessions.suite_of(folder), every, Store(folder.parent / "store"))


def repredicted(folder, store=None, **things):
    found = replan(folder, **things)
    return Repredict(folder, found, store or found.store).report(chosen(found.every))


def retrained(folder, seeds=(), results=None, **things):
    found = replan(folder, **things)
    return Retrain(folder, found, seeds).report(chosen(found.every) if results is None else results)


def said(report):
    return {(one.what, one.said, one.found) for one in report.differences}


def test_checkpoints_give_the_kept_predictions_and_nothing_is_trained(made):
    method, aligner = FakeMethod(), FakeAligner()
    found = repredicted(made, methods=[method], aligners=[aligner])
    assert (len(found.held), found.differences, found.unchecked) == (12, [], {})
    assert method.log.fits == aligner.log.fits == []


def test_a_published_board_is_predicted_from_a_store_elsewhere(made, tmp_path):
    publish(made, tmp_path / "board", load_registry(extra={"fake": FakePlugin(tmp_path)}))
    found = repredicted(tmp_path / "board", Store(tmp_path / "runs" / "store"))
    assert (len(found.held), found.differences, found.unchecked) == (12, [], {})


def test_checkpoints_that_are_not_there_leave_cells_unchecked(made, tmp_path):
    found = repredicted(made, Store(tmp_path / "elsewhere"))
    assert (found.held, found.differences, len(found.unchecked)) == ([], [], 12)
    title = "fit fake-method on fake-task, en, seed 0"
    assert f"{tmp_path / 'elsewhere'} has no checkpoint of: {title}" in found.unchecked.values()


@dataclass(frozen=True)
class OtherOptions(FakeMethodOptions):
    epochs: float = 2.0


CHANGES = {
    "the version of a method": ({"methods": [FakeMethod(version=2)]}, ("fake-method version", "1", "2"), 12),
    "the version of an aligner": ({"aligners": [FakeAligner(version=2)]}, ("fake-aligner version", "1", "2"), 6),
    "an option's default": ({"methods": [FakeMethod(Options=OtherOptions)]}, ("fake-method epochs", "1.0", "2.0"), 12),
    "the model": ({"models": [FakeModel(revision="2")]}, ("model revision", "1", "2"), 12),
    "the task": ({"tasks": [FakeTask(revision="2")]}, ("task revision", "1", "2"), 12),
}


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("check", [repredicted, retrained])
def test_what_has_changed_since_is_said(made, what, check):
    things, change, cells = CHANGES[what]
    found = check(made, **things)
    assert change in said(found)
    assert len({one.cell for one in found.differences}) == cells
    assert len(found.held) == 12 - cells


@pytest.mark.parametrize(
    ("check", "key"), [(repredicted, "key of the training"), (retrained, "key of the row's trainings")]
)
def test_changed_training_data_are_said(made, check, key):
    found = check(made, tasks=[FakeTask(relabelled={("en", "train", 0): "sun"})])
    assert {what for what, *_ in said(found)} >= {key, "training data fake-task train (en)"}
    assert len({one.cell for one in found.differences}) == 12


def test_changed_test_data_are_said(made):
    tasks = [FakeTask(relabelled={("de", "test", 0): "sun"})]
    for check in (repredicted, retrained):
        found = check(made, tasks=tasks)
        assert "fingerprint of the data" in {what for what, *_ in said(found)}
        assert {one.cell.target for one in found.differences} == {"de"}


def test_without_the_manifests_a_changed_version_is_called_untold(made, tmp_path):
    publish(made, tmp_path / "other" / "board", load_registry(extra={"fake": FakePlugin(tmp_path)}))
    found = retrained(tmp_path / "other" / "board", methods=[FakeMethod(version=2)])
    whats = {what for what, *_ in said(found)}
    assert whats == {"key of the row's trainings", "what has changed"}


def checkpoint(folder, recipe="fake-method", seed=0):
    """The file of a fit, and the manifest beside it."""
    (key,) = {
        result.keys["fit"]
        for result in sessions.read_results(folder)
        if (result.cell.recipe, result.cell.seed) == (recipe, seed)
    }
    place = folder.parent / "store" / "fit" / key
    return place / "learned.json", place / "manifest.json"


def test_a_checkpoint_with_one_byte_changed_is_caught(made):
    file, _ = checkpoint(made)
    file.write_bytes(file.read_bytes().replace(b"rain", b"raim", 1))
    found = repredicted(made)
    assert {one.found for one in found.differences} == {"its files differ from the digests in its manifest"}
    assert {one.cell.seed for one in found.differences} == {0}
    assert len(found.held) == 9


def test_a_checkpoint_whose_manifest_was_made_to_fit_is_caught_by_what_it_predicts(made):
    file, manifest = checkpoint(made)
    file.write_text(json.dumps(dict.fromkeys(json.loads(file.read_text()), "sun")))
    about = json.loads(manifest.read_text())
    about["files"]["learned.json"] = file_digest(file)
    manifest.write_text(json.dumps(about))
    found = repredicted(made)
    assert "predictions (8 of 12 answers; the first, row 1)" in {one.what for one in found.differences}
    assert {(one.said, one.found) for one in found.differences} == {("rain", "sun")}


def test_a_checkpoint_that_cannot_predict_is_caught(made):
    class Broken(FakeMethod):
        def load(self, *_):
            raise KeyError("weights")

    found = repredicted(made, methods=[Broken()])
    assert {one.found for one in found.differences} == {"predict raised KeyError: 'weights'"}
    assert len({one.cell for one in found.differences}) == 12


def test_trainings_from_nothing_come_to_the_same_bits(made):
    method = FakeMethod()
    found = retrained(made, methods=[method])
    assert (len(found.held), found.differences, found.unchecked) == (12, [], {})
    assert found.notes == ["12 cells of the same seed came to the same predictions, bit for bit"]
    assert len(method.log.fits) == 4
    assert not list(made.parent.glob("xbench-*"))


class Fickle(FakeMethod):
    """Forgets more words the higher its seed is: a method whose seeds differ, in a way that is known."""

    def fit(self, encoder, task, options, context):
        predictor = super().fit(encoder, task, options, context)
        kept = dict(sorted(predictor.learned.items())[: max(1, 3 - context.seed)])
        return FakePredictor(encoder, kept, options)


@pytest.fixture
def fickle(tmp_path):
    opened, _ = run(tmp_path, FakePlugin(tmp_path, methods=[Fickle()]), seeds=(0,))
    return opened.folder


def test_other_seeds_that_come_to_the_same_hold(made):
    found = retrained(made, seeds=(5, 6, 7))
    assert (len(found.held), found.differences) == (12, [])
    assert found.notes == []


def test_other_seeds_whose_intervals_do_not_reach_are_said_with_both_means(fickle):
    found = retrained(fickle, seeds=(2,), methods=[Fickle()])
    (english,) = [one for one in found.differences if one.cell.target == "en"]
    assert english.what == "mean over seeds"
    assert english.said.startswith("100.0 (100.0 to 100.0), seed 0")
    assert english.found.startswith("33.3 (")
    assert english.found.endswith("seed 2")


def test_a_seed_beside_a_published_one_is_judged_by_the_interval(fickle):
    found = retrained(fickle, seeds=(0, 1), methods=[Fickle()])
    assert found.notes == ["3 cells of the same seed came to the same predictions, bit for bit"]
    assert len(found.held) == 3  # seeds 0 and 1 are a third apart: their interval reaches far


class Elsewhere(Fickle):
    def fit(self, encoder, task, options, context):
        return super().fit(encoder, task, options, replace(context, seed=1))


OTHERS = "3 cells of the same seed came to other predictions: versions or machines differ"


@pytest.fixture
def threads(monkeypatch):
    """Say that both runs, or each by itself, were of so many threads."""

    def _threads(number):
        monkeypatch.setattr(environment, "hardware", lambda: {"threads": number, "accelerator": "none"})

    return _threads


def test_of_the_same_seed_other_predictions_are_said_and_judged_by_their_score(threads, tmp_path):
    threads(2)
    opened, _ = run(tmp_path, FakePlugin(tmp_path, methods=[Fickle()]), seeds=(0,))
    found = retrained(opened.folder, methods=[Elsewhere()])
    assert found.notes == [OTHERS]
    assert {one.what for one in found.differences} == {"mean over seeds"}


def test_of_other_predictions_by_another_number_of_threads_it_is_said_what_to_do(threads, tmp_path):
    threads(1)
    opened, _ = run(tmp_path, FakePlugin(tmp_path, methods=[Fickle()]), seeds=(0,))
    threads(2)
    assert retrained(opened.folder, methods=[Elsewhere()]).notes == [
        OTHERS,
        "they were made with 1 thread, these with 2, and sums may differ so: OMP_NUM_THREADS=1 makes them with as many",
    ]
    assert "thread" not in "".join(retrained(opened.folder, methods=[Fickle()]).notes), "the same need no reason"
    threads(None)
    assert retrained(opened.folder, methods=[Elsewhere()]).notes == [OTHERS], "nobody knows of how many these were"


def test_only_seeds_that_differ_give_a_reason(threads, tmp_path):
    class Second(Fickle):
        def fit(self, encoder, task, options, context):
            return super().fit(encoder, task, options, replace(context, seed=2 * context.seed))

    threads(4)
    run(tmp_path, FakePlugin(tmp_path, methods=[Fickle()]), seeds=(0,))
    threads(2)
    opened, _ = run(tmp_path, FakePlugin(tmp_path, methods=[Fickle()]), seeds=(0, 1))
    found = retrained(opened.folder, methods=[Second()])
    assert found.notes == ["3 cells of the same seed came to the same predictions, bit for bit", OTHERS]


def test_the_rule_asks_for_one_mean_in_the_interval_of_the_other():
    wide, narrow = Score(50.0, Interval(40.0, 60.0), (0,)), Score(58.0, Interval(57.0, 59.0), (1, 2))
    assert agree(wide, narrow)
    assert agree(narrow, wide)
    assert not agree(replace(wide, interval=Interval(49.0, 51.0)), narrow)
    assert not agree(replace(wide, interval=None), replace(narrow, interval=None))
    assert str(narrow) == "58.0 (57.0 to 59.0), seeds 1, 2"


def test_a_training_that_fails_leaves_its_cells_unchecked(made):
    class Failing(FakeMethod):
        def fit(self, *_):
            raise RuntimeError("no memory")

    found = retrained(made, methods=[Failing()])
    assert set(found.unchecked.values()) == {"fit fake-method raised RuntimeError: no memory"}
    assert found.held == found.differences == []


def test_what_is_not_installed_or_not_here_is_said(made):
    found = replan(made)
    del found.registry.objects["method"]["fake-method"]
    report = Repredict(made, found, found.store).report(chosen(found.every))
    assert all("no aligner or method is called 'fake-method'" in why for why in report.unchecked.values())
    assert len(report.unchecked) == 12


def test_recipes_and_cells_are_chosen(made):
    every = sessions.read_results(made)
    assert {one.cell.recipe for one in chosen(every, ["fake-method"])} == {"fake-method"}
    few = chosen(every, ["fake-method"], 2)
    assert [(one.cell.target, one.cell.seed) for one in few] == [("de", 0), ("de", 1)]
    with pytest.raises(UsageError, match="did you mean 'fake-method'"):
        chosen(every, ["fake-methot"])
    report = retrained(made, results=chosen(every, ["fake-aligner+fake-method"], 2))
    assert len(report.held) == 2  # an aligner that sees all languages of the row is trained with all of them
