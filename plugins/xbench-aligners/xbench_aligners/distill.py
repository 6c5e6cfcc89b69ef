"""Multilingual knowledge distillation: translations learn the vectors that a teacher gives their sources."""

from dataclasses import dataclass
from typing import Any, Literal

from xbench.contracts import Context, Resource, Scope
from xbench_aligners.saving import Means
from xbench_aligners.sentences import BitextOptions


@dataclass(frozen=True)
class DistillOptions(BitextOptions):
    """Who teaches: the encoder as it was (`self`) or a model, and what of its last states is a sentence's vector.

    `mean` leaves the special tokens out, as the student's vectors do; most models of sentence-transformers were
    trained with `mean-all`, LaBSE with `cls`.
    """

    teacher: str = "self"
    teacher_pooling: Literal["mean", "mean-all", "cls"] = "mean"


class Distill(Means):
    """Sentence alignment by multilingual knowledge distillation (Reimers and Gurevych 2020, EMNLP, eq. 1).

    min over the student E of the mean over pairs (s, t) of  ½ (|E(s) - M(s)|² + |E(t) - M(s)|²) / d,
    with the vectors M(s) of a teacher that stays as it is; E(.) is the mean of the last states without the special
    tokens. With `teacher=self` the source stays where it is, and the targets come to it. A teacher of another width
    teaches by a fixed projection of its vectors: onto the directions in which they are longest where it is wider
    (their cosines change least), filled up with zeros where it is narrower.

    Logged: updates, tokens, losses, pairs by language, mean cosines of pairs and of others before and after, the
    teacher, and as `degenerate` vectors that collapsed to a point.
    """

    name = "distill"
    version = 1
    summary = "sentence alignment by distillation from a teacher (parallel sentences): distill[teacher=self|MODEL]"
    citation = "Reimers and Gurevych 2020, Making Monolingual Sentence Embeddings Multilingual, EMNLP"
    Options = DistillOptions

    def needs(self, options: DistillOptions) -> frozenset[Resource]:
        """Parallel sentences."""
        return frozenset({Resource.PARALLEL})

    def scope(self, options: DistillOptions) -> Scope:
        """All targets together: one student serves them all."""
        return Scope.JOINT

    def fit(self, encoder: Any, options: DistillOptions, context: Context) -> Any:
        """Train the encoder in place; see `xbench_aligners.distillation`."""
        from xbench_aligners.distillation import align

        return align(encoder, options, context)
