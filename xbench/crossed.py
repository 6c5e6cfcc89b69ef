"""Transfer matrices as tables: source by target for each recipe of a model, then its recipes side by side."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from xbench.markup import NONE, between, decimals, number
from xbench.matrix import Matrix
from xbench.notes import seeded
from xbench.sheets import WIDEST, Chapter, Sheet, common_decimals


def chapters(matrices: Iterable[Matrix]) -> list[Chapter]:
    """A chapter for each task and data."""
    made = []
    for (task, data), each in groupby(matrices, key=lambda matrix: (matrix.task, matrix.dataset)):
        of = list(each)
        sheets = [_matrix(matrix) for matrix in of if len(matrix.sources) > 1]
        for _, members in groupby(of, key=lambda matrix: matrix.model):
            sheets += _beside(list(members))
        revision = f", revision {data.revision}" if data.revision else ""
        less = " (lower is better)" * (not data.higher_is_better)
        about = f"Data: {data.id}{revision}, origin {data.origin}, split {data.split}; {data.metric}{less}."
        made.append(Chapter(f"{task}: from source to target", task, about, tuple(sheets)))
    return made


def _matrix(matrix: Matrix) -> Sheet:
    digits = _digits([matrix])
    head = ["source", "mean", "95 %", *matrix.targets]
    lines = []
    for source in matrix.sources:
        mean, of = matrix.averages[source], decimals(matrix.averages[source].interval)
        lines.append((source, number(mean.value, of), between(mean, of), *_scores(matrix, source, digits)))
    lines.append(("best source", "", "", *(matrix.best.get(at, NONE) for at in matrix.targets)))
    lines.append(("ties with it", "", "", *(_ties(matrix, at) for at in matrix.targets)))
    sheet = Sheet(
        title=f"{matrix.model} {matrix.recipe}, {seeded(matrix.seeds) if matrix.seeds else 'no seed in common'}",
        head=tuple(head),
        lines=tuple(lines),
        left=("source",),
        marked=frozenset((line, head.index(at, 3)) for line, at in enumerate(matrix.sources)),
    )
    return sheet.turned("target") if len(matrix.targets) > WIDEST else sheet


def _ties(matrix: Matrix, target: str) -> str:
    """The sources that tie with the best; n/a where there is none to tie with, or no values per example tell."""
    differences = [of[target] for of in matrix.to_best.values() if target in of]
    told = bool(differences) and all(found.interval for found in differences)
    return ", ".join(matrix.ties[target]) if told else NONE


def _beside(matrices: Sequence[Matrix]) -> list[Sheet]:
    """All recipes of a model, a line for each and its source; sources that make no difference share one."""
    if len(matrices) < 2:
        return []
    digits, targets = _digits(matrices), matrices[0].targets
    lines: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for matrix in matrices:
        for source in matrix.sources:
            line = matrix.recipe, ", ".join(map(str, matrix.seeds)), _scores(matrix, source, digits)
            lines.setdefault(line, []).append(source)
    sheet = Sheet(
        title=f"{matrices[0].model}: recipes side by side",
        head=("recipe", "source", "seeds", *targets),
        lines=tuple((recipe, ", ".join(of), seeds, *scores) for (recipe, seeds, scores), of in lines.items()),
        left=("recipe", "source"),
        marked=frozenset(
            (line, column) for line, of in enumerate(lines.values()) for column, at in enumerate(targets, 3) if at in of
        ),
    )
    return [sheet.turned("recipe") if len(targets) > WIDEST else sheet]


def _scores(matrix: Matrix, source: str, digits: int) -> tuple[str, ...]:
    there = matrix.scores[source]
    return tuple(number(there[at].value if at in there else None, digits) for at in matrix.targets)


def _digits(matrices: Iterable[Matrix]) -> int:
    return common_decimals(found.interval for one in matrices for of in one.scores.values() for found in of.values())
