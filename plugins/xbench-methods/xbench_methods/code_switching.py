"""Copies of a training set in which words are switched, and the objective that goes over one copy an epoch."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch
from xbench_encoders.training import TrainingOptions

from xbench.contracts import FitContext, TaskKind, TaskView
from xbench_methods.learners import LEARNERS
from xbench_methods.learning import PartsObjective, Run, learn, validation
from xbench_methods.lexicon import Lexicon, replaced, words_of
from xbench_methods.switching import dictionaries
from xbench_methods.translation import rewritten

if TYPE_CHECKING:
    import pyarrow as pa

    from xbench_methods.code_switch import CodeSwitchOptions


@dataclass
class Switcher:
    """Switches words of inputs; `switched` counts them by language, `words` all there were."""

    lexicons: Mapping[str, Lexicon]
    ratio: float
    cross: float
    seed: int
    words: int = 0
    switched: Counter[str] = field(default_factory=Counter)

    def copy(self, kind: TaskKind, inputs: "pa.Table", epoch: int) -> "pa.Table":
        """The inputs as they are switched in an epoch; what is drawn for a row depends on seed, epoch and row alone."""
        draws = [random.Random(f"code-switch {self.seed} {epoch} {row}") for row in range(len(inputs))]
        chosen = [draw.random() < self.ratio for draw in draws]
        return rewritten(kind, inputs, lambda row, text: self._switch(text, draws[row], chosen[row]))

    def rates(self) -> dict[str, float]:
        """By language the share of all words so far that were replaced."""
        return {language: self.switched[language] / max(1, self.words) for language in self.lexicons}

    def _switch(self, text: str, draw: random.Random, chosen: bool) -> str:
        words, languages = words_of(text), list(self.lexicons)
        self.words += len(words)

        def choose(at: int) -> tuple[int, str | None]:
            if draw.random() >= self.cross:
                return 1, None
            language = draw.choice(languages)
            size, found = self.lexicons[language].match(text, words, at)
            self.switched[language] += size if found else 0
            return size, draw.choice(found) if found else None

        return replaced(text, words, choose) if chosen and languages else text


class Redrawn:
    """Objective over rows that are others in every epoch; `draw` gives the objective of an epoch, of one module."""

    splittable = True

    def __init__(self, draw: Callable[[int], PartsObjective]) -> None:
        self.draw, self.current = draw, draw(0)
        self.module = self.current.module

    @property
    def lengths(self) -> Sequence[int]:
        """Tokens by row of this epoch."""
        return self.current.lengths

    def begin(self, epoch: int) -> None:
        """Go on to the rows of an epoch; those of the first are there."""
        if epoch:
            self.current = self.draw(epoch)

    def optimizers(self, options: TrainingOptions) -> list[torch.optim.Optimizer]:
        """Those of the first epoch: the weights stay the same ones."""
        return self.current.optimizers(options)

    def loss(self, rows: Sequence[int], progress: float) -> torch.Tensor:
        """The mean loss of rows of this epoch."""
        return self.current.loss(rows, progress)


def fit_switched(encoder: Any, task: TaskView, options: "CodeSwitchOptions", context: FitContext) -> Any:
    """Train on a switched copy of the source's examples in each epoch; log the rate by language."""
    learner = LEARNERS[task.kind]
    examples = context.labelled(context.source)
    switcher = Switcher(dictionaries(context), options.ratio, options.cross, context.seed)
    predictor = learner.new(encoder, task, options, [(context.source, examples)], context.seed)

    def draw(epoch: int) -> PartsObjective:
        copy = replace(examples, inputs=switcher.copy(task.kind, examples.inputs, epoch))
        return learner.over(predictor, [(context.source, copy)])

    objective = Redrawn(draw)
    learn(objective, encoder, options, context, validation(predictor, options, context), Run(on_epoch=objective.begin))
    context.log("switched", {language: round(rate, 4) for language, rate in switcher.rates().items()})
    if options.ratio and options.cross and not sum(switcher.switched.values()):
        context.log("degenerate", "no word of the training set is in a dictionary: nothing was switched")
    return predictor
