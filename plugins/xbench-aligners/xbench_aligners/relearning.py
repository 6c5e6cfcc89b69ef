"""Lexical re-learning (Artetxe et al. 2020): the embeddings of another language, learned for a body that stays."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from xbench_encoders.encoder import Tokens, TransformerEncoder
from xbench_encoders.masking import MaskedModel, MaskedObjective
from xbench_encoders.training import TrainingContext, TrainingOptions, adamw, train

from xbench.contracts import Context
from xbench.errors import StageError
from xbench_aligners.init import InitOptions


class Relearning(MaskedObjective):
    """Objective: masked language modelling in which the table of a language learns, and the head's bias with it.

    The table is what tokens are read by and what they are restored by. The body is frozen, so it has no dropout.
    """

    def __init__(self, model: MaskedModel, tokens: Tokens, seed: int) -> None:
        rows = [(tokens.language, row) for row in range(len(tokens.ids))]
        super().__init__(model, {tokens.language: tokens}, rows, seed, head_rate=0.0)
        table = model.encoder.tower(tokens.language).module.get_input_embeddings()
        self.module = torch.nn.ModuleDict({"table": table, "head": model.heads[0]})

    def optimizers(self, options: TrainingOptions) -> list[torch.optim.Optimizer]:
        """One, for all that is not frozen."""
        return [adamw(self.module, options)]


def relearn(encoder: TransformerEncoder, targets: Sequence[str], options: InitOptions, context: Context) -> None:
    """Train the table of each target in place; log the losses and say where one is no better than a guess."""
    lost: dict[str, list[float]] = {}
    with _frozen(encoder.module):
        head = _source_head(encoder, options, context)
        for target in targets:
            model = MaskedModel(encoder, (target,), context.seed)
            table = encoder.tower(target).module.get_input_embeddings().weight
            own = model.heads[0].requires_grad_(False)
            own.load_state_dict({name: value for name, value in head.items() if name != "bias"}, strict=False)
            for learned in (own.get_parameter("bias"), table):
                learned.requires_grad_(True)
            objective = Relearning(model, _tokens(encoder, target, options, context), context.seed)
            lost[target] = _train(objective, options, context)
            table.requires_grad_(False)
    context.log("losses", lost)
    sizes = {target: len(encoder.tower(target).tokenizer) for target in targets}
    guessed = [target for target, losses in lost.items() if losses[-1] >= math.log(sizes[target])]
    if guessed:
        context.log("degenerate", f"masked pieces of {', '.join(guessed)} are restored no better than by a guess")


def _source_head(encoder: TransformerEncoder, options: InitOptions, context: Context) -> dict[str, torch.Tensor]:
    """The weights of the head that restores pieces of the source from what the body makes of them."""
    source = context.source
    model = MaskedModel(encoder, (source,), context.seed)
    tokens = _tokens(encoder, source, options, context)
    rows = [(source, row) for row in range(len(tokens.ids))]
    objective = MaskedObjective(model, {source: tokens}, rows, context.seed, options.learning_rate, only_head=True)
    _train(objective, options, context)
    return model.heads[0].state_dict()


def _train(objective: MaskedObjective, options: InitOptions, context: Context) -> list[float]:
    """The mean losses of the stretches of the training, rounded."""
    training = TrainingOptions(
        steps=options.steps,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        precision=options.precision,
    )
    where = TrainingContext(context.seed, objective.model.encoder.device, context.progress)
    return [round(loss, 4) for loss in train(objective, training, where).losses]


def _tokens(encoder: TransformerEncoder, language: str, options: InitOptions, context: Context) -> Tokens:
    """The texts of a language that hold anything to hide. Raises StageError where there is none."""
    tokens = encoder.tokenize(list(context.text(language)), None, language, options.max_length)
    rows = [row for row, sides in enumerate(tokens.sides) if any(side >= 0 for side in sides)]
    if not rows:
        raise StageError(f"there is nothing to learn from in the text of {language}")
    ids, types, sides = ([of[row] for row in rows] for of in (tokens.ids, tokens.types, tokens.sides))
    return Tokens(language, ids, types, sides)


@contextmanager
def _frozen(module: torch.nn.Module) -> Iterator[None]:
    """Nothing of the module learns inside; afterwards all does that did."""
    learning = [parameter for parameter in module.parameters() if parameter.requires_grad]
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)
