"""How language modules learn: first the head for all languages, then each module behind it."""

import torch
from xbench_encoders.encoder import TransformerEncoder
from xbench_encoders.held_out import log_perplexities, log_rise, perplexities, split_texts
from xbench_encoders.masking import MaskedModel, MaskedObjective
from xbench_encoders.modular import LowRank, ModularEncoder
from xbench_encoders.training import TrainingContext, TrainingOptions, adamw, train

from xbench.contracts import Context
from xbench.errors import StageError
from xbench_aligners.lora import LoraOptions


class ModuleObjective(MaskedObjective):
    """Objective: as of masked language modelling, with the head as it is; what of the encoder is not frozen learns."""

    def optimizers(self, options: TrainingOptions) -> list[torch.optim.Optimizer]:
        """One, for the module."""
        return [adamw(self.model.module, options)]


def learn_modules(encoder: TransformerEncoder, options: LoraOptions, context: Context) -> ModularEncoder:
    """The encoder with a module for the source and each target; log perplexities without and with them.

    Raises StageError where a language has fewer than 2 texts, or the encoder has modules already.
    """
    modular = ModularEncoder.of(encoder)
    if modular.modules:
        raise StageError(f"the encoder has modules already, of {', '.join(sorted(modular.modules))}")
    languages = (context.source, *context.targets)
    measured, taught = {}, {}
    for language in languages:
        texts = list(context.text(language))
        measured[language], taught[language] = split_texts(modular, texts, language, options.max_length, context.seed)
    rows = {language: [(language, row) for row in range(len(taught[language].ids))] for language in languages}
    model = MaskedModel(modular, languages, context.seed, options.rate)
    every = [row for language in languages for row in rows[language]]
    head = MaskedObjective(model, taught, every, context.seed, options.head_learning_rate, only_head=True)
    _train(head, options.head_steps, 0, options, context)
    model.heads.requires_grad_(False)
    before = perplexities(model, measured, context.seed)
    for number, language in enumerate(languages):
        modular.add(language, LowRank(options.rank, options.dropout), context.seed)
        with modular.trained(language):
            objective = ModuleObjective(model, taught, rows[language], context.seed, options.head_learning_rate)
            _train(objective, options.steps, options.head_steps + number * options.steps, options, context)
    context.log("texts", {language: len(tokens.ids) for language, tokens in taught.items()})
    after = perplexities(model, measured, context.seed)
    log_perplexities(context, before, after)
    log_rise(context, before, after)
    return modular


def _train(objective: MaskedObjective, steps: int, done: int, options: LoraOptions, context: Context) -> None:
    """So many updates; progress is that of the whole fit, of which `done` are behind."""
    whole = options.head_steps + options.steps * (1 + len(context.targets))
    settings = TrainingOptions(
        steps=steps,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        warmup=options.warmup,
        precision=options.precision,
    )
    told = TrainingContext(
        context.seed, objective.model.encoder.device, lambda step, _, loss: context.progress(done + step, whole, loss)
    )
    train(objective, settings, told)
