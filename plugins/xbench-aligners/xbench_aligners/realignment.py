"""Contrastive realignment: the loss on linked words, its objective, and what is read before and after."""

from collections.abc import Sequence

import torch
from xbench_encoders.encoder import TransformerEncoder
from xbench_encoders.held_out import split
from xbench_encoders.sampling import drawn_from
from xbench_encoders.training import TrainingContext, TrainingOptions, adamw, train

from xbench.contracts import Context, Resource
from xbench.errors import StageError
from xbench_aligners.freezing import frozen
from xbench_aligners.lexicon import drawn
from xbench_aligners.linked_words import LinkedBitext, linked_by_dictionary, linked_by_states, span_states, tokenized
from xbench_aligners.realign import RealignOptions

MOST_HELD_OUT = 100  # pairs of a target
PROJECTED = 128


def contrastive(similarities: torch.Tensor, loss: str) -> torch.Tensor:
    """The mean negative log-likelihood of each word's counterpart, from (2n, 2n) similarities over temperature.

    Rows are n source words and then their counterparts in order. `strong` tells it from all words but itself, `weak`
    from those of the other side.
    """
    size = len(similarities)
    places = torch.arange(size, device=similarities.device)
    sides = places if loss == "strong" else places >= size // 2
    apart = similarities.masked_fill(sides[:, None] == sides[None, :], -torch.inf)
    return torch.nn.functional.cross_entropy(apart, places.roll(size // 2))


class Projection(torch.nn.Module):
    """d -> d -> 128 with one ReLU and no biases; rows of unit length."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(dimension, dimension, bias=False),
            torch.nn.ReLU(),
            torch.nn.Linear(dimension, PROJECTED, bias=False),
        )

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """(words, dimension) to (words, 128)."""
        return torch.nn.functional.normalize(self.layers(states), dim=-1)


class _Trained(torch.nn.Module):
    """Encoder and projection as one module."""

    def __init__(self, encoder: torch.nn.Module, projection: Projection) -> None:
        super().__init__()
        self.encoder, self.projection = encoder, projection


class Realigning:
    """Objective: a row is a pair of sentences, and all linked words of a batch are told from each other."""

    splittable = False

    def __init__(
        self, encoder: TransformerEncoder, bitexts: Sequence[LinkedBitext], options: RealignOptions, seed: int
    ) -> None:
        self.encoder, self.bitexts, self.options = encoder, bitexts, options
        with drawn_from(seed):
            self.projection = Projection(encoder.dimension).to(encoder.device)
        self.module: torch.nn.Module = _Trained(encoder.module, self.projection)
        self.rows = [(at, row) for at, bitext in enumerate(bitexts) for row in range(len(bitext.links))]
        self.lengths = [length for bitext in bitexts for length in bitext.lengths]
        self.start = [(one, one.detach().clone()) for one in encoder.module.parameters() if one.requires_grad]

    def optimizers(self, options: TrainingOptions) -> list[torch.optim.Optimizer]:
        """AdamW over everything that is not frozen."""
        return [adamw(self.module, options)]

    def loss(self, rows: Sequence[int], progress: float) -> torch.Tensor:
        """The contrastive loss of all linked words of these rows, plus the anchor."""
        members: dict[int, list[int]] = {}
        for at, row in (self.rows[row] for row in rows):
            members.setdefault(at, []).append(row)
        sides = [words_of(self.encoder, self.bitexts[at], of, self.options.layer) for at, of in members.items()]
        vectors = self.projection(torch.cat([part for side in zip(*sides, strict=True) for part in side]))
        loss = contrastive((vectors @ vectors.T).float() / self.options.temperature, self.options.loss)
        return loss + self.options.anchor * self.distance() if self.options.anchor else loss

    def distance(self) -> torch.Tensor:
        """How far the parameters are from where they were: ||theta - theta_0||."""
        apart = [torch.linalg.vector_norm(one - before) for one, before in self.start]
        distance: torch.Tensor = torch.linalg.vector_norm(torch.stack(apart))
        return distance


def words_of(
    encoder: TransformerEncoder, bitext: LinkedBitext, rows: Sequence[int], layer: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The states of linked words of the rows, (links, dimension), and those of their counterparts."""
    ours, theirs = ([[link[side] for link in bitext.links[row]] for row in rows] for side in (0, 1))
    source = span_states(encoder, bitext.source, rows, ours, layer)
    return source, span_states(encoder, bitext.target, rows, theirs, layer)


def found_again(encoder: TransformerEncoder, bitext: LinkedBitext, layer: int) -> float:
    """How often a linked word is nearest, by cosine, to its counterpart among all of them, both ways (%)."""
    with torch.inference_mode():
        parts = [words_of(encoder, bitext, [row], layer) for row in range(len(bitext.links))]
        x, y = (torch.nn.functional.normalize(torch.cat(side), dim=-1) for side in zip(*parts, strict=True))
        cosines, wanted = x @ y.T, torch.arange(len(x), device=x.device)
        right = [(one.argmax(dim=1) == wanted).float().mean() for one in (cosines, cosines.T)]
    return 50.0 * float(sum(right))


def realign(encoder: TransformerEncoder, options: RealignOptions, context: Context) -> TransformerEncoder:
    """Train the encoder in place; log sentences, links, losses, distance and how often words are found again."""
    taught, measured = {}, {}
    for target in context.paired(Resource.PARALLEL):
        if options.links == "argmax" or target in context.paired(Resource.DICTIONARY):
            measured[target], taught[target] = _linked(encoder, target, options, context)
    if not taught:
        raise StageError(f"there are no parallel sentences of {context.source} that could be linked")
    before = {target: found_again(encoder, bitext, options.layer) for target, bitext in measured.items()}
    with frozen(encoder, options.freeze):
        objective = Realigning(encoder, list(taught.values()), options, context.seed)
        log = train(
            objective,
            TrainingOptions(
                steps=options.steps,
                batch_size=options.batch_size,
                learning_rate=options.learning_rate,
                precision=options.precision,
            ),
            TrainingContext(context.seed, encoder.device, context.progress),
        )
    after = {target: found_again(encoder, bitext, options.layer) for target, bitext in measured.items()}
    context.log("updates", log.steps)
    context.log("sentences", {target: len(bitext.links) for target, bitext in taught.items()})
    context.log("links", {target: sum(map(len, bitext.links)) for target, bitext in taught.items()})
    context.log("losses", [round(loss, 4) for loss in log.losses])
    context.log("precision", log.precision)
    context.log("trained_parameters", log.trained_parameters)
    context.log("distance", round(float(objective.distance().detach()), 6))
    context.log("found_again_before", {target: round(share, 2) for target, share in before.items()})
    context.log("found_again", {target: round(share, 2) for target, share in after.items()})
    if sum(after.values()) < sum(before.values()):
        context.log("degenerate", "linked words of held-out sentences find each other less often than before")
    return encoder


def _linked(
    encoder: TransformerEncoder, target: str, options: RealignOptions, context: Context
) -> tuple[LinkedBitext, LinkedBitext]:
    """Linked sentences of a target: those that measure and those that teach."""
    pairs = drawn(context, Resource.PARALLEL, target, options.max_pairs)
    if options.links == "dictionary":
        linked = linked_by_dictionary(pairs, context.pairs(Resource.DICTIONARY, target))
    else:
        linked = linked_by_states(encoder, pairs, target, context.source, _link_layer(encoder, context, options))
    bitext = tokenized(encoder, pairs, linked, (context.source, target), options.max_length)
    count = len(bitext.links)
    if count < 2:
        raise StageError(f"realignment needs 2 pairs of sentences with linked words or more; {target} has {count}")
    measured, taught = split(count, torch.Generator().manual_seed(context.seed), MOST_HELD_OUT)
    return bitext.part(measured), bitext.part(taught)


def _link_layer(encoder: TransformerEncoder, context: Context, options: RealignOptions) -> int:
    """`auto` is two thirds of the way up, as SimAlign's 8 of 12 (Jalili Sabet et al. 2020)."""
    if options.link_layer != "auto":
        return options.link_layer
    return round(2 / 3 * int(encoder.tower(context.source).module.config.num_hidden_layers))
