"""Ranking of a batch's sentences, with an additive margin or with themselves, by losses of sentence-transformers."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from sentence_transformers.base.losses.gradcache import CachedLossMixin
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from sentence_transformers.util import cos_sim
from xbench_encoders.encoder import TransformerEncoder

from xbench.contracts import Context
from xbench_aligners.bitext import batches, read, read_alone
from xbench_aligners.dual_encoder import DualEncoderOptions
from xbench_aligners.sentence_training import Features, Lessons, teach, wrapped
from xbench_aligners.simcse import SimcseOptions


class RankingLoss(CachedLossMixin, MultipleNegativesRankingLoss):  # type: ignore[misc]
    """The library's loss in full precision: the scale asks for more digits of a cosine than bfloat16 has.

    With a `micro_batch` no more texts are encoded at once (GradCache, Gao et al. 2021): first without a graph, which
    gives the loss and its gradients by the vectors, then again with one, under the dropout of the first time, when
    `backward` is called. The library's own cached loss knows no margin, since it cuts the matrix of cosines.
    """

    def __init__(self, model: Any, scale: float, micro_batch: int | None = None, **settings: Any) -> None:
        super().__init__(model, scale, **settings)
        self.micro_batch = micro_batch
        self.precision: dict[str, Any] = {}

    def forward(self, sentence_features: Sequence[Features], labels: Any = None) -> torch.Tensor:
        """From what `Sentences.features` gives of both sides."""
        if self.micro_batch is None:
            whole: torch.Tensor = super().forward(sentence_features, labels)
            return whole
        self.mini_batch_size, of = self.micro_batch, self.model.device.type
        self.precision = {"dtype": torch.get_autocast_dtype(of), "enabled": torch.is_autocast_enabled(of)}
        found: torch.Tensor = self.forward_cached(sentence_features, labels)
        return found

    def embed_minibatch(self, *given: Any, **settings: Any) -> Any:
        """The vectors of a part, in the precision of the first pass: `backward` is called outside of autocast."""
        with torch.autocast(self.model.device.type, **self.precision):
            return super().embed_minibatch(*given, **settings)

    def calculate_loss(self, reps: Any, labels: Any = None, *, with_backward: bool = False) -> torch.Tensor:
        """From the vectors of both sides by parts; with `with_backward` these get their gradients."""
        found = self.compute_loss_from_embeddings([torch.cat(parts) for parts in reps], labels)
        if not with_backward:
            return found
        found.backward()  # type: ignore[no-untyped-call]
        return found.detach()

    def compute_loss_from_embeddings(self, embeddings: Sequence[torch.Tensor], labels: Any = None) -> torch.Tensor:
        """From the vectors of both sides, (rows, dimension) each; row i of one is paired with row i of the other."""
        with torch.autocast(embeddings[0].device.type, enabled=False):
            found: torch.Tensor = super().compute_loss_from_embeddings(embeddings, labels)
        return found


class MarginRankingLoss(RankingLoss):
    """l(a to b) + l(b to a) of `DualEncoder`; without a margin the cross-entropies of both directions."""

    def __init__(self, model: Any, scale: float, margin: float, micro_batch: int | None = None) -> None:
        both = {"directions": ("query_to_doc", "doc_to_query"), "partition_mode": "per_direction"}
        super().__init__(model, scale, micro_batch, similarity_fct=less(margin), **both)

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
    loss = MarginRankingLoss(wrapped(encoder), options.scale, options.margin, options.micro_batch)
    teach(encoder, Lessons(bitext, groups, loss, splittable=False), options, context)
    return encoder


def spread(encoder: TransformerEncoder, options: SimcseOptions, context: Context) -> TransformerEncoder:
    """Train the encoder in place to know the source's sentences again under another dropout."""
    bitext = read_alone(encoder, options, context)
    groups = batches(bitext, options.steps, options.batch_size, 1.0, context.seed)
    loss = RankingLoss(wrapped(encoder), options.scale, options.micro_batch)
    teach(encoder, Lessons(bitext, groups, loss, splittable=False), options, context)
    return encoder
