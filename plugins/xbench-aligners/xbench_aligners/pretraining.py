"""Continued pre-training: which rows are drawn, the training of head and encoder, and what held-out text says of it."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

import torch
from xbench_encoders import held_out
from xbench_encoders.encoder import Tokens, TransformerEncoder
from xbench_encoders.masking import MaskedModel, MaskedObjective
from xbench_encoders.positions import check_restarting
from xbench_encoders.sampling import endless
from xbench_encoders.training import TrainingContext, TrainingLog, TrainingOptions, train

from xbench.contracts import Context, Resource
from xbench.errors import StageError
from xbench_aligners.mlm import MlmOptions
from xbench_aligners.tlm import TlmOptions

Corpora = Mapping[str, Tokens]  # by language, or by source and target as in `en-de`
Row = tuple[str, int]  # a corpus and a row of it


def texts(encoder: TransformerEncoder, languages: Sequence[str], options: MlmOptions, context: Context) -> Corpora:
    """Unlabelled text by language."""
    return {
        language: encoder.tokenize(list(context.text(language)), None, language, options.max_length)
        for language in languages
    }


def pairs(encoder: TransformerEncoder, options: TlmOptions, context: Context) -> Corpora:
    """Parallel sentences, each with its translation in one row, by source and target.

    Raises StageError where the languages have models of their own, ModelError where positions are to start again and
    the model takes none.
    """
    found = {}
    for target in context.paired(Resource.PARALLEL):
        if encoder.tower(target) is not encoder.tower(context.source):
            raise StageError(f"{context.source} and {target} have models of their own and cannot stand in one row")
        rows = context.pairs(Resource.PARALLEL, target)
        sources, translations = ([pair[side] for pair in rows] for side in (0, 1))
        tokens = encoder.tokenize(sources, translations, context.source, options.max_length)
        whole = [row for row, sides in enumerate(tokens.sides) if {0, 1} <= set(sides)]
        if options.positions == "restart" and whole:
            check_restarting(encoder, tokens, whole[:1])
        found[f"{context.source}-{target}"] = tokens
    return found


def pretrain(
    encoder: TransformerEncoder,
    kinds: Sequence[tuple[float, Corpora]],
    options: MlmOptions,
    context: Context,
    restart: bool = False,
) -> TransformerEncoder:
    """Train the encoder in place on corpora of each kind, which get their share of the rows; log what happened.

    With `restart` positions start again for the second text of a row. Raises StageError where a corpus has fewer than 2
    rows.
    """
    generator = torch.Generator().manual_seed(context.seed)
    corpora = {name: tokens for _, of in kinds for name, tokens in of.items()}
    measured, taught = {}, {}
    for name, tokens in corpora.items():
        measured[name], taught[name] = held_out.parts(tokens, name, generator)
    chances = {
        name: chance
        for share, of in kinds
        for name, chance in sampling({name: len(taught[name].ids) for name in of}, share, options.alpha).items()
    }
    rows = {
        "head": list(itertools.islice(drawn(taught, chances, generator), options.head_steps * options.batch_size)),
        "encoder": within(drawn(taught, chances, generator), taught, options),
    }
    languages = [tokens.language for tokens in corpora.values()]
    model = MaskedModel(encoder, languages, context.seed, options.rate, restart)
    if rows["head"]:
        _train(model, taught, rows["head"], options, context, only_head=True)
    before = held_out.perplexities(model, measured, context.seed)
    log = _train(model, taught, rows["encoder"], options, context)
    after = held_out.perplexities(model, measured, context.seed)
    context.log("updates", {"head": math.ceil(len(rows["head"]) / options.batch_size), "encoder": log.steps})
    context.log("tokens", {part: sum(_lengths(taught, of)) for part, of in rows.items()})
    context.log("texts", {name: len(tokens.ids) for name, tokens in taught.items()})
    context.log("losses", [round(loss, 4) for loss in log.losses])
    context.log("precision", log.precision)
    context.log("trained_parameters", log.trained_parameters)
    held_out.log_perplexities(context, before, after)
    if _mean_log(after) > _mean_log(before):
        context.log("degenerate", f"the perplexity of held-out text rose from {_told(before)} to {_told(after)}")
    elif _mean_log(after) > _mean_log(guess := _guesses(encoder, corpora)):
        context.log("degenerate", f"the perplexity of held-out text is {_told(after)}, of a mere guess {_told(guess)}")
    return encoder


def _train(
    model: MaskedModel,
    parts: Corpora,
    rows: Sequence[Row],
    options: MlmOptions,
    context: Context,
    only_head: bool = False,
) -> TrainingLog:
    """One pass over the rows: they were drawn for the budget."""
    objective = MaskedObjective(model, parts, rows, context.seed, options.head_learning_rate, only_head)
    training = TrainingOptions(
        epochs=1,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        warmup=options.warmup,
        weight_decay=0.01,  # as BERT was trained
        precision=options.precision,
    )
    return train(objective, training, TrainingContext(context.seed, model.encoder.device, context.progress))


def sampling(sizes: Mapping[str, int], share: float, alpha: float) -> dict[str, float]:
    """The chance of a row to be of each corpus: `share` p, p ~ n^alpha (Conneau & Lample 2019, section 3.1)."""
    weights = {name: size**alpha for name, size in sizes.items()}
    return {name: share * weight / sum(weights.values()) for name, weight in weights.items()}


def drawn(parts: Corpora, chances: Mapping[str, float], generator: torch.Generator) -> Iterator[Row]:
    """Rows without end; a corpus gives each of its rows once before any of them again."""
    names = list(chances)
    weights = torch.tensor([chances[name] for name in names], dtype=torch.float64)
    orders = {name: endless(len(parts[name].ids), generator) for name in names}
    while True:
        for place in torch.multinomial(weights, 1024, replacement=True, generator=generator).tolist():
            yield names[place], next(orders[names[place]])


def within(rows: Iterator[Row], parts: Corpora, options: MlmOptions) -> list[Row]:
    """As many rows as the updates take, or as `tokens` pays for, the last of which may exceed it."""
    if options.tokens is None:
        return list(itertools.islice(rows, options.steps * options.batch_size))
    found: list[Row] = []
    spent = 0
    while spent < options.tokens:
        found.append(next(rows))
        spent += _lengths(parts, found[-1:])[0]
    return found


def _lengths(parts: Corpora, rows: Sequence[Row]) -> list[int]:
    return [len(parts[name].ids[row]) for name, row in rows]


def _guesses(encoder: TransformerEncoder, corpora: Corpora) -> dict[str, float]:
    """The perplexity of guessing all entries of the vocabulary alike, by corpus."""
    modules = {name: encoder.tower(tokens.language).module for name, tokens in corpora.items()}
    return {name: float(len(module.get_input_embeddings().weight)) for name, module in modules.items()}


def _mean_log(perplexities: Mapping[str, float]) -> float:
    return sum(math.log(value) for value in perplexities.values()) / max(1, len(perplexities))


def _told(perplexities: Mapping[str, float]) -> str:
    return f"{math.exp(_mean_log(perplexities)):.4g}"
