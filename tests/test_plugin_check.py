"""Every rule of `xbench plugin check` finds its fault, and finds none in a sound plugin."""

import json
import re
import sys
import time

import pytest
from click.testing import CliRunner

from tests import fakes, recall
from xbench import plugin_check
from xbench.cli import cli
from xbench.contracts import CONTRACT
from xbench.plugin_check import TRIED, check
from xbench.verdicts import RULES, Verdict

NAME = "xbench-recall"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install the sound plugin with one text replaced; gone afterwards."""

    def _install(old="", new="", hooks=recall.HOOKS):
        monkeypatch.syspath_prepend(str(recall.written(tmp_path / "site", NAME, old, new, hooks)))
        return NAME

    yield _install
    sys.modules.pop(NAME.replace("-", "_"), None)


@pytest.fixture
def alone(monkeypatch):
    """Spare the other process, which takes two seconds and matters to one rule."""

    def spared(folder, trials):
        for trial in trials:
            trial.elsewhere = list(trial.first.plan.stages())

    monkeypatch.setattr(plugin_check, "kill", spared)


def test_a_sound_plugin_keeps_every_rule(installed):
    before = time.process_time()
    report = check(installed())
    assert time.process_time() - before < 30  # of the core, since others may keep it waiting
    assert report.faults == ()
    assert report.passed
    told = {one.rule: one.verdict for one in report.findings}
    assert told == dict.fromkeys(RULES, Verdict.OK)
    (resumed,) = report.of("resumes")
    assert resumed.what == "the same keys; killed in its fit and resumed"


@pytest.mark.parametrize("what", [what for what in recall.FAULTS if recall.FAULTS[what][0] != "resumes"])
def test_a_fault_is_caught_by_its_rule_and_named(what, installed, alone):
    rule, component, old, new, named = recall.FAULTS[what]
    faults = check(installed(old, new)).faults
    assert [(one.rule, one.component) for one in faults if named in one.what] == [(rule, component)]


@pytest.mark.parametrize("what", ["has another key each time", "cannot be imported elsewhere"])
def test_what_another_process_does_not_come_to_is_caught(what, installed):
    rule, component, old, new, named = recall.FAULTS[what]
    (fault,) = check(installed(old, new)).faults
    assert (fault.rule, fault.component) == (rule, component)
    assert named in fault.what


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("", "", None),
        ("return encoder\n", "return type(encoder)({})\n", None),
        ("@hookimpl", "Translating.load = lambda self, encoder, folder: encoder\n    @hookimpl", "loads-back"),
        ("@hookimpl", "Translating.save = lambda self, encoder, folder: None\n    @hookimpl", "loads-back"),
        ("frozenset({Resource.DICTIONARY})", "frozenset({Resource.PARALLEL})", "needs"),
        ('name="translating"', 'name="translating", deterministic=False', "other-seed"),
    ],
)
def test_an_aligner_is_judged_by_what_is_learned_after_it(old, new, rule, installed, alone):
    report = check(installed(old, new, recall.ALIGNER))
    assert [one.rule for one in report.faults] == ([rule] if rule else [])
    (ran,) = report.of("runs")
    assert rule == "needs" or ran.what == "translating+word-memory on word-list"


def test_every_rule_has_a_fault_that_it_catches():
    assert {rule for rule, *_ in recall.FAULTS.values()} == set(RULES)
    assert set(TRIED) < set(RULES)


def xbench(*arguments):
    return CliRunner().invoke(cli, ["plugin", "check", *map(str, arguments)])


def test_the_command_writes_report_verdict_and_badge(installed, alone, tmp_path):
    ran = xbench(installed(), "--output", tmp_path / "out")
    assert ran.exit_code == 0, ran.output
    assert ran.output.startswith("# xbench-recall 1.0: passed\n")
    assert (tmp_path / "out" / "check.md").read_text() == ran.output
    verdict = json.loads((tmp_path / "out" / "check.json").read_text())
    assert {key: verdict[key] for key in ("schema", "distribution", "version", "contract", "passed", "faults")} == {
        "schema": 1, "distribution": NAME, "version": "1.0", "contract": CONTRACT, "passed": True, "faults": [],
    }  # fmt: skip
    badge = json.loads((tmp_path / "out" / "badge.json").read_text())
    assert badge.keys() == {"schemaVersion", "label", "message", "color"}
    assert (badge["message"], badge["color"]) == ("passed", "brightgreen")


def test_the_command_fails_with_every_fault_in_full(installed, alone, tmp_path):
    _, _, old, new, named = recall.FAULTS["has no citation"]
    ran = xbench(installed(old, new))
    assert ran.exit_code == 1
    assert ran.output.startswith("# xbench-recall 1.0: 1 fault\n")
    assert re.search(r"\| citation +\| fault", ran.output)
    assert (
        f"- **citation, method recall**: a citation with authors, year and where is wanted, and {named}" in ran.output
    )
    told = xbench(NAME, "--json")
    assert told.exit_code == 1
    (fault,) = json.loads(told.output)["faults"]
    assert fault["rule"] == "citation"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["xbench-recal"], "no distribution with a plugin is called 'xbench-recal'; did you mean 'xbench-recall'?"),
        ([NAME, "--only", "recal"], "no aligner or method of this distribution is called 'recal'; did you mean"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(arguments, named, tmp_path):
    ran = fakes.xbench(recall.written(tmp_path, NAME), "plugin", "check", *arguments)
    assert ran.returncode == 2
    assert named in ran.stderr
    assert ran.stdout == ""


def test_parts_are_tried_with_the_options_that_are_asked_for(installed, alone):
    (ran,) = check(installed(), ["recall[rounds=7]"]).of("runs")
    assert ran.what == "recall[rounds=7] on word-list"
