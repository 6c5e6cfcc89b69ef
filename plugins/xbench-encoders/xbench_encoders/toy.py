"""A random encoder of two small layers that knows the words it is given: to try things on in seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xbench.contracts import ModelInfo
from xbench.keys import digest

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LETTERS = "abcdefghijklmnopqrstuvwxyz"  # they spell what is not among the words
SHAPE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
POSITIONS = 64


@dataclass(frozen=True)
class ToyModel:
    """A BERT of random weights from a fixed seed; `words` are whole tokens. Nothing is downloaded."""

    words: tuple[str, ...]
    name: str = "toy-encoder"
    summary: str = "a random encoder of two small layers, to try things on"
    languages: tuple[str, ...] | None = None
    # What it learns the invented tasks with in fifty steps: random weights need larger ones than pretrained.
    hyperparameters: Mapping[str, Any] = field(
        default_factory=lambda: {"learning_rate": 5e-3, "epochs": 8.0, "batch_size": 8, "max_length": 32}
    )

    def info(self) -> ModelInfo:
        """The digest of words and shape, which make the weights."""
        return ModelInfo(self.name, "1", digest([self.name, list(self.words), SHAPE, POSITIONS]))

    def load(self, device: str) -> Any:
        """The encoder, the same each time."""
        import torch
        from transformers import BertConfig, BertModel, BertTokenizer

        from xbench_encoders.devices import pick
        from xbench_encoders.encoder import ANY, Tower, TransformerEncoder

        pieces = dict.fromkeys([*SPECIAL, *LETTERS, *(f"##{letter}" for letter in LETTERS), *self.words])
        vocabulary = {piece: at for at, piece in enumerate(pieces)}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            config = BertConfig(vocab_size=len(vocabulary), max_position_embeddings=POSITIONS, **SHAPE)
            module = BertModel(config)
        tokenizer = BertTokenizer(vocab=vocabulary, model_max_length=POSITIONS)
        return TransformerEncoder({ANY: Tower(tokenizer, module)}, "mean", pick(device))
