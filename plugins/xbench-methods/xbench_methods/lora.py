"""A low-rank module of the task: the encoder stays as it is, and what the labels teach is a small change beside it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xbench.contracts import FitContext, Predictor, TaskView
from xbench_methods.finetune import Finetune, FinetuneOptions


@dataclass(frozen=True)
class LoraOptions(FinetuneOptions):
    """How the module is made, and how fast it learns.

    `learning_rate` is that of fine-tuning, which tasks and models recommend; module and head learn `speed` times as
    fast. `freeze` changes nothing, since all of the encoder is frozen.
    """

    rank: int = 8
    dropout: float = 0.05
    speed: float = 5.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.rank < 1 or not 0 <= self.dropout < 1 or self.speed <= 0:
            raise ValueError("rank must be 1 or more, dropout 0 or more and below 1, speed above 0")


class Lora(Finetune):
    """A task module: LoRA and a head are trained on labels, the encoder is frozen.

    W' = W + 2 B A at the queries and values of every layer, A and B of `rank` (Hu et al. 2022), min over A, B and the
    head of the task's cross-entropy as in `finetune`. Over an encoder with language modules, as `lora+lora` gives,
    W' = W + 2 (B_l A_l + B A): the source's module is active while the task is learned, that of its language in
    prediction (MAD-X, Pfeiffer et al. 2020), and none of them is trained. What is kept is the module, as peft keeps
    it, and the head.
    """

    name = "lora"
    version = 1
    summary = "task module: LoRA and a head on source labels (or on=target|both), encoder and language modules frozen"
    citation = (
        "Hu et al. 2022, LoRA: Low-Rank Adaptation of Large Language Models, ICLR, https://arxiv.org/abs/2106.09685"
    )
    Options = LoraOptions

    def fit(self, encoder: Any, task: TaskView, options: Any, context: FitContext) -> Predictor:
        """Train module and head; see `xbench_methods.learners` and `xbench_encoders.modular`."""
        from xbench_encoders.modular import TASK, LowRank, TaskEncoder

        modular = TaskEncoder.of(encoder)
        modular.add(TASK, LowRank(options.rank, options.dropout), context.seed)
        faster = replace(options, learning_rate=options.learning_rate * options.speed)
        with modular.trained(TASK):
            return super().fit(modular, task, faster, context)

    def load(self, encoder: Any, task: TaskView, options: Any, folder: Path) -> Predictor:
        """Read back module and head; the encoder is the one they were fitted on."""
        from xbench_encoders.modular import TaskEncoder

        return super().load(TaskEncoder.of(encoder), task, options, folder)
