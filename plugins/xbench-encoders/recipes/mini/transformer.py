"""The transformer stage: three BERT layers over the static vectors, and the files that `AutoModel` reads."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from corpus import Ragged
from losses import Rows, sentence_loss
from safetensors.torch import load_file
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, linear
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast
from xbench_encoders.training import TrainingContext, TrainingOptions, adamw, train

OPTIONS = TrainingOptions(
    epochs=1.0,
    batch_size=256,
    learning_rate=1e-3,
    warmup=0.05,
    weight_decay=0.01,
    clip=1.0,
    schedule="cosine",
    precision="fp32",
)
PAIRS = 80_000  # drawn
LEXICON = 0.25
MAX_TOKENS = 62  # a side, without the frame: two sides then fill the 128 positions at most (3 + 2 x 62 = 127)
DROPOUT = 0.1  # written into the config for fine-tuning; this stage trains without

PAIR_EVERY = 8  # every eighth pair of a batch is also read as one input of two parts
PAIR_WEIGHT = 0.2
MASKED = 0.2  # share of tokens to restore
MISMATCHED = 0.5  # share of two-part inputs with a wrong second part, told apart by the pooler

log = logging.getLogger("mini.transformer")


class MiniTraining(torch.nn.Module):
    """The encoder and the two small heads that only training needs."""

    def __init__(self, encoder: BertModel) -> None:
        super().__init__()
        size = encoder.config.hidden_size
        self.encoder = encoder
        norm = torch.nn.LayerNorm(size)
        torch.nn.init.constant_(norm.weight, 0.2)  # keeps the first logits small
        self.transform = torch.nn.Sequential(torch.nn.Linear(size, size), torch.nn.GELU(), norm)
        self.bias = torch.nn.Parameter(torch.zeros(encoder.config.vocab_size))
        self.matching = torch.nn.Linear(size, 1)

    def restore(self, states: torch.Tensor) -> torch.Tensor:
        """Vocabulary logits of token states; the output vectors are the input embeddings."""
        return linear(self.transform(states), self.encoder.embeddings.word_embeddings.weight, self.bias)


def mini_config(tokenizer: PreTrainedTokenizerFast) -> BertConfig:
    """Three layers of 256, 512 in between, 4 heads, 128 positions."""
    return BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=256,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=512,
        max_position_embeddings=128,
        type_vocab_size=2,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        bos_token_id=tokenizer.bos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )


def new_encoder(config: BertConfig, static: Path, seed: int) -> BertModel:
    """A BertModel whose word embeddings are the static vectors; the LayerNorm after them sets the scale."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = BertModel._from_config(config, attn_implementation="sdpa", dtype=torch.float32)
    encoder.embeddings.word_embeddings.weight.data.copy_(load_file(static)["vectors"])
    return encoder


class TransformerObjective:
    """The sentence losses on mean states; on part of the batch masked tokens and matching of two parts."""

    splittable = False

    def __init__(self, rows: Rows, drawn: np.ndarray, encoder: BertModel, mask_id: int) -> None:
        self.module = MiniTraining(encoder)
        self.rows, self.drawn, self.mask_id = rows, drawn, mask_id
        sides = rows.english.lengths()[rows.english_of[drawn]], rows.other.lengths()[drawn]
        self.lengths = np.maximum(*sides).tolist()

    def optimizers(self, options: TrainingOptions) -> Sequence[torch.optim.Optimizer]:
        """AdamW over everything."""
        return [adamw(self.module, options)]

    def loss(self, rows: Sequence[int], progress: float) -> torch.Tensor:
        """All losses of the drawn pairs, weighted."""
        pairs = self.drawn[list(rows)]
        english = self._mean(self.rows.english, self.rows.english_of[pairs])
        sentence = sentence_loss(english, self._mean(self.rows.other, pairs), self.rows, pairs)
        return sentence + PAIR_WEIGHT * self._pair_loss(pairs[::PAIR_EVERY])

    def _mean(self, ragged: Ragged, which: np.ndarray) -> torch.Tensor:
        inputs = self._padded([self._framed(ragged.row(index)) for index in which])
        states = self.module.encoder(**inputs).last_hidden_state
        mask = inputs["attention_mask"].unsqueeze(-1)
        return (states * mask).sum(1) / mask.sum(1)

    def _framed(self, *parts: np.ndarray) -> np.ndarray:
        """`<s> a </s>` or `<s> a </s> b </s>`, as the tokenizer's post-processor does it."""
        config = self.module.encoder.config
        end = np.array([config.eos_token_id], dtype=np.int32)
        start = np.array([config.bos_token_id], dtype=np.int32)
        return np.concatenate([start, *(piece for part in parts for piece in (part, end))])

    def _padded(self, rows: Sequence[np.ndarray]) -> dict[str, torch.Tensor]:
        """Token ids [rows, longest] and their mask."""
        lengths = np.array([len(row) for row in rows])
        mask = np.arange(lengths.max())[None, :] < lengths[:, None]
        ids = np.full(mask.shape, self.module.encoder.config.pad_token_id, dtype=np.int64)
        ids[mask] = np.concatenate(rows)
        return {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask).long()}

    def _pair_loss(self, pairs: np.ndarray) -> torch.Tensor:
        """Masked tokens (Devlin et al. 2019; over both sides as in Lample & Conneau 2019) and matching.

        Half of the inputs get the second part of another one. The pooler has to tell them apart, and their
        masked tokens are restored from one language alone.
        """
        if len(pairs) < 2:
            return self.module.bias.sum() * 0.0
        moved = torch.rand(len(pairs)) < MISMATCHED
        others = np.where(moved.numpy(), np.roll(pairs, 1), pairs)
        firsts = [self.rows.english.row(index) for index in self.rows.english_of[pairs]]
        seconds = [self.rows.other.row(index) for index in others]
        inputs = self._padded([self._framed(a, b) for a, b in zip(firsts, seconds, strict=True)])
        ids = inputs["input_ids"]
        second = torch.arange(ids.shape[1])[None, :] >= torch.tensor([len(a) + 2 for a in firsts])[:, None]
        hidden = (torch.rand(ids.shape) < MASKED) & (ids > self.mask_id)
        output = self.module.encoder(
            input_ids=ids.masked_fill(hidden, self.mask_id),
            attention_mask=inputs["attention_mask"],
            token_type_ids=(second & inputs["attention_mask"].bool()).long(),
        )
        match = self.module.matching(output.pooler_output).squeeze(-1)
        loss = binary_cross_entropy_with_logits(match, (~moved).float())
        if hidden.any():
            loss = loss + cross_entropy(self.module.restore(output.last_hidden_state[hidden]), ids[hidden])
        return loss


def write_transformer(objective: TransformerObjective, context: TrainingContext, folder: Path) -> None:
    """Train; save config.json and model.safetensors (fp16) of the encoder without the training heads."""
    result = train(objective, OPTIONS, context)
    losses = " ".join(f"{loss:.3f}" for loss in result.losses)
    log.info("transformer: %d updates, losses %s", result.steps, losses)
    encoder = objective.module.encoder
    encoder.config.hidden_dropout_prob = encoder.config.attention_probs_dropout_prob = DROPOUT
    encoder.half().save_pretrained(folder)
