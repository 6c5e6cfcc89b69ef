import pytest

from tests.fakes import SAMPLE, suite
from xbench.errors import UsageError
from xbench.registry import load_registry
from xbench.request import DEFAULT_METHOD, Request, resolve
from xbench.testing import FakeAligner, FakeMethod, FakePlugin, FakeTask

OTHER = FakeTask(name="other-task", labels=("x", "y"))
BORROWS = FakeTask(name="borrows", donor="fake-task", absent=frozenset({("en", "train")}))


def grid(tmp_path, **asked):
    plugin = FakePlugin(
        tmp_path,
        tasks=[FakeTask(), OTHER, BORROWS],
        suites=[
            suite("fake-task"),
            suite("borrows", name="lent"),
            suite("fake-tusk", name="wrong"),
            suite("fake-task", "other-task[method=finetune-like]", name="two"),
            suite("fake-task", name="usual") + 'methods = ["fake-method[epochs=2]", "fake-aligner+fake-method"]\n',
            suite("fake-task", "borrows", name="some") + '[languages]\nborrows = ["de", "sw"]\n',
        ],
        methods=[FakeMethod(), FakeMethod(name="finetune-like")],
        aligners=[FakeAligner(), FakeAligner(name="second")],
    )
    given = {"suite": "fake-suite", "methods": ("fake-method",), "models": ("fake-model",), "data": SAMPLE} | asked
    return resolve(Request(**given), load_registry(extra={"fake": plugin}))


def test_without_methods_the_suites_recipes_are_run(tmp_path):
    found = grid(tmp_path, suite="usual", methods=())
    assert [recipe.text for recipe in found.recipes] == ["fake-method[epochs=2]", "fake-aligner+fake-method"]
    (asked,) = grid(tmp_path, suite="usual", methods=("fake-method",)).recipes
    assert asked.text == "fake-method"
    (usual,) = grid(tmp_path, methods=()).recipes  # of a suite that names none
    assert usual.text == DEFAULT_METHOD


def test_names_become_objects_once(tmp_path):
    found = grid(tmp_path, methods=("fake-aligner[drop=1]+second+fake-method",), languages=("FR", "de", "fr"))
    (recipe,) = found.recipes
    assert [part.plugin.name for part in recipe.aligners] == ["fake-aligner", "second"]
    assert recipe.method.plugin.name == "fake-method"
    assert recipe.text == "fake-aligner[drop=1]+second+fake-method"
    assert found.languages == ("fr", "de")
    assert found.sources == ("en",)
    assert found.tasks[0].trainer is found.tasks[0].task


def test_several_sources_are_taken_once_each_and_the_suites_file_names_the_first(tmp_path):
    found = grid(tmp_path, sources=("DE", "en", "de"))
    assert found.sources == ("de", "en")
    assert found.as_suite().source == "de"


def test_what_is_an_aligner_and_a_method_goes_by_its_place(tmp_path):
    plugin = FakePlugin(tmp_path, methods=[FakeMethod(name="both")], aligners=[FakeAligner(name="both")])
    given = {"suite": "fake-suite", "models": ("fake-model",), "data": SAMPLE}
    registry = load_registry(extra={"fake": plugin})
    alone, twice, before = resolve(Request(methods=("both", "both+both", "both+finetune"), **given), registry).recipes
    assert (alone.aligners, alone.method.plugin) == ((), registry.find("method", "both"))
    for recipe in (twice, before):
        assert [part.plugin for part in recipe.aligners] == [registry.find("aligner", "both")]
    assert (twice.method.plugin.name, before.method.plugin.name) == ("both", "finetune")


def test_a_task_trains_on_its_donor(tmp_path):
    (use,) = grid(tmp_path, suite="lent").tasks
    assert (use.task.name, use.trainer.name) == ("borrows", "fake-task")
    assert str(use.name) == "borrows"


def test_a_donor_of_other_labels_is_refused_with_both_sets_named(tmp_path):
    with pytest.raises(UsageError) as caught:
        grid(tmp_path, suite="fake-suite[train=other-task]")
    assert "its labels are rain, snow, sun, those of other-task x, y" in str(caught.value)


def test_a_task_may_be_served_by_a_method_of_its_own_after_the_same_aligners(tmp_path):
    found = grid(tmp_path, suite="two", methods=("second+fake-method[epochs=2]", "second+finetune-like[epochs=3]"))
    first, other = found.tasks
    learned, own = found.recipes
    assert learned.serving(first) is learned
    served = learned.serving(other)
    assert served.text == "second+finetune-like"
    assert served.aligners == learned.aligners
    assert served.method.plugin.name == "finetune-like"
    assert own.serving(other) is own  # its own options count
    assert str(other.name) == "other-task[method=finetune-like]"
    assert other.trainer is other.task


def test_a_method_for_all_tasks_is_an_option_of_the_suite(tmp_path):
    (use,) = grid(tmp_path, suite="lent[method=finetune-like,train=fake-task]").tasks
    assert use.method.plugin.name == "finetune-like"
    assert str(use.name) == "borrows[method=finetune-like,train=fake-task]"


def test_the_suite_as_it_is_run_says_the_languages_of_several_tasks(tmp_path):
    two = grid(tmp_path, suite="two[split=dev]").as_suite()
    assert two.tasks == ("fake-task[split=dev]", "other-task[method=finetune-like,split=dev]")
    assert two.languages == {"fake-task": ("en", "de", "fr"), "other-task": ("en", "de", "fr")}
    assert grid(tmp_path, suite="some").as_suite().languages["borrows"] == ("de", "sw")
    assert grid(tmp_path).as_suite().languages == {}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"suite": "lent[method=finetune-lik]"}, "no method is called 'finetune-lik'; did you mean 'finetune-like'"),
        ({"suite": "fake-suit"}, "no suite is called 'fake-suit'; did you mean 'fake-suite'"),
        ({"suite": "wrong"}, "no task is called 'fake-tusk'; did you mean 'fake-task'"),
        ({"suite": "fake-suite[trane=x]"}, "no option of task fake-task is called 'trane'; did you mean 'train'"),
        ({"suite": "fake-suite[train=fake-tusk]"}, "did you mean 'fake-task'"),
        ({"methods": ("fake-methd",)}, "no aligner or method is called 'fake-methd'; did you mean 'fake-method'"),
        ({"methods": ("fake-alligner+fake-method",)}, "did you mean 'fake-aligner'"),
        ({"methods": ("fake-method+fake-aligner",)}, "'fake-method' must stand last"),
        ({"models": ()}, "no model was named"),
        ({"seeds": ()}, "no seed was named"),
        ({"models": ("fake-modle",)}, "did you mean 'fake-model'"),
        ({"languages": ("xx",)}, "no language of fake-suite is called 'xx'"),
        ({"languages": ("english",)}, "not a language tag"),
        ({"sources": ("sw",)}, "no source language of fake-suite is called 'sw'"),
    ],
)
def test_what_does_not_exist_is_refused_before_anything_starts(tmp_path, asked, says):
    with pytest.raises(UsageError) as caught:
        grid(tmp_path, **asked)
    assert says in str(caught.value)
    assert caught.value.exit_code == 2
