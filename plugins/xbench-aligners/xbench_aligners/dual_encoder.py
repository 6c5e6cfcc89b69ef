"""Dual-encoder translation ranking: a sentence's translation is to be nearer than all others of the batch."""

from dataclasses import dataclass
from typing import Any

from xbench.contracts import Context, Resource, Scope
from xbench_aligners.saving import Means
from xbench_aligners.sentences import BitextOptions, RankingOptions


@dataclass(frozen=True)
class DualEncoderOptions(BitextOptions, RankingOptions):
    """A translation must be nearer than the others by `margin`."""

    margin: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.margin < 0:
            raise ValueError("margin must be 0 or more")


class DualEncoder(Means):
    """Sentence alignment by translation ranking with an additive margin (Yang et al. 2019; LaBSE, Feng et al. 2022).

    min of l(a to b) + l(b to a) over batches of N pairs, with the cosine c, scale s and margin m:
    l(a to b) = -1/N sum_i log( e^{s(c(a_i,b_i)-m)} / (e^{s(c(a_i,b_i)-m)} + sum_{j≠i} e^{s c(a_i,b_j)}) ).
    The other sentences of the batch are the negatives. So a batch is of one target language, and no text of either
    side is in it twice, for a translation must not be its own negative. Vectors are means of the last states without
    the special tokens. Large batches, which give many negatives, need not fit into memory: with `micro_batch` gradients
    are cached (GradCache, Gao et al. 2021, https://aclanthology.org/2021.repl4nlp-1.31/).

    Logged: updates, tokens, losses, pairs by language, mean cosines of pairs and of others before and after, and as
    `degenerate` vectors that collapsed to a point.
    """

    name = "dual-encoder"
    version = 1
    summary = "sentence alignment by translation ranking (parallel sentences): dual-encoder[scale=20,margin=0.3]"
    citation = "Feng et al. 2022, Language-agnostic BERT Sentence Embedding, ACL"
    Options = DualEncoderOptions

    def needs(self, options: DualEncoderOptions) -> frozenset[Resource]:
        """Parallel sentences."""
        return frozenset({Resource.PARALLEL})

    def scope(self, options: DualEncoderOptions) -> Scope:
        """All targets together: one encoder serves them all."""
        return Scope.JOINT

    def fit(self, encoder: Any, options: DualEncoderOptions, context: Context) -> Any:
        """Train the encoder in place; see `xbench_aligners.ranking`."""
        from xbench_aligners.ranking import align

        return align(encoder, options, context)
