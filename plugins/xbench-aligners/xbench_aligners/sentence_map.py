"""Sentence map: a linear map of each target's states onto the source's, from parallel sentences."""

from dataclasses import dataclass
from typing import Any, Literal

from xbench.contracts import Context, Resource, Scope
from xbench_aligners.saving import Mapped


@dataclass(frozen=True)
class SentenceMapOptions:
    """`penalty` is that of the ridge, in units of the mean sum of squares of the target's dimensions; 0 is none.

    `parallel` names the resource; `max_pairs` of its pairs are drawn.
    """

    solver: Literal["procrustes", "ridge", "cca"] = "procrustes"
    penalty: float = 0.1
    max_pairs: int = 10_000
    max_length: int = 128
    parallel: str = "auto"

    def __post_init__(self) -> None:
        if self.penalty < 0 or self.max_pairs < 1 or self.max_length < 8:
            raise ValueError("penalty must be 0 or more, max_pairs 1 or more, max_length at least 8")


class SentenceMap(Mapped):
    """A linear map between sentence vectors of the frozen encoder, applied to its states.

    Sentences are means of their states, so a map of the one is a map of the other. Both sides are centred, which is
    folded into the map. `procrustes` is min |Y W - X| over orthogonal W; `ridge` min |Y W - X|^2 + l |W|^2 (Mikolov
    et al. 2013; least squares, without l, in Libovický et al. 2020); `cca` maps both sides to where they correlate
    most (Faruqui and Dyer 2014), the source too, so for one target at a time.

    Logged for each target: its pairs, how many of them the map recovers, and a note where there are fewer pairs than
    dimensions; twice as many are advised.
    """

    name = "sentence-map"
    version = 1
    summary = "linear map of each target from parallel sentences: sentence-map[solver=procrustes|ridge|cca]"
    citation = "Libovický et al. 2020, On the Language Neutrality of Multilingual Representations, https://arxiv.org/abs/2004.05160"
    Options = SentenceMapOptions

    def needs(self, options: SentenceMapOptions) -> frozenset[Resource]:
        """Parallel sentences."""
        return frozenset({Resource.PARALLEL})

    def scope(self, options: SentenceMapOptions) -> Scope:
        """All targets, each fitted apart; one where the source is mapped for it."""
        return Scope.PAIRWISE if options.solver == "cca" else Scope.JOINT

    def fit(self, encoder: Any, options: SentenceMapOptions, context: Context) -> Any:
        """Map every target that has parallel sentences; see `xbench_aligners.linear`."""
        from xbench_aligners.linear import fit_sentence_map

        return fit_sentence_map(encoder, options, context)
