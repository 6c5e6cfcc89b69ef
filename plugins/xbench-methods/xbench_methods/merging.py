"""Two experts of one start, and their mixtures: task vectors added up, layers swapped."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from xbench_encoders.encoder import TransformerEncoder
from xbench_encoders.held_out import log_perplexities, log_rise, perplexities, split_texts
from xbench_encoders.masking import MaskedModel, MaskedObjective
from xbench_encoders.training import TrainingContext, TrainingOptions, train

from xbench.contracts import FitContext, TaskView
from xbench.errors import StageError
from xbench_methods.experts import ExpertOptions
from xbench_methods.layer_swap import LayerSwapOptions
from xbench_methods.learners import LEARNERS
from xbench_methods.task_arithmetic import TaskArithmeticOptions

HEAD_LEARNING_RATE = 1e-3  # it is fresh
WARMUP = 0.1
State = Mapping[str, torch.Tensor]


def add_vectors(
    encoder: TransformerEncoder, task: TaskView, options: TaskArithmeticOptions, context: FitContext
) -> Any:
    """The predictor of the task's expert with the sum of both vectors in its encoder."""
    start = state_of(encoder)
    predictor, language = experts(encoder, task, options, context)
    parts = [(options.task_weight, state_of(predictor.encoder)), (options.weight, language)]
    predictor.encoder.module.load_state_dict(added(start, parts), strict=False)
    return predictor


def swap_layers(encoder: TransformerEncoder, task: TaskView, options: LayerSwapOptions, context: FitContext) -> Any:
    """The predictor of the task's expert with layers of the language's in its encoder."""
    shares = shares_of(encoder, options)
    predictor, language = experts(encoder, task, options, context)
    predictor.encoder.module.load_state_dict(mixed(state_of(predictor.encoder), language, shares), strict=False)
    return predictor


def experts(
    encoder: TransformerEncoder, task: TaskView, options: ExpertOptions, context: FitContext
) -> tuple[Any, State]:
    """The predictor that learned the task, on the encoder itself, and the weights that learned the language."""
    other = encoder.copy()
    _learn_language(other, options, context)
    language = state_of(other)
    labelled = [(context.source, context.labelled(context.source))]
    return LEARNERS[task.kind].fit(encoder, task, options, context, labelled), language


def state_of(encoder: TransformerEncoder) -> dict[str, torch.Tensor]:
    """A copy of the encoder's weights, by name."""
    state = encoder.module.state_dict()
    return {name: value.detach().clone() for name, value in state.items() if value.is_floating_point()}


def added(start: State, experts: Sequence[tuple[float, State]]) -> dict[str, torch.Tensor]:
    """start + sum over experts of weight (expert - start), computed in float64.

    Raises StageError where an expert has other weights than the start, such as a resized embedding table.
    """
    found: dict[str, torch.Tensor] = {}
    for name, value in start.items():
        origin = value.double()
        total = torch.zeros_like(origin)
        for weight, expert in experts:
            total += weight * (_fitting(expert, start, name).double() - origin)
        found[name] = (origin + total).to(value.dtype)
    return found


def mixed(task: State, language: State, shares: Mapping[str, float]) -> dict[str, torch.Tensor]:
    """Of every weight (1 - share) of the task's and the share of the language's. Raises StageError as `added` does."""
    found: dict[str, torch.Tensor] = {}
    for name, value in task.items():
        share = shares[name]
        other = _fitting(language, task, name)
        found[name] = ((1.0 - share) * value.double() + share * other.double()).to(value.dtype)
    return found


def _fitting(expert: State, like: State, name: str) -> torch.Tensor:
    if expert.keys() != like.keys() or expert[name].shape != like[name].shape:
        raise StageError(f"the experts do not have the same weights ({name}): was a vocabulary changed between them?")
    return expert[name]


def shares_of(encoder: TransformerEncoder, options: LayerSwapOptions) -> dict[str, float]:
    """By weight, how much of it is the language expert's. Raises StageError when the layers are too few."""
    found: dict[str, float] = {}
    for at, tower in encoder.module.items():
        place, layers = _layers(tower)
        shares = layer_shares(layers, options)
        inside = re.compile(rf"{re.escape(place)}\.(\d+)\.")
        for name in tower.state_dict():
            layer = inside.match(name)
            outside = 0 if "embed" in name else -1
            found[f"{at}.{name}"] = shares[int(layer[1]) if layer else outside]
    return found


def layer_shares(layers: int, options: LayerSwapOptions) -> list[float]:
    """By layer from the bottom, how much of it is the language expert's. Raises StageError when they are too few."""
    bottom, top = ([1.0] * size + [options.weight] * options.transition * bool(size)
                   for size in (options.bottom, options.top))  # fmt: skip
    inner = layers - len(bottom) - len(top)
    if inner < 0:
        raise StageError(f"layer-swap asks for {len(bottom)} layers below and {len(top)} above; the model has {layers}")
    return [*bottom, *[0.0] * inner, *reversed(top)]


def _layers(tower: Any) -> tuple[str, int]:
    """Where a transformer's list of layers is, and how many they are."""
    count = int(tower.config.num_hidden_layers)
    for name, module in tower.named_modules():
        if isinstance(module, torch.nn.ModuleList) and len(module) == count:
            return name, count
    raise StageError(f"the model has no list of {count} layers; its layers cannot be swapped")


def _learn_language(encoder: TransformerEncoder, options: ExpertOptions, context: FitContext) -> None:
    """Train an encoder in place on text of the targets by masked language modelling; log what became of it."""
    measured, taught = {}, {}
    for language in context.targets:
        texts = list(context.text(language))
        measured[language], taught[language] = split_texts(encoder, texts, language, options.max_length, context.seed)
    rows = [(language, row) for language, tokens in taught.items() for row in range(len(tokens.ids))]
    model = MaskedModel(encoder, context.targets, context.seed)
    head = MaskedObjective(model, taught, rows, context.seed, HEAD_LEARNING_RATE, only_head=True)
    _train(head, options.head_steps, options, context)
    before = perplexities(model, measured, context.seed)
    _train(
        MaskedObjective(model, taught, rows, context.seed, HEAD_LEARNING_RATE), options.language_steps, options, context
    )
    after = perplexities(model, measured, context.seed)
    log_perplexities(context, before, after)
    log_rise(context, before, after)


def _train(objective: MaskedObjective, steps: int, options: ExpertOptions, context: FitContext) -> None:
    settings = TrainingOptions(
        steps=steps,
        batch_size=options.batch_size,
        learning_rate=options.language_learning_rate,
        warmup=WARMUP,
        precision=options.precision,
    )
    train(objective, settings, TrainingContext(context.seed, objective.model.encoder.device, context.progress))
