"""Check that every published board is what its results give: `python tests/check_boards.py leaderboards`."""

import sys
from pathlib import Path

from xbench import render, session


def faults(folder: Path) -> list[str]:
    """One text per board whose README.md is not what its journal gives, or one that says that there is no board."""
    boards = sorted(path.parent for path in folder.glob("*/results.jsonl"))
    if not boards:
        return [f"there is no board under {folder}"]
    found = (render.check(session.board(board), board / "README.md") for board in boards)
    return [fault for fault in found if fault]


if __name__ == "__main__":
    sys.exit("\n".join(faults(Path(sys.argv[1]))) or 0)
