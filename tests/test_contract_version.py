"""The number of the contract: what a plugin that was made for another one is told."""

import inspect
import json
from types import SimpleNamespace

import pytest

from tests.fakes import install, xbench
from xbench import __version__, contracts, formats, hookimpl
from xbench.keys import digest
from xbench.plugins import members
from xbench.registry import load_registry
from xbench.testing import FakeMethod

# What the contracts say, by number. Whoever changes a member or what it is handed raises `contracts.CONTRACT`, says in
# `contracts.CHANGES` what authors must do, and adds the new digest here; OLDEST too, where old plugins cannot run.
DIGESTS = {1: "d1cc75975fbd7f7aa017e59c0cbd53a9", 2: "d1cc75975fbd7f7aa017e59c0cbd53a9"}  # 2 adds what may be left out
FORMS = ("Task", "PairedData", "Encoder", "Model", "ModelFamily", "Diagnostic", "Aligner", "Predictor", "Method",
         "Context", "FitContext")  # fmt: skip


def described(form):
    """The members of a contract, functions with their parameters."""
    found = {}
    for name in members(form):
        member = inspect.getattr_static(form, name)
        found[name] = list(inspect.signature(member).parameters) if inspect.isfunction(member) else "value"
    return found


def test_a_changed_contract_has_a_new_number():
    forms = [getattr(contracts, name) for name in FORMS] + [formats.Format]
    assert digest({form.__name__: described(form) for form in forms}) == DIGESTS[contracts.CONTRACT]


def test_every_number_says_what_changed():
    assert sorted(contracts.CHANGES) == list(range(1, contracts.CONTRACT + 1)) == sorted(DIGESTS)
    assert 1 <= contracts.OLDEST <= contracts.CONTRACT


def made_for(number, method=None):
    plugin = SimpleNamespace(xbench_methods=hookimpl(lambda: [method or FakeMethod()], specname="xbench_methods"))
    if number is not None:
        plugin.XBENCH_CONTRACT = number
    return plugin


@pytest.fixture
def third(monkeypatch):
    """Make the contract the third, of which the second and the third are understood."""
    monkeypatch.setattr(contracts, "CONTRACT", 3)
    monkeypatch.setattr(contracts, "OLDEST", 2)
    monkeypatch.setattr(contracts, "CHANGES", {1: "the first", 2: "fit is handed a context", 3: "tasks have a donor"})


def loaded(plugin):
    registry = load_registry(extra={"theirs": plugin})
    return next(one for one in registry.plugins if one.name == "theirs")


@pytest.mark.parametrize("number", [3, None])
def test_a_plugin_of_this_contract_or_of_no_number_is_told_nothing(third, number):
    plugin = loaded(made_for(number))
    assert (plugin.provides, plugin.error, plugin.note) == (("method fake-method",), "", "")


def test_an_older_one_runs_and_is_told_what_changed(third):
    plugin = loaded(made_for(2))
    assert plugin.provides == ("method fake-method",)
    assert plugin.note == "made for contract 2, this is contract 3; what changed: 3: tasks have a donor"
    lacking = loaded(made_for(2, SimpleNamespace(name="bare")))
    assert "'bare' lacks" in lacking.error
    assert "what changed: 3: tasks have a donor" in lacking.error, "which may be why"


def test_one_that_is_too_old_is_broken_and_told_all_that_changed(third):
    plugin = loaded(made_for(1))
    assert plugin.provides == ()
    assert "what changed: 2: fit is handed a context; 3: tasks have a donor" in plugin.error
    assert "contracts before 2 cannot run: upgrade the plugin" in plugin.error


@pytest.mark.parametrize("wrong", ["1", 1.0, 0, True])
def test_what_is_no_number_is_refused(wrong):
    assert "XBENCH_CONTRACT must be a whole number" in loaded(made_for(wrong)).error


def test_a_newer_one_is_listed_with_what_to_do(tmp_path):
    newer = contracts.CONTRACT + 1
    install(tmp_path, f"XBENCH_CONTRACT = {newer}", name="newer", distribution="newer-dist")
    listed = {row["name"]: row for row in json.loads(xbench(tmp_path, "plugin", "list", "--json").stdout)}
    reason = (
        f"made for contract {newer}, this is xbench {__version__} with contract {contracts.CONTRACT}: upgrade xbench"
    )
    assert reason in listed["newer"]["error"]
