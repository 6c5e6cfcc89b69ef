"""The rules of `xbench plugin check` as tests that a plugin's own tests inherit."""

from typing import TYPE_CHECKING, Any, ClassVar

from xbench.verdicts import RULES, Verdict

if TYPE_CHECKING:
    from xbench.verdicts import Report


class PluginContract:
    """A test for each rule, of the installed `distribution`.

        from xbench.testing import PluginContract
        class TestMine(PluginContract):
            distribution = "my-dist"

    `only` are the aligners and methods that are tried, by default all, with options if wanted.
    """

    distribution: ClassVar[str] = ""
    only: ClassVar[tuple[str, ...]] = ()

    @staticmethod
    def pytest_generate_tests(metafunc: Any) -> None:
        """A test for each rule."""
        if "xbench_rule" in metafunc.fixturenames:
            metafunc.parametrize("xbench_rule", list(RULES))

    def test_it_keeps(self, xbench_rule: str, xbench_report: "Report") -> None:
        """Fails with every fault that the rule found, and is skipped where the rule applies to nothing."""
        import pytest

        found = xbench_report.of(xbench_rule)
        faults = [f"{one.component}: {one.what}" for one in found if one.verdict is Verdict.FAULT]
        if faults:
            pytest.fail("\n".join([f"{xbench_rule}: {RULES[xbench_rule]}", *faults]), pytrace=False)
        if not any(one.verdict is Verdict.OK for one in found):
            pytest.skip("; ".join(dict.fromkeys(one.what for one in found)) or "nothing to check")
