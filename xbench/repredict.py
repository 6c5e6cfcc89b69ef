"""Whether stored checkpoints give the predictions that results keep: each is loaded and predicts again."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xbench import kept, tables
from xbench.cell import Cell, Result
from xbench.errors import MissingDataError, StoreError, XbenchError
from xbench.manifests import reason
from xbench.plan import PlannedCell, align_chain
from xbench.progress import Progress
from xbench.replan import Replan, Row
from xbench.stages import Bench
from xbench.store import Store
from xbench.verify import Difference, Report


@dataclass
class Repredict:
    """Predicts results of a folder again from the checkpoints of a store; nothing is trained or written."""

    folder: Path
    replan: Replan
    store: Store

    def report(self, results: Sequence[Result]) -> Report:
        """What became of each scored result: the keys of its plan today, its checkpoint, then every answer."""
        made = Report("repredict")
        with Progress(len(results)) as progress:
            for row in self.replan.rows(results, made):
                bench = Bench(self.store, row.shelf, on_stage=progress.stage, on_progress=progress.step)
                for result in sorted(row.results, key=lambda one: (one.cell.seed, one.cell.target)):
                    self._check(result, row, bench, made)
                    progress.cell(result)
        return made

    def _check(self, result: Result, row: Row, bench: Bench, made: Report) -> None:
        planned = row.cells.get(result.cell)
        if planned is None:
            made.unchecked[result.cell] = row.reasons.get(result.cell, "it is not in the plan of today")
            return
        try:
            differences = self.replan.differences(result, planned, row.shelf) or self._again(result, planned, bench)
        except XbenchError as error:
            made.unchecked[result.cell] = str(error)
            return
        made.differences += differences
        made.held += [] if differences else [result.cell]

    def _again(self, result: Result, planned: PlannedCell, bench: Bench) -> list[Difference]:
        """Whether the checkpoint is as it was written, and answers as it did. Raises MissingDataError without one."""
        predict = planned.score.predict
        for stage in (*align_chain(predict.fit.before), predict.fit):
            if not self.store.has(stage.kind, stage.key):
                raise MissingDataError(f"{self.store.root} has no checkpoint of: {stage.title}")
            if self.store.open(stage.kind, stage.key) is None:
                found = "its files differ from the digests in its manifest"
                return [Difference(result.cell, f"checkpoint of {stage.title}", "as it was written", found)]
        try:
            said = kept.read(result, self.folder)
        except StoreError as error:
            return [Difference(result.cell, "predictions", "kept", str(error))]
        column = tables.COLUMNS[predict.task.kind].answer
        bench.on_stage(predict)
        try:
            found = bench.predicted(predict).column(column).to_pylist()
        except XbenchError:
            raise
        except Exception as error:  # a plugin's: what is in the store does not do what it did
            return [Difference(result.cell, "predictions", "made", reason(predict, error))]
        return answers(result.cell, said.column(column).to_pylist(), found)


def answers(cell: Cell, said: Sequence[object], found: Sequence[object]) -> list[Difference]:
    """How many answers are others, and the first one; nothing where all are the same."""
    if len(said) != len(found):
        return [Difference(cell, "predictions", f"{len(said)} answers", f"{len(found)}")]
    others = [at for at, (one, other) in enumerate(zip(said, found, strict=True)) if one != other]
    if not others:
        return []
    first = others[0]
    what = f"predictions ({len(others)} of {len(said)} answers; the first, row {first + 1})"
    return [Difference(cell, what, str(said[first]), str(found[first]))]
