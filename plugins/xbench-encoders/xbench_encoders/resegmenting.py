"""A tokenizer that reads a text by other pieces: only how words are cut is drawn, all else is its own."""

import copy
import random
from collections.abc import Sequence
from typing import Any

from tokenizers import Encoding, PreTokenizedString, Token
from transformers import BatchEncoding

from xbench_encoders.encoder import TransformerEncoder
from xbench_encoders.segmentation import Cutter
from xbench_encoders.tokens import Tower


class DrawnTokenizer:
    """The tokenizer of one reading, in which words are cut as `draw` decides.

    A word that comes again is cut as before: a text may be tokenized twice, first to count. Normalisation, words,
    special tokens, also those that a text names, and what is cut off are the tokenizer's.
    """

    def __init__(self, tokenizer: Any, cutter: Cutter, draw: random.Random) -> None:
        self.tokenizer, self.cutter, self.draw = tokenizer, cutter, draw
        self.backend = cutter.pieces.backend
        self.cut: dict[str, list[Token]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tokenizer, name)

    def __call__(
        self,
        texts: Sequence[Any],
        pairs: Sequence[str] | None = None,
        *,
        max_length: int | None = None,
        is_split_into_words: bool = False,
        add_special_tokens: bool = True,
        **_: Any,
    ) -> BatchEncoding:
        """Ids and token types of texts, pairs of them, or lists of words, at most `max_length`, the longer side cut."""
        self.backend.no_padding()
        self.backend.no_truncation()
        read = self._words if is_split_into_words else self._read
        sides = [[read(text) for text in side] for side in (texts, pairs) if side is not None]
        if max_length is not None:
            self.backend.enable_truncation(max_length, direction=self.tokenizer.truncation_side)
        rows = zip(*sides, strict=True)
        coded = [self.backend.post_process(*row, add_special_tokens=add_special_tokens) for row in rows]
        found = {"input_ids": [one.ids for one in coded]}
        if "token_type_ids" in self.tokenizer.model_input_names:
            found["token_type_ids"] = [one.type_ids for one in coded]
        return BatchEncoding(found, coded)

    def _words(self, words: Sequence[str]) -> Encoding:
        return Encoding.merge([self._read(word, at) for at, word in enumerate(words)], growing_offsets=False)

    def _read(self, text: str, at: int | None = None) -> Encoding:
        whole = PreTokenizedString(text)
        if self.cutter.pieces.added.search(text):
            own = self.backend.encode(text, add_special_tokens=False)
            whole.tokenize(lambda _: [Token(*one, (0, 0)) for one in zip(own.ids, own.tokens, strict=True)])
        else:
            if self.backend.normalizer is not None:
                whole.normalize(self.backend.normalizer.normalize)
            if self.backend.pre_tokenizer is not None:
                self.backend.pre_tokenizer.pre_tokenize(whole)
            whole.tokenize(self._cut)
        return whole.to_encoding(0, at)

    def _cut(self, word: str) -> list[Token]:
        if word not in self.cut:
            self.cut[word] = self.cutter.cut(word, self.draw)
        return self.cut[word]


def read_anew(encoder: TransformerEncoder, language: str, cutter: Cutter, draw: random.Random) -> TransformerEncoder:
    """The encoder, weights and all, as it reads a language by pieces that are drawn."""
    tower = encoder.tower(language)
    made = copy.copy(encoder)
    made.towers = {**encoder.towers, language: Tower(DrawnTokenizer(tower.tokenizer, cutter, draw), tower.module)}
    return made
