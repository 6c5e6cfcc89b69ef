"""Whether trainings made again from nothing, with these or other seeds, come to what results say."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet

from xbench import environment, kept, tables
from xbench.cell import Result
from xbench.errors import StoreError, XbenchError
from xbench.items import Values, unpack
from xbench.markup import between, number
from xbench.notes import seeded
from xbench.plan import PlannedCell, StageKind
from xbench.progress import Progress
from xbench.replan import Replan, Row
from xbench.repredict import answers
from xbench.stages import PREDICTIONS, Bench
from xbench.standings import Estimate
from xbench.statistics import Interval, bootstrap
from xbench.store import Store
from xbench.verify import Difference, Report


@dataclass(frozen=True)
class Score:
    """The mean score over seeds of one row in one language, 0..100, and its interval where there are items."""

    mean: float
    interval: Interval | None
    seeds: tuple[int, ...]

    def __str__(self) -> str:
        return f"{number(self.mean)} ({between(Estimate(self.mean, self.interval))}), {seeded(self.seeds)}"


def agree(said: Score, found: Score) -> bool:
    """Whether one mean lies in the 95 % interval of the other, whichever of the two.

    Of the measures of replication of Open Science Collaboration (2015, Estimating the Reproducibility of Psychological
    Science, Science 349) the one that asks whether the original estimate is inside of the replication's interval; here
    also the reverse, since either side may have the fewer seeds. An interval catches the mean of an equal second study
    on new examples 83 times out of 100 (Cumming & Maillardet 2006, Confidence Intervals and Replication, Psychological
    Methods 11(3)). Here the examples are the same, and only seeds differ: more often where seeds vary little beside
    examples, or there are several; one seed on both sides says nothing of how seeds vary, and may fail an honest score.
    """
    found_in = said.interval is not None and said.interval.covers(found.mean)
    return found_in or (found.interval is not None and found.interval.covers(said.mean))


@dataclass
class _Count:
    """How cells hold: with the same answers, or with others, of a seed that was published or of other seeds.

    `threads` are the numbers of threads that published trainings with other answers were made with.
    """

    same: int = 0
    other: int = 0
    threads: set[int] = field(default_factory=set)

    def notes(self) -> list[str]:
        """As text."""
        lines = []
        if self.same:
            lines.append(f"{self.same} cells of the same seed came to the same predictions, bit for bit")
        if self.other:
            lines.append(f"{self.other} cells of the same seed came to other predictions: versions or machines differ")
        here = environment.hardware()
        ours = here.get("threads") if here.get("accelerator", "none") == "none" else None
        for theirs in sorted(self.threads - {ours}) if ours else []:
            told = f"they were made with {theirs} thread{'s' * (theirs > 1)}, these with {ours}, and sums may differ so"
            lines.append(f"{told}: OMP_NUM_THREADS={theirs} makes them with as many")
        return lines


@dataclass
class Retrain:
    """Trains the rows of results again in a store of its own, with `seeds` instead of theirs if any are named."""

    folder: Path
    replan: Replan
    seeds: tuple[int, ...] = ()
    _count: _Count = field(default_factory=_Count)

    def report(self, results: Sequence[Result]) -> Report:
        """What became of each scored result: where all seeds of a row and language come to the same predictions, bit
        for bit, they hold; elsewhere as `agree` says.
        """
        made = Report("retrain")
        with tempfile.TemporaryDirectory(prefix="xbench-") as store, Progress(len(results)) as progress:
            for row in self.replan.rows(results, made, self.seeds):
                bench = Bench(Store(Path(store)), row.shelf, on_stage=progress.stage, on_progress=progress.step)
                languages: dict[str, list[Result]] = {}
                for result in row.results:
                    languages.setdefault(result.cell.target, []).append(result)
                for members in languages.values():
                    self._check(members, row, bench, made)
                    for result in members:
                        progress.cell(result)
        made.notes += self._count.notes()
        return made

    def _check(self, results: Sequence[Result], row: Row, bench: Bench, made: Report) -> None:
        """One language of a row, all seeds."""
        cells, first = [result.cell for result in results], results[0]
        wanted = [replace(first.cell, seed=seed) for seed in self.seeds] or cells
        planned = [row.cells[cell] for cell in wanted if cell in row.cells]
        if len(planned) < len(wanted):
            reason = next(
                (row.reasons[cell] for cell in wanted if cell in row.reasons), "it is not in the plan of today"
            )
            made.unchecked |= dict.fromkeys(cells, reason)
            return
        try:
            differences = self.replan.changes(first, planned[0], row.shelf) or self._again(results, planned, bench)
        except XbenchError as error:
            made.unchecked |= dict.fromkeys(cells, str(error))
            return
        made.differences += [replace(one, cell=cell) for cell in cells for one in differences]
        made.held += [] if differences else cells

    def _again(self, results: Sequence[Result], planned: Sequence[PlannedCell], bench: Bench) -> list[Difference]:
        """Train, and compare. Raises StageError when a training fails."""
        for one in planned:
            bench.ensure(one.score)
        if self._equal(results, planned, bench):
            return []
        said, found = _published(results), _trained(planned, bench)
        return [] if agree(said, found) else [Difference(results[0].cell, "mean over seeds", str(said), str(found))]

    def _equal(self, results: Sequence[Result], planned: Sequence[PlannedCell], bench: Bench) -> bool:
        """Whether all are of the seeds that are published and predict the same; counted is each that is of one."""
        known = {result.cell: result for result in results}
        same = {one.cell: self._same(known[one.cell], one, bench) for one in planned if one.cell in known}
        self._count.same += sum(same.values())
        self._count.other += len(same) - sum(same.values())
        machines = [known[cell].hardware for cell, equal in same.items() if not equal]
        told = [one.get("threads") for one in machines if one.get("accelerator") == "none"]
        self._count.threads |= {threads for threads in told if isinstance(threads, int)}
        return all(same.values()) and len(same) == len(planned) == len(results)

    def _same(self, result: Result, planned: PlannedCell, bench: Bench) -> bool:
        """Whether the training came to the answers that are kept; False where none are."""
        predict = planned.score.predict
        try:
            said = kept.read(result, self.folder)
        except StoreError:
            return False
        found = pyarrow.parquet.read_table(bench.store.place(predict.kind, predict.key) / PREDICTIONS)
        column = tables.COLUMNS[predict.task.kind].answer
        return not answers(result.cell, said.column(column).to_pylist(), found.column(column).to_pylist())


def _published(results: Sequence[Result]) -> Score:
    scores = {result.cell.seed: float(result.main_score or 0.0) for result in results}
    return _score(scores, [unpack(result.items) for result in results if result.items])


def _trained(planned: Sequence[PlannedCell], bench: Bench) -> Score:
    found = {one.cell.seed: bench.store.manifest(StageKind.SCORE, one.score.key) for one in planned}
    main = planned[0].score.predict.task.main_metric
    scores = {seed: float(scored["metrics"][main]) for seed, scored in found.items()}
    return _score(scores, [unpack(scored["items"]) for scored in found.values()])


def _score(scores: Mapping[int, float], items: Sequence[Values]) -> Score:
    """The mean of scores by seed; its interval over examples and seeds where every seed has items, of one shape."""
    mean, seeds = float(np.mean(list(scores.values()))), tuple(sorted(scores))
    if len(items) < len(scores) or len({one.shape for one in items}) > 1 or len(items[0]) < 2:
        return Score(mean, None, seeds)
    drawn = bootstrap([{"": np.stack(items)}], parallel=True)
    return Score(mean, drawn.average(0, [""]).interval, seeds)
