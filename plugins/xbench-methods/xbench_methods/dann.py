"""Domain-adversarial fine-tuning: learn the task while a discriminator tries to tell the languages apart."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from xbench.contracts import FitContext, Predictor, Resource, Scope, TaskView
from xbench_methods.finetune import Finetune
from xbench_methods.options import ReaderOptions


@dataclass(frozen=True)
class DannOptions(ReaderOptions):
    """How to fine-tune, and the adversary's part in it, which is as in the aligner `adversarial`."""

    on: Literal["text", "inputs"] = "text"
    mode: Literal["reversal", "alternating"] = "reversal"
    lambda_max: float = 0.1
    discriminator_learning_rate: float = 1e-3
    hidden: int = 256
    max_texts: int = 2000

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lambda_max < 0 or self.discriminator_learning_rate <= 0 or self.hidden < 1 or self.max_texts < 2:
            raise ValueError(
                "lambda_max must be 0 or more, discriminator_learning_rate above 0, hidden at least 1,"
                " max_texts at least 2"
            )


class Dann:
    """Fine-tuning on source labels with a discriminator of languages behind a gradient reversal.

    min over E, f, max over D of  CE(f(E(x)), y) - lambda(p) CE(D(pool(E(z))), language)  (Ganin et al. 2016, JMLR 17;
    across languages Chen et al. 2018 and Keung et al. 2019), x labelled source rows, z as many texts of the source
    and of targets, drawn anew for each batch. pool is the mean of the states that are not special, for every kind of
    task. D has its own optimiser and gets the unscaled gradient; lambda(p) = lambda_max (2 / (1 + exp(-10 p)) - 1)
    over the progress p. `mode=alternating` flips the labels instead of the gradient (Keung et al. 2019): the task is
    learned in every update, D and the encoder's part of the game take turns.

    `on=text` takes unlabelled text of both sides, `on=inputs` unlabelled examples of the task in the targets and the
    inputs of the labelled ones. One fit serves all targets. With lambda_max=0 it is `finetune` to the bit. Logged as
    by the aligner `adversarial`: the discriminator in the loop, a fresh probe and the norm before and after, which
    tells a collapse.
    """

    name = "dann"
    version = 1
    summary = "fine-tune on source labels against a discriminator of languages: dann[on=text|inputs]"
    citation = "Keung et al. 2019, Adversarial Learning with Contextual Embeddings for Zero-resource Cross-lingual Classification and NER, EMNLP, https://aclanthology.org/D19-1138/"  # noqa: E501
    Options = DannOptions
    task_kinds = Finetune.task_kinds

    def needs(self, options: DannOptions) -> frozenset[Resource]:
        """Source labels, what the discriminator sees of both sides, and validation labels where they select."""
        seen = {
            "text": {Resource.SOURCE_TEXT, Resource.TARGET_TEXT},
            "inputs": {Resource.TARGET_INPUTS},
        }[options.on]
        return frozenset({Resource.SOURCE_LABELS} | seen | options.selects_on)

    def scope(self, options: DannOptions) -> Scope:
        """All targets together: one fit serves them all."""
        return Scope.JOINT

    def fit(self, encoder: Any, task: TaskView, options: DannOptions, context: FitContext) -> Predictor:
        """Train; see `xbench_methods.confusion`."""
        from xbench_methods.confusion import fit

        return fit(encoder, task, options, context)

    def load(self, encoder: Any, task: TaskView, options: DannOptions, folder: Path) -> Predictor:
        """Read back encoder and head."""
        from xbench_methods.learners import LEARNERS

        predictor: Predictor = LEARNERS[task.kind].load(encoder, task, options, folder)
        return predictor
