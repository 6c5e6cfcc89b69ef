"""What one fault may and may not take with it, and what two trainings may not share."""

import dataclasses
import shutil
import subprocess
import sys

import pytest

from tests.fakes import run, session
from xbench import environment, journal
from xbench.contracts import Split
from xbench.errors import DeviceError, ModelError, UsageError
from xbench.session import board
from xbench.testing import FakeAligner, FakeMethod, FakeModel, FakePlugin, FakeTask

ALIGNED = "fake-aligner+fake-method"


def results(folder):
    return list(journal.latest(journal.read(folder / "runs" / "fake-suite" / "results.jsonl")).values())


class Raising(FakeMethod):
    """A method whose fit raises."""

    error = UsageError("not like this")

    def fit(self, encoder, task, options, context):
        raise self.error


class Peeping(FakeMethod):
    """A method that tries to reach the task behind what it is handed."""

    def fit(self, encoder, task, options, context):
        assert dataclasses.is_dataclass(task)
        assert {field.name for field in dataclasses.fields(task)} == {"name", "kind", "labels", "main_metric"}
        assert not hasattr(task, "load")
        assert not hasattr(task, "score")
        return super().fit(encoder, task, options, context)


def test_a_method_is_not_handed_the_task_which_could_load_test_labels(tmp_path):
    _, summary = run(tmp_path, FakePlugin(tmp_path, methods=[Peeping()]))
    assert summary.counts["ok"] == 3


@pytest.mark.parametrize("error", [UsageError("not like this"), ValueError("boom"), OSError("gone")])
def test_whatever_a_method_raises_fails_its_cells_and_no_others(tmp_path, error):
    raising = Raising()
    raising.name, raising.error = "raising", error
    _, summary = run(tmp_path, FakePlugin(tmp_path, methods=[FakeMethod(), raising]), ("raising", "fake-method"))
    assert (summary.counts["ok"], summary.counts["failed"]) == (3, 3)


def test_a_device_that_is_not_there_stops_the_run_before_any_cell(tmp_path):
    raising = Raising()
    raising.error = DeviceError("no such device")
    with pytest.raises(DeviceError, match="no such device"):
        run(tmp_path, FakePlugin(tmp_path, methods=[raising]))


class Broken(FakeModel):
    """A model that cannot be loaded; counts the attempts."""

    attempts = 0

    def load(self, device):
        type(self).attempts += 1
        raise ModelError("weights: cut off")


def test_a_model_that_cannot_be_loaded_is_tried_once_and_told_of_once(tmp_path, caplog):
    run(tmp_path, FakePlugin(tmp_path, models=[Broken()]), ("fake-method", ALIGNED), seeds=(0, 1))
    assert Broken.attempts == 1
    assert {each.reason for each in results(tmp_path)} == {"weights: cut off"}
    assert [record.message for record in caplog.records].count("failed: weights: cut off") == 1


def test_a_language_asked_for_in_vain_does_not_stop_the_others(tmp_path):
    task = FakeTask(absent=frozenset({("fr", split) for split in Split}))
    plan = session(tmp_path, FakePlugin(tmp_path, tasks=[task]), (ALIGNED,), languages=("de", "fr")).plan
    assert [planned.cell.target for planned in plan.cells] == ["en", "de"]
    assert [(skip.cell.target, skip.reason) for skip in plan.skipped] == [("fr", "fake-task has no test split in 'fr'")]


def variants(folder, *recipe, **asked):
    plan = session(folder, asked.pop("plugin", None), recipe or (ALIGNED,), **asked).plan
    return {planned.variant for planned in plan.cells}


def test_a_row_is_one_training_whatever_the_seed_and_another_for_other_targets_or_versions(tmp_path):
    newer = FakeAligner()
    newer.version += 1
    whole = variants(tmp_path, seeds=(0, 1))
    assert len(whole) == 1
    assert whole.isdisjoint(variants(tmp_path, languages=("de",)))
    assert whole.isdisjoint(variants(tmp_path, plugin=FakePlugin(tmp_path, aligners=[newer])))
    assert len(variants(tmp_path, "fake-method")) == 1
    assert variants(tmp_path, "fake-method") == variants(tmp_path, "fake-method", languages=("de",))
    assert len(variants(tmp_path, "fake-method[on=target]")) == 1


def test_a_board_never_averages_two_trainings(tmp_path):
    run(tmp_path, None, (ALIGNED,))
    run(tmp_path, None, (ALIGNED,), languages=("de",))
    assert board(tmp_path / "runs" / "fake-suite").count("## fake-task (source en)") == 2


def test_the_store_may_lie_on_another_disk(tmp_path):
    run(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    shutil.move(tmp_path / "runs" / "store", elsewhere)
    shutil.rmtree(tmp_path / "runs")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "store").symlink_to(elsewhere)
    run(tmp_path)
    place = tmp_path / "runs" / "fake-suite" / results(tmp_path)[0].predictions["path"]
    assert place.is_file()


def test_a_trial_with_few_rows_does_not_replace_the_whole(tmp_path):
    run(tmp_path)
    run(tmp_path, limit=2)
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"store", "fake-suite", "fake-suite-first-2"}


def test_results_tell_the_versions_and_machine_of_the_training(tmp_path, monkeypatch):
    run(tmp_path)
    shutil.rmtree(tmp_path / "runs" / "fake-suite")
    monkeypatch.setattr(environment, "versions", lambda: {"python": "another"})
    run(tmp_path)
    assert all(each.versions["python"] != "another" for each in results(tmp_path))


def test_the_suite_file_of_a_board_names_what_was_run(tmp_path):
    lender = FakeTask(name="lender")
    run(tmp_path, FakePlugin(tmp_path, tasks=[FakeTask(), lender]), suite="fake-suite[train=lender]")
    written = (tmp_path / "runs" / "fake-suite-train-lender" / "suite.toml").read_text()
    assert 'tasks = ["fake-task[train=lender]"]' in written


def test_a_copy_inside_another_checkout_is_not_taken_for_that_checkout(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    shutil.copytree(environment.Path(environment.__file__).parent, tmp_path / "lib" / "xbench")
    code = "from xbench import environment; assert 'lib' in environment.__file__; print(environment.git())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "lib", capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "{}"
