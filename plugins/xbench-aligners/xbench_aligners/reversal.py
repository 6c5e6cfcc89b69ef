"""The gradient reversal game: layer, schedule, discriminator, objective, readings."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from xbench_encoders.encoder import Tokens, TransformerEncoder, joined
from xbench_encoders.heads import mean_of
from xbench_encoders.sampling import length_order
from xbench_encoders.training import TrainingContext, TrainingOptions, adamw, train

from xbench.contracts import Context
from xbench.errors import StageError
from xbench_aligners.adversarial import AdversarialOptions
from xbench_aligners.probe import probe_accuracy

PROBE_TEXTS = 500  # per side: enough for a linear probe, a few seconds of encoding
COLLAPSE = 0.5  # feature norm below half of what it was: the discriminator was fooled by shrinking


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

    def __init__(
        self,
        encoder: TransformerEncoder,
        source: Tokens,
        targets: Sequence[Tokens],
        options: AdversarialOptions,
        seed: int,
    ) -> None:
        self.encoder, self.options = encoder, options
        self.reference = encoder.copy()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.discriminator = Discriminator(encoder.dimension, options.hidden).to(encoder.device)
        self.module = _Players(encoder.module, self.discriminator)
        parts = [source, *targets]
        shares = [encoder.share(part.language) for part in parts]
        self.texts = {share: joined([p for p, s in zip(parts, shares, strict=True) if s == share]) for share in shares}
        self.rows = _pairs([len(part.ids) for part in parts], shares, seed)
        lengths = {share: tokens.lengths for share, tokens in self.texts.items()}
        self.lengths = [max(lengths[share][row] for share, row in pair) for pair in self.rows]
        self.readings: list[tuple[float, float]] = []

    def optimizers(self, options: TrainingOptions) -> list[torch.optim.Optimizer]:
        """The encoder's, and the discriminator's own."""
        rate = self.options.discriminator_learning_rate
        return [adamw(self.encoder.module, options), adamw(self.discriminator, options, rate)]

    def loss(self, rows: Sequence[int], progress: float) -> torch.Tensor:
        """Cross-entropy of the discriminator behind the reversal, plus the anchor."""
        pooled, anchors, wanted_sides = [], [], []
        for tokens, members, sides in self._groups(rows):
            pooled.append(pool_mean(self.encoder, tokens, members))
            with torch.no_grad():
                anchors.append(pool_mean(self.reference, tokens, members))
            wanted_sides += sides
        states, fixed = torch.cat(pooled), torch.cat(anchors)
        wanted = torch.tensor(wanted_sides, device=states.device)
        reversed_states = Reversal.apply(states, strength(progress, self.options.lambda_max))  # type: ignore[no-untyped-call]
        scores = self.discriminator(reversed_states)
        self.readings.append((progress, float(((scores > 0) == (wanted > 0)).float().mean())))
        adversary = torch.nn.functional.binary_cross_entropy_with_logits(scores, wanted)
        return adversary + self.options.anchor * torch.nn.functional.mse_loss(states, fixed)

    def _groups(self, rows: Sequence[int]) -> list[tuple[Tokens, list[int], list[float]]]:
        """The rows' texts by tower, each text with 0 for the source side and 1 for the target side."""
        groups: dict[str, tuple[list[int], list[float]]] = {}
        for side in (0, 1):
            for share, text in (self.rows[row][side] for row in rows):
                members, sides = groups.setdefault(share, ([], []))
                members.append(text)
                sides.append(float(side))
        return [(self.texts[share], members, sides) for share, (members, sides) in groups.items()]

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


Text = tuple[str, int]  # the share its language belongs to, and its row there


def _pairs(sizes: Sequence[int], shares: Sequence[str], seed: int) -> list[tuple[Text, Text]]:
    """Rows (source text, target text): every target text once, the source's shuffled and cycled.

    `sizes` and `shares` are those of the source and of each target, in the order in which `joined` put them.
    """
    generator = torch.Generator().manual_seed(seed)
    order: list[int] = torch.randperm(sizes[0], generator=generator).tolist()
    offsets: dict[str, int] = {}
    texts: list[list[Text]] = []
    for size, share in zip(sizes, shares, strict=True):
        start = offsets.get(share, 0)
        texts.append([(share, start + row) for row in range(size)])
        offsets[share] = start + size
    source, targets = texts[0], [text for part in texts[1:] for text in part]
    return [(source[order[at % len(source)]], text) for at, text in enumerate(targets)]


def pool_mean(encoder: TransformerEncoder, tokens: Tokens, rows: Sequence[int]) -> torch.Tensor:
    """Mean of the states of the tokens that are not special, (rows, dimension), in float32."""
    batch = encoder.batch(tokens, rows)
    return mean_of(encoder.states(batch), batch.sides >= 0).float()


def vectors(encoder: TransformerEncoder, tokens: Tokens, limit: int) -> torch.Tensor:
    """Pooled states of the first `limit` rows, in order, on the CPU."""
    order = length_order(tokens.lengths[:limit])
    found = torch.zeros(len(order), encoder.dimension)
    with torch.no_grad():
        for start in range(0, len(order), 64):
            rows = order[start : start + 64]
            found[rows] = pool_mean(encoder, tokens, rows).cpu()
    return found


def align(encoder: TransformerEncoder, options: AdversarialOptions, context: Context) -> TransformerEncoder:
    """Play the game on the encoder in place; log both discriminator readings, the curve and the norms."""
    source = _tokenized(encoder, context, context.source, options)
    targets = [_tokenized(encoder, context, language, options) for language in context.targets]
    game = ReversalGame(encoder, source, targets, options, context.seed)
    before = _reading(encoder, source, targets, context.seed)
    log = train(
        game,
        TrainingOptions(
            steps=options.steps,
            batch_size=options.batch_size,
            learning_rate=options.learning_rate,
            precision=options.precision,
        ),
        TrainingContext(context.seed, encoder.device, context.progress),
    )
    after = _reading(encoder, source, targets, context.seed)
    context.log("steps", log.steps)
    context.log("precision", log.precision)
    context.log("discriminator_in_loop", round(100 * game.in_loop_accuracy(), 2))
    context.log("probe_fresh_linear_before", round(before["probe"], 2))
    context.log("probe_fresh_linear", round(after["probe"], 2))
    context.log("feature_norm_ratio", round(after["norm"] / before["norm"], 4))
    context.log("collapsed", after["norm"] < COLLAPSE * before["norm"])
    context.log("curve", game.curve())
    return encoder


def _tokenized(encoder: TransformerEncoder, context: Context, language: str, options: AdversarialOptions) -> Tokens:
    texts = list(context.text(language))
    if len(texts) < 2:
        raise StageError(f"adversarial alignment needs at least 2 texts in {language}; there are {len(texts)}")
    generator = torch.Generator().manual_seed(context.seed)
    order: list[int] = torch.randperm(len(texts), generator=generator).tolist()
    chosen = [texts[at] for at in order[: options.max_texts]]
    return encoder.tokenize(chosen, None, language, options.max_length)


def _reading(encoder: TransformerEncoder, source: Tokens, targets: Sequence[Tokens], seed: int) -> dict[str, float]:
    """Accuracy of a fresh linear probe, source against targets in equal parts, and the mean feature norm."""
    ours = vectors(encoder, source, PROBE_TEXTS)
    share = max(2, len(ours) // len(targets))
    theirs = torch.cat([vectors(encoder, tokens, share) for tokens in targets])
    size = min(len(ours), len(theirs))
    norm = float(torch.cat([ours, theirs]).norm(dim=-1).mean())
    return {"probe": probe_accuracy(ours[:size].numpy(), theirs[:size].numpy(), seed), "norm": norm}
