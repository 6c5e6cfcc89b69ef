"""Adversarial alignment as it runs: the game with an anchor, and the choice among runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from xbench_encoders.adversary import Adversary, Discriminator, Reading, Sides, drawn, pooled, reading, report
from xbench_encoders.encoder import Tokens, TransformerEncoder
from xbench_encoders.training import TrainingContext, TrainingLog, TrainingOptions, adamw, train

from xbench.contracts import Context
from xbench_aligners.adversarial import AdversarialOptions

CHANCE = 50.0  # accuracy of a probe that reads nothing


class _Players(torch.nn.Module):
    """Encoder and discriminator. The encoder stays without dropout: the anchor compares exact states."""

    def __init__(self, encoder: torch.nn.Module, discriminator: Discriminator) -> None:
        super().__init__()
        self.encoder, self.discriminator = encoder, discriminator

    def train(self, mode: bool = True) -> "_Players":
        super().train(mode)
        self.encoder.eval()
        return self


class ReversalGame:
    """Objective: row i is a source text and a target text, so that every batch holds equally many of each."""

    splittable = True

    def __init__(self, encoder: TransformerEncoder, sides: Sides, options: AdversarialOptions, seed: int) -> None:
        self.encoder, self.sides, self.options = encoder, sides, options
        self.reference = encoder.copy()
        self.adversary = Adversary(encoder, options, seed)
        self.module = _Players(encoder.module, self.adversary.discriminator)
        self.lengths = sides.lengths

    def optimizers(self, options: TrainingOptions) -> list[torch.optim.Optimizer]:
        """The encoder's, and the discriminator's own."""
        return [adamw(self.encoder.module, options), self.adversary.optimizer(options)]

    def loss(self, rows: Sequence[int], progress: float) -> torch.Tensor:
        """The loss of whoever moves, plus the anchor of the encoder."""
        groups = self.sides.groups(rows)
        with torch.set_grad_enabled(self.adversary.moves_encoder(progress)):
            states = pooled(self.encoder, groups)
        with torch.no_grad():
            fixed = pooled(self.reference, groups)
        adversary = self.adversary.loss(states, groups, progress)
        return adversary + self.options.anchor * torch.nn.functional.mse_loss(states, fixed)


@dataclass(frozen=True)
class _Run:
    """What one seed gave."""

    seed: int
    encoder: TransformerEncoder
    adversary: Adversary
    log: TrainingLog
    after: Reading


def align(encoder: TransformerEncoder, options: AdversarialOptions, context: Context) -> TransformerEncoder:
    """Play the game, in place if it is one run; of more keep the best. Log its readings and what the others came to.

    Raises StageError where there is no target, or one text only of a language.
    """
    languages = (context.source, *context.targets)
    sides = Sides(encoder, [_tokenized(encoder, context, one, options) for one in languages], context.seed)
    before = reading(encoder, sides, context.seed)
    runs = _runs(encoder, sides, options, context)
    best = next(runs)
    tried = [_told(best, before)]
    for run in runs:
        tried.append(_told(run, before))
        best = min(best, run, key=lambda one: _rank(one, before))
    context.log("steps", best.log.steps)
    context.log("precision", best.log.precision)
    context.log("trained_parameters", best.log.trained_parameters)
    report(context, best.adversary, before, best.after)
    if options.restarts > 1:
        context.log("restarts", tried)
    return best.encoder


def _rank(run: _Run, before: Reading) -> tuple[bool, float]:
    """A run that collapsed comes last; before it, what a fresh probe reads least of. No label is asked."""
    return run.after.collapsed(before), abs(run.after.probe - CHANCE)


def _told(run: _Run, before: Reading) -> dict[str, Any]:
    return {
        "seed": run.seed,
        "discriminator_in_loop": round(100 * run.adversary.in_loop_accuracy(), 2),
        "probe_fresh_linear": round(run.after.probe, 2),
        "collapsed": run.after.collapsed(before),
    }


def _runs(encoder: TransformerEncoder, sides: Sides, options: AdversarialOptions, context: Context) -> Iterator[_Run]:
    """A run from the cell's seed, and the others from seeds that are drawn from it."""
    draw = torch.Generator().manual_seed(context.seed)
    more: list[int] = torch.randint(2**31, (options.restarts - 1,), generator=draw).tolist()
    training = TrainingOptions(
        steps=options.steps,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        precision=options.precision,
    )
    for number, seed in enumerate([context.seed, *more]):
        mine = encoder if options.restarts == 1 else encoder.copy()
        game = ReversalGame(mine, sides, options, seed)
        on_step = partial(_progress, context, number, options.restarts)
        log = train(game, training, TrainingContext(seed, encoder.device, on_step))
        yield _Run(seed, mine, game.adversary, log, reading(mine, sides, context.seed))


def _progress(context: Context, number: int, runs: int, step: int, steps: int, loss: float) -> None:
    context.progress(number * steps + step, runs * steps, loss)


def _tokenized(encoder: TransformerEncoder, context: Context, language: str, options: AdversarialOptions) -> Tokens:
    texts = list(context.text(language))
    chosen = [texts[at] for at in drawn(len(texts), options.max_texts, context.seed)]
    return encoder.tokenize(chosen, None, language, options.max_length)
