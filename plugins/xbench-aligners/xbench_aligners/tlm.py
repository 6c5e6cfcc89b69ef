"""Continued pre-training by translation language modelling: a hidden word may be read off its translation."""

from dataclasses import dataclass
from typing import Any, Literal

from xbench.contracts import Context, Resource, Scope
from xbench_aligners.mlm import MlmOptions
from xbench_aligners.saving import Weights


@dataclass(frozen=True)
class TlmOptions(MlmOptions):
    """Those of `mlm`; the share `mix` of the rows is text of one language, and `parallel` names the sentences.

    Positions run `on` over both sentences, or `restart` for the second.
    """

    mix: float = 0.0
    parallel: str = "auto"
    positions: Literal["on", "restart"] = "on"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.mix < 1:
            raise ValueError("mix must be 0 or more and below 1")


class Tlm(Weights):
    """Translation language modelling on parallel sentences (Conneau & Lample 2019).

    As `mlm`, but a row is a sentence and its translation, joined by the separators of a pair, and tokens of both are
    hidden: min - sum over hidden m of log p(x_m | the rest of x, y). As for XLM-R there are no language embeddings, and
    positions run on over both; with `positions=restart` the words of the translation are counted as those of the
    sentence are, as in the paper, which draws words of the same place to each other. With `mix` above 0 so large a
    share of the rows is unlabelled text of single languages, as the paper has it; for `mix=0` no such text is read.
    Source and target must share a tokenizer and a model, which must take positions where they restart.

    Perplexities are logged by pair of languages: in `en-de` words of both sides are hidden.
    """

    name = "tlm"
    version = 1
    summary = "continued pre-training: masked words of parallel sentences, restored from both (tlm[mix=0.5] adds text)"
    citation = (
        "Conneau & Lample 2019, Cross-lingual Language Model Pretraining, NeurIPS, https://arxiv.org/abs/1901.07291"
    )
    Options = TlmOptions

    def needs(self, options: TlmOptions) -> frozenset[Resource]:
        """Parallel sentences, and unlabelled text of both sides where it is mixed in."""
        texts = {Resource.SOURCE_TEXT, Resource.TARGET_TEXT} if options.mix else set()
        return frozenset({Resource.PARALLEL, *texts})

    def scope(self, options: TlmOptions) -> Scope:
        """All targets together: one encoder serves them all."""
        return Scope.JOINT

    def fit(self, encoder: Any, options: TlmOptions, context: Context) -> Any:
        """Train the encoder in place; see `xbench_aligners.pretraining`."""
        from xbench_aligners.pretraining import pairs, pretrain, texts

        kinds = [(1.0 - options.mix, pairs(encoder, options, context))]
        if options.mix:
            kinds.append((options.mix, texts(encoder, (context.source, *context.targets), options, context)))
        return pretrain(encoder, kinds, options, context, restart=options.positions == "restart")
