"""RCSLS: map each target's states onto the source's by the criterion that words are retrieved with."""

from dataclasses import dataclass
from typing import Any, Literal

from xbench.contracts import Context, Resource, Scope
from xbench_aligners.saving import Mapped


@dataclass(frozen=True)
class RcslsAlignerOptions:
    """The authors' choices, with the spectral constraint; `vocabulary` words of each side are what is not paired.

    `dictionary` names the resource; `max_pairs` of its pairs are drawn.
    """

    normalise: Literal["iterative", "unit"] = "iterative"
    neighbours: int = 10
    iterations: int = 10
    learning_rate: float = 1.0
    vocabulary: int = 5_000
    max_pairs: int = 10_000
    dictionary: str = "auto"

    def __post_init__(self) -> None:
        if min(self.neighbours, self.vocabulary, self.max_pairs) < 1 or self.iterations < 0:
            raise ValueError("neighbours, vocabulary and max_pairs must be 1 or more, iterations 0 or more")
        if self.learning_rate < 1e-4:
            raise ValueError("learning_rate must be 0.0001 or more, which is where it stops being halved")


class Rcsls(Mapped):
    """A linear map of each target's states, trained on relaxed CSLS.

    min over |W|_2 <= 1 of the mean over pairs of -2 <y W, x> + mean_k <y W, x'> + mean_k <y' W, x>, x' and y' the k
    nearest words of either language (Joulin et al. 2018), from the Procrustes map on. The negatives are the frequent
    words of the unlabelled texts and those of the dictionary, each encoded alone. Normalisation as in `procrustes`;
    W is no isometry, so mapped states are divided by their mean length, where the paper divides each by its own.

    Logged for each target: as `procrustes`, with the loss by iteration, and a note below 1000 pairs, which it fits
    rather than the language.
    """

    name = "rcsls"
    version = 1
    summary = "linear map of each target trained on the retrieval criterion (dictionary and unlabelled text)"
    citation = "Joulin et al. 2018, Loss in Translation, EMNLP, https://arxiv.org/abs/1804.07745"
    Options = RcslsAlignerOptions

    def needs(self, options: RcslsAlignerOptions) -> frozenset[Resource]:
        """A dictionary, and unlabelled text of both sides."""
        return frozenset({Resource.DICTIONARY, Resource.SOURCE_TEXT, Resource.TARGET_TEXT})

    def scope(self, options: RcslsAlignerOptions) -> Scope:
        """All targets, each fitted apart."""
        return Scope.JOINT

    def fit(self, encoder: Any, options: RcslsAlignerOptions, context: Context) -> Any:
        """Map every target that has a dictionary; see `xbench_aligners.linear`."""
        from xbench_aligners.linear import fit_rcsls

        return fit_rcsls(encoder, options, context)
