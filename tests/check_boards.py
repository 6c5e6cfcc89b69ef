"""Check that every published board is what its results give: `python tests/check_boards.py leaderboards`."""

import sys
from pathlib import Path

from xbench import render, session


def differences(folder: Path) -> list[str]:
    """One text per board whose README.md is not what its journal gives."""
    found = []
    for results in sorted(folder.glob("*/results.jsonl")):
        difference = render.check(session.board(results.parent), results.parent / "README.md")
        found += [difference] if difference else []
    return found


if __name__ == "__main__":
    sys.exit("\n".join(differences(Path(sys.argv[1]))))
