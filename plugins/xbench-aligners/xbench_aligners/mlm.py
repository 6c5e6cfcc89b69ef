"""Continued pre-training by masked language modelling on unlabelled text of the source and the targets."""

from dataclasses import dataclass
from typing import Any, Literal

from xbench.contracts import Context, Resource, Scope
from xbench_aligners.saving import Weights


@dataclass(frozen=True)
class MlmOptions:
    """What decides the pre-training; `tokens`, where given, is the budget in place of `steps`.

    `alpha` levels the languages: one of n texts is drawn with p ~ n^alpha, 1 as there is text, 0 all alike. The head
    is fresh: it has its own learning rate and learns alone for `head_steps` updates, since an encoder behind random
    scores would be spoilt first.
    """

    steps: int = 1000
    tokens: int | None = None
    batch_size: int = 32
    learning_rate: float = 5e-5
    warmup: float = 0.1
    max_length: int = 128
    rate: float = 0.15
    alpha: float = 0.5
    head_steps: int = 200
    head_learning_rate: float = 1e-3
    precision: Literal["auto", "fp32", "bf16"] = "auto"

    def __post_init__(self) -> None:
        if min(self.steps, self.batch_size) < 1 or (self.tokens is not None and self.tokens < 1):
            raise ValueError("steps, tokens and batch_size must be 1 or more")
        if self.max_length < 8 or self.head_steps < 0 or min(self.learning_rate, self.head_learning_rate) <= 0:
            raise ValueError("max_length must be 8 or more, head_steps 0 or more, and learning rates above 0")
        if not 0 < self.rate < 1 or not 0 <= self.alpha <= 1 or not 0 <= self.warmup <= 1:
            raise ValueError("rate must be between 0 and 1, alpha and warmup from 0 to 1")


class Mlm(Weights):
    """Masked language modelling on text of the source and of all targets.

    min - sum over hidden m of log p(x_m | the rest): 15 % of the tokens are hidden, of which 80 % are masked and 10 %
    become another token (Devlin et al. 2019); languages are drawn with p ~ n^alpha (Conneau & Lample 2019). Text of
    the source is among it, lest it be forgotten. The head is tied to the input embeddings and drawn from the seed:
    what a checkpoint was pre-trained with is not loaded. It is thrown away afterwards.

    Logged: updates and tokens of the encoder, those of the head alone before, and the perplexity of one text in ten,
    kept back, by language: after the head has learned alone and at the end. Where it rose, or is above that of guessing
    among all of the vocabulary, the run is degenerate.
    """

    name = "mlm"
    version = 1
    summary = "continued pre-training: masked language modelling on unlabelled text of source and targets"
    citation = "Devlin et al. 2019, BERT, NAACL, https://arxiv.org/abs/1810.04805"
    Options = MlmOptions

    def needs(self, options: MlmOptions) -> frozenset[Resource]:
        """Unlabelled text of both sides."""
        return frozenset({Resource.SOURCE_TEXT, Resource.TARGET_TEXT})

    def scope(self, options: MlmOptions) -> Scope:
        """All targets together: one encoder serves them all."""
        return Scope.JOINT

    def fit(self, encoder: Any, options: MlmOptions, context: Context) -> Any:
        """Train the encoder in place; see `xbench_aligners.pretraining`."""
        from xbench_aligners.pretraining import pretrain, texts

        languages = (context.source, *context.targets)
        return pretrain(encoder, [(1.0, texts(encoder, languages, options, context))], options, context)
