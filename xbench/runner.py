"""The runner: carries a plan out, cell by cell, and appends one result per cell to the journal."""

import datetime
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from xbench import environment
from xbench.cell import Result, Status
from xbench.errors import StageError
from xbench.journal import Journal
from xbench.plan import Plan, PlannedCell, Stage, StageKind
from xbench.records import Records
from xbench.stages import Bench

log = logging.getLogger("xbench")


@dataclass
class Summary:
    """What a run came to: how many cells of each status, how many were there already, which stages were made."""

    counts: dict[Status, int] = field(default_factory=lambda: dict.fromkeys(Status, 0))
    reused: int = 0
    made: list[Stage] = field(default_factory=list)

    def trainings(self) -> int:
        """Alignments and fits that were really made."""
        return sum(stage.kind in (StageKind.ALIGN, StageKind.FIT) for stage in self.made)


def run(
    plan: Plan,
    bench: Bench,
    journal: Journal,
    on_cell: Callable[[Result], None],
    before: Callable[[PlannedCell], None] = lambda planned: None,
) -> Summary:
    """Carry out the plan. A failed stage fails the cells that need it and no other; the rest goes on.

    `before` is called when a cell is turned to that is not in the journal yet: it may wait for other processes.
    """
    summary = Summary(made=bench.made)
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    record = Records(bench, journal.path.parent, environment.command(), started)
    reasons: set[str] = set()
    for skip in plan.skipped:
        _note(record.skipped(skip), journal, summary, on_cell)
        if skip.broken and skip.reason not in reasons:
            log.error("failed: %s", skip.reason)
        reasons |= {skip.reason}
    for planned in plan.cells:
        known = journal.latest().get(planned.cell)
        if known and known.status is Status.OK and known.keys.get("score") == planned.score.key:
            summary.reused += 1
            summary.counts[Status.OK] += 1
            on_cell(known)
            continue
        before(planned)
        try:
            bench.ensure(planned.score)
            bench.measure(planned.readings)
            for stage in planned.stages():  # the record tells of them all; one may be lost though the score is there
                bench.ensure(stage)
            result = record.ok(planned)
        except StageError as error:
            if str(error) not in reasons:  # one line per cause, however many cells it fails
                log.error("failed: %s", error)
            reasons.add(str(error))
            result = record.failed(planned, str(error))
        _note(result, journal, summary, on_cell)
    return summary


def _note(result: Result, journal: Journal, summary: Summary, on_cell: Callable[[Result], None]) -> None:
    journal.append(result)
    summary.counts[result.status] += 1
    on_cell(result)
