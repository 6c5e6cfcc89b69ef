"""The control of every aligner that trains: as many more updates, on source text alone."""

from typing import Any

from xbench.contracts import Context, Resource, Scope
from xbench_aligners.mlm import MlmOptions
from xbench_aligners.saving import Weights


class Continue(Weights):
    """Masked language modelling on source text alone: what more training does without any other language.

    As `mlm` (Devlin et al. 2019), but no target is seen. Set beside an aligner with as many updates (`steps`,
    `batch_size`) or `tokens`, it tells what alignment did from what longer training does; the ledgers of both are
    logged. Gururangan et al. 2020 show that continued pre-training alone moves scores.
    """

    name = "continue"
    version = 1
    summary = "the control with matched compute: as many updates of masked language modelling, on source text alone"
    citation = "Gururangan et al. 2020, Don't Stop Pretraining, ACL, https://arxiv.org/abs/2004.10964"
    Options = MlmOptions

    def needs(self, options: MlmOptions) -> frozenset[Resource]:
        """Unlabelled text of the source."""
        return frozenset({Resource.SOURCE_TEXT})

    def scope(self, options: MlmOptions) -> Scope:
        """The source alone: one encoder serves every target."""
        return Scope.SOURCE

    def fit(self, encoder: Any, options: MlmOptions, context: Context) -> Any:
        """Train the encoder in place; see `xbench_aligners.pretraining`."""
        from xbench_aligners.pretraining import pretrain, texts

        return pretrain(encoder, [(1.0, texts(encoder, (context.source,), options, context))], options, context)
