import shutil
from dataclasses import replace

import pyarrow as pa
import pytest

from tests.fakes import run, session
from xbench import journal
from xbench.cell import Status
from xbench.contracts import Scope
from xbench.errors import StoreError
from xbench.keys import file_digest
from xbench.session import board, carry_out, exit_code
from xbench.testing import FakeAligner, FakeMethod, FakeModel, FakePlugin, FakeTask

ALIGNED = "fake-aligner+fake-method"


def results(folder):
    return list(journal.latest(journal.read(folder / "runs" / "fake-suite" / "results.jsonl")).values())


def statuses(folder):
    return {(each.cell.recipe, each.cell.target): each.status.value for each in results(folder)}


def test_a_run_gives_the_scores_the_fakes_are_made_for(tmp_path):
    _, summary = run(tmp_path, None, ("fake-method", ALIGNED))
    scores = {(each.cell.recipe, each.cell.target): each.main_score for each in results(tmp_path)}
    assert scores["fake-method", "en"] == scores[ALIGNED, "de"] == scores[ALIGNED, "fr"] == 100
    assert 50 <= scores["fake-method", "de"] < 100
    assert summary.counts == {Status.OK: 6, Status.SKIPPED: 0, Status.FAILED: 0}
    assert exit_code(summary) == 0
    assert summary.trainings() == 3


def test_a_result_holds_all_that_can_change_a_number(tmp_path):
    opened, _ = run(tmp_path, None, (ALIGNED,))
    planned = next(one for one in opened.plan.cells if one.cell.target == "de")
    result = next(each for each in results(tmp_path) if each.cell == planned.cell)
    fit = planned.score.predict.fit
    assert result.keys == {
        "align": [fit.before.key],
        "fit": fit.key,
        "predict": planned.score.predict.key,
        "score": planned.score.key,
        "variant": planned.variant,
    }
    assert result.supervision == {
        "source text": {"en": 12},
        "target text": {"de": 12, "fr": 12},
        "source labels": {"en": 12},
    }
    assert result.dataset["id"] == "fake-task"
    assert (result.dataset["n_rows"], result.dataset["split"], result.dataset["origin"]) == (12, "test", "sample")
    assert [(part["language"], part["split"]) for part in result.dataset["train"]] == [("en", "train")]
    assert result.model["id"] == "fake-model"
    assert result.model["dtype"] == "text"
    assert {"python", "numpy", "xbench-transfer"} <= set(result.versions)
    assert result.diagnostics["fake-aligner"] == {"words": 6}
    assert result.baseline["majority"] == "rain"
    assert result.baseline["score"] == pytest.approx(100 / 3)
    assert result.n_examples == 12
    assert result.started
    assert set(result.timings) == {"align_seconds", "fit_seconds", "predict_seconds"}
    path = opened.folder / result.predictions["path"]
    assert path.is_file()
    assert file_digest(path) == result.predictions["sha256"]
    assert pa.parquet.read_table(path).num_rows == result.predictions["rows"] == 12


def test_a_second_run_makes_nothing_and_changes_no_result(tmp_path):
    _, first = run(tmp_path, None, ("fake-method", ALIGNED))
    path = tmp_path / "runs" / "fake-suite" / "results.jsonl"
    before, table = path.read_bytes(), board(path)
    aligner, method = FakeAligner(), FakeMethod()
    _, second = run(tmp_path, FakePlugin(tmp_path, aligners=[aligner], methods=[method]), ("fake-method", ALIGNED))
    assert len(first.made) == 15
    assert second.made == aligner.log.fits == method.log.fits == []
    assert second.reused == 6
    assert path.read_bytes() == before
    assert board(path) == table


def test_stages_are_made_once_for_all_that_share_them(tmp_path):
    aligner, method = FakeAligner(), FakeMethod()
    languages = ("en", "ar", "de", "es", "fr", "hi", "ru", "sw", "th", "ur", "zh")
    plugin = FakePlugin(tmp_path, tasks=[FakeTask(languages=languages)], aligners=[aligner], methods=[method])
    run(tmp_path, plugin, ("fake-method", ALIGNED), seeds=(0, 1, 2))
    assert len(aligner.log.fits) == 3
    assert len(method.log.fits) == 6


def test_a_pairwise_aligner_sees_one_target_at_a_time(tmp_path):
    aligner = FakeAligner(declared=Scope.PAIRWISE)
    run(tmp_path, FakePlugin(tmp_path, aligners=[aligner]), (ALIGNED,))
    assert sorted(aligner.log.fits) == ["fake-aligner de 0", "fake-aligner en 0", "fake-aligner fr 0"]
    assert {each.main_score for each in results(tmp_path)} == {100.0}


@pytest.mark.parametrize(
    ("broken", "targets"),
    [
        ("fake-method[fail=fit]", "en de fr"),
        ("fake-method[fail=predict]", "en de fr"),
        ("fake-method[fail=predict,where=de]", "de"),
        ("fake-method[fail=fit,on=target,where=fr]", "fr"),
    ],
)
def test_what_a_method_raises_fails_the_cells_that_need_it_and_no_other(tmp_path, broken, targets):
    _, summary = run(tmp_path, None, (broken, "fake-method"))
    for (recipe, target), status in statuses(tmp_path).items():
        assert status == ("failed" if recipe.startswith("fake-method[fail") and target in targets else "ok")
    assert exit_code(summary) == 3
    reasons = {each.reason for each in results(tmp_path) if each.status is Status.FAILED}
    assert all("RuntimeError: cannot" in reason and "as it was told" in reason for reason in reasons)
    assert all("\n" not in reason for reason in reasons)


def test_a_failed_fit_is_tried_once_a_run_and_again_in_the_next(tmp_path):
    class Flaky(FakeMethod):
        def fit(self, encoder, task, options, context):
            super().fit(encoder, task, options, context)
            raise RuntimeError("flaky")

    method = Flaky()
    _, first = run(tmp_path, FakePlugin(tmp_path, methods=[method]))
    _, again = run(tmp_path, FakePlugin(tmp_path, methods=[method]))
    assert len(method.log.fits) == 2
    assert (exit_code(first), exit_code(again)) == (3, 3)
    assert len(journal.read(tmp_path / "runs" / "fake-suite" / "results.jsonl")) == 3
    _, mended = run(tmp_path)
    assert exit_code(mended) == 0
    assert set(statuses(tmp_path).values()) == {"ok"}


class Predicts(FakeMethod):
    """Predictions as a careless plugin may give them."""

    gives = None

    def load(self, encoder, task, options, folder):
        raise AssertionError("the predictor at hand is used")

    def fit(self, encoder, task, options, context):
        predictor = super().fit(encoder, task, options, context)
        outer = self

        class Careless(type(predictor)):
            def predict(self, inputs, language):
                return outer.gives

        return Careless(predictor.encoder, predictor.learned, options)


@pytest.mark.parametrize(
    ("gives", "says"),
    [
        (None, "a table with the column 'label' is wanted; there are none"),
        (pa.table({"labels": ["sun"] * 12}), "a table with the column 'label' is wanted; there are labels"),
        (pa.table({"label": ["sun"] * 11}), "the predictions of fake-method: 11 rows for 12 inputs"),
    ],
)
def test_predictions_of_the_wrong_form_fail_their_cells(tmp_path, gives, says):
    method = Predicts()
    method.gives = gives
    run(tmp_path, FakePlugin(tmp_path, methods=[method]))
    assert all(says in each.reason for each in results(tmp_path))
    assert set(statuses(tmp_path).values()) == {"failed"}


class Peeks(FakeMethod):
    def fit(self, encoder, task, options, context):
        context.text("de")
        return super().fit(encoder, task, options, context)


def test_a_method_that_peeks_fails_with_what_it_asked_for(tmp_path):
    run(tmp_path, FakePlugin(tmp_path, methods=[Peeks()]))
    assert all("asked for text in 'de'" in each.reason for each in results(tmp_path))


class Logs(FakeMethod):
    def fit(self, encoder, task, options, context):
        context.log("loss", float("nan"))
        return super().fit(encoder, task, options, context)


def test_a_diagnostic_that_is_no_json_fails_the_fit_and_leaves_no_artifact(tmp_path):
    opened, _ = run(tmp_path, FakePlugin(tmp_path, methods=[Logs()]))
    assert set(statuses(tmp_path).values()) == {"failed"}
    assert [path.name for path in (opened.output / "store" / "fit").iterdir() if path.is_dir()] == []


def test_skipped_cells_are_results_with_their_reason(tmp_path):
    plugin = FakePlugin(tmp_path, models=[FakeModel(languages=("en", "de"))])
    _, summary = run(tmp_path, plugin)
    skipped = [each for each in results(tmp_path) if each.status is Status.SKIPPED]
    assert [each.cell.target for each in skipped] == ["fr"]
    assert skipped[0].reason == "fake-model knows en, de only"
    assert exit_code(summary) == 0


@pytest.mark.parametrize("lost", ["fit", "predict", "score", "align"])
def test_a_lost_artifact_is_made_again_when_its_results_are_written_anew(tmp_path, lost):
    opened, _ = run(tmp_path, None, (ALIGNED,))
    before = results(tmp_path)
    shutil.rmtree(opened.output / "store" / lost)
    (opened.folder / "results.jsonl").unlink()
    _, summary = run(tmp_path, None, (ALIGNED,))
    assert exit_code(summary) == 0
    steady = {"timings": {}, "cost": {}, "started": "", "hardware": {}}
    assert [replace(each, **steady) for each in results(tmp_path)] == [replace(each, **steady) for each in before]
    assert {stage.kind.value for stage in summary.made} == {lost}


def test_a_changed_byte_in_a_fit_is_noticed_and_the_fit_made_again(tmp_path, caplog):
    opened, _ = run(tmp_path)
    (weights,) = (opened.output / "store" / "fit").glob("*/learned.json")
    weights.write_text(weights.read_text().replace("sun", "son"))
    method = FakeMethod()
    plugin = FakePlugin(tmp_path, methods=[method], tasks=[FakeTask(languages=("en", "de", "fr", "sw"))])
    run(tmp_path, plugin)
    assert len(method.log.fits) == 1
    assert "is broken" in caplog.text
    assert statuses(tmp_path)["fake-method", "sw"] == "ok"


def test_two_models_of_the_same_files_are_two_models(tmp_path):
    class Same(FakeModel):
        def info(self):
            return replace(super().info(), digest="same")

        def load(self, device):
            encoder = super().load(device)
            encoder.meanings["sun"] = "rain" if self.name == "other" else "sun"
            return encoder

    run(tmp_path, FakePlugin(tmp_path, models=[Same(), Same(name="other")]), models=("fake-model", "other"))
    scores = {each.cell.model: each.main_score for each in results(tmp_path) if each.cell.target == "en"}
    assert scores["fake-model"] > scores["other"]


def test_a_full_disk_stops_the_run_with_one_clear_error(tmp_path):
    class Full(FakeAligner):
        def save(self, encoder, folder):
            raise OSError(28, "No space left on device")

    opened = session(tmp_path, FakePlugin(tmp_path, aligners=[Full()]), ("fake-method", ALIGNED))
    with pytest.raises(StoreError, match="is full; free some space and run again"):
        carry_out(opened)
    assert {each.cell.recipe for each in results(tmp_path)} == {"fake-method"}


def test_a_reason_that_is_no_utf8_is_printed_all_the_same(tmp_path):
    class Named(FakeMethod):
        def fit(self, encoder, task, options, context):
            raise FileNotFoundError("there is no caf\udce9.txt")

    opened, _ = run(tmp_path, FakePlugin(tmp_path, methods=[Named()]))
    for form in ("markdown", "csv", "json"):
        assert board(opened.folder, form).encode()
    assert all("caf\udce9.txt" in each.reason for each in results(tmp_path))
