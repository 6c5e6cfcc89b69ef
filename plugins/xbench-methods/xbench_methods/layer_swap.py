"""Layer swapping: the outer layers of what learned the language, the inner ones of what learned the task."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from xbench.contracts import FitContext, Predictor, TaskView
from xbench_methods.experts import ExpertOptions, Merging


@dataclass(frozen=True)
class LayerSwapOptions(ExpertOptions):
    """So many layers at the `bottom` and at the `top` are the language expert's.

    Beside each of these blocks, `transition` layers are mixed: `weight` of the language's and the rest of the task's.
    """

    bottom: int = 1
    top: int = 1
    transition: int = 0
    weight: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.bottom, self.top, self.transition) < 0 or not 0 <= self.weight <= 1:
            raise ValueError("bottom, top and transition must be 0 or more, weight from 0 to 1")


class LayerSwap(Merging):
    """Layer swapping between two experts that were trained from one start.

    Bandarkar et al. 2025: the task's expert is fine-tuned on source labels, the language's by masked language
    modelling on target text; the bottom b and the top u layers of the first are replaced by the second's, with mixed
    layers in between. Embeddings go with the lowest layer, a norm behind the layers with the highest. With
    b = u = 0 it is the task's expert, with b the number of layers it is the language's with the task's head.

    Logged: the perplexity of one text in ten, kept back, before and after the language expert learned; where it rose,
    the run is degenerate.
    """

    name = "layer-swap"
    version = 1
    summary = (
        "outer layers of a target-language expert in a source-task expert: layer-swap[bottom=..,top=..,transition=..]"
    )
    citation = "Bandarkar et al. 2025, Layer Swapping for Zero-Shot Cross-Lingual Transfer, ICLR, https://arxiv.org/abs/2410.01335"
    Options = LayerSwapOptions
    trial: ClassVar[Mapping[str, int]] = {"top": 0}  # the encoder of trials has two layers

    def fit(self, encoder: Any, task: TaskView, options: LayerSwapOptions, context: FitContext) -> Predictor:
        """Train both experts and swap; see `xbench_methods.merging`."""
        from xbench_methods.merging import swap_layers

        predictor: Predictor = swap_layers(encoder, task, options, context)
        return predictor
