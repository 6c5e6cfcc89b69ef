"""What a plan says of its data: the languages that are lacking, what stands in, whether it is a sample."""

import itertools
from collections.abc import Sequence

from xbench import names
from xbench.contracts import Split
from xbench.errors import MissingDataError
from xbench.plan import PlannedCell
from xbench.request import Grid
from xbench.shelf import Shelf
from xbench.uses import TaskUse

LISTED = 40  # as many languages as XTREME has are named one by one where they are not there


def targets_of(grid: Grid, use: TaskUse, source: str, shelf: Shelf) -> tuple[list[str], str]:
    """The languages to evaluate, source first, and a remark when the data lack some of the task's."""
    try:
        there = use.task.available(use.split, shelf.data)
    except MissingDataError as reason:
        return [], str(reason)
    every = grid.spoken(use.task)
    wanted = set(grid.languages or there) & set(use.task.languages)
    chosen = [language for language in every if language in wanted]
    if source in there and source not in chosen:
        chosen = [source, *chosen]  # one prediction, and the transfer gap needs it
    lacking = [language for language in every if language not in there]
    what = "languages" if use.split is Split.TEST else f"languages' {use.split} splits"
    remark = f"{shelf.label(use.task)}: {shelf.data} has {len(every) - len(lacking)} of {len(every)} {what}"
    if len(lacking) <= LISTED:
        remark += f" (not there: {', '.join(lacking)})"
    return sorted(chosen, key=lambda language: language != source), remark if lacking else ""


def of_preparation(grid: Grid, shelf: Shelf) -> list[str]:
    """What is to be learned first and is not there."""
    found = []
    for use, source in itertools.product(grid.tasks, grid.sources):
        if use.preparation and source not in shelf.languages(use.preparation, Split.LENT):
            what = f"{shelf.data} has no {use.preparation.name} labels in {source}, which are learned first"
            found.append(f"{use.name}: {what}: it trains on {use.trainer.name} alone")
    return found


def of_training(cells: Sequence[PlannedCell], shelf: Shelf) -> list[str]:
    """What the training data say of themselves: what stands in for them, a row count that is not the official."""
    found: dict[str, None] = {}
    for fit in {cell.score.predict.fit.key: cell.score.predict.fit for cell in cells}.values():
        for (language, split), (task, place) in fit.grant.labels.items():
            note = shelf.load(task, language, place).provenance.note
            found |= {f"{task.name} {language} {split}: {note}": None} if note else {}
    return list(found)


def label_of(grid: Grid, shelf: Shelf) -> str:
    """The suite's name; the sample's where it is the sample, or samples, that are run."""
    asked, first = names.parse(grid.label), grid.tasks[0].task
    if len(grid.tasks) == 1 and first.name == asked.name:
        return str(names.Name(shelf.label(first), asked.options))
    sampled = any(shelf.label(use.task) != use.task.name for use in grid.tasks)
    return str(names.Name(f"{asked.name}-sample", asked.options)) if sampled else grid.label
