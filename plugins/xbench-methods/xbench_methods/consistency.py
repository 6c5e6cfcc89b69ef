"""What consistency fine-tuning computes: how far predictions for texts and for views of them are apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from xbench_encoders.encoder import TransformerEncoder
from xbench_encoders.segmentation import Cutter, pieces_of

from xbench.contracts import FitContext, Predictor, TaskKind, TaskView
from xbench.errors import StageError
from xbench_methods.labelled_rows import ROWS
from xbench_methods.learners import LEARNERS, Set
from xbench_methods.learning import PartsObjective, Run, learn, validation
from xbench_methods.switching import Switch, dictionaries
from xbench_methods.translating import translations
from xbench_methods.views import Changed, Itself, Noisy, Resegmented, Translated, View
from xbench_methods.xtune import XtuneOptions

AUTHORS = 5.0  # the authors' weight of a mean over the labels


def divergence(wanted: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    """KL(sg p || q) summed over rows, p of `wanted` and q of `scores`: label scores before the softmax, (rows, labels).

    The gradient reaches `scores` alone.
    """
    return torch.nn.functional.kl_div(
        torch.log_softmax(scores.float(), dim=-1),
        torch.log_softmax(wanted.detach().float(), dim=-1),
        reduction="sum",  # over labels too; torch's `mean` divides by their number
        log_target=True,
    )


def disagreement(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """R1 of Zheng et al. 2021, summed over rows: KL both ways, each side learning from the other once."""
    return divergence(first, second) + divergence(second, first)


@dataclass(frozen=True)
class Weights:
    """What disagreement weighs: between text and view, and of either with the first stage."""

    views: float
    stages: float


class Consistent(PartsObjective):
    """Objective: cross-entropy, and disagreement with a view; with a `teacher` that of the view and with it too."""

    def __init__(self, predictor: Any, examples: Any, view: View, weights: Weights, teacher: Any = None) -> None:
        self.predictor, self.examples, self.weights, self.teacher = predictor, examples, weights, teacher
        self.view = view
        a_row = sum(map(len, examples.gold)) / max(1, len(examples.gold))
        super().__init__(predictor.encoder, predictor.head, [examples.lengths], a_row)

    def summed(self, part: int, members: Sequence[int]) -> torch.Tensor:
        """The losses of rows."""
        found = self.examples.scores(self.predictor, self.examples.read, members)
        wanted = torch.tensor([label for at in members for label in self.examples.gold[at]], device=found.device)
        loss = _cross_entropy(found, wanted)
        if self.teacher is None and self.weights.views == 0:
            return loss
        scoring = self.view(members)
        view = scoring(self.predictor)
        if self.teacher is not None:
            loss = (loss + _cross_entropy(view, wanted)) / 2
            with torch.no_grad():
                first = self.examples.scores(self.teacher, self.examples.read, members)
                second = scoring(self.teacher)
            loss = loss + self.weights.stages * (divergence(first, found) + divergence(second, view)) / 2
        return loss + self.weights.views * disagreement(found, view)


def _cross_entropy(scores: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(scores.float(), wanted, reduction="sum")


def fit(encoder: TransformerEncoder, task: TaskView, options: XtuneOptions, context: FitContext) -> Predictor:
    """Train encoder and head in place, after a first stage on a copy where there are two.

    Raises StageError where there is no such view of the task, or nothing to make it by.
    """
    sets = _sets(task, options, context, str(encoder.device))
    weights = Weights(*(_weight(one, len(task.labels)) for one in (options.lambda1, options.lambda2)))
    changer = _changer(encoder, options, context)

    def stage(start: TransformerEncoder, name: str, teacher: Any = None) -> Any:
        predictor = LEARNERS[task.kind].new(start, task, options, sets[:1], context.seed)
        rows = ROWS[task.kind](predictor, sets[0][1], context.source)
        view = _view(rows, predictor, options, context.seed, sets[1:], changer)
        objective = Consistent(predictor, rows, view, weights, teacher)
        learn(
            objective, start, options, context, validation(predictor, options, context), Run(name, on_epoch=view.begin)
        )
        return predictor

    teacher = stage(encoder.copy(), "stage 1") if options.stages == 2 else None
    predictor: Predictor = stage(encoder, "training", teacher)
    if changer:
        _log(changer, context)
    return predictor


def _sets(task: TaskView, options: XtuneOptions, context: FitContext, device: str) -> Sequence[Set]:
    """The source's examples, and their translations where these are the views."""
    if options.view != "translation":
        return [(context.source, context.labelled(context.source))]
    if task.kind is not TaskKind.SEQUENCE_CLASSIFICATION:
        what = f"a translation does not say which word became which, and {task.kind} has a label for each"
        raise StageError(f"view=translation: {what}; use another view")
    sets = translations(task, options, context, device)
    if len(sets) == 1:
        raise StageError(f"view=translation: there is no target to translate {context.source} into")
    return sets


def _changer(encoder: TransformerEncoder, options: XtuneOptions, context: FitContext) -> Switch | Cutter | None:
    """What changes words, where these are the views."""
    if options.view == "code-switch":
        lexicons = dictionaries(context)
        if not any(lexicon.entries for lexicon in lexicons.values()):
            raise StageError(f"there is no word of {context.source} in any dictionary to switch by")
        return Switch(lexicons, options.ratio, context.seed)
    if options.view != "subword":
        return None
    tower = encoder.tower(context.source)
    pieces = pieces_of(tower.tokenizer, options.alpha, options.drop)
    if pieces is None:
        what = f"view=subword: the tokenizer of {tower.module.config.model_type} cannot sample"
        raise StageError(f"{what}, as only those of Unigram, BPE and WordPiece models can; use another view")
    return Cutter(pieces, options.ratio)


def _view(
    rows: Any, predictor: Any, options: XtuneOptions, seed: int, sets: Sequence[Set], changer: Switch | Cutter | None
) -> View:
    """The view of labelled rows for the predictor that learns from them; `sets` are translations."""
    match changer:
        case Switch():
            return Changed(rows, changer)
        case Cutter():
            return Resegmented(rows, changer, seed)
    if options.view == "translation":
        return Translated(rows, predictor, sets, seed)
    return Noisy(rows, predictor, options.sigma) if options.view == "noise" else Itself(rows)


def _log(changer: Switch | Cutter, context: FitContext) -> None:
    """The share of words that were changed."""
    what = "switched" if isinstance(changer, Switch) else "cut otherwise"
    context.log(what, round(changer.rate(), 4))
    if not changer.rate():
        context.log("degenerate", f"no word was {what}, so that every view was the text itself")


def _weight(chosen: str | float, labels: int) -> float:
    return AUTHORS / labels if isinstance(chosen, str) else chosen
