"""VecMap: map each target's states onto the source's by self-learning, from a dictionary or from nothing."""

from dataclasses import dataclass
from typing import Any, Literal

from xbench.contracts import Context, Resource, Scope
from xbench_aligners.saving import Mapped


@dataclass(frozen=True)
class VecmapAlignerOptions:
    """`start` is what the learning starts from, `vocabulary` how many words of each side take part.

    `interval` is after how many idle rounds more scores are kept; of the `restarts` the best counts. `dictionary`
    names the resource; `max_pairs` of its pairs are drawn.
    """

    start: Literal["dictionary", "identical", "none"] = "none"
    two_sided: bool = False
    restarts: int = 3
    vocabulary: int = 5_000
    interval: int = 50
    max_pairs: int = 10_000
    dictionary: str = "auto"

    def __post_init__(self) -> None:
        if min(self.restarts, self.vocabulary, self.interval, self.max_pairs) < 1:
            raise ValueError("restarts, vocabulary, interval and max_pairs must be 1 or more")


class Vecmap(Mapped):
    """A map of each target's states onto the source's, learnt from few pairs or none.

    Artetxe et al. 2018: W is solved on pairs, words are paired anew by CSLS under W, each score kept with a
    probability that grows, and so on while J = (mean_i max_j S_ij + mean_j max_i S_ij) / 2 rises. It starts from a
    dictionary, from words that are spelt the same, or from words whose similarities within their own language are
    distributed alike. The tables are the frequent words of unlabelled texts, each encoded alone, of length one,
    centred, and of length one again; how that is folded into the map, see `procrustes`. The last map is orthogonal
    and leaves the source alone; `two_sided` ends with the re-weighting of the paper, which maps the source too, for
    one target at a time.

    Logged for each target: J by round, how many of the pairs it started from the map recovers; as `degenerate` where
    J ends below 0.9, as it does on spaces that have nothing in common.
    """

    name = "vecmap"
    version = 1
    summary = "map of each target by self-learning on unlabelled text: vecmap[start=dictionary|identical|none]"
    citation = "Artetxe et al. 2018, A robust self-learning method, ACL, https://arxiv.org/abs/1805.06297"
    Options = VecmapAlignerOptions

    def needs(self, options: VecmapAlignerOptions) -> frozenset[Resource]:
        """Unlabelled text of both sides, and a dictionary where it starts from one."""
        start = {Resource.DICTIONARY} if options.start == "dictionary" else set()
        return frozenset({Resource.SOURCE_TEXT, Resource.TARGET_TEXT, *start})

    def scope(self, options: VecmapAlignerOptions) -> Scope:
        """All targets, each fitted apart; one where the source is mapped for it."""
        return Scope.PAIRWISE if options.two_sided else Scope.JOINT

    def fit(self, encoder: Any, options: VecmapAlignerOptions, context: Context) -> Any:
        """Map every target; see `xbench_aligners.linear`."""
        from xbench_aligners.linear import fit_vecmap

        return fit_vecmap(encoder, options, context)
