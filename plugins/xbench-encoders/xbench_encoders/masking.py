"""Masked language modelling (Devlin et al. 2019): tokens are hidden and restored by a head tied to the embeddings."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from xbench.errors import ModelError
from xbench_encoders.encoder import TransformerEncoder
from xbench_encoders.positions import restarted
from xbench_encoders.sampling import batches_by_length, drawn_from
from xbench_encoders.tokens import Batch, Tokens, Tower, first_position, joined
from xbench_encoders.training import TrainingOptions, adamw

RATE = 0.15  # of the tokens: hidden; of these, eight in ten are masked, one is another token, one stays as it is
IGNORED = -100  # the label of a token that need not be restored: what torch's cross-entropy leaves out
ROWS = 64  # measured at once


@dataclass(frozen=True)
class Masking:
    """How tokens of one vocabulary are hidden; `special` are never hidden, `others` replace what is hidden."""

    mask: int
    special: torch.Tensor
    others: torch.Tensor
    rate: float = RATE

    def hide(self, batch: Batch, generator: torch.Generator) -> tuple[Batch, torch.Tensor]:
        """The batch with hidden tokens, and labels (rows, tokens): what is to be restored, -100 elsewhere.

        Special tokens and padding are never hidden. All is drawn from the generator on the CPU, so that the device
        does not matter.
        """
        ids = batch.ids.cpu()
        usual = (batch.sides.cpu() >= 0) & ~torch.isin(ids, self.special)
        hidden = usual & (torch.rand(ids.shape, generator=generator) < self.rate)
        how = torch.rand(ids.shape, generator=generator)
        other = self.others[torch.randint(len(self.others), ids.shape, generator=generator)]
        shown = torch.where(hidden & (how < 0.8), self.mask, ids)
        shown = torch.where(hidden & (how >= 0.9), other, shown)
        labels = torch.where(hidden, ids, IGNORED)
        return replace(batch, ids=shown.to(batch.ids.device)), labels.to(batch.ids.device)


def masking_of(tower: Tower, rate: float = RATE) -> Masking:
    """How tokens of a tower are hidden. Raises ModelError when its tokenizer has no mask token."""
    tokenizer = tower.tokenizer
    if tokenizer.mask_token_id is None:
        raise ModelError("masked language modelling needs a mask token, and the model's tokenizer has none")
    special = torch.tensor(sorted(tokenizer.all_special_ids))
    every = torch.arange(min(len(tokenizer), len(_table(tower))))
    return Masking(tokenizer.mask_token_id, special, every[~torch.isin(every, special)], rate)


def _table(tower: Tower) -> torch.Tensor:
    weight: torch.Tensor = tower.module.get_input_embeddings().weight
    return weight


class MaskedHead(torch.nn.Module):
    """Dense, GELU, layer norm, and the table of input embeddings as decoder: the head of BERT (Devlin et al. 2019).

    It is fresh: encoders are loaded without the head that they were trained with. The table stays the encoder's.
    Where its rows are long, as those of a table that was no decoder before may be, the norm starts as much smaller:
    the first scores have a deviation of 1 or less, and guess nearly alike.
    """

    def __init__(self, dimension: int, table: torch.Tensor) -> None:
        super().__init__()
        entries, width = table.shape
        self.dense = torch.nn.Linear(dimension, width)
        self.norm = torch.nn.LayerNorm(width)
        self.bias = torch.nn.Parameter(torch.zeros(entries))
        torch.nn.init.normal_(self.dense.weight, std=0.02)
        torch.nn.init.zeros_(self.dense.bias)
        torch.nn.init.constant_(self.norm.weight, 1.0 / max(1.0, float(table.detach().norm(dim=1).mean())))

    def forward(self, states: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
        """Scores before the softmax: (tokens, dimension) and (entries, width) to (tokens, entries)."""
        scores: torch.Tensor = self.norm(torch.nn.functional.gelu(self.dense(states))) @ table.T + self.bias
        return scores


class MaskedModel(torch.nn.Module):
    """An encoder with a head for each of its towers; whatever is fresh is drawn from the seed.

    With `restart` positions start again for the second text of a pair.
    """

    def __init__(
        self,
        encoder: TransformerEncoder,
        languages: Sequence[str],
        seed: int,
        rate: float = RATE,
        restart: bool = False,
    ) -> None:
        super().__init__()
        self.encoder, self.module, self.restart = encoder, encoder.module, restart
        towers = {id(tower.module): tower for tower in map(encoder.tower, languages)}
        self.maskings = {key: masking_of(tower, rate) for key, tower in towers.items()}
        self.places = {key: place for place, key in enumerate(towers)}
        with drawn_from(seed):
            heads = [MaskedHead(encoder.dimension, _table(tower)) for tower in towers.values()]
        self.heads = torch.nn.ModuleList(heads).to(encoder.device)
        self.eval()  # as the encoder is until it is trained, and after that

    def summed(
        self, tokens: Tokens, rows: Sequence[int], generator: torch.Generator, frozen: bool = False
    ) -> tuple[torch.Tensor, int]:
        """The summed cross-entropy of the rows' hidden tokens, and how many they are; `frozen` spares the encoder."""
        tower = self.encoder.tower(tokens.language)
        key = id(tower.module)
        batch, labels = self.maskings[key].hide(self.encoder.batch(tokens, rows), generator)
        if self.restart:
            batch = restarted(batch, first_position(tower))
        hidden = labels != IGNORED
        with torch.set_grad_enabled(torch.is_grad_enabled() and not frozen):
            states = self.encoder.states(batch)[hidden]
            table = _table(tower) if not frozen else _table(tower).detach()
        scores = self.heads[self.places[key]](states, table)
        return torch.nn.functional.cross_entropy(scores.float(), labels[hidden], reduction="sum"), int(hidden.sum())


class MaskedObjective:
    """Objective: the mean cross-entropy of hidden tokens, drawn anew whenever a row is seen.

    `rows` are names of parts with a row of each; they may repeat. A batch is divided by the hidden tokens that so many
    rows are expected to have, so that parts of a batch add up to it. With `only_head` the encoder stays as it is.
    """

    splittable = True

    def __init__(
        self,
        model: MaskedModel,
        parts: Mapping[str, Tokens],
        rows: Sequence[tuple[str, int]],
        seed: int,
        head_rate: float,
        only_head: bool = False,
    ) -> None:
        self.model, self.parts, self.rows = model, parts, rows
        self.module: torch.nn.Module = model
        self.only_head, self.head_rate = only_head, head_rate
        self.lengths = [len(parts[name].ids[row]) for name, row in rows]
        self.generator = torch.Generator().manual_seed(seed)
        usual = sum(side >= 0 for name, row in rows for side in parts[name].sides[row])
        rate = next(iter(model.maskings.values())).rate
        self.a_row = rate * usual / len(rows) if usual else 1.0

    def optimizers(self, options: TrainingOptions) -> list[torch.optim.Optimizer]:
        """The heads' own, since they are fresh, and the encoder's unless it is spared."""
        heads = adamw(self.model.heads, options, self.head_rate)
        return [heads] if self.only_head else [adamw(self.model.module, options), heads]

    def loss(self, rows: Sequence[int], progress: float) -> torch.Tensor:
        """Rows that share a tower go through it together."""
        groups: dict[str, list[Tokens]] = {}
        for name, at in (self.rows[row] for row in rows):
            tokens = self.parts[name]
            groups.setdefault(self.model.encoder.share(tokens.language), []).append(tokens.part([at]))
        total = torch.zeros((), device=self.model.encoder.device)
        for members in groups.values():
            part = joined(members)
            total = total + self.model.summed(part, range(len(part.ids)), self.generator, self.only_head)[0]
        return total / (len(rows) * self.a_row)


def perplexity(model: MaskedModel, tokens: Tokens, seed: int) -> float:
    """exp of the mean cross-entropy of hidden tokens, which the seed decides; NaN where none is hidden."""
    generator = torch.Generator().manual_seed(seed)
    total, count = 0.0, 0
    with torch.inference_mode():
        for rows in batches_by_length(tokens.lengths, ROWS):
            loss, hidden = model.summed(tokens, rows, generator)
            total, count = total + float(loss), count + hidden
    return math.exp(min(total / count, 700.0)) if count else math.nan  # e**710 is more than a float holds
