"""What consistency fine-tuning computes: views of labelled rows, and how far predictions for them are apart."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from xbench_encoders.encoder import Tokens, TransformerEncoder, Words

from xbench.contracts import Examples, FitContext, Predictor, TaskKind, TaskView
from xbench.errors import StageError
from xbench_methods import classifier, tagger
from xbench_methods.classifier import Classifier
from xbench_methods.learners import LEARNERS
from xbench_methods.learning import PartsObjective, Run, learn, validation
from xbench_methods.lexicon import replaced, words_of
from xbench_methods.switching import Switch, dictionaries
from xbench_methods.tagger import Tagger
from xbench_methods.xtune import XtuneOptions

AUTHORS = 5.0  # the authors' weight of a mean over the labels
Change = Callable[[Sequence[str]], list[str]]  # words to as many words


def divergence(wanted: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    """KL(sg p || q) summed over rows, p of `wanted` and q of `scores`: label scores before the softmax, (rows, labels).

    The gradient reaches `scores` alone.
    """
    return torch.nn.functional.kl_div(
        torch.log_softmax(scores.float(), dim=-1),
        torch.log_softmax(wanted.detach().float(), dim=-1),
        reduction="sum",  # over labels too; torch's `mean` divides by their number
        log_target=True,
    )


def disagreement(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """R1 of Zheng et al. 2021, summed over rows: KL both ways, each side learning from the other once."""
    return divergence(first, second) + divergence(second, first)


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


class Texts:
    """Labelled texts, or pairs of them, of one language, and how a classifier reads them."""

    def __init__(self, predictor: Classifier, examples: Examples, language: str) -> None:
        self.encoder, self.max_length = predictor.encoder, predictor.max_length
        self.language = language
        names = ("text", "text_pair") if classifier.has_pairs(examples) else ("text",)
        self.columns: list[list[str]] = [examples.inputs[name].to_pylist() for name in names]
        self.read, labels = classifier.part(predictor, examples, language)
        self.gold = [[label] for label in labels]

    @property
    def lengths(self) -> list[int]:
        """Tokens by row."""
        return self.read.lengths

    def changed(self, rows: Sequence[int], change: Change) -> tuple[Tokens, Sequence[int]]:
        """Rows whose words are changed: tokens, and which rows of them."""
        first, *second = ([_changed(column[row], change) for row in rows] for column in self.columns)
        tokens = self.encoder.tokenize(first, second[0] if second else None, self.language, self.max_length)
        return tokens, range(len(rows))

    def scores(self, predictor: Classifier, tokens: Tokens, rows: Sequence[int]) -> torch.Tensor:
        """Label scores before the softmax, (rows, labels)."""
        batch = predictor.encoder.batch(tokens, rows)
        scores: torch.Tensor = predictor.head(predictor.encoder.states(batch), batch)
        return scores


def _changed(text: str, change: Change) -> str:
    words = words_of(text)
    new = change([text[start:end] for start, end in words])
    return replaced(text, words, lambda at: (1, new[at]))


class Sentences:
    """Tagged sentences of one language, and how a tagger reads them; what is scored are their words."""

    def __init__(self, predictor: Tagger, examples: Examples, language: str) -> None:
        self.encoder, self.max_length = predictor.encoder, predictor.max_length
        self.language = language
        part = tagger.labelled_words(predictor, examples, language)
        self.read, self.gold = part.words, part.gold
        sentences: list[list[str]] = examples.inputs["tokens"].to_pylist()
        taken = [0] * len(sentences)  # words of each sentence that stand in rows already
        self.words: list[list[str]] = []
        for sentence, firsts in zip(self.read.sentences, self.read.firsts, strict=True):
            start = taken[sentence]
            taken[sentence] += len(firsts)
            self.words.append(sentences[sentence][start : taken[sentence]])

    @property
    def lengths(self) -> list[int]:
        """Tokens by row."""
        return self.read.tokens.lengths

    def changed(self, rows: Sequence[int], change: Change) -> tuple[Words, Sequence[int]]:
        """Rows whose words are changed; one that becomes too long is several, with all its words in order."""
        words = self.encoder.tokenize_words([change(self.words[row]) for row in rows], self.language, self.max_length)
        return words, range(len(words.firsts))

    def scores(self, predictor: Tagger, words: Words, rows: Sequence[int]) -> torch.Tensor:
        """Label scores before the softmax, (words, labels), row by row."""
        return predictor.scores(words, rows, [words.firsts[row] for row in rows])


ROWS: dict[TaskKind, Callable[[Any, Examples, str], Any]] = {
    TaskKind.SEQUENCE_CLASSIFICATION: Texts,
    TaskKind.TOKEN_CLASSIFICATION: Sentences,
}


@dataclass(frozen=True)
class Weights:
    """What disagreement weighs: between text and view, and of either with the first stage."""

    views: float
    stages: float


class Consistent(PartsObjective):
    """Objective: cross-entropy, and disagreement with a view; with a `teacher` that of the view and with it too.

    `change` makes the view's words, and `sigma` is the noise that it has.
    """

    def __init__(
        self, predictor: Any, examples: Any, weights: Weights, change: Change | None, sigma: float, teacher: Any = None
    ) -> None:
        self.predictor, self.examples, self.weights, self.teacher = predictor, examples, weights, teacher
        self.change, self.sigma = change, sigma
        a_row = sum(map(len, examples.gold)) / max(1, len(examples.gold))
        super().__init__(predictor.encoder, predictor.head, [examples.lengths], a_row)

    def summed(self, part: int, members: Sequence[int]) -> torch.Tensor:
        """The losses of rows."""
        found = self.examples.scores(self.predictor, self.examples.read, members)
        wanted = torch.tensor([label for at in members for label in self.examples.gold[at]], device=found.device)
        loss = _cross_entropy(found, wanted)
        if self.teacher is None and self.weights.views == 0:
            return loss
        read, rows = self.examples.read, members
        if self.change is not None:
            read, rows = self.examples.changed(members, self.change)
        noise = noisy(self.predictor.encoder, self.examples.language, self.sigma) if self.sigma else nullcontext()
        with noise:
            view = self.examples.scores(self.predictor, read, rows)
        if self.teacher is not None:
            loss = (loss + _cross_entropy(view, wanted)) / 2
            with torch.no_grad():
                first = self.examples.scores(self.teacher, self.examples.read, members)
                second = self.examples.scores(self.teacher, read, rows)
            loss = loss + self.weights.stages * (divergence(first, found) + divergence(second, view)) / 2
        return loss + self.weights.views * disagreement(found, view)


def _cross_entropy(scores: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(scores.float(), wanted, reduction="sum")


def fit(encoder: TransformerEncoder, task: TaskView, options: XtuneOptions, context: FitContext) -> Predictor:
    """Train encoder and head in place, after a first stage on a copy where there are two.

    Raises StageError where words are to be switched and no dictionary has any.
    """
    sets = [(context.source, context.labelled(context.source))]
    switch = _switch(options, context) if options.view == "code-switch" else None
    weights = Weights(*(_weight(one, len(task.labels)) for one in (options.lambda1, options.lambda2)))
    sigma = options.sigma if options.view == "noise" else 0.0

    def stage(start: TransformerEncoder, name: str, teacher: Any = None) -> Any:
        predictor = LEARNERS[task.kind].new(start, task, options, sets, context.seed)
        rows = ROWS[task.kind](predictor, sets[0][1], context.source)
        objective = Consistent(predictor, rows, weights, switch, sigma, teacher)
        learn(objective, start, options, context, validation(predictor, options, context), Run(name))
        return predictor

    teacher = stage(encoder.copy(), "stage 1") if options.stages == 2 else None
    predictor: Predictor = stage(encoder, "training", teacher)
    if switch:
        context.log("switched", round(switch.rate(), 4))
        if not switch.switched:
            context.log("degenerate", "no word was switched, so that every view was the text itself")
    return predictor


def _switch(options: XtuneOptions, context: FitContext) -> Switch:
    lexicons = dictionaries(context)
    if not any(lexicon.entries for lexicon in lexicons.values()):
        raise StageError(f"there is no word of {context.source} in any dictionary to switch by")
    return Switch(lexicons, options.ratio, context.seed)


def _weight(chosen: str | float, labels: int) -> float:
    return AUTHORS / labels if isinstance(chosen, str) else chosen
