"""A low-rank module for every language, learned from its text by masked language modelling while the body is frozen."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from xbench.contracts import Context, Resource, Scope


@dataclass(frozen=True)
class LoraOptions:
    """What decides the modules; `steps` are updates of each language, `head_steps` those of the head before."""

    rank: int = 16
    dropout: float = 0.05
    steps: int = 500
    batch_size: int = 32
    learning_rate: float = 1e-4
    warmup: float = 0.1
    max_length: int = 128
    rate: float = 0.15
    head_steps: int = 200
    head_learning_rate: float = 1e-3
    precision: Literal["auto", "fp32", "bf16"] = "auto"

    def __post_init__(self) -> None:
        if min(self.rank, self.steps, self.head_steps, self.batch_size) < 1 or self.max_length < 8:
            raise ValueError("rank, steps, head_steps and batch_size must be 1 or more, max_length 8 or more")
        if not 0 <= self.dropout < 1 or not 0 < self.rate < 1 or not 0 <= self.warmup <= 1:
            raise ValueError("dropout must be 0 or more and below 1, rate between 0 and 1, warmup from 0 to 1")
        if min(self.learning_rate, self.head_learning_rate) <= 0:
            raise ValueError("learning_rate and head_learning_rate must be above 0")


class Lora:
    """Language modules: the source and each target get a low-rank change of the body for their own text.

    W_l = W + 2 B_l A_l at the queries and values of every layer (LoRA, Hu et al. 2022), in place of the bottleneck
    adapters of MAD-X (Pfeiffer et al. 2020): A_l and B_l learn masked language modelling on text of l, with W
    frozen. All modules learn behind one head, which learned alone before, on text of all languages. The encoder then
    goes by the language of what it reads; whatever is trained on it later leaves the modules as they are. What learns
    the task behind the source's module meets the target's at prediction: `lora+lora` adds a module of the task,
    `lora+finetune` trains the body.

    Logged: the perplexity of one text in ten, kept back, by language, without its module and with it. Where it rose,
    the run is degenerate.
    """

    name = "lora"
    version = 1
    summary = "language modules: LoRA by masked language modelling on each language's text, the body frozen"
    citation = "Pfeiffer et al. 2020, MAD-X, EMNLP, https://arxiv.org/abs/2005.00052"
    Options = LoraOptions

    def needs(self, options: LoraOptions) -> frozenset[Resource]:
        """Unlabelled text of both sides."""
        return frozenset({Resource.SOURCE_TEXT, Resource.TARGET_TEXT})

    def scope(self, options: LoraOptions) -> Scope:
        """All targets together: one encoder holds all modules."""
        return Scope.JOINT

    def fit(self, encoder: Any, options: LoraOptions, context: Context) -> Any:
        """Train the modules; see `xbench_aligners.language_modules`."""
        from xbench_aligners.language_modules import learn_modules

        return learn_modules(encoder, options, context)

    def save(self, encoder: Any, folder: Path) -> None:
        """The modules, a folder each, as peft writes them; the body is as it was."""
        for language in encoder.modules:
            encoder.save_module(language, folder)

    def load(self, encoder: Any, folder: Path) -> Any:
        """The modules again, in the encoder."""
        from xbench_encoders.modular import ModularEncoder, languages_in

        modular = ModularEncoder.of(encoder)
        for language in languages_in(folder):
            modular.load_module(language, folder)
        return modular
