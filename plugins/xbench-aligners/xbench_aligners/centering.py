"""Centring: take out of the states what is the same in all texts of a language."""

from dataclasses import dataclass
from typing import Any

from xbench.contracts import Context, Resource, Scope
from xbench_aligners.saving import Mapped


@dataclass(frozen=True)
class CenteringOptions:
    """`directions` is how many principal directions of each language go, in place of its mean; 0 is the mean.

    `max_texts` of each language are drawn; so many are 200 batches of 32.
    """

    directions: int = 0
    max_texts: int = 6400
    max_length: int = 128

    def __post_init__(self) -> None:
        if self.directions < 0 or self.max_texts < 2 or self.max_length < 8:
            raise ValueError("directions must be 0 or more, max_texts 2 or more, max_length at least 8")


class Centering(Mapped):
    """Move the mean of each target onto that of the source: h - mean_target + mean_source.

    Libovický et al. 2020, whose means become 0; moved onto the source's, they leave the source as it is. With
    `directions=r` it is LIR (Yang et al. 2021): h - C C'h of every language, the source among them, with C the first
    r right singular vectors of its own texts. Means and directions are those of unlabelled text, never of what is
    evaluated. A difference of means that is part of the task, where labels are not equally common in both languages,
    goes too; spaces that are turned against each other stay so.
    """

    name = "centering"
    version = 1
    summary = "each target's mean moved onto the source's, or directions=r taken out of every language (text only)"
    citation = "Libovický et al. 2020, On the Language Neutrality of Multilingual Representations, https://arxiv.org/abs/2004.05160"
    Options = CenteringOptions

    def needs(self, options: CenteringOptions) -> frozenset[Resource]:
        """Unlabelled text of both sides."""
        return frozenset({Resource.SOURCE_TEXT, Resource.TARGET_TEXT})

    def scope(self, options: CenteringOptions) -> Scope:
        """All targets, each fitted apart."""
        return Scope.JOINT

    def fit(self, encoder: Any, options: CenteringOptions, context: Context) -> Any:
        """Map every language; see `xbench_aligners.linear`."""
        from xbench_aligners.linear import fit_centering

        return fit_centering(encoder, options, context)
