"""Rules about what an aligner or a method does while it runs."""

import math
from typing import Any

from xbench.contracts import Split
from xbench.invented import SIZES
from xbench.trials import Told, Trial, said, same
from xbench.verdicts import Verdict


def runs(trial: Trial) -> Told:
    """To its scores."""
    error = trial.first.error
    if error is None:
        return Verdict.OK, f"{trial.part.recipe(trial.model)} on {trial.model}"
    if trial.first.bench.refused:
        return Verdict.NONE, "the fit was refused what it asked for"
    tried = f"{trial.part.recipe(trial.model)} on {trial.model} was to be fitted and scored, and there is"
    return Verdict.FAULT, f"{tried} {said(error)}; see it with `xbench --debug plugin check`"


def _refused(trial: Trial, inside: bool) -> list[str]:
    refused = [
        why for stage, lang, why in trial.first.bench.refused
        if (lang in (stage.grant.source, *stage.grant.targets)) is inside
    ]  # fmt: skip
    return list(dict.fromkeys(refused))


def needs(trial: Trial) -> Told:
    """Kinds of data, of languages in scope."""
    found = _refused(trial, inside=True)
    if not found:
        return Verdict.OK, "nothing was asked for beside"
    return Verdict.FAULT, f"the fit {'; '.join(found)}: let needs() give what it reads"


def scope(trial: Trial) -> Told:
    """Languages."""
    found = _refused(trial, inside=False)
    found += [
        f"read the {split} split of {language} past its context, which grants it not"
        for language, split in dict.fromkeys(trial.first.bench.beside) if split is not Split.TEST
    ]  # fmt: skip
    if not found:
        return Verdict.OK, "no other language was asked for"
    return Verdict.FAULT, f"the fit {'; '.join(found)}: let scope() give what it sees, and read from the context alone"


def learns(trial: Trial) -> Told:
    """Better than three standard errors above chance in the better language; an aligner, what is learned after it."""
    task: Any = trial.first.plan.cells[0].score.predict.task
    share, rows = task.chance / 100, SIZES[Split.TEST]
    wanted = 100 * (share + 3 * math.sqrt(share * (1 - share) / rows))
    best = max(trial.first.scores.values())
    told = f"{best:.0f} of 100 are right in the better language, by chance {task.chance:.0f}"
    if best > wanted:
        return Verdict.OK, told
    return Verdict.FAULT, f"{told}: more than {wanted:.0f} are wanted of what learns; try a larger learning rate"


def test_labels(trial: Trial) -> Told:
    """Out of reach: predictions do not hang on them, whatever way leads there."""
    past = [language for language, split in trial.first.bench.beside if split is Split.TEST]
    if past:
        where = ", ".join(dict.fromkeys(past))
        return Verdict.FAULT, f"the fit read the test split of {where} past its context: read from the context alone"
    if same(trial.first, trial.again):
        return Verdict.OK, "no prediction hangs on them"
    if not same(trial.first, trial.plain):
        return Verdict.NONE, "the same seed gives other predictions, so that nothing shows what they hang on"
    return Verdict.FAULT, "with other test labels there are other predictions: read from the context alone"


def same_seed(trial: Trial) -> Told:
    """To the bit."""
    if same(trial.first, trial.again) or same(trial.first, trial.plain):
        return Verdict.OK, "the same predictions"
    what = "seed 0 was fitted twice, and predictions differ"
    return Verdict.FAULT, f"{what}: draw everything from context.seed, in an order that is always the same"


def other_seed(trial: Trial) -> Told:
    """In predictions or in what is saved; a part may declare that no seed enters it."""
    if trial.other.error is not None:
        return Verdict.FAULT, f"seed 1 does not run, though seed 0 does: {said(trial.other.error)}"
    fixed = getattr(trial.part.thing, "deterministic", False)
    equal = trial.first.files(trial.part) == trial.other.files(trial.part)
    equal = equal and (trial.part.kind == "aligner" or same(trial.first, trial.other))
    if equal and not fixed:
        what = "seeds 0 and 1 give the same files and predictions"
        return Verdict.FAULT, f"{what}: draw from context.seed, or say `deterministic = True` where nothing is drawn"
    if fixed and not equal:
        return Verdict.FAULT, "it says `deterministic = True`, and seeds 0 and 1 differ: leave it out"
    return Verdict.OK, "declared deterministic, and the same" if fixed else "something else"


def resumes(trial: Trial) -> Told:
    """The keys of another process, and a grid that goes on where it was killed."""
    if trial.trouble:
        return Verdict.FAULT, trial.trouble
    if list(trial.first.plan.stages()) != list(trial.elsewhere):
        what = "another process comes to other keys for the same grid"
        return Verdict.FAULT, f"{what}: let options and version be the same each time they are asked for"
    if trial.again.error is not None:
        return Verdict.FAULT, f"it does not go on after a kill: {said(trial.again.error)}"
    return Verdict.OK, "the same keys; killed in its fit and resumed" if trial.killed else "the same keys"
