"""What learns each kind of task: from labelled examples of any languages to a predictor, in one way for all methods."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xbench_encoders.encoder import TransformerEncoder

from xbench.contracts import Examples, FitContext, TaskKind, TaskView
from xbench_methods import chooser, classifier, reader, tagger
from xbench_methods.learning import ONLY, PartsObjective, Run, learn, validation
from xbench_methods.options import ClassifierOptions

Set = tuple[str, Examples]  # labelled examples and the language they are in


@dataclass(frozen=True)
class Learner:
    """How a kind of task is learned.

    `new(encoder, task, options, sets, seed)` gives a predictor with a fresh head, `part(predictor, examples, language)`
    examples as it trains on them, `objective(predictor, parts)` the loss over such parts, and
    `load(encoder, task, options, folder)` what a predictor saved.
    """

    new: Callable[[TransformerEncoder, TaskView, Any, Sequence[Set], int], Any]
    part: Callable[[Any, Examples, str], Any]
    objective: Callable[[Any, Sequence[Any]], PartsObjective]
    load: Callable[[TransformerEncoder, TaskView, Any, Path], Any]

    def fit(
        self,
        encoder: TransformerEncoder,
        task: TaskView,
        options: ClassifierOptions,
        context: FitContext,
        sets: Sequence[Set],
    ) -> Any:
        """A predictor that was trained on the sets together; the encoder is trained in place."""
        predictor = self.new(encoder, task, options, sets, context.seed)
        self.train(predictor, options, context, sets)
        return predictor

    def train(
        self, predictor: Any, options: ClassifierOptions, context: FitContext, sets: Sequence[Set], run: Run = ONLY
    ) -> None:
        """Train a predictor, fresh or not, on the sets together."""
        objective = self.over(predictor, sets)
        learn(objective, predictor.encoder, options, context, validation(predictor, options, context), run)

    def over(self, predictor: Any, sets: Sequence[Set]) -> PartsObjective:
        """The loss of a predictor over the sets together."""
        return self.objective(predictor, [self.part(predictor, examples, language) for language, examples in sets])


LEARNERS = {
    TaskKind.SEQUENCE_CLASSIFICATION: Learner(
        classifier.new, classifier.part, classifier.CrossEntropy, classifier.load_classifier
    ),
    TaskKind.TOKEN_CLASSIFICATION: Learner(tagger.new, tagger.labelled_words, tagger.CrossEntropy, tagger.load_tagger),
    TaskKind.MULTIPLE_CHOICE: Learner(chooser.new, chooser.part, chooser.CrossEntropy, chooser.load_chooser),
    TaskKind.EXTRACTIVE_QA: Learner(reader.new, reader.labelled_passages, reader.CrossEntropy, reader.load_reader),
}
