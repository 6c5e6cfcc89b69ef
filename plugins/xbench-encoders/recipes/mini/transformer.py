"""The transformer stage: an ELECTRA encoder over the static vectors, and the files that `AutoModel` reads."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from corpus import Ragged
from losses import Rows, sentence_loss, word_loss
from pairs import PairMaker, PairTraining
from static import SIZE
from torch.nn.functional import normalize
from transformers import ElectraConfig, ElectraModel, PreTrainedTokenizerFast
from xbench_encoders.training import TrainingContext, TrainingOptions, adamw, train

OPTIONS = TrainingOptions(
    epochs=1.0,
    batch_size=256,
    learning_rate=1e-3,
    warmup=0.03,
    weight_decay=0.01,
    clip=1.0,
    schedule="cosine",
    precision="bf16",  # on a CPU too: half the time
)
PAIRS = 614_400  # drawn
SHARES = {"sentences": 0.6, "switched": 0.2, "words": 0.2}
MAX_TOKENS = 62  # a side, without the frame: two sides then fill the 128 positions at most (3 + 2 x 62 = 127)
LONGEST = 48  # tokens a side of the rows that are drawn: time goes with tokens, and most sentences are shorter
DROPOUT = 0.1  # written into the config for fine-tuning; this stage trains without

WORD_WEIGHT = 0.5
LINKED = 0.4  # least cosine of the static vectors of linked tokens
PAIR_EVERY = 3  # every so many pairs of a batch one is also read as one input of two parts
PAIR_WEIGHT = 0.4

log = logging.getLogger("mini.transformer")


def mini_config(tokenizer: PreTrainedTokenizerFast) -> ElectraConfig:
    """BERT with narrow token vectors: three layers of 256, 512 in between, 4 heads, 128 positions."""
    return ElectraConfig(
        vocab_size=len(tokenizer),
        embedding_size=SIZE,
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


def token_vectors(encoder: ElectraModel) -> torch.Tensor:
    """Unit vectors (vocabulary, hidden size) of the tokens as they are before any layer."""
    with torch.no_grad():
        table = encoder.embeddings.word_embeddings.weight[:, :-1]  # the last dimension is no token's own: see start.py
        return normalize(table @ encoder.embeddings_project.weight[:, :-1].T, dim=-1)


class TransformerObjective:
    """The sentence losses on mean states, the word loss on linked states, and on part of the batch the pair losses."""

    splittable = False

    def __init__(self, rows: Rows, drawn: np.ndarray, encoder: ElectraModel, maker: PairMaker) -> None:
        self.module = PairTraining(encoder, maker.mask)
        self.rows, self.drawn, self.maker = rows, drawn, maker
        self.static = token_vectors(encoder)
        sides = rows.english.lengths()[rows.english_of[drawn]], rows.other.lengths()[drawn]
        self.lengths = np.maximum(*sides).tolist()

    def optimizers(self, options: TrainingOptions) -> Sequence[torch.optim.Optimizer]:
        """AdamW over everything."""
        return [adamw(self.module, options)]

    def to(self, device: torch.device) -> "TransformerObjective":
        """Move what is trained, and the vectors that links are found with."""
        self.module.to(device)
        self.static = self.static.to(device)
        return self

    def loss(self, rows: Sequence[int], progress: float) -> torch.Tensor:
        """All losses of the drawn pairs, weighted."""
        pairs = self.drawn[list(rows)]
        english = self._side(self.rows.english, self.rows.english_of[pairs])
        other = self._side(self.rows.other, pairs)
        sentence = sentence_loss(self._mean(*english), self._mean(*other), self.rows, pairs)
        word = word_loss(english[0], other[0], self._links(english[1], other[1]), (english[1], other[1]))
        two = self.maker.batch(pairs[::PAIR_EVERY], self.static.device)
        return sentence + WORD_WEIGHT * word + PAIR_WEIGHT * self.module.loss(two)

    def _side(self, ragged: Ragged, which: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """States and ids of one side, with the frame: [rows, longest, size] and [rows, longest]."""
        ids = self.maker.padded([self.maker.framed(ragged.row(index)) for index in which]).to(self.static.device)
        states = self.module.encoder(input_ids=ids, attention_mask=(ids != self.maker.pad).long()).last_hidden_state
        return states, ids

    def _mean(self, states: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        mask = (ids != self.maker.pad).unsqueeze(-1)
        return (states * mask).sum(1) / mask.sum(1)

    def _links(self, english: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """Mutual nearest neighbours among the static vectors of the tokens of a pair: [rows, longest, longest]."""
        plain = (english > self.maker.mask)[:, :, None] & (other > self.maker.mask)[:, None, :]
        cosines = torch.bmm(self.static[english], self.static[other].transpose(1, 2)).masked_fill(~plain, -1.0)
        best = (cosines == cosines.amax(1, keepdim=True)) & (cosines == cosines.amax(2, keepdim=True))
        return best & plain & (cosines > LINKED) & (english[:, :, None] != other[:, None, :])


def write_transformer(objective: TransformerObjective, context: TrainingContext, folder: Path) -> None:
    """Train; save config.json and model.safetensors (fp16) of the encoder without the training heads."""
    result = train(objective.to(context.device), OPTIONS, context)
    losses = " ".join(f"{loss:.3f}" for loss in result.losses)
    log.info("transformer: %d updates, losses %s", result.steps, losses)
    encoder = objective.module.encoder
    encoder.config.hidden_dropout_prob = encoder.config.attention_probs_dropout_prob = DROPOUT
    encoder.half().save_pretrained(folder)
