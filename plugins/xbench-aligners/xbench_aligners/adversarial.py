"""Adversarial alignment: move languages together until a discriminator cannot tell source from target."""

from dataclasses import dataclass
from typing import Any, Literal

from xbench.contracts import Context, Resource, Scope
from xbench_aligners.saving import Weights


@dataclass(frozen=True)
class AdversarialOptions:
    """What decides the alignment; rates and sizes follow the usual choices for transformers.

    `restarts` is how many runs are made, each from a seed of its own, to keep one of.
    """

    steps: int = 200
    batch_size: int = 32
    learning_rate: float = 2e-5
    discriminator_learning_rate: float = 1e-3
    lambda_max: float = 0.1
    anchor: float = 1.0
    hidden: int = 256
    max_length: int = 64
    max_texts: int = 2000
    mode: Literal["reversal", "alternating"] = "reversal"
    restarts: int = 1
    precision: Literal["auto", "fp32", "bf16"] = "auto"

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch_size < 2 or self.max_texts < 2 or self.lambda_max < 0 or self.anchor < 0:
            raise ValueError(
                "steps must be 1 or more, batch_size and max_texts 2 or more, lambda_max and anchor 0 or more"
            )
        if self.restarts < 1:
            raise ValueError("restarts counts the runs and must be 1 or more")


class Adversarial(Weights):
    """Domain-adversarial alignment of languages by gradient reversal, or by turns.

    Ganin et al. 2016 (JMLR 17, eq. 13-15), across languages as in Chen et al. 2018 and Keung et al. 2019:
    min over E, max over D of  -lambda(p) CE(D(pool(E(x))), language) + anchor ||pool(E(x)) - pool(E_0(x))||^2 / d.
    D tells source from target in batches of equally many rows of each, has its own optimiser, and gets the unscaled
    gradient. lambda(p) = lambda_max (2 / (1 + exp(-10 p)) - 1) over the progress p. An aligner sees no labels, so
    the anchor to the encoder E_0 it started from stands where the task loss stands in the papers: without it a
    constant encoder is the best answer. Works on one shared encoder and on paired monolingual ones.

    With `mode=alternating` encoder and discriminator take turns, an update each, as in Keung et al. 2019: the encoder
    moves by lambda(p) CE with flipped labels against a discriminator that stands still. `restarts` above 1 makes as
    many runs and keeps the one whose states a fresh probe reads least of, of those that did not collapse (mean norm
    of the states below half of what it was); where all did, the result says that it is degenerate.

    Logged: the discriminator's accuracy in the loop (mean of the last tenth) and that of a linear probe trained
    afresh on the states before and after: a discriminator at 50 % does not mean that language cannot be read.
    """

    name = "adversarial"
    version = 1
    summary = "adversarial alignment by gradient reversal (unlabelled text of source and targets)"
    citation = "Ganin et al. 2016, Domain-Adversarial Training of Neural Networks, JMLR 17"
    Options = AdversarialOptions

    def needs(self, options: AdversarialOptions) -> frozenset[Resource]:
        """Unlabelled text of both sides."""
        return frozenset({Resource.SOURCE_TEXT, Resource.TARGET_TEXT})

    def scope(self, options: AdversarialOptions) -> Scope:
        """All targets together: one alignment serves them all."""
        return Scope.JOINT

    def fit(self, encoder: Any, options: AdversarialOptions, context: Context) -> Any:
        """Train the encoder in place; see `xbench_aligners.reversal`."""
        from xbench_aligners.reversal import align

        return align(encoder, options, context)
