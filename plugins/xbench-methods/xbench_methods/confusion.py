"""What domain-adversarial fine-tuning computes: a task's loss, and beside it the game with a discriminator."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import torch
from xbench_encoders.adversary import Adversary, Sides, drawn, pooled, reading, report
from xbench_encoders.encoder import Tokens, TransformerEncoder
from xbench_encoders.sampling import drawn_from
from xbench_encoders.training import TrainingOptions

from xbench.contracts import Examples, FitContext, Predictor, TaskKind, TaskView
from xbench_methods.dann import DannOptions
from xbench_methods.learners import LEARNERS
from xbench_methods.learning import PartsObjective, learn, validation


class Confusion:
    """Objective: the loss of a task over its rows, plus the adversary's over as many texts of each side.

    The game draws its texts and its dropout from a generator of its own, so that the task's batches and dropout are
    those of a training without it.
    """

    splittable = True

    def __init__(self, task: PartsObjective, adversary: Adversary, sides: Sides, encoder: TransformerEncoder) -> None:
        self.task, self.adversary, self.sides, self.encoder = task, adversary, sides, encoder
        self.module = task.module  # without the discriminator: what is kept of the training is the task's
        self.lengths = task.lengths
        self.random = torch.Generator().manual_seed(adversary.seed)

    def optimizers(self, options: TrainingOptions) -> list[torch.optim.Optimizer]:
        """The task's, and the discriminator's own."""
        return [*self.task.optimizers(options), self.adversary.optimizer(options)]

    def loss(self, rows: Sequence[int], progress: float) -> torch.Tensor:
        """Both losses, each a mean over its rows."""
        return self.task.loss(rows, progress) + self._game(len(rows), progress)

    def _game(self, count: int, progress: float) -> torch.Tensor:
        chosen: list[int] = torch.randint(len(self.sides.rows), (count,), generator=self.random).tolist()
        groups = self.sides.groups(chosen)
        aside = drawn_from(int(torch.randint(2**31, (), generator=self.random)), self.encoder.device)
        with aside, torch.set_grad_enabled(self.adversary.moves_encoder(progress)):
            states = pooled(self.encoder, groups)
        return self.adversary.loss(states, groups, progress)


def fit(encoder: TransformerEncoder, task: TaskView, options: DannOptions, context: FitContext) -> Predictor:
    """Train encoder and head in place against the adversary, and log its readings.

    Raises StageError where there is no target, or one text only of a language.
    """
    learner, examples = LEARNERS[task.kind], context.labelled(context.source)
    sets = [(context.source, examples)]
    predictor: Predictor = learner.new(encoder, task, options, sets, context.seed)
    sides = Sides(encoder, _texts(predictor, task.kind, options, context, examples), context.seed)
    adversary = Adversary(encoder, options, context.seed)
    before = reading(encoder, sides, context.seed)
    objective = Confusion(learner.over(predictor, sets), adversary, sides, encoder)
    learn(objective, encoder, options, context, validation(predictor, options, context))
    report(context, adversary, before, reading(encoder, sides, context.seed))
    return predictor


def _texts(
    predictor: Any, kind: TaskKind, options: DannOptions, context: FitContext, examples: Examples
) -> list[Tokens]:
    """What the discriminator sees of the source and of each target, at most `max_texts` drawn from the seed."""
    found = []
    for language in (context.source, *context.targets):
        if options.on == "text":
            texts = context.text(language)
            some = [texts[at] for at in drawn(len(texts), options.max_texts, context.seed)]
            found.append(predictor.encoder.tokenize(some, None, language, options.max_length))
        else:
            inputs = examples.inputs if language == context.source else context.inputs(language)
            some = inputs.take(drawn(len(inputs), options.max_texts, context.seed))
            found.append(_tokens(predictor, kind, some, language))
    return found


def _tokens(predictor: Any, kind: TaskKind, inputs: pa.Table, language: str) -> Tokens:
    """Inputs as a predictor of the kind reads them."""
    found: Tokens
    match kind:
        case TaskKind.TOKEN_CLASSIFICATION:
            sentences = inputs["tokens"].to_pylist()
            found = predictor.encoder.tokenize_words(sentences, language, predictor.max_length).tokens
        case TaskKind.MULTIPLE_CHOICE:
            found = predictor.pairs(inputs, language).tokens
        case TaskKind.EXTRACTIVE_QA:
            found = predictor.passages(inputs, language).tokens
        case _:
            pairs = inputs["text_pair"].to_pylist() if "text_pair" in inputs.column_names else None
            texts = inputs["text"].to_pylist()
            found = predictor.encoder.tokenize(texts, pairs, language, predictor.max_length)
    return found
