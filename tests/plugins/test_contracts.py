"""Everything that is installed keeps the contract, whoever wrote it."""

import dataclasses
import inspect
import re

import pytest

from xbench import options, tables, testing
from xbench.contracts import Data, Origin, Split
from xbench.errors import MissingDataError
from xbench.layouts import layouts
from xbench.registry import KINDS, load_registry
from xbench.suite import Suite

REGISTRY = load_registry()
SAMPLE = Data(Origin.SAMPLE)
YEAR = re.compile(r"\b(19|20)\d\d\b")


def installed(*kinds):
    return [pytest.param(kind, name, id=f"{kind} {name}") for kind in kinds for name in REGISTRY.names(kind)]


def test_every_plugin_can_be_imported():
    assert [(plugin.name, plugin.error) for plugin in REGISTRY.plugins if plugin.error] == []


@pytest.mark.parametrize(("kind", "name"), installed("task", "aligner", "method", "model", "resource", "format"))
def test_it_has_a_name_that_is_typed_as_it_prints_and_a_summary_of_one_line(kind, name):
    thing = REGISTRY.find(kind, name)
    assert re.fullmatch(r"[a-z0-9]+([-.][a-z0-9]+)*", thing.name)
    assert thing.summary
    assert "\n" not in thing.summary
    assert len(thing.summary) <= 120
    assert not thing.summary.endswith(".")


@pytest.mark.parametrize(("kind", "name"), installed("aligner"))
def test_an_aligner_keeps_the_contract(kind, name):
    testing.check_aligner(REGISTRY.find(kind, name))


@pytest.mark.parametrize(("kind", "name"), installed("method"))
def test_a_method_keeps_the_contract(kind, name):
    testing.check_method(REGISTRY.find(kind, name))


@pytest.mark.parametrize(("kind", "name"), installed("model"))
def test_a_model_keeps_the_contract(kind, name):
    testing.check_model(REGISTRY.find(kind, name))


@pytest.mark.parametrize(("kind", "name"), installed("task"))
def test_a_task_keeps_the_contract_on_its_sample(kind, name):
    task = REGISTRY.find(kind, name)
    if task.sample is None:
        with pytest.raises(MissingDataError):
            task.load(task.languages[0], Split.TEST, SAMPLE)
    else:
        testing.check_task(task, SAMPLE)


@pytest.mark.parametrize(("kind", "name"), installed("resource"))
def test_a_resource_keeps_the_contract_on_its_sample(kind, name):
    resource = REGISTRY.find(kind, name)
    try:
        resource.targets("en", SAMPLE)
    except MissingDataError:
        with pytest.raises(MissingDataError):
            resource.load("en", "de", SAMPLE)
    else:
        testing.check_resource(resource, SAMPLE)


@pytest.mark.parametrize(("kind", "name"), installed("aligner", "method"))
def test_options_are_a_documented_frozen_dataclass_with_defaults(kind, name):
    cls = REGISTRY.find(kind, name).Options
    assert cls.__dataclass_params__.frozen
    assert inspect.getdoc(cls)
    assert options.resolve(cls, name, {}) == cls()
    assert options.describe(cls).keys() == {field.name for field in dataclasses.fields(cls)}
    assert hash(cls()) == hash(cls())


@pytest.mark.parametrize(("kind", "name"), installed("aligner", "method"))
def test_its_docstring_names_where_it_comes_from(kind, name):
    text = inspect.getdoc(type(REGISTRY.find(kind, name))) or ""
    assert YEAR.search(text), "an author and a year"


@pytest.mark.parametrize(("kind", "name"), installed("task"))
def test_the_module_of_a_task_says_where_the_data_come_from(kind, name):
    task = REGISTRY.find(kind, name)
    module = inspect.getmodule(task.layout.read)
    assert YEAR.search(module.__doc__)
    assert "http" in module.__doc__


@pytest.mark.parametrize(("kind", "name"), installed("suite"))
def test_a_suite_names_tasks_that_there_are(kind, name):
    suite = REGISTRY.find(kind, name)
    assert isinstance(suite, Suite)
    for text in suite.tasks:
        assert REGISTRY.find("task", text.partition("[")[0])


@pytest.mark.parametrize(("kind", "name"), installed("format"))
def test_a_format_has_a_file_for_every_language_of_its_tasks(kind, name):
    form = REGISTRY.find(kind, name)
    found = layouts(form, REGISTRY)
    assert {task for layout in found for task in layout.paths} == set(form.tasks)
    for layout in found:
        paths = [path for files in layout.paths.values() for path in files.values()]
        assert len(set(paths)) == len(paths) > 1
        assert not any(path.startswith("/") or ".." in path for path in paths)
        for task in map(layout.tasks.get, layout.paths):
            assert set(form.columns(task)) <= set(tables.COLUMNS[task.kind].inputs)


def test_every_kind_has_something():
    assert all(REGISTRY.names(kind) for kind in KINDS)


def test_families_of_models_give_models_that_keep_the_contract(tmp_path):
    from tests.plugins import tiny

    folder = tiny.save_model(tmp_path / "model")
    for family in REGISTRY.families():
        assert family.summary
        assert family.resolve("two words") is None
    model = REGISTRY.model(str(folder))
    assert model.info() == model.info()
    assert model.info().digest
