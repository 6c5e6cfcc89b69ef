"""Ranking of a batch's sentences, with an additive margin or with themselves, by losses of sentence-transformers."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from sentence_transformers.util import cos_sim
from xbench_encoders.encoder import TransformerEncoder

from xbench.contracts import Context
from xbench_aligners.bitext import batches, read, read_alone
from xbench_aligners.dual_encoder import DualEncoderOptions
from xbench_aligners.sentence_training import Lessons, teach, wrapped
from xbench_aligners.simcse import SimcseOptions


class RankingLoss(MultipleNegativesRankingLoss):  # type: ignore[misc]
    """The library's loss in full precision: the scale asks for more digits of a cosine than bfloat16 has."""

    def compute_loss_from_embeddings(self, embeddings: Sequence[torch.Tensor], labels: Any = None) -> torch.Tensor:
        """From the vectors of both sides, (rows, dimension) each; row i of one is paired with row i of the other."""
        with torch.autocast(embeddings[0].device.type, enabled=False):
            found: torch.Tensor = super().compute_loss_from_embeddings(embeddings, labels)
        return found


class MarginRankingLoss(RankingLoss):
    """l(a to b) + l(b to a) of `DualEncoder`; without a margin the cross-entropies of both directions."""

    def __init__(self, model: Any, scale: float, margin: float) -> None:
        directions = ("query_to_doc", "doc_to_query")
        super().__init__(model, scale, less(margin), directions=directions, partition_mode="per_direction")

    def compute_loss_from_embeddings(self, embeddings: Sequence[torch.Tensor], labels: Any = None) -> torch.Tensor:
        """The sum of the directions, of which the library gives the mean."""
        return 2.0 * super().compute_loss_from_embeddings(embeddings, labels)


def less(margin: float) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """The cosines of all rows with all rows, those of pairs less the margin."""

    def similarity(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        cosines: torch.Tensor = cos_sim(first, second)
        return cosines - margin * torch.eye(len(cosines), dtype=cosines.dtype, device=cosines.device)

    return similarity


def align(encoder: TransformerEncoder, options: DualEncoderOptions, context: Context) -> TransformerEncoder:
    """Train the encoder in place to rank translations first."""
    bitext = read(encoder, options, context)
    groups = batches(bitext, options.steps, options.batch_size, options.alpha, context.seed)
    loss = MarginRankingLoss(wrapped(encoder), options.scale, options.margin)
    teach(encoder, Lessons(bitext, groups, loss, splittable=False), options, context)
    return encoder


def spread(encoder: TransformerEncoder, options: SimcseOptions, context: Context) -> TransformerEncoder:
    """Train the encoder in place to know the source's sentences again under another dropout."""
    bitext = read_alone(encoder, options, context)
    groups = batches(bitext, options.steps, options.batch_size, 1.0, context.seed)
    teach(encoder, Lessons(bitext, groups, RankingLoss(wrapped(encoder), options.scale), False), options, context)
    return encoder
