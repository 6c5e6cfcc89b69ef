"""Realignment: words that translate each other in parallel sentences are drawn together in their contexts."""

from dataclasses import dataclass
from typing import Any, Literal

from xbench.contracts import Context, Resource, Scope
from xbench_aligners.saving import Weights


@dataclass(frozen=True)
class RealignOptions:
    """What decides the realignment; layers are those of hidden states: 0 the embeddings, -1 the last.

    `links` are made before the training, by the encoder as it was: `argmax` on the states of `link_layer`, or those
    that a `dictionary` has. `batch_size` and `max_pairs` count pairs of sentences, the latter for each target.
    """

    links: Literal["argmax", "dictionary"] = "argmax"
    link_layer: int | Literal["auto"] = "auto"
    layer: int = -1
    loss: Literal["strong", "weak"] = "strong"
    freeze: Literal["none", "lower-half", "upper-half", "embeddings"] = "none"
    anchor: float = 0.0
    temperature: float = 0.1
    steps: int = 500
    batch_size: int = 16
    learning_rate: float = 2e-5
    max_length: int = 96
    max_pairs: int = 5000
    parallel: str = "auto"
    dictionary: str = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"

    def __post_init__(self) -> None:
        if min(self.steps, self.batch_size) < 1 or self.max_pairs < 2 or self.max_length < 8:
            raise ValueError("steps and batch_size must be 1 or more, max_pairs 2 or more, max_length 8 or more")
        if self.anchor < 0 or self.temperature <= 0 or self.learning_rate <= 0:
            raise ValueError("anchor must be 0 or more, temperature and learning_rate above 0")


class Realign(Weights):
    """Contrastive realignment on linked words of parallel sentences (Wu & Dredze 2020; Gaschi et al. 2023).

    For linked words (a, b) with the states h of `layer`, z = g(h) / ||g(h)||, g: d -> d -> 128 with one ReLU and no
    biases:  - mean over both directions of log( exp(z_a z_b / t) / sum over c of exp(z_a z_c / t) ),  t = 0.1.
    `strong`: c is any word of the batch but a itself; `weak`: any of the other language. `anchor` adds that many times
    ||theta - theta_0||, not squared (Wu & Dredze). A word is the mean of its sub-words, where the program of Gaschi et
    al. takes the sum; g is drawn from the seed and thrown away.

    `freeze` holds a part still while this goes on and no longer (AlignFreeze, Bakos et al. 2025): `lower-half` is the
    embeddings and the first half of the layers, `upper-half` all the rest. Writing without blanks counts characters as
    words. Reported effects depend on the task: tagging gains, question answering loses.

    Logged: sentences and links by target, losses, the distance of the parameters from where they were, and on one pair
    of sentences in ten, kept back, how often a linked word finds its counterpart by cosine among all of them, before
    and after. Where that fell, the run is degenerate.
    """

    name = "realign"
    version = 1
    summary = "contrastive realignment of linked words: realign[links=argmax|dictionary,freeze=none|lower-half|...]"
    citation = (
        "Wu & Dredze 2020, Do Explicit Alignments Robustly Improve Multilingual Encoders?, EMNLP, "
        "https://arxiv.org/abs/2010.02537"
    )
    Options = RealignOptions

    def needs(self, options: RealignOptions) -> frozenset[Resource]:
        """Parallel sentences, and a dictionary where it links them."""
        return frozenset({Resource.PARALLEL, *([Resource.DICTIONARY] if options.links == "dictionary" else [])})

    def scope(self, options: RealignOptions) -> Scope:
        """All targets together: one encoder serves them all."""
        return Scope.JOINT

    def fit(self, encoder: Any, options: RealignOptions, context: Context) -> Any:
        """Train the encoder in place; see `xbench_aligners.realignment`."""
        from xbench_aligners.realignment import realign

        return realign(encoder, options, context)
