"""The game against a discriminator of languages: layer, schedule, moves, and what is read of it.

Aligners and methods play it on whatever they train: a batch goes through the encoder, `Adversary.loss` is added to
the loss, and `Adversary.optimizer` to the optimisers.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import torch

from xbench.contracts import Context
from xbench.errors import StageError
from xbench_encoders.encoder import Tokens, TransformerEncoder, joined
from xbench_encoders.heads import pool_text
from xbench_encoders.probe import probe_accuracy
from xbench_encoders.sampling import drawn_from
from xbench_encoders.training import TrainingOptions, adamw
from xbench_encoders.vectors import text_vectors

PROBE_TEXTS = 500  # per side: enough for a linear probe, a few seconds of encoding
COLLAPSE = 0.5  # feature norm below half of what it was: the discriminator was fooled by shrinking
Text = tuple[str, int]  # the share its language belongs to, and its row there
Group = tuple[Tokens, list[int], list[float]]  # texts of one tower, their rows, and by row 0 (source) or 1 (target)


class Reversal(torch.autograd.Function):
    """Identity forward, -lambda times the gradient backward."""

    @staticmethod
    def forward(ctx: Any, states: torch.Tensor, strength: float) -> torch.Tensor:
        """The states as they are."""
        ctx.strength = strength
        return states.view_as(states)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        """The gradient, reversed and scaled."""
        return -ctx.strength * gradients[0], None


def strength(progress: float, lambda_max: float) -> float:
    """lambda(p) = lambda_max (2 / (1 + exp(-10 p)) - 1) of Ganin et al. 2016: 0 at the start, lambda_max at the end."""
    return lambda_max * (2.0 / (1.0 + math.exp(-10.0 * progress)) - 1.0)


class Discriminator(torch.nn.Module):
    """Two layers with LeakyReLU on pooled states; one score, positive for a target language."""

    def __init__(self, dimension: int, hidden: int) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(dimension, hidden), torch.nn.LeakyReLU(0.2), torch.nn.Linear(hidden, 1)
        )

    def forward(self, pooled: torch.Tensor) -> torch.Tensor:
        """(rows, dimension) to (rows,)."""
        scores: torch.Tensor = self.layers(pooled).squeeze(-1)
        return scores


class Sides:
    """Texts in batches of as many of the source as of targets: row i is a text of each, and its length the longer's.

    `parts` are the texts of the source and of each target. Every target text stands in one row; the source's are
    shuffled and cycled. Raises StageError where there is no target, or one text only of a language.
    """

    def __init__(self, encoder: TransformerEncoder, parts: Sequence[Tokens], seed: int) -> None:
        if len(parts) < 2:
            raise StageError(f"the adversary needs a target language besides {parts[0].language}")
        for part in parts:
            if len(part.ids) < 2:
                raise StageError(f"the adversary needs at least 2 texts in {part.language}; there are {len(part.ids)}")
        self.parts = parts
        shares = [encoder.share(part.language) for part in parts]
        self.texts = {share: joined([p for p, s in zip(parts, shares, strict=True) if s == share]) for share in shares}
        self.rows = _pairs([len(part.ids) for part in parts], shares, seed)
        lengths = {share: tokens.lengths for share, tokens in self.texts.items()}
        self.lengths = [max(lengths[share][row] for share, row in pair) for pair in self.rows]

    def groups(self, rows: Sequence[int]) -> list[Group]:
        """The rows' texts by tower, each text with 0 for the source side and 1 for the target side."""
        groups: dict[str, tuple[list[int], list[float]]] = {}
        for side in (0, 1):
            for share, text in (self.rows[row][side] for row in rows):
                members, sides = groups.setdefault(share, ([], []))
                members.append(text)
                sides.append(float(side))
        return [(self.texts[share], members, sides) for share, (members, sides) in groups.items()]


def _pairs(sizes: Sequence[int], shares: Sequence[str], seed: int) -> list[tuple[Text, Text]]:
    """Rows (source text, target text): every target text once, the source's shuffled and cycled.

    `sizes` and `shares` are those of the source and of each target, in the order in which `joined` put them.
    """
    order = drawn(sizes[0], sizes[0], seed)
    offsets: dict[str, int] = {}
    texts: list[list[Text]] = []
    for size, share in zip(sizes, shares, strict=True):
        start = offsets.get(share, 0)
        texts.append([(share, start + row) for row in range(size)])
        offsets[share] = start + size
    source, targets = texts[0], [text for part in texts[1:] for text in part]
    return [(source[order[at % len(source)]], text) for at, text in enumerate(targets)]


def drawn(size: int, most: int, seed: int) -> list[int]:
    """At most so many of the first `size` numbers, in an order drawn from the seed."""
    order: list[int] = torch.randperm(size, generator=torch.Generator().manual_seed(seed)).tolist()
    return order[:most]


def pool_mean(encoder: TransformerEncoder, tokens: Tokens, rows: Sequence[int]) -> torch.Tensor:
    """Mean of the states of the tokens that are not special, (rows, dimension), in float32."""
    batch = encoder.batch(tokens, rows)
    return pool_text(encoder.states(batch), batch, "mean").float()


def pooled(encoder: TransformerEncoder, groups: Sequence[Group]) -> torch.Tensor:
    """Pooled states of all groups, one after the other: (texts, dimension)."""
    return torch.cat([pool_mean(encoder, tokens, members) for tokens, members, _ in groups])


class AdversaryOptions(Protocol):
    """What decides the game; options of aligners and methods have these fields."""

    @property
    def mode(self) -> Literal["reversal", "alternating"]:
        """How the two move: see `Adversary`."""

    @property
    def lambda_max(self) -> float:
        """What `strength` grows to."""

    @property
    def hidden(self) -> int:
        """Width of the discriminator's hidden layer."""

    @property
    def discriminator_learning_rate(self) -> float:
        """The rate of the discriminator's own optimiser."""


class Adversary:
    """A discriminator of source and target that is drawn from the seed, and how encoder and discriminator move.

    `reversal` (Ganin et al. 2016): both move in every update, by the gradient of CE(D(R(E(x))), language); R reverses
    it and scales it by lambda on its way to the encoder, so that D gets it unscaled. `alternating` (Keung et al.
    2019, after Goodfellow et al. 2014): they take turns, an update each, the discriminator first. It minimises
    CE(D(E(x)), language); the encoder lambda CE(D(E(x)), the other side), against a discriminator that stands still.
    """

    def __init__(self, encoder: TransformerEncoder, options: AdversaryOptions, seed: int) -> None:
        self.options, self.seed = options, seed
        with drawn_from(seed):
            self.discriminator = Discriminator(encoder.dimension, options.hidden).to(encoder.device)
        self.readings: list[tuple[float, float]] = []
        self._turn, self._encoder = -1.0, True

    def optimizer(self, options: TrainingOptions) -> torch.optim.Optimizer:
        """The discriminator's own."""
        return adamw(self.discriminator, options, self.options.discriminator_learning_rate)

    def moves_encoder(self, progress: float) -> bool:
        """Whether the update at this progress moves the encoder: if not, its states need no gradient."""
        if self.options.mode == "alternating" and progress != self._turn:
            self._turn, self._encoder = progress, not self._encoder
        return self.options.lambda_max > 0 and (self.options.mode == "reversal" or self._encoder)

    def loss(self, states: torch.Tensor, groups: Sequence[Group], progress: float) -> torch.Tensor:
        """The mean loss of whoever moves on pooled states, (texts, dimension), of the groups."""
        wanted = torch.tensor([side for _, _, sides in groups for side in sides], device=states.device)
        weight = strength(progress, self.options.lambda_max)
        against = self.options.mode == "alternating" and self.moves_encoder(progress)
        if against:
            still = {name: value.detach() for name, value in self.discriminator.named_parameters()}
            scores = torch.func.functional_call(self.discriminator, still, (states,))
        else:
            scores = self.discriminator(Reversal.apply(states, weight))  # type: ignore[no-untyped-call]
        self.readings.append((progress, float(((scores > 0) == (wanted > 0)).float().mean())))
        cross_entropy = torch.nn.functional.binary_cross_entropy_with_logits
        return weight * cross_entropy(scores, 1.0 - wanted) if against else cross_entropy(scores, wanted)

    def in_loop_accuracy(self) -> float:
        """Mean discriminator accuracy over the last tenth of the training; single instants jump."""
        late = min(0.9, self.readings[-1][0])  # of fewer than ten steps, the last one
        return _mean([accuracy for progress, accuracy in self.readings if progress >= late])

    def curve(self) -> list[dict[str, float]]:
        """Ten points of the training: progress, lambda and mean discriminator accuracy up to it."""
        points = []
        for tenth in range(10):
            part = [accuracy for progress, accuracy in self.readings if tenth <= progress * 10 < tenth + 1]
            if part:
                weight = strength(tenth / 10, self.options.lambda_max)
                points.append({"progress": tenth / 10, "lambda": round(weight, 6), "accuracy": round(_mean(part), 4)})
        return points


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else float("nan")


@dataclass(frozen=True)
class Reading:
    """Accuracy (0..100) of a linear probe trained afresh, source against targets, and the mean norm of the states."""

    probe: float
    norm: float

    def collapsed(self, before: "Reading") -> bool:
        """Whether the states shrank to nothing since."""
        return self.norm < COLLAPSE * before.norm


def reading(encoder: TransformerEncoder, sides: Sides, seed: int) -> Reading:
    """What a probe reads of pooled states, source against targets in equal parts."""
    source, *targets = sides.parts
    ours = text_vectors(encoder, source.first(PROBE_TEXTS))
    share = max(2, len(ours) // len(targets))
    theirs = torch.cat([text_vectors(encoder, tokens.first(share)) for tokens in targets])
    size = min(len(ours), len(theirs))
    norm = float(torch.cat([ours, theirs]).norm(dim=-1).mean())
    return Reading(probe_accuracy(ours[:size].numpy(), theirs[:size].numpy(), seed), norm)


def report(context: Context, adversary: Adversary, before: Reading, after: Reading) -> None:
    """Log both readings of the discriminator, the norms and the curve, and a collapse as what it is: no fair try.

    A discriminator at 50 % does not mean that language cannot be read: hence the probe that is trained afresh.
    """
    context.log("discriminator_in_loop", round(100 * adversary.in_loop_accuracy(), 2))
    context.log("probe_fresh_linear_before", round(before.probe, 2))
    context.log("probe_fresh_linear", round(after.probe, 2))
    context.log("feature_norm_ratio", round(after.norm / before.norm, 4))
    context.log("collapsed", after.collapsed(before))
    context.log("curve", adversary.curve())
    if after.collapsed(before):
        ratio = after.norm / before.norm
        context.log("degenerate", f"the adversary made the states collapse: their norm is {ratio:.2f} of what it was")
