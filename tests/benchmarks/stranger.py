"""How long a stranger takes from an empty folder to a board: `python tests/benchmarks/stranger.py [KIND ...]`.

In an environment of its own, into which the clone is installed: of each kind of plugin one is begun, installed, tested,
checked and run in a grid beside what is there, and the board made again. No file is edited. Prints a Markdown table of
the commands with their seconds, and the board of each.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from xbench.authoring import BEGUN

CLONE = Path(__file__).resolve().parents[2]


def told(folder: Path, path: str, command: str) -> str:
    """Run a command; prints it with its seconds, as a row of a table, and gives what it printed."""
    started = time.monotonic()
    environment = os.environ | {"PATH": f"{path}:{os.environ['PATH']}", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    ran = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    sys.stdout.write(f"| `{command}` | {time.monotonic() - started:.0f} s | {ran.returncode} |\n")
    sys.stdout.flush()
    if ran.returncode:
        raise SystemExit(ran.stdout + ran.stderr)
    return ran.stdout


def begin(folder: Path, path: str, kind: str) -> str:
    """From an empty folder to a board, by the commands that `plugin new` names; gives the board."""
    folder.mkdir()
    _, enter, *named = told(folder, path, f"xbench plugin new xbench-mine --kind {kind}").splitlines()
    plugin = folder / enter.removeprefix("cd ")
    for command in named:
        told(plugin, path, command)
    (results,) = (plugin / "xbench-runs").glob("*/results.jsonl")
    board = told(plugin, path, f"xbench leaderboard {results.parent.relative_to(plugin)}")
    told(plugin, path, "pip uninstall -y xbench-mine")
    return board.partition("### How to read this")[0]


def main(kinds: list[str]) -> None:
    """All kinds, or those that are named."""
    with tempfile.TemporaryDirectory() as made:
        folder, boards = Path(made), []
        sys.stdout.write("| command | time | exit code |\n|---|---:|---:|\n")
        told(folder, "", f"{sys.executable} -m venv venv")
        path = str(folder / "venv" / "bin")
        told(CLONE, path, "pip install -q -c constraints.txt . plugins/*")
        for kind in kinds or BEGUN:
            boards.append(begin(folder / kind, path, kind))
    sys.stdout.write("\n" + "\n".join(boards))


if __name__ == "__main__":
    main(sys.argv[1:])
