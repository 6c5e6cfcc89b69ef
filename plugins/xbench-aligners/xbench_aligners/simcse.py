"""Contrastive learning without pairs: a sentence is to be nearer to itself under another dropout than to others."""

from dataclasses import dataclass
from typing import Any

from xbench.contracts import Context, Resource, Scope
from xbench_aligners.saving import Means
from xbench_aligners.sentences import RankingOptions


@dataclass(frozen=True)
class SimcseOptions(RankingOptions):
    """Batch, rate and length are those of mSimCSE's scripts."""

    batch_size: int = 128
    learning_rate: float = 1e-5
    max_length: int = 32
    max_texts: int = 50_000

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_texts < 2:
            raise ValueError("max_texts must be 2 or more")


class Simcse(Means):
    """Sentence alignment without parallel text: unsupervised mSimCSE (Wang et al. 2022; SimCSE, Gao et al. 2021).

    min over batches of N sentences of the source of  -1/N sum_i log( e^{s c(u_i,v_i)} / sum_j e^{s c(u_i,v_j)} ),
    where u and v are the vectors of two passes that differ by their dropout alone, c is the cosine and s the scale.
    In a multilingual encoder what spreads the source's sentences spreads the targets', of which nothing is read.
    Unlike there, vectors are means of the last states without the special tokens, and no layer is added in training.

    Logged: updates, tokens, losses, texts, mean cosines of different sentences before and after, and as `degenerate`
    vectors that collapsed to a point.
    """

    name = "simcse"
    version = 1
    summary = "sentence alignment by contrast of the source's own sentences, no pairs (unlabelled text of the source)"
    citation = (
        "Wang et al. 2022, English Contrastive Learning Can Learn Universal Cross-lingual Sentence Embeddings, EMNLP"
    )
    Options = SimcseOptions

    def needs(self, options: SimcseOptions) -> frozenset[Resource]:
        """Unlabelled text of the source."""
        return frozenset({Resource.SOURCE_TEXT})

    def scope(self, options: SimcseOptions) -> Scope:
        """The source alone."""
        return Scope.SOURCE

    def fit(self, encoder: Any, options: SimcseOptions, context: Context) -> Any:
        """Train the encoder in place; see `xbench_aligners.ranking`."""
        from xbench_aligners.ranking import spread

        return spread(encoder, options, context)
