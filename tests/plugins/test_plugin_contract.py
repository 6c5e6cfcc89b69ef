"""Our own distributions and the example inherit the tests that a stranger's plugin inherits.

What is declared is checked of everything they add. Trials take five seconds of a core and more each, so that of
methods and aligners those are tried that stand for the others: one that is solved and one that is trained.
"""

import pytest

from tests.plugins import examples
from xbench.plugin_check import check
from xbench.testing import PluginContract
from xbench.verdicts import Finding, Report, Verdict


class TestTasks(PluginContract):
    distribution = "xbench-tasks"


class TestEncoders(PluginContract):
    distribution = "xbench-encoders"


class TestMethods(PluginContract):
    distribution = "xbench-methods"
    only = ("finetune", "retrieve")


class TestAligners(PluginContract):
    distribution = "xbench-aligners"
    only = ("centering", "mlm")


class TestExample(PluginContract):
    distribution = "xbench-example"

    @pytest.fixture(scope="class")
    def xbench_report(self, tmp_path_factory):
        """Of the example as pip installs it, into a folder of its own."""
        target = examples.install(tmp_path_factory.mktemp("site"), "example_plugin")
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(str(target))
            return check(self.distribution)


def test_the_tests_that_are_inherited_fail_with_the_fault_and_skip_what_does_not_apply():
    told = (
        Finding("citation", Verdict.OK, "", "method a"),
        Finding("citation", Verdict.FAULT, "there is ''", "method b"),
        Finding("learns", Verdict.NONE, "it does not run", "method a"),
    )
    report = Report("some", "1", 1, 0.0, told)
    with pytest.raises(pytest.fail.Exception, match="method b: there is ''"):
        PluginContract().test_it_keeps("citation", report)
    with pytest.raises(pytest.skip.Exception, match="it does not run"):
        PluginContract().test_it_keeps("learns", report)
    with pytest.raises(pytest.skip.Exception, match="nothing to check"):
        PluginContract().test_it_keeps("needs", report)
