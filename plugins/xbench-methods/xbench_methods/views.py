"""Views of labelled rows that mean the same as they do: what consistency fine-tuning compares them with."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from xbench_encoders.encoder import Tokens, TransformerEncoder, joined
from xbench_encoders.resegmenting import read_anew
from xbench_encoders.segmentation import Cutter

from xbench_methods import classifier
from xbench_methods.classifier import Classifier
from xbench_methods.labelled_rows import Change
from xbench_methods.learners import Set

Scoring = Callable[[Any], torch.Tensor]  # a predictor's label scores of one view of some rows, as of the rows


class View(Protocol):
    """Draws a view of rows."""

    def begin(self, epoch: int) -> None:
        """Draw as of this epoch."""

    def __call__(self, rows: Sequence[int]) -> Scoring:
        """One view of these rows, which any predictor may score."""


class Itself:
    """The rows as they are."""

    def __init__(self, examples: Any) -> None:
        self.examples = examples

    def begin(self, epoch: int) -> None:
        """Nothing is drawn."""

    def __call__(self, rows: Sequence[int]) -> Scoring:
        """The rows again."""
        return lambda predictor: self.examples.scores(predictor, self.examples.read, rows)


class Noisy(Itself):
    """The rows as they are, with Gaussian noise of the deviation `sigma` on the token embeddings of who learns."""

    def __init__(self, examples: Any, predictor: Any, sigma: float) -> None:
        super().__init__(examples)
        self.predictor, self.sigma = predictor, sigma

    def __call__(self, rows: Sequence[int]) -> Scoring:
        """Any other predictor scores them without noise."""
        scoring = super().__call__(rows)

        def scored(predictor: Any) -> torch.Tensor:
            if predictor is not self.predictor:
                return scoring(predictor)
            with noisy(predictor.encoder, self.examples.language, self.sigma):
                return scoring(predictor)

        return scored


@contextmanager
def noisy(encoder: TransformerEncoder, language: str, sigma: float) -> Iterator[None]:
    """Inside, the token embeddings of a language have Gaussian noise of this standard deviation."""
    table = encoder.tower(language).module.get_input_embeddings()

    def add(_module: Any, _inputs: Any, states: torch.Tensor) -> torch.Tensor:
        return states + sigma * torch.randn_like(states)

    handle = table.register_forward_hook(add)
    try:
        yield
    finally:
        handle.remove()


class Changed(Itself):
    """The rows with their words changed."""

    def __init__(self, examples: Any, change: Change) -> None:
        super().__init__(examples)
        self.change = change

    def __call__(self, rows: Sequence[int]) -> Scoring:
        """Changed once, for whoever scores them."""
        read, again = self.examples.changed(rows, self.change)
        return lambda predictor: self.examples.scores(predictor, read, again)


class Resegmented(Itself):
    """The rows with their words cut into other pieces, by seed, epoch and row."""

    def __init__(self, examples: Any, cutter: Cutter, seed: int) -> None:
        super().__init__(examples)
        self.cutter, self.seed, self.epoch = cutter, seed, 0

    def begin(self, epoch: int) -> None:
        """Draw as of this epoch."""
        self.epoch = epoch

    def __call__(self, rows: Sequence[int]) -> Scoring:
        """Cut once, for whoever scores them."""
        read, again = self.examples.reread(rows, self._by)
        return lambda predictor: self.examples.scores(predictor, read, again)

    def _by(self, row: int) -> TransformerEncoder:
        draw = random.Random(f"subword {self.seed} {self.epoch} {row}")
        return read_anew(self.examples.encoder, self.examples.language, self.cutter, draw)


class Translated(Itself):
    """The rows in a target that is drawn for each, by seed, epoch and row; `sets` are all rows in every target."""

    def __init__(self, examples: Any, predictor: Classifier, sets: Sequence[Set], seed: int) -> None:
        super().__init__(examples)
        self.seed, self.epoch = seed, 0
        parts: dict[str, list[Tokens]] = {}
        self.places: list[tuple[str, int]] = []  # by target, where its first row stands
        for language, translations in sets:
            of = parts.setdefault(predictor.encoder.share(language), [])
            self.places.append((predictor.encoder.share(language), sum(len(part.ids) for part in of)))
            of.append(classifier.part(predictor, translations, language)[0])
        self.tokens = {share: joined(of) for share, of in parts.items()}

    def begin(self, epoch: int) -> None:
        """Draw as of this epoch."""
        self.epoch = epoch

    def __call__(self, rows: Sequence[int]) -> Scoring:
        """Languages of one tower go through it together."""
        groups: dict[str, list[tuple[int, int]]] = {}
        for at, row in enumerate(rows):
            share, first = random.Random(f"translation {self.seed} {self.epoch} {row}").choice(self.places)
            groups.setdefault(share, []).append((at, first + row))
        order = torch.tensor([at for of in groups.values() for at, _ in of]).argsort()

        def scored(predictor: Any) -> torch.Tensor:
            found = [
                self.examples.scores(predictor, self.tokens[share], [row for _, row in of])
                for share, of in groups.items()
            ]
            return torch.cat(found)[order.to(found[0].device)]

        return scored
