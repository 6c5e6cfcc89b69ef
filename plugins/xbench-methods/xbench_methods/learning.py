"""What methods that train an encoder with a head share: the training, and how both are kept."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from xbench_encoders.encoder import TransformerEncoder
from xbench_encoders.training import Objective, TrainingContext, TrainingOptions, adamw, same_rows, train

from xbench.contracts import Examples, FitContext, Predictor, Split
from xbench.errors import StageError
from xbench_methods.options import ClassifierOptions

if TYPE_CHECKING:
    import pyarrow as pa

HEAD = "head.safetensors"
# Rows predicted at once. Fixed, and each language is batched by itself: which other languages are asked for must not
# change the padding, and with it the last bits, of a prediction.
PREDICTION_BATCH = 64


class Trained(torch.nn.Module):
    """Encoder and head as one module."""

    def __init__(self, encoder: torch.nn.Module, head: torch.nn.Module) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head


class PartsObjective(ABC):
    """Objective over rows of one or more languages, a part each: the sum over a batch, by row and by answers `a_row`.

    `lengths` are tokens by part and row.
    """

    splittable = True

    def __init__(
        self,
        encoder: TransformerEncoder,
        head: torch.nn.Module,
        lengths: Sequence[Sequence[int]],
        a_row: float = 1.0,
    ) -> None:
        self.module = Trained(encoder.module, head)
        self.device, self.a_row = encoder.device, a_row
        self.lengths = [length for part in lengths for length in part]
        self.rows = [(part, row) for part, of in enumerate(lengths) for row in range(len(of))]

    def optimizers(self, options: TrainingOptions) -> list[torch.optim.Optimizer]:
        """AdamW over everything that is not frozen."""
        return [adamw(self.module, options)]

    def loss(self, rows: Sequence[int], progress: float) -> torch.Tensor:
        """Rows of each language go through the encoder together, since languages may have towers of their own."""
        by_part: dict[int, list[int]] = {}
        for row in rows:
            part, at = self.rows[row]
            by_part.setdefault(part, []).append(at)
        total = torch.zeros((), device=self.device)
        for part, members in by_part.items():
            total = total + self.summed(part, members)
        return total / (len(rows) * self.a_row)

    @abstractmethod
    def summed(self, part: int, members: Sequence[int]) -> torch.Tensor:
        """The summed loss of rows of a part."""


@dataclass(frozen=True)
class Run:
    """What sets one training of a method apart: the name of its log, its seed if not the context's, and its length.

    `steps` are updates, in place of the epochs of the options; `on_epoch` is that of `TrainingContext`.
    """

    name: str = "training"
    seed: int | None = None
    steps: int | None = None
    on_epoch: Callable[[int], None] = same_rows


ONLY = Run()


def learn(
    objective: Objective,
    encoder: TransformerEncoder,
    options: ClassifierOptions,
    context: FitContext,
    validate: Callable[[], float] | None,
    run: Run = ONLY,
) -> None:
    """Train the objective in place as the options say, and log what happened."""
    if options.freeze == "embeddings":
        for table in encoder.embeddings():
            table.requires_grad_(False)
    seed = context.seed if run.seed is None else run.seed
    log = train(
        objective,
        TrainingOptions(
            epochs=options.epochs,
            steps=run.steps,
            batch_size=options.batch_size,
            learning_rate=options.learning_rate,
            warmup=options.warmup,
            weight_decay=options.weight_decay,
            selection=options.selection,
            precision=options.precision,
        ),
        TrainingContext(seed, encoder.device, context.progress, validate, on_epoch=run.on_epoch),
    )
    context.log(run.name, vars(log) | {"losses": list(log.losses), "validation": list(log.validation)})


def validation(predictor: Predictor, options: ClassifierOptions, context: FitContext) -> Callable[[], float] | None:
    """What gives the main metric on the validation split that selects, a mean over languages; None without one."""
    if not options.selects_on:
        return None
    languages = (context.source,) if options.selection == "source-dev" else context.targets
    inputs = {language: context.labelled(language, Split.VALIDATION).inputs for language in languages}
    return lambda: fmean(context.score(predictor.predict(inputs[of], of), of) for of in languages)


def gold_of(examples: Examples, language: str) -> "pa.Table":
    """The gold of labelled examples. Raises StageError, which names the split, when there is none."""
    if examples.gold is None:
        of = examples.provenance
        raise StageError(f"the {of.split} split of {of.id} in {language} has no labels")
    return examples.gold


def save(encoder: TransformerEncoder, head: torch.nn.Module, folder: Path) -> None:
    """Write encoder and head as safetensors."""
    encoder.save(folder)
    save_head(head, folder)


def save_head(head: torch.nn.Module, folder: Path) -> None:
    """Write the head as safetensors."""
    save_file({name: value.detach().cpu().contiguous() for name, value in head.state_dict().items()}, folder / HEAD)


@contextmanager
def reading(folder: Path) -> Iterator[dict[str, torch.Tensor]]:
    """The head's weights that `save` wrote. Raises StageError when they, or what is made of them inside, do not fit."""
    try:
        yield load_file(folder / HEAD)
    except (OSError, KeyError, RuntimeError, SafetensorError) as error:
        raise StageError(f"{folder / HEAD}: the weights do not fit: {str(error).splitlines()[0]}") from error
