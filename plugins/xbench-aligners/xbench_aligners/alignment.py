"""The diagnostic `alignment`: how well two languages meet in an encoder, apart from any task."""

from collections.abc import Mapping
from typing import Any

from xbench.contracts import HeldOut


class Alignment:
    """Readings of the mean vectors of parallel sentences and of dictionary words that no fit has read.

    Of parallel sentences: `retrieval` and `retrieval back`, how often a sentence is nearest to its counterpart by
    cosine, source to target and target to source (%); `gap`, the mean cosine of pairs less that of others, times 100;
    `hubs`, how many sentences choose the one in a hundred that is chosen most (%; 1 is the least); `language probe`,
    the held-out accuracy of a linear probe trained afresh to tell the languages apart (%; 50 is chance);
    `tokens per word`, of the target, where it is written with blanks (its fertility, punctuation's tokens among them).
    Of a dictionary: `words`, P@1 by CSLS (Conneau et al. 2018, https://arxiv.org/abs/1710.04087) of the source words
    that have a vector among the dictionary's target words (%), `coverage`, how many have one (%), and `words of all`,
    the product of both. Fewer than 20 pairs give no readings. None of them says what a task will gain: see Glavas et
    al. 2019, https://aclanthology.org/P19-1070/.
    """

    name = "alignment"
    version = 2
    summary = "retrieval both ways, cosine gap, hubs, a fresh language probe; fertility; word translation by CSLS"

    def measure(self, encoder: Any, pairs: HeldOut) -> Mapping[str, float]:
        """The readings that the pairs allow; none of an encoder that is not one of towers."""
        from xbench_encoders.encoder import TransformerEncoder

        if not isinstance(encoder, TransformerEncoder):
            return {}
        from xbench_aligners.measuring import of_sentences, of_words

        return {**of_sentences(encoder, pairs), **of_words(encoder, pairs)}
