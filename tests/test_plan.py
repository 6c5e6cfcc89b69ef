import dataclasses

import pytest

from tests.fakes import files, session, suite
from xbench.contracts import Resource, Scope, Split
from xbench.errors import DataError, PluginError, UsageError
from xbench.plan import StageKind
from xbench.session import describe
from xbench.testing import FakeAligner, FakeEncoder, FakeMethod, FakeModel, FakePlugin, FakeTask

TEN = ("en", "ar", "de", "es", "fr", "hi", "ru", "sw", "th", "ur", "zh")
ALIGNED = "fake-aligner+fake-method"


def count(plan):
    kinds = [stage.kind for stage in plan.stages().values()]
    return {kind: kinds.count(kind) for kind in StageKind if kind is not StageKind.DIAGNOSE}


def test_stages_are_shared_by_all_cells_that_want_the_same(tmp_path):
    plugin = FakePlugin(tmp_path, tasks=[FakeTask(languages=TEN)])
    plan = session(tmp_path, plugin, ("fake-method", ALIGNED), seeds=(0, 1, 2)).plan
    assert len(plan.cells) == 2 * 11 * 3
    assert count(plan) == {"align": 3, "fit": 6, "predict": 66, "score": 66}


def test_a_pairwise_scope_multiplies(tmp_path):
    plugin = FakePlugin(tmp_path, tasks=[FakeTask(languages=TEN)], aligners=[FakeAligner(declared=Scope.PAIRWISE)])
    plan = session(tmp_path, plugin, (ALIGNED, "fake-method[on=target]"), seeds=(0, 1)).plan
    assert count(plan) == {"align": 22, "fit": 44, "predict": 44, "score": 44}


def test_tasks_that_borrow_the_same_labels_share_the_fit(tmp_path):
    tasks = [FakeTask(), FakeTask(name="second", donor="fake-task")]
    plugin = FakePlugin(tmp_path, tasks=tasks, suites=[suite("fake-task", "second")])
    assert count(session(tmp_path, plugin).plan) == {"align": 0, "fit": 1, "predict": 6, "score": 6}


def test_inputs_stand_before_what_needs_them(tmp_path):
    seen = set()
    for key, stage in session(tmp_path, None, ("fake-method", ALIGNED), seeds=(0, 1)).plan.stages().items():
        assert {each.key for each in stage.inputs} <= seen
        assert key == stage.key
        seen.add(key)


def keys(tmp_path, methods=(ALIGNED,), task=None, aligner=None, method=None, model=None, **asked):
    """Key of every stage by cell and kind."""
    plugin = FakePlugin(
        tmp_path,
        tasks=[task or FakeTask()],
        aligners=[aligner or FakeAligner()],
        methods=[method or FakeMethod()],
        models=[model or FakeModel()],
    )
    plan = session(tmp_path, plugin, methods, **asked).plan
    return {
        f"{kind} {planned.cell.target} {planned.cell.seed}": stage.key
        for planned in plan.cells
        for kind, stage in ((stage.kind, stage) for stage in planned.stages())
    }


def relabelled(language, split):
    return FakeTask(relabelled={(language, split, 0): "sun"})


EVERYTHING = {"align", "fit", "predict", "score"}
LEARNED = {"fit", "predict", "score"}
CHANGES = {
    "aligner option": ({"methods": ("fake-aligner[drop=1]+fake-method",)}, EVERYTHING, "en de fr"),
    "aligner version": ({"aligner": FakeAligner(version=2)}, EVERYTHING, "en de fr"),
    "method option": ({"methods": ("fake-aligner+fake-method[epochs=2]",)}, LEARNED, "en de fr"),
    "method version": ({"method": FakeMethod(version=2)}, LEARNED, "en de fr"),
    "recipe of the task": ({"task": FakeTask(hyperparameters={"epochs": 2})}, LEARNED, "en de fr"),
    "recipe of the model": ({"model": FakeModel(hyperparameters={"epochs": 2.0})}, LEARNED, "en de fr"),
    "weights of the model": ({"model": FakeModel(revision="2")}, EVERYTHING, "en de fr"),
    "label of a test row": ({"task": relabelled("de", Split.TEST)}, {"predict", "score"}, "de"),
    "label of a source train row": ({"task": relabelled("en", Split.TRAIN)}, EVERYTHING, "en de fr"),
    "label of an unused row": ({"task": relabelled("de", Split.VALIDATION)}, set(), ""),
    "scorer of the task": ({"task": FakeTask(revision="2")}, LEARNED, "en de fr"),
    "limit": ({"limit": 11}, EVERYTHING, "en de fr"),
    "limit that cuts nothing": ({"limit": 12}, set(), ""),
    "option written out that is the default": ({"methods": ("fake-aligner+fake-method[epochs=1]",)}, set(), ""),
    "device": ({"device": "cpu"}, set(), ""),
    "name of the recipe of a field it lacks": ({"task": FakeTask(hyperparameters={"warmup": 2})}, set(), ""),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_changes_the_keys_it_must_and_no_others(tmp_path, change):
    given, kinds, languages = CHANGES[change]
    before, after = keys(tmp_path), keys(tmp_path, **given)
    assert set(before) == set(after)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {f"{kind} {language} 0" for kind in kinds for language in languages.split()}


def test_a_joint_alignment_depends_on_the_targets_and_a_source_fit_does_not(tmp_path):
    for methods, shared in ((("fake-method",), 4), ((ALIGNED,), 0)):
        narrow, wide = keys(tmp_path, methods, languages=("de",)), keys(tmp_path, methods)
        assert len(set(narrow.values()) & set(wide.values())) == (5 if shared else 0)


def test_without_an_aligner_a_label_in_a_target_train_split_changes_nothing(tmp_path):
    assert keys(tmp_path, ("fake-method",)) == keys(tmp_path, ("fake-method",), relabelled("de", Split.TRAIN))


def test_a_seed_is_its_own_chain(tmp_path):
    both, only = keys(tmp_path, seeds=(0, 1)), keys(tmp_path, seeds=(1,))
    assert only.items() <= both.items()
    assert len(set(both.values())) == 2 * len(set(only.values()))


def test_a_target_fit_depends_on_its_own_rows_only(tmp_path):
    methods = ("fake-method[on=target]",)
    before, after = keys(tmp_path, methods), keys(tmp_path, methods, relabelled("de", Split.TRAIN))
    assert {name for name in before if before[name] != after[name]} == {"fit de 0", "predict de 0", "score de 0"}


def test_a_whole_number_in_a_recipe_and_the_same_option_typed_are_one_fit(tmp_path):
    task = FakeTask(hyperparameters={"epochs": 2})
    typed = keys(tmp_path, ("fake-method[epochs=2]",))
    assert {key for name, key in keys(tmp_path, ("fake-method",), task).items() if "fit" in name} == {
        key for name, key in typed.items() if "fit" in name
    }


def test_the_source_is_evaluated_too_and_first(tmp_path):
    plan = session(tmp_path, languages=("fr",)).plan
    assert [planned.cell.target for planned in plan.cells] == ["en", "fr"]


def test_several_sources_are_planned_as_each_by_itself(tmp_path):
    both, english, german = (session(tmp_path, sources=of).plan.cells for of in (("en", "de"), ("en",), ("de",)))
    assert [(one.cell, one.score.key) for one in both] == [(one.cell, one.score.key) for one in (*english, *german)]
    assert [one.cell.target for one in german] == ["de", "en", "fr"]
    assert {stage.grant.source for one in german for stage in one.stages() if stage.kind == "fit"} == {"de"}


def test_a_suites_option_chooses_the_donor_and_shows_in_the_name(tmp_path):
    tasks = [FakeTask(), FakeTask(name="lender")]
    plan = session(tmp_path, FakePlugin(tmp_path, tasks=tasks), suite="fake-suite[train=lender]").plan
    assert plan.label == "fake-suite[train=lender]"
    assert {planned.cell.task for planned in plan.cells} == {"fake-task[train=lender]"}
    (fit,) = [stage for stage in plan.stages().values() if stage.kind == "fit"]
    assert fit.trainer.name == "lender"
    assert list(fit.grant.labels.values()) == [(tasks[1], Split.LENT)]


def test_a_task_with_a_method_of_its_own_shares_its_stages_and_keeps_the_names_of_the_rows(tmp_path):
    plugin = FakePlugin(
        tmp_path,
        tasks=[FakeTask(), FakeTask(name="second")],
        methods=[FakeMethod(), FakeMethod(name="lookup")],
        suites=[suite("fake-task", "second[method=lookup]")],
    )
    plan = session(tmp_path, plugin, ("fake-method", "fake-method[epochs=2]", ALIGNED, "lookup")).plan
    served = [planned for planned in plan.cells if planned.cell.task == "second[method=lookup]"]
    assert {planned.cell.recipe for planned in served} == {"fake-method", "fake-method[epochs=2]", ALIGNED, "lookup"}
    fits = {planned.score.predict.fit.key: planned.score.predict.fit for planned in served}.values()
    assert [(fit.method.name, fit.before is None) for fit in fits] == [("lookup", True), ("lookup", False)]
    assert [fit.title.split(" on ")[0] for fit in fits] == ["fit lookup", "fit fake-aligner+lookup"]
    learned = {planned.score.predict.fit.method.name for planned in plan.cells if planned.cell.task == "fake-task"}
    assert learned == {"fake-method", "lookup"}


def test_a_suite_may_have_fewer_languages_than_a_task_and_more_than_there_are(tmp_path):
    fewer = suite("fake-task", "second") + '[languages]\nsecond = ["de", "sw"]\n'
    plugin = FakePlugin(tmp_path, tasks=[FakeTask(), FakeTask(name="second", train_on="en")], suites=[fewer])
    plan = session(tmp_path, plugin).plan
    assert [planned.cell.target for planned in plan.cells if planned.cell.task == "second"] == ["en", "de"]
    assert plan.remarks == ("second: sample has 1 of 2 languages (not there: sw)",)


def test_a_suite_of_several_samples_says_that_it_is_one(tmp_path):
    tasks = [FakeTask(sample="fake-sample"), FakeTask(name="second")]
    plugin = FakePlugin(tmp_path, tasks=tasks, suites=[suite("fake-task", "second")])
    assert session(tmp_path, plugin, suite="fake-suite[split=dev]").plan.label == "fake-suite-sample[split=dev]"


def skips(plan):
    return {(skip.cell.recipe, skip.cell.target): skip.reason for skip in plan.skipped}


def test_a_language_without_test_data_is_a_skip_and_a_remark(tmp_path):
    task = FakeTask(absent=frozenset({("fr", Split.TEST)}))
    plan = session(tmp_path, FakePlugin(tmp_path, tasks=[task]), languages=("de", "fr")).plan
    assert [planned.cell.target for planned in plan.cells] == ["en", "de"]
    assert skips(plan) == {("fake-method", "fr"): "fake-task has no test split in 'fr'"}
    assert plan.remarks == ("fake-task: sample has 2 of 3 languages (not there: fr)",)


def test_no_unlabelled_text_in_a_language_is_a_skip(tmp_path):
    task = FakeTask(absent=frozenset({("fr", Split.TRAIN), ("fr", Split.VALIDATION)}))
    plan = session(tmp_path, FakePlugin(tmp_path, tasks=[task]), ("fake-method", ALIGNED)).plan
    assert {recipe for recipe, _ in skips(plan)} == {ALIGNED}
    wanted = "a train split in all of them nor a validation split in fr; name a task that lends its text: "
    assert skips(plan)[ALIGNED, "de"].endswith(wanted + "fake-task[text=TASK]")


def test_text_of_all_languages_comes_from_one_split(tmp_path):
    task = FakeTask(absent=frozenset({("fr", Split.TRAIN)}))
    plan = session(tmp_path, FakePlugin(tmp_path, tasks=[task]), (ALIGNED,)).plan
    align = next(stage for stage in plan.stages().values() if stage.kind == "align")
    assert {split for _, split in align.grant.texts.values()} == {Split.VALIDATION}


def test_target_labels_that_are_not_there_are_a_skip_of_that_language(tmp_path):
    task = FakeTask(absent=frozenset({("fr", Split.TRAIN)}))
    plan = session(tmp_path, FakePlugin(tmp_path, tasks=[task]), ("fake-method[on=target]",)).plan
    assert skips(plan) == {("fake-method[on=target]", "fr"): "fake-task has no train split in 'fr'"}


def test_a_model_without_a_part_for_the_language_is_a_skip_and_stays_out_of_the_alignment(tmp_path):
    plugin = FakePlugin(tmp_path, models=[FakeModel(languages=("en", "de"))])
    plan = session(tmp_path, plugin, (ALIGNED,)).plan
    assert skips(plan) == {(ALIGNED, "fr"): "fake-model knows en, de only"}
    align = next(stage for stage in plan.stages().values() if stage.kind == "align")
    assert align.grant.targets == ("de",)


def test_a_method_that_does_not_do_the_kind_of_task_is_a_skip(tmp_path):
    methods = [FakeMethod(), FakeMethod(name="tagger", task_kinds=frozenset())]
    plan = session(tmp_path, FakePlugin(tmp_path, methods=methods), ("fake-method", "tagger")).plan
    assert set(skips(plan).values()) == {"tagger does not do sequence-classification"}


def test_an_alignment_without_a_target_is_a_skip(tmp_path):
    with pytest.raises(DataError, match="needs target text and there is no target language besides en"):
        session(tmp_path, FakePlugin(tmp_path, tasks=[FakeTask(languages=("en",))]), (ALIGNED,))


def test_when_everything_is_skipped_the_reasons_are_the_error_and_nothing_is_written(tmp_path):
    plugin = FakePlugin(tmp_path, models=[FakeModel(languages=("de",))])
    before = files(tmp_path)
    with pytest.raises(DataError, match="nothing of fake-suite can be run: fake-model knows de only"):
        session(tmp_path, plugin)
    assert files(tmp_path) == before


def test_a_source_scope_that_needs_target_data_is_the_plugins_fault(tmp_path):
    plugin = FakePlugin(tmp_path, aligners=[FakeAligner(declared=Scope.SOURCE)])
    with pytest.raises(PluginError, match="fake-aligner needs target data but declares the scope source"):
        session(tmp_path, plugin, (ALIGNED,))


class Malformed(FakeTask):
    def load(self, language, split, data):
        raise DataError(f"{language}.tsv, line 7: two columns where there should be three")


def test_malformed_data_stop_the_plan_with_file_and_line(tmp_path):
    with pytest.raises(DataError, match=r"en\.tsv, line 7"):
        session(tmp_path, FakePlugin(tmp_path, tasks=[Malformed()]))


def test_an_unknown_option_is_refused_with_the_near_name(tmp_path):
    with pytest.raises(UsageError, match="no option of fake-method is called 'epoch'; did you mean 'epochs'"):
        session(tmp_path, None, ("fake-method[epoch=1]",))


def test_no_grant_ever_covers_a_test_split(tmp_path):
    plugin = FakePlugin(tmp_path, aligners=[FakeAligner(), FakeAligner(name="pairs", declared=Scope.PAIRWISE)])
    recipes = ("fake-method", "fake-method[on=target]", ALIGNED, "pairs+fake-aligner+fake-method[on=target]")
    stages = session(tmp_path, plugin, recipes).plan.stages().values()
    grants = [stage.grant for stage in stages if stage.kind in ("align", "fit")]
    places = [split for grant in grants for _, split in (*grant.texts.values(), *grant.labels.values())]
    assert set(places) == {Split.TRAIN}
    assert all(split is not Split.TEST for grant in grants for _, split in grant.labels)


def test_planning_loads_no_model(tmp_path):
    class Heavy(FakeModel):
        def load(self, device):
            raise AssertionError("loaded while planning")

    assert session(tmp_path, FakePlugin(tmp_path, models=[Heavy()])).plan.cells
    assert isinstance(FakeModel().load("cpu"), FakeEncoder)


def test_the_plan_as_text_tells_stages_trainings_remarks_and_skips(tmp_path):
    task = FakeTask(absent=frozenset({("fr", Split.TEST)}))
    text = describe(session(tmp_path, FakePlugin(tmp_path, tasks=[task]), (ALIGNED,), languages=("de", "fr")))
    assert text.splitlines()[0] == "fake-suite: 2 cells, 1 skipped; data: sample"
    assert "trainings to run: 2 (1 alignments, 1 fits)" in text
    assert "note: fake-task: sample has 2 of 3 languages (not there: fr)" in text
    assert "skipped: 1 cells: fake-task has no test split in 'fr'" in text


def test_needs_of_the_fakes_are_what_they_read():
    assert FakeAligner().needs(None) == {Resource.SOURCE_TEXT, Resource.TARGET_TEXT}
    assert dataclasses.is_dataclass(FakeTask)
