"""A table of word vectors as a tower: a tokenizer of words, and a module whose states are the vectors themselves."""

from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PretrainedConfig, PreTrainedTokenizerFast
from transformers.modeling_outputs import BaseModelOutput

from xbench_encoders.tokens import Tower
from xbench_encoders.word_vectors import StaticVectors

SPECIALS = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]"}
CAPITALS = 0.01  # of the words: a file of fewer is of lower-cased text, and so must be what is looked up


class LookUp(torch.nn.Module):
    """Embeddings and nothing else: the states are the vectors of the words, layer 0 and the last being one."""

    def __init__(self, table: torch.Tensor) -> None:
        super().__init__()
        rows, dimension = table.shape
        self.config = PretrainedConfig(
            vocab_size=rows, hidden_size=dimension, num_hidden_layers=0, pad_token_id=0, model_type="static"
        )
        self.words = torch.nn.Embedding(rows, dimension, padding_idx=0, _weight=table)

    def get_input_embeddings(self) -> torch.nn.Embedding:
        """The table, (words, dimension)."""
        return self.words

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None, output_hidden_states: bool = False
    ) -> Any:
        """The vectors of the words, (rows, words, dimension)."""
        states = self.words(input_ids)
        return BaseModelOutput(last_hidden_state=states, hidden_states=(states,) if output_hidden_states else None)


def lookup_tower(vectors: StaticVectors) -> Tower:
    """The tower of these vectors; special tokens and unknown words are zeros, so that a mean only gets shorter.

    Words are what stands between blanks and signs, and every sign is one; they are lower-cased where the words of
    the vectors are. A text begins with a token of its own, so that none is empty.
    """
    words = [word for word in vectors.tokens if word not in SPECIALS.values()]
    pieces = [*SPECIALS.values(), *words]
    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(pieces)}, SPECIALS["unk_token"]))
    if sum(word != word.lower() for word in words) < CAPITALS * len(words):
        tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    begin = SPECIALS["cls_token"]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A", pair=f"{begin} $A $B:1", special_tokens=[(begin, pieces.index(begin))]
    )
    table = np.concatenate([np.zeros((len(SPECIALS), vectors.vectors.shape[1]), np.float32), vectors.rows(words)])
    module = LookUp(torch.from_numpy(table))
    return Tower(PreTrainedTokenizerFast(tokenizer_object=tokenizer, **SPECIALS), module)


def words_of(text: str) -> list[str]:
    """The words and signs of a text as `lookup_tower` reads it, in their own case."""
    return [word for word, _ in pre_tokenizers.BertPreTokenizer().pre_tokenize_str(text)]
