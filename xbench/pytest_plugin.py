"""What xbench adds to pytest: the report that `xbench.testing.PluginContract` looks at, made once per class."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xbench.verdicts import Report


@pytest.fixture(scope="class")
def xbench_report(request: pytest.FixtureRequest) -> "Report":
    """The report about the class's `distribution`, whose aligners and methods in `only` are tried."""
    from xbench.plugin_check import check

    asked = request.cls
    return check(asked.distribution, asked.only)
