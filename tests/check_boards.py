"""Check that every published board is what its results give, and its scores what its predictions and the gold give.

    python tests/check_boards.py leaderboards

Official data are read where XBENCH_TEST_DATA names their folder. What cannot be checked is said, and is no fault.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from xbench import render, session, verify
from xbench.cell import Status
from xbench.exchange import data_at
from xbench.registry import load_registry


def faults(folder: Path) -> list[str]:
    """One text per board whose README.md is not what its journal gives, or one that says that there is no board."""
    boards = sorted(path.parent for path in folder.glob("*/results.jsonl"))
    if not boards:
        return [f"there is no board under {folder}"]
    found = (render.check(session.board(board), board / "README.md") for board in boards)
    return [fault for fault in found if fault]


def rescored(folder: Path, data: str | None) -> Iterator[tuple[str, bool]]:
    """Of every board the report of `xbench verify`, and whether it is a fault."""
    registry, where = load_registry(), data_at(data)
    for board in sorted(path.parent for path in folder.glob("*/results.jsonl")):
        results = session.read_results(board)
        paths = [str(result.predictions.get("path")) for result in results if result.status is Status.OK]
        if all(path.startswith("..") for path in paths):
            yield f"{board.name}: not checked: its predictions are in a store elsewhere", False
            continue
        report, seal = verify.Rescore(board, registry, where).report(results), verify.sealed(board)
        text = "\n".join(filter(None, [f"{board.name}: {verify.to_text(report)}", seal]))
        yield text, bool(report.differences or seal)


if __name__ == "__main__":
    wrong = faults(Path(sys.argv[1]))
    for text, fault in rescored(Path(sys.argv[1]), os.environ.get("XBENCH_TEST_DATA") or None):
        sys.stdout.write(f"{text}\n")
        wrong += [text] if fault else []
    sys.exit("\n".join(wrong) or 0)
