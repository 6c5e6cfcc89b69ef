"""The static stage: one vector a token, a text is their mean. The transformer starts from these vectors."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from corpus import Ragged
from losses import Rows, sentence_loss
from safetensors.torch import save_file
from xbench_encoders.training import TrainingContext, TrainingOptions, adamw, train

OPTIONS = TrainingOptions(
    epochs=1.0,
    batch_size=1024,
    learning_rate=2e-2,
    warmup=0.05,
    schedule="cosine",
    clip=0.0,
    precision="fp32",
)
PAIRS = 1_000_000  # drawn; the smaller languages come round several times
LEXICON = 0.4
SPREAD = 0.05  # standard deviation of the vectors at the start

log = logging.getLogger("mini.static")


class StaticObjective:
    """Mean token vectors against teacher and translation; `drawn` has the pair of every training row."""

    splittable = False

    def __init__(self, rows: Rows, drawn: np.ndarray, vocabulary: int, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        weights = torch.randn(vocabulary, rows.vectors.shape[1], generator=generator) * SPREAD
        self.module = torch.nn.EmbeddingBag.from_pretrained(weights, freeze=False, mode="mean")
        self.rows, self.drawn = rows, drawn
        self.lengths = rows.other.lengths()[drawn].tolist()

    def optimizers(self, options: TrainingOptions) -> Sequence[torch.optim.Optimizer]:
        """AdamW over the one table."""
        return [adamw(self.module, options)]

    def loss(self, rows: Sequence[int], progress: float) -> torch.Tensor:
        """Distillation and contrast of the drawn pairs."""
        pairs = self.drawn[list(rows)]
        english = self._mean(self.rows.english, self.rows.english_of[pairs])
        return sentence_loss(english, self._mean(self.rows.other, pairs), self.rows, pairs)

    def _mean(self, ragged: Ragged, which: np.ndarray) -> torch.Tensor:
        tokens = [ragged.row(index) for index in which]
        offsets = np.cumsum([0, *(len(row) for row in tokens[:-1])])
        return self.module(torch.from_numpy(np.concatenate(tokens)).long(), torch.from_numpy(offsets))


def write_static(rows: Rows, drawn: np.ndarray, vocabulary: int, context: TrainingContext, path: Path) -> None:
    """Train the table and save it as `vectors` float32 [vocabulary, size]."""
    objective = StaticObjective(rows, drawn, vocabulary, context.seed)
    result = train(objective, OPTIONS, context)
    log.info("static: %d updates, losses %s", result.steps, " ".join(f"{loss:.3f}" for loss in result.losses))
    save_file({"vectors": objective.module.weight.detach().contiguous()}, path)
