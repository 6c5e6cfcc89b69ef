"""Words that give way to their translations, as views of a text are made of them."""

import random
from collections.abc import Mapping, Sequence

from xbench.contracts import FitContext, Resource
from xbench_methods.lexicon import Lexicon


def dictionaries(context: FitContext) -> dict[str, Lexicon]:
    """The translations of the source's words, by target that there are any of."""
    pairs = {target: context.pairs(Resource.DICTIONARY, target) for target in context.paired(Resource.DICTIONARY)}
    return {target: Lexicon.of(rows) for target, rows in pairs.items()}


class Switch:
    """Replaces each word with the chance `ratio` by a translation into a target that is drawn, if it has one."""

    def __init__(self, lexicons: Mapping[str, Lexicon], ratio: float, seed: int) -> None:
        self.lexicons, self.ratio = list(lexicons.values()), ratio
        self.draw = random.Random(f"switch {seed}")
        self.words = self.switched = 0

    def __call__(self, words: Sequence[str]) -> list[str]:
        """As many words."""
        self.words += len(words)
        return [self._switched(word) for word in words]

    def rate(self) -> float:
        """The share of words so far that were replaced."""
        return self.switched / max(1, self.words)

    def _switched(self, word: str) -> str:
        if not self.lexicons or self.draw.random() >= self.ratio:
            return word
        _, found = self.draw.choice(self.lexicons).match(word, [(0, len(word))], 0)
        self.switched += bool(found)
        return self.draw.choice(found) if found else word
