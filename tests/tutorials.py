"""Runs what the tutorials of the site show: `python -m tests.tutorials` writes the output that there is now into them.

A block of `console` has commands after `$ ` and below each what it prints; a line `...` stands for any lines. All
commands of one page are run one after the other, from the root of the repository, in an environment of their own.
"""

import os
import re
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import REPOSITORY

PAGES = [page for page in sorted((REPOSITORY / "docs").rglob("*.md")) if "```console\n" in page.read_text("utf-8")]
ANY = "..."
PIP = "install --quiet --no-build-isolation --disable-pip-version-check --root-user-action ignore"
SLACK = 6  # points
_KEY = re.compile(r"\b[0-9a-f]{8}\b")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_BLOCK = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)


@dataclass
class Step:
    """A command and the lines that it is said to print."""

    command: str
    shown: list[str]


def steps(page):
    """The steps of a page, in order."""
    return [step for block in _BLOCK.findall(page) for step in _steps(block)]


def _steps(block):
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append(Step(line[2:], []))
        elif found[-1].command.endswith("\\"):
            found[-1].command += f"\n{line}"
        else:
            found[-1].shown.append(line)
    return found


def alike(shown, printed):
    """Whether the lines are those that were shown, with other blanks and slightly other scores; `...` is any lines."""
    parts = [[]]
    for line in shown:
        if line == ANY:
            parts.append([])
        else:
            parts[-1].append(line)
    first, *others = parts
    if not _same(first, printed[: len(first)]):
        return False
    if not others:
        return len(printed) == len(first)
    at = len(first)
    for part in others[:-1]:
        found = (place for place in range(at, len(printed) + 1) if _same(part, printed[place : place + len(part)]))
        at = next(found, len(printed) + 1) + len(part)
    last = others[-1]
    return at <= len(printed) - len(last) and _same(last, printed[len(printed) - len(last) :])


def _same(shown, printed):
    return len(shown) == len(printed) and all(_line(one, other) for one, other in zip(shown, printed, strict=True))


def _line(shown, printed):
    """Whether one line is as the other. Scores in a table may be some points off, for the last bits of a sum depend on
    the processor; ranks and counts may not.
    """
    if _plain(shown) != _plain(printed):
        return False
    pairs = list(zip(*(_NUMBER.findall(_KEY.sub("#", line)) for line in (shown, printed)), strict=True))
    if not shown.startswith("|"):
        return all(one == other for one, other in pairs)
    if re.match(r"\|\s*\d+ \|", shown):
        rank, *pairs = pairs
        if len(set(rank)) > 1:
            return False
    return all(abs(float(one) - float(other)) <= SLACK for one, other in pairs)


def _plain(line):
    return re.sub(r"\s+|-{2,}|:-+", " ", _NUMBER.sub("#", _KEY.sub("#", line))).strip()


class Visitor:
    """Someone with an environment of their own, in which what is installed here is installed, and a clone."""

    def __init__(self, folder):
        self.folder = folder / "clone"
        self.folder.mkdir()
        for name in ("tests", "leaderboards", "constraints.txt"):
            (self.folder / name).symlink_to(REPOSITORY / name)
        self.bin = folder / "venv" / "bin"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
        (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
        (site / "here.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
        self._script("xbench", "-c 'from xbench.cli import main; main()'", "")
        self._script("pytest", "-m pytest", "")
        self._script("pip", "-m pip", f'[ "$1" = install ] && shift && set -- {PIP} "$@"\n')

    def _script(self, name, module, before):
        script = self.bin / name
        script.write_text(f'#!/bin/sh\n{before}exec {shlex.quote(str(self.bin / "python"))} {module} "$@"\n')
        script.chmod(0o755)

    def run(self, command):
        """Exit status, and the lines that a command prints; errors are printed too where it fails."""
        where = self.folder.parent / "where"
        script = f"{command}\ncode=$?; pwd > {shlex.quote(str(where))}; exit $code"
        place = where.read_text().strip() if where.is_file() else str(self.folder)
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("XBENCH_", "PYTHON"))}
        path = f"{self.bin}:{os.environ['PATH']}"
        environment = plain | {"PATH": path, "OMP_WAIT_POLICY": "PASSIVE", "COLUMNS": "120"}
        ran = subprocess.run(["bash", "-c", script], cwd=place, env=environment, capture_output=True, text=True,
                             timeout=280, check=False)  # fmt: skip
        return ran.returncode, (ran.stdout + (ran.stderr if ran.returncode else "")).splitlines()


def renewed(page, visitor):
    """The page with what its commands print now; what a block leaves out with `...` it leaves out."""

    def block(found):
        lines = []
        for step in _steps(found[1]):
            _, printed = visitor.run(step.command)
            lines += [f"$ {step.command}", *_cut(step.shown, printed)]
        return "```console\n" + "".join(f"{line}\n" for line in lines) + "```"

    return _BLOCK.sub(block, page)


def _cut(shown, printed):
    """What is printed, but of what is shown with `...` only the lines that are as shown."""
    if ANY not in shown:
        return printed
    plain = {_plain(line) for line in shown}
    cut = []
    for line in printed:
        if _plain(line) in plain and (line or cut[-1:] != [ANY]):
            cut.append(line)
        elif not cut or cut[-1] != ANY:
            cut.append(ANY)
    return cut


if __name__ == "__main__":
    for path in PAGES:
        with tempfile.TemporaryDirectory() as made:
            text = path.read_text(encoding="utf-8")
            path.write_text(renewed(text, Visitor(Path(made))), encoding="utf-8")
