"""LEACE: one affine map for all languages, after which no linear classifier can tell them apart."""

from dataclasses import dataclass
from typing import Any

from xbench.contracts import Context, Resource, Scope
from xbench_aligners.saving import Mapped


@dataclass(frozen=True)
class LeaceOptions:
    """`max_texts` of each language are drawn."""

    max_texts: int = 6400
    max_length: int = 128

    def __post_init__(self) -> None:
        if self.max_texts < 2 or self.max_length < 8:
            raise ValueError("max_texts must be 2 or more, max_length at least 8")


class Leace(Mapped):
    """Erase the language from the states: h - W^+ P W (h - mean), the same for source and targets.

    Belrose et al. 2023: of all affine maps that give every language the same mean, the one that changes least in
    mean squares; W whitens the texts of all languages together, P projects onto their whitened means. What it
    promises is linear and of the texts it saw: other classifiers may still read the language.
    """

    name = "leace"
    version = 1
    summary = "least-squares concept erasure of the language from all states (text only)"
    citation = "Belrose et al. 2023, LEACE: Perfect linear concept erasure in closed form, NeurIPS, https://arxiv.org/abs/2306.03819"
    Options = LeaceOptions

    def needs(self, options: LeaceOptions) -> frozenset[Resource]:
        """Unlabelled text of both sides."""
        return frozenset({Resource.SOURCE_TEXT, Resource.TARGET_TEXT})

    def scope(self, options: LeaceOptions) -> Scope:
        """All targets together: one map serves them all."""
        return Scope.JOINT

    def fit(self, encoder: Any, options: LeaceOptions, context: Context) -> Any:
        """Map every language; see `xbench_aligners.linear`."""
        from xbench_aligners.linear import fit_leace

        return fit_leace(encoder, options, context)
