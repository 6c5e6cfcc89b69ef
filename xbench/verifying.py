"""The command that checks whether results are what they say."""

import logging
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xbench.boards import MISMATCH
from xbench.cell import LEVELS
from xbench.errors import UsageError, XbenchError
from xbench.exchange import data_at
from xbench.isolation import isolated
from xbench.names import seeds_of, split_list
from xbench.registry import load_registry

if TYPE_CHECKING:
    from xbench.cell import Result
    from xbench.verify import Report

log = logging.getLogger("xbench")
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("verify")
@click.argument("results", type=_FOLDER)
@click.option("--level", type=click.Choice(LEVELS), default="rescore", show_default=True,
              help="rescore: every score again from the kept predictions and the gold. repredict: also these from the"
              " stored checkpoints. retrain: train again, from nothing.")  # fmt: skip
@click.option("--data", envvar="XBENCH_DATA", help="A folder of official files, or 'hub', where they were scored.")
@click.option("--store", type=_FOLDER, help="Where checkpoints are; ../store of the folder by default.")
@click.option("--seeds", multiple=True, help="Seeds to train with again; those of the results by default.")
@click.option("--only", multiple=True, help="Check these recipes only.")
@click.option("--limit", type=click.IntRange(min=1), help="Check at most this many cells.")
@click.option(
    "--record", is_flag=True, help="Write what holds beside the results, in verified.json: the board shows it."
)
def verify_command(results: Path, level: str, record: bool, **given: Any) -> None:
    """Check that results are what they say. Exit code 4 where they are not."""
    from xbench import replan, session, verify

    if given["seeds"] and level != "retrain":
        raise UsageError("--seeds are those to train with again: it needs --level retrain")
    found = session.read_results(results)
    chosen = replan.chosen(found, split_list(given["only"]), given["limit"])
    reports = []
    for report in _reports(results, chosen, level, given):
        click.echo(verify.to_text(report))
        reports.append(report)
    faults = _faults(results)
    for fault in faults:
        log.error(fault)
    if record and not faults:
        _record(results, found, reports)
    elif record:
        log.error("nothing is recorded: what is in the folder does not fit together")
    if faults or any(report.differences for report in reports):
        sys.exit(MISMATCH)


def _reports(folder: Path, chosen: "Sequence[Result]", level: str, given: dict[str, Any]) -> "Iterator[Report]":
    """Scores first, whatever the level: what is beyond them says nothing of scores that were made up."""
    from xbench.replan import Replan
    from xbench.repredict import Repredict
    from xbench.retrain import Retrain
    from xbench.session import read_results, suite_of
    from xbench.shelf import Shelves
    from xbench.store import Store
    from xbench.verify import Rescore

    registry, data = load_registry(), data_at(given["data"])
    with isolated():
        report = Rescore(folder, registry, data).report(chosen)
    yield report
    if level == "rescore":
        return
    store = Store(given["store"] or folder / ".." / "store")
    again = Replan(registry, Shelves(data), suite_of(folder), read_results(folder), store)
    with isolated():
        if level == "repredict":
            report = Repredict(folder, again, store).report(chosen)
        else:
            report = Retrain(folder, again, seeds_of(given["seeds"])).report(chosen)
    yield report


def _faults(folder: Path) -> list[str]:
    """What does not fit together in the folder: results and their seal, results and their board."""
    from xbench import render, session, verify

    faults = [verify.sealed(folder)]
    try:
        board = session.board(folder)
    except XbenchError as error:
        faults.append(f"no board can be made of these results: {error}")
    else:
        if (folder / "README.md").is_file() and render.check(board, folder / "README.md"):
            faults.append("README.md is not the board of these results; see `xbench leaderboard --check`")
    return [fault for fault in faults if fault]


def _record(folder: Path, results: "Sequence[Result]", reports: "Sequence[Report]") -> None:
    """Add to what was recorded of these very results, and make the board again, where there is one."""
    from xbench import environment, session, verified
    from xbench.keys import file_digest

    sha256 = file_digest(folder / session.RESULTS)
    known = verified.read(folder)
    made = known if known and known.results == sha256 else verified.Verified(sha256)
    for report in reports:
        made = made.after(report.level, results, report.held, [one.cell for one in report.differences])
    versions = {report.level: environment.versions() for report in reports}
    session.write(folder / verified.FILE, replace(made, versions={**made.versions, **versions}).to_json())
    for name, form in (("README.md", "markdown"), ("index.html", "html")):
        if (folder / name).is_file():
            session.write(folder / name, session.board(folder, form))
    log.info("recorded in %s", folder / verified.FILE)
