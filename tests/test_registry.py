import importlib.metadata
import time
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from xbench import hookimpl, registry
from xbench.errors import PluginError, UsageError
from xbench.registry import find_suite, load_registry
from xbench.suite import Suite
from xbench.testing import FakeDictionary, FakeMethod, FakeModel, FakePlugin


@dataclass
class Point:
    """An entry point: what `importlib.metadata` knows of an installed plugin."""

    name: str
    distribution: str
    module: object

    @property
    def dist(self):
        return SimpleNamespace(name=self.distribution, version="1.0")

    def load(self):
        if isinstance(self.module, BaseException):
            raise self.module
        return self.module


@pytest.fixture
def installed(monkeypatch):
    """Make exactly these plugins be installed."""

    def install(*points):
        monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points if group == "xbench" else ())

    install()
    return install


class Gives:
    """A plugin of one hook that returns or raises."""

    def __init__(self, *methods):
        self.methods = methods

    @hookimpl
    def xbench_methods(self):
        for method in self.methods:
            if isinstance(method, BaseException):
                raise method
            yield method


class Returns:
    """A plugin whose hook returns just this."""

    def __init__(self, things):
        self.things = things

    @hookimpl
    def xbench_methods(self):
        return self.things


class Raises(FakeMethod):
    def needs(self, options):
        raise RuntimeError("does not know what it needs")


class Misspelt:
    @hookimpl
    def xbench_method(self):
        return []


class Greedy:
    @hookimpl
    def xbench_methods(self, config):
        return []


def test_everything_a_plugin_gives_is_found_by_kind_and_name(tmp_path, installed):
    plugin = FakePlugin(tmp_path, resources=[FakeDictionary()])
    installed(Point("fake", "fake-dist", plugin))
    found = load_registry()
    assert {kind: found.names(kind) for kind in registry.KINDS} == {
        "task": ["fake-task"],
        "suite": ["fake-suite"],
        "model": ["fake-model"],
        "aligner": ["fake-aligner"],
        "method": ["fake-method"],
        "resource": ["fake-dictionary"],
        "diagnostic": [],
        "format": [],
    }
    assert found.find("method", "fake-method") is plugin.methods[0]
    assert found.owners["method", "fake-method"].distribution == "fake-dist"
    assert "method fake-method" in found.plugins[0].provides


def test_every_load_is_new(tmp_path, installed):
    installed(Point("fake", "fake-dist", FakePlugin(tmp_path)))
    assert load_registry().objects is not load_registry().objects
    assert load_registry(extra={"more": Gives(FakeMethod(name="other"))}).names("method") == ["fake-method", "other"]
    assert load_registry().names("method") == ["fake-method"]


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (ImportError("No module named 'flash'"), "ImportError: No module named 'flash'"),
        (RuntimeError("two\nlines"), "RuntimeError: two lines"),
        (SyntaxError("bad"), "SyntaxError: bad"),
        (Misspelt(), "xbench_method"),
        (Greedy(), "config"),
        (Gives(ValueError("in the hook")), "ValueError: in the hook"),
        (Gives(FakeMethod(name="fine"), FakeMethod(name="a,b")), "'a,b'"),
        (Gives(SimpleNamespace()), "a method needs a name"),
        (Gives(SimpleNamespace(name="bare", fit=print)), "'bare' lacks Options, citation, load, needs, scope"),
        (Gives(FakeMethod(), FakeMethod()), "gives the method 'fake-method' 2 times"),
        (Gives(Raises(name="raises")), "RuntimeError: does not know what it needs"),
        (Returns(None), "xbench_methods must return a list, not NoneType"),
        (Returns("fake-method"), "xbench_methods must return a list, not str"),
        (Returns({"fake-method": FakeMethod()}), "xbench_methods must return a list, not dict"),
        (SystemExit(3), "tried to end the program: sys.exit(3)"),
        (Gives(SystemExit("bye")), "tried to end the program: sys.exit('bye')"),
    ],
)
def test_a_broken_plugin_is_kept_with_its_reason_and_the_rest_works(tmp_path, installed, module, reason):
    installed(Point("broken", "broken-dist", module), Point("fake", "fake-dist", FakePlugin(tmp_path)))
    found = load_registry()
    assert found.names("method") == ["fake-method"]
    broken = {plugin.name: plugin for plugin in found.plugins}["broken"]
    assert reason in broken.error
    assert "\n" not in broken.error
    with pytest.raises(UsageError) as caught:
        found.find("method", "fine")
    assert "broken of broken-dist" in str(caught.value)
    assert reason in str(caught.value)


def test_two_plugins_of_one_name_are_an_error_that_names_both_distributions(installed):
    installed(Point("p", "dist-a", Gives()), Point("p", "dist-b", Gives()))
    with pytest.raises(PluginError, match="'p': dist-a and dist-b; uninstall one"):
        load_registry()


def test_one_name_from_two_plugins_is_an_error_that_names_both_distributions(installed):
    installed(Point("p", "dist-a", Gives(FakeMethod())), Point("q", "dist-b", Gives(FakeMethod())))
    with pytest.raises(PluginError, match="method 'fake-method': dist-a and dist-b; uninstall one"):
        load_registry()


class Sleeps:
    @hookimpl
    def xbench_methods(self):
        time.sleep(600)


def test_a_survey_leaves_out_what_takes_too_long_and_nothing_else(installed):
    installed(Point("a", "dist-a", Sleeps()), Point("b", "dist-b", Gives(FakeMethod())))
    found = registry.survey(patience=0.5)
    assert found.names("method") == ["fake-method"]
    assert "not imported within 0.5 s" in found.plugins[0].error
    assert found.plugins[1].error == ""


def test_a_survey_lists_all_the_same_and_says_what_collides(installed):
    clashing = Gives(FakeMethod(name="other"), FakeMethod())
    installed(Point("p", "dist-a", Gives(FakeMethod())), Point("p", "dist-b", Gives()), Point("q", "dist-c", clashing))
    found = registry.survey()
    assert found.names("method") == ["fake-method"]
    assert found.owners["method", "fake-method"].distribution == "dist-a"
    one, other = found.collisions
    assert "called 'p': dist-a and dist-b" in one
    assert "method 'fake-method': dist-a and dist-c" in other
    about = [(plugin.distribution, plugin.provides, plugin.error) for plugin in found.plugins]
    assert about == [("dist-a", ("method fake-method",), ""), ("dist-b", (), one), ("dist-c", (), other)]


def test_a_suite_is_found_by_name_or_by_file(tmp_path, installed):
    found = load_registry(extra={"fake": FakePlugin(tmp_path)})
    assert find_suite(found, "fake-suite") == find_suite(found, str(tmp_path / "suite-0.toml"))
    assert isinstance(find_suite(found, "fake-suite"), Suite)
    with pytest.raises(UsageError, match="did you mean 'fake-suite'"):
        find_suite(found, "fake-suit")


class Family:
    name = "hub"
    summary = "any org/name"

    def resolve(self, text):
        return FakeModel(name=text) if "/" in text else None


def test_a_model_is_a_registered_one_or_one_of_a_family(tmp_path, installed):
    found = load_registry(extra={"fake": FakePlugin(tmp_path, models=[FakeModel(), Family()])})
    assert found.names("model") == ["fake-model"]
    assert found.model("fake-model") == FakeModel()
    assert found.model("org/fake-model").name == "org/fake-model"
    for text in ("fake-modl", "hub"):
        with pytest.raises(UsageError, match="no model is called"):
            found.model(text)


def test_nothing_installed_is_said_so(installed):
    with pytest.raises(UsageError, match="there are: none"):
        load_registry().find("task", "xnli")
