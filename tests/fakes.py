"""Grids of the fake plugin for the tests of the core: in this process, and as an installed plugin of another one."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from xbench.contracts import Data, Origin
from xbench.registry import load_registry
from xbench.request import Request
from xbench.session import carry_out, open_session
from xbench.testing import FakePlugin

SAMPLE = Data(Origin.SAMPLE)


def suite(*tasks, name="fake-suite"):
    quoted = ", ".join(f'"{task}"' for task in tasks)
    return f'name = "{name}"\nversion = 1\ntitle = "T"\ntasks = [{quoted}]\n'


def session(folder, plugin=None, methods=("fake-method",), **asked):
    """A planned session of the fake plugin whose results go to `folder/runs`."""
    registry = load_registry(extra={"fake": plugin or FakePlugin(folder)})
    for kind in ("resource", "diagnostic"):  # what is installed would be used unasked
        things = registry.objects[kind]
        registry.objects[kind] = {at: one for at, one in things.items() if registry.owners[kind, at].name == "fake"}
    given = {"suite": "fake-suite", "models": ("fake-model",), "data": SAMPLE} | asked
    return open_session(Request(methods=methods, **given), registry, folder / "runs")


def run(folder, plugin=None, methods=("fake-method",), **asked):
    """Carry a session out; the session and its summary."""
    opened = session(folder, plugin, methods, **asked)
    return opened, carry_out(opened)


def install(folder, body="", name="fake", distribution="fake-dist"):
    """Make a plugin in `folder` that is installed for whoever has the folder on PYTHONPATH.

    `body` is the hooks module; without one it is the fake plugin, whose fits are lines of `folder/fits.log`.
    """
    module = distribution.replace("-", "_") + "_hooks"
    info = folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    attribute = "" if body else ":plugin"
    (info / "entry_points.txt").write_text(f"[xbench]\n{name} = {module}{attribute}\n")
    default = """
        from pathlib import Path
        HERE = Path(__file__).parent
        from xbench.testing import FakeAligner, FakeMethod, FakePlugin, FitLog
        log = FitLog(HERE / "fits.log")
        plugin = FakePlugin(HERE, aligners=[FakeAligner(log=log)], methods=[FakeMethod(log=log)])
    """
    (folder / f"{module}.py").write_text(textwrap.dedent(body or default))
    return folder


def command(*arguments):
    return [sys.executable, "-c", "from xbench.cli import main; main()", *map(str, arguments)]


def environment(folder, **more):
    plain = {name: value for name, value in os.environ.items() if not name.startswith("XBENCH_")}
    return (
        plain
        | {
            "PYTHONPATH": str(folder),
            "OMP_WAIT_POLICY": "PASSIVE",
            "PYTHONDONTWRITEBYTECODE": "1",
            "XBENCH_PATIENCE": "120",
        }
        | more
    )


def xbench(folder, *arguments, **more):
    """Run the command in another process that has the plugins of `folder` installed."""
    return subprocess.run(
        command(*arguments), env=environment(folder, **more), cwd=folder, capture_output=True, text=True, timeout=280
    )


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*"))
