"""The one training loop: every method, aligner and pretraining recipe of xbench runs through `train`.

An objective says what is trained and what the loss of some rows is; the loop owns everything else: length-bucketed
batches, gradient accumulation with a constant effective batch, warm-up and decay, clipping, precision, checkpoint
averaging or selection. All randomness comes from one seed, so the same objective and seed give the same weights on
the same machine and number of threads.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch

from xbench_encoders.checkpoints import Checkpoint, Progress
from xbench_encoders.errors import TrainingError
from xbench_encoders.sampling import bucketed_batches, drawn_from
from xbench_encoders.selection import keeper_of

CHECKPOINTS = 5  # how many equally spaced checkpoints averaging and selection look at


@dataclass(frozen=True)
class TrainingOptions:
    """What decides the weights besides data and seed; `steps`, where given, replaces `epochs`."""

    epochs: float = 3.0
    steps: int | None = None
    batch_size: int = 32
    learning_rate: float = 2e-5
    warmup: float = 0.1
    weight_decay: float = 0.0
    clip: float = 1.0
    schedule: str = "linear"
    selection: str = "last"
    precision: str = "auto"


class Objective(Protocol):
    """What is trained, and its loss."""

    @property
    def module(self) -> torch.nn.Module:
        """All that is trained: its mode is switched and its state is what checkpoints hold."""

    @property
    def lengths(self) -> Sequence[int]:
        """One length (tokens) per training row; batches gather rows of like length."""

    @property
    def splittable(self) -> bool:
        """Whether the mean loss of a batch is the weighted mean over its parts (no in-batch negatives)."""

    def optimizers(self, options: TrainingOptions) -> Sequence[torch.optim.Optimizer]:
        """One optimiser per group of parameters with its own rule; each starts at its own learning rate."""

    def loss(self, rows: Sequence[int], progress: float) -> torch.Tensor:
        """Scalar mean loss of these rows; `progress` runs from 0 to 1 over the whole training."""


def _silent(step: int, steps: int, loss: float) -> None:
    """Report nothing."""


def same_rows(epoch: int) -> None:
    """Every epoch has the rows that there were at the start."""


@dataclass(frozen=True)
class TrainingContext:
    """Where and from which seed to train, and whom to tell; `validate` returns a score, higher is better.

    `on_epoch` hears the number of each epoch, from 0, before its batches are made: an objective may change its rows.
    With a `checkpoint` a killed training goes on where it was; only selection=last can be resumed.
    """

    seed: int
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    on_step: Callable[[int, int, float], None] = _silent
    validate: Callable[[], float] | None = None
    checkpoint: Checkpoint | None = None
    on_epoch: Callable[[int], None] = same_rows


@dataclass(frozen=True)
class TrainingLog:
    """What happened: updates made, mean loss per checkpoint interval, validation scores, micro-batch, precision.

    `trained_parameters` are the numbers that the optimisers changed, an adversary's among them.
    """

    steps: int
    losses: tuple[float, ...]
    validation: tuple[float, ...]
    selected: str
    micro_batch: int
    precision: str
    trained_parameters: int = 0


def adamw(module: torch.nn.Module, options: TrainingOptions, learning_rate: float | None = None) -> torch.optim.AdamW:
    """AdamW (Loshchilov & Hutter 2019; eps 1e-8) over a module; no decay on biases and normalisation weights."""
    trainable = [parameter for parameter in module.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trainable if p.ndim > 1], "weight_decay": options.weight_decay},
        {"params": [p for p in trainable if p.ndim <= 1], "weight_decay": 0.0},
    ]
    rate = options.learning_rate if learning_rate is None else learning_rate
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=rate, eps=1e-8, fused=True)


def rate_factor(step: int, steps: int, options: TrainingOptions) -> float:
    """The learning-rate multiplier of update `step` (from 0) of `steps`: linear warm-up, then the schedule."""
    warm = max(1, round(options.warmup * steps)) if options.warmup > 0 else 0
    if step < warm:
        return (step + 1) / (warm + 1)
    remaining = (steps - step) / max(1, steps - warm)
    match options.schedule:
        case "linear":
            return remaining
        case "cosine":
            return 0.5 * (1.0 - math.cos(math.pi * remaining))
        case "constant":
            return 1.0
        case other:
            raise TrainingError(f"no schedule is called {other!r}; there are linear, cosine, constant")


def bf16(options: TrainingOptions, device: torch.device) -> bool:
    """Whether to compute in bfloat16: by default on a GPU that has it, never on a CPU unless asked."""
    if options.precision == "auto":
        return device.type == "cuda" and torch.cuda.is_bf16_supported()
    return options.precision == "bf16"


def train(objective: Objective, options: TrainingOptions, context: TrainingContext) -> TrainingLog:
    """Train the objective's module in place and leave it in evaluation mode.

    Raises TrainingError on an empty training set, a non-finite loss, or when one row does not fit into memory.
    """
    if not len(objective.lengths):
        raise TrainingError("there is nothing to train on: 0 rows")
    with drawn_from(context.seed, context.device):
        return _Loop(objective, options, context).run()


class _Loop:
    """State of one training: optimisers, micro-batch, checkpoints."""

    def __init__(self, objective: Objective, options: TrainingOptions, context: TrainingContext) -> None:
        self.objective, self.options, self.context = objective, options, context
        self.optimizers = list(objective.optimizers(options))
        self.initial = [[group["lr"] for group in o.param_groups] for o in self.optimizers]
        epoch = math.ceil(len(objective.lengths) / options.batch_size)
        self.steps = max(1, options.steps or math.ceil(options.epochs * epoch))
        self.micro_batch = options.batch_size
        self.use_bf16 = bf16(options, context.device)
        self.keeper = keeper_of(options.selection, context.validate)

    def run(self) -> TrainingLog:
        """All updates, then the state the selection asks for."""
        begun, losses, interval = self._begin()
        marks = {round(self.steps * (k + 1) / CHECKPOINTS) for k in range(CHECKPOINTS)}
        self.objective.module.train()
        for step, rows in enumerate(self._batches()):
            if step < begun:
                continue
            interval.append(self._update(step, rows))
            self.context.on_step(step + 1, self.steps, interval[-1])
            if step + 1 in marks:
                losses.append(sum(interval) / len(interval))
                interval.clear()
                self.keeper.see(self.objective.module)
            if self.context.checkpoint and self.context.checkpoint.due(step + 1):
                progress = Progress(step + 1, losses, interval)
                self.context.checkpoint.save(progress, self.objective.module, self.optimizers, self.context.device)
        selected = self.keeper.restore(self.objective.module)
        self.objective.module.eval()
        precision = "bf16" if self.use_bf16 else "fp32"
        return TrainingLog(
            steps=self.steps,
            losses=tuple(losses),
            validation=tuple(self.keeper.scores),
            selected=selected,
            micro_batch=self.micro_batch,
            precision=precision,
            trained_parameters=sum(p.numel() for o in self.optimizers for at in o.param_groups for p in at["params"]),
        )

    def _begin(self) -> tuple[int, list[float], list[float]]:
        """The updates behind, their mean losses, and those of the interval under way."""
        if self.context.checkpoint is None:
            return 0, [], []
        if self.options.selection != "last":
            raise TrainingError(f"selection={self.options.selection} cannot be resumed; use last")
        progress = self.context.checkpoint.restore(self.objective.module, self.optimizers, self.context.device)
        return progress.step, progress.losses, progress.interval

    def _batches(self) -> Iterator[list[int]]:
        generator = torch.Generator().manual_seed(self.context.seed)
        made = 0
        for number in itertools.count():
            if made >= self.steps:
                return
            self.context.on_epoch(number)
            epoch = bucketed_batches(self.objective.lengths, self.options.batch_size, generator)
            yield from epoch[: self.steps - made]
            made += len(epoch)

    def _update(self, step: int, rows: list[int]) -> float:
        factor = rate_factor(step, self.steps, self.options)
        for optimizer, rates in zip(self.optimizers, self.initial, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
        loss = self._gradients(rows, step / self.steps)
        clip = self.options.clip if self.options.clip > 0 else math.inf
        for optimizer in self.optimizers:
            # Per optimiser: an adversary's gradients must not shrink the encoder's.
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
            norm = float(torch.nn.utils.clip_grad_norm_(parameters, clip))
            if not math.isfinite(norm):
                raise TrainingError(
                    f"the gradient became {norm} at {step / self.steps:.0%} of the training; lower learning_rate"
                )
            optimizer.step()
        return loss

    def _gradients(self, rows: list[int], progress: float) -> float:
        """Accumulate the gradients of one effective batch; out of memory halves the micro-batch and starts over."""
        while True:
            for optimizer in self.optimizers:
                optimizer.zero_grad(set_to_none=True)
            try:
                return self._accumulate(rows, progress)
            except torch.OutOfMemoryError as error:
                if self.micro_batch == 1 or not self.objective.splittable:
                    raise TrainingError(
                        f"out of memory with a micro-batch of {self.micro_batch}; use a shorter max_length, a smaller"
                        " batch or a smaller model"
                    ) from error
            # Outside the handler: the error holds the frames, and so the tensors, of the batch that was too large.
            self.micro_batch = (self.micro_batch + 1) // 2
            torch.cuda.empty_cache()

    def _accumulate(self, rows: list[int], progress: float) -> float:
        size = self.micro_batch if self.objective.splittable else len(rows)
        total = 0.0
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            with torch.autocast(self.context.device.type, torch.bfloat16, enabled=self.use_bf16):
                loss = self.objective.loss(part, progress) * (len(part) / len(rows))
            value = float(loss.detach())
            if not math.isfinite(value):
                raise TrainingError(f"the loss became {value} at {progress:.0%} of the training; lower learning_rate")
            loss.backward()  # type: ignore[no-untyped-call]
            total += value
        return total
