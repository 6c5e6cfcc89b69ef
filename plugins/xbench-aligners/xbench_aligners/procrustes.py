"""Procrustes: turn each target's states onto the source's, by a dictionary or by words linked in parallel text."""

from dataclasses import dataclass
from typing import Any, Literal

from xbench.contracts import Context, Resource, Scope
from xbench_aligners.saving import Mapped


@dataclass(frozen=True)
class ProcrustesOptions:
    """`anchors` are what is paired, `refine` how many rounds of refinement there are at most.

    `dictionary` or `parallel` names the resource; `max_pairs` of its pairs are drawn. `layer` is where words of
    parallel text are linked (none: the last, mapped).
    """

    anchors: Literal["dictionary", "parallel"] = "dictionary"
    normalise: Literal["iterative", "unit", "none"] = "iterative"
    refine: int = 5
    max_pairs: int = 10_000
    layer: int | None = None
    dictionary: str = "auto"
    parallel: str = "auto"

    def __post_init__(self) -> None:
        if self.refine < 0 or self.max_pairs < 1:
            raise ValueError("refine must be 0 or more, max_pairs 1 or more")


class Procrustes(Mapped):
    """An orthogonal map of each target's states onto the source's.

    min |Y W - X|_F over W'W = I (Schönemann 1966; Xing et al. 2015), by the singular value decomposition of Y'X, on
    words x_i, y_i that are paired: those of a dictionary, each encoded alone, or those that are linked in parallel
    text, by mutual argmax of the encoder's states (SimAlign, Jalili Sabet et al. 2020), each the mean of its states
    (Schuster et al. 2019). Then refined as in Conneau et al. 2018: the words of those tables that choose each other
    by CSLS are paired and W is solved again, as long as the mean cosine of the choices rises.

    Both tables are normalised first: `iterative` (Zhang et al. 2019), `unit` length, or not at all. Centring is folded
    into the map, so that the target's mean comes to lie on the source's; division by each row's own length, which is
    not affine, becomes one by the mean length. The source stays as it is: one source fit serves all targets, each of
    which is fitted apart.

    Logged for each target: its pairs, the sizes of the tables, the criterion by round, how many of its own pairs the
    map recovers, and a note where there are fewer pairs than dimensions, which do not determine a map. As
    `degenerate` a map that recovers no more of them than one of pairs drawn at random does of those.
    """

    name = "procrustes"
    version = 1
    summary = "orthogonal map of each target onto the source: procrustes[anchors=dictionary|parallel,refine=..]"
    citation = "Conneau et al. 2018, Word Translation Without Parallel Data, ICLR, https://arxiv.org/abs/1710.04087"
    Options = ProcrustesOptions

    def needs(self, options: ProcrustesOptions) -> frozenset[Resource]:
        """Pairs of words, or of sentences."""
        return frozenset({Resource.DICTIONARY if options.anchors == "dictionary" else Resource.PARALLEL})

    def scope(self, options: ProcrustesOptions) -> Scope:
        """All targets, each fitted apart."""
        return Scope.JOINT

    def fit(self, encoder: Any, options: ProcrustesOptions, context: Context) -> Any:
        """Map every target that has pairs; see `xbench_aligners.linear`."""
        from xbench_aligners.linear import fit_procrustes

        return fit_procrustes(encoder, options, context)
