"""Typology as tables: the targets with their gaps, the regression of these, and sources by distance."""

from collections.abc import Iterable

from xbench.markup import NONE, number
from xbench.sheets import Chapter, Sheet
from xbench.standings import Board
from xbench.typology import GapFit, Serving, Typology

ABOUT = "Typology: URIEL (Littell et al. 2017; CC BY-SA 4.0)."


def chapters(board: Board) -> list[Chapter]:
    """A chapter for each table, then one for each task with the sources that would serve."""
    made = []
    for one in board.typologies:
        sheets = (_targets(one), _regressions(one))
        made.append(Chapter(f"{one.task}: languages and transfer gaps (source {one.source})", one.task, ABOUT, sheets))
    for serving in board.servings:
        title = f"{serving.task}: which source language would serve a target"
        made.append(Chapter(title, serving.task, "", (_serving(serving),)))
    return made


def _named(fit: GapFit) -> str:
    return f"{fit.model} {fit.recipe}"


def _targets(typology: Typology) -> Sheet:
    spaces = [*typology.columns[:-1], *typology.left_out]
    models = sorted({model for one in typology.profiles for model in one.tokens})
    lines = [
        (
            one.language,
            one.family or ("" if one.language in typology.unknown else "none"),
            one.script,
            *(number(one.distances[space], 2) for space in spaces),
            *(number(one.tokens.get(model), 2) for model in models),
            *(number(fit.gaps.get(one.language), fit.digits) for fit in typology.fits),
        )
        for one in typology.profiles
    ]
    remarks = [] if models else ["tokens per word: not recorded in these results"]
    if typology.unknown:
        remarks.append(f"not in URIEL: {', '.join(typology.unknown)}")
    tokens = (f"tokens per word, {model}" for model in models)
    return Sheet(
        title=f"Targets: their distances from {typology.source}, and gaps (the source's score minus the target's)",
        head=("language", "family", "script", *spaces, *tokens, *map(_named, typology.fits)),
        lines=tuple(lines),
        left=("language", "family", "script"),
        remarks=tuple(remarks),
    )


def _regressions(typology: Typology) -> Sheet:
    columns = list(dict.fromkeys([*typology.columns, *_slopes(typology.fits)]))
    lines = []
    for fit in typology.fits:
        found = fit.regression
        if found is None:
            lines.append((fit.model, fit.recipe, *[NONE] * (5 + len(columns))))
            continue
        errors = [number(error, 2) for error in (found.error, found.error_of_mean)]
        slopes = [number(found.slopes.get(column), 2) for column in columns]
        mean = number(fit.gap, fit.digits)
        lines.append((fit.model, fit.recipe, str(found.examples), mean, *errors, number(found.p, 3), *slopes))
    remarks = [f"{_named(fit)}: no regression: {fit.lacking}" for fit in typology.fits if fit.lacking]
    without: dict[tuple[str, ...], list[str]] = {}
    for fit in (fit for fit in typology.fits if fit.regression and fit.without):
        without.setdefault(fit.without, []).append(_named(fit))
    remarks += [f"{_all(of)}: without {_all(languages)}, for lack of a number" for languages, of in without.items()]
    if typology.left_out:
        remarks.append(f"not in the regression, as more than one language in ten lacks it: {_all(typology.left_out)}")
    return Sheet(
        title="Regression of the gap on these columns",
        head=("model", "recipe", "languages", "gap", "error", "error of the mean", "p", *columns),
        lines=tuple(lines),
        left=("model", "recipe"),
        remarks=tuple(remarks),
    )


def _slopes(fits: Iterable[GapFit]) -> list[str]:
    return [column for fit in fits if fit.regression for column in fit.regression.slopes]


def _all(texts: Iterable[str]) -> str:
    return ", ".join(texts)


def _serving(serving: Serving) -> Sheet:
    lines = []
    for target, found in serving.nearest.items():
        near = ", ".join(f"{language} ({number(mean, 2)})" for language, mean in found)
        best = [_best(one.best.get(target), one.ties.get(target, ())) for one in serving.measured]
        lines.append((target, *best, near or NONE))
    among = _all(serving.candidates) if serving.measured else "the languages of the task"
    remarks = [f"near: a prediction by mean distance in URIEL among {among}, not measured"]
    for one in serving.measured:
        told = [at for at in one.best if serving.nearest[at]]
        right = sum(serving.nearest[at][0][0] in (one.best[at], *one.ties[at]) for at in told)
        chance = sum((1 + len(one.ties[at])) / (len(serving.candidates) - (at in serving.candidates)) for at in told)
        remarks.append(
            f"{one.model} {one.recipe}: the nearest source is the measured best one, or ties with it, for {right} of"
            f" {len(told)} targets; one drawn at random would be for {number(chance)}"
        )
    return Sheet(
        title="As measured, and by distance" if serving.measured else "By distance, for there is one source alone",
        head=("target", *(f"best for {one.model} {one.recipe}" for one in serving.measured), "near (not measured)"),
        lines=tuple(lines),
        left=("target", "near (not measured)"),
        remarks=tuple(remarks),
    )


def _best(best: str | None, ties: Iterable[str]) -> str:
    if best is None:
        return NONE
    tied = _all(ties)
    return f"{best} (tie: {tied})" if tied else best
