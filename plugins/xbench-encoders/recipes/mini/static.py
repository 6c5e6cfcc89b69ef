"""The static stage: one vector a token, and a projection that widens their mean to the vector of a text.

The transformer starts from both. At one size of the file, many narrow vectors beat few wide ones: see README.md.
"""

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
PAIRS = 8_000_000  # drawn; every row comes round several times, the smaller languages most
SHARES = {"sentences": 0.5, "switched": 0.2, "words": 0.3}
SIZE = 128  # width of a token's vector
SPREAD = 0.05  # standard deviation of the vectors at the start
PROJECTION_RATE = 1e-3  # its gradient is dense, and the tokens' is not

log = logging.getLogger("mini.static")


class StaticEncoder(torch.nn.Module):
    """The mean of token vectors, projected; both at random, the projection orthogonal."""

    def __init__(self, vocabulary: int, size: int, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        vectors = torch.randn(vocabulary, SIZE, generator=generator) * SPREAD
        self.table = torch.nn.EmbeddingBag.from_pretrained(vectors, freeze=False, mode="mean")
        self.projection = torch.nn.Linear(SIZE, size, bias=False)
        torch.nn.init.orthogonal_(self.projection.weight, generator=generator)

    def forward(self, ids: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
        """Vectors (texts, size) of the token ids of all texts, of which each begins at an offset."""
        projected: torch.Tensor = self.projection(self.table(ids, offsets))
        return projected


class StaticObjective:
    """Mean token vectors against teacher and translation; `drawn` has the pair of every training row."""

    splittable = False

    def __init__(self, rows: Rows, drawn: np.ndarray, vocabulary: int, seed: int) -> None:
        self.module = StaticEncoder(vocabulary, rows.vectors.shape[1], seed)
        self.rows, self.drawn = rows, drawn
        self.lengths = rows.other.lengths()[drawn].tolist()

    def optimizers(self, options: TrainingOptions) -> Sequence[torch.optim.Optimizer]:
        """AdamW over the table, and over the projection with a rate of its own."""
        return [adamw(self.module.table, options), adamw(self.module.projection, options, PROJECTION_RATE)]

    def loss(self, rows: Sequence[int], progress: float) -> torch.Tensor:
        """Distillation and contrast of the drawn pairs."""
        pairs = self.drawn[list(rows)]
        english = self._mean(self.rows.english, self.rows.english_of[pairs])
        return sentence_loss(english, self._mean(self.rows.other, pairs), self.rows, pairs)

    def _mean(self, ragged: Ragged, which: np.ndarray) -> torch.Tensor:
        tokens = [ragged.row(index) for index in which]
        offsets = np.cumsum([0, *(len(row) for row in tokens[:-1])])
        device = self.module.table.weight.device
        ids = torch.from_numpy(np.concatenate(tokens)).long().to(device)
        return self.module(ids, torch.from_numpy(offsets).to(device))


def write_static(rows: Rows, drawn: np.ndarray, vocabulary: int, context: TrainingContext, path: Path) -> None:
    """Train; save `vectors` float32 [vocabulary, SIZE] and `projection` float32 [size, SIZE]."""
    objective = StaticObjective(rows, drawn, vocabulary, context.seed)
    objective.module.to(context.device)
    result = train(objective, OPTIONS, context)
    log.info("static: %d updates, losses %s", result.steps, " ".join(f"{loss:.3f}" for loss in result.losses))
    trained = {"vectors": objective.module.table.weight, "projection": objective.module.projection.weight}
    save_file({name: weight.detach().cpu().contiguous() for name, weight in trained.items()}, path)
