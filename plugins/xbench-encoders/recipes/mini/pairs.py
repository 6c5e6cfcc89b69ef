"""Inputs of two parts: a sentence with its translation, or with a shortened or altered copy of itself.

Masked tokens of both parts are restored (Devlin et al. 2019; over translations as in Lample & Conneau 2019), and
whether the second part follows from the first is told from the compared means of both and from the first token.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from losses import Rows
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, linear
from transformers import ElectraModel

MASKED = 0.2  # share of tokens to restore
KEPT = (0.4, 1.0)  # share of a sentence that its shortened copy keeps, one run of tokens
ALTERED = 0.15  # share of tokens of an altered copy that are replaced, at least one
NEGATIVES = 1024  # entries of the vocabulary, beside those of the batch, that masked tokens are told from
NEAR = (5, 29)  # ranks of the neighbours that may replace a token: nearer ones are often inflections or synonyms
NEAR_SHARE = 0.5  # replacements that are neighbours; the others are any tokens of the language
ROLLED = 0.5  # wrong translations that are another sentence altogether; the others are altered ones


@dataclass(frozen=True)
class TwoParts:
    """Padded token ids, token types, the part of every token (-1: none) and whether the second part follows."""

    ids: torch.Tensor
    types: torch.Tensor
    parts: torch.Tensor
    follows: torch.Tensor


class Pool:
    """The tokens of a language, to draw replacements from: any of them, as often as it stands there, or a neighbour."""

    def __init__(self, tokens: np.ndarray, vectors: torch.Tensor) -> None:
        self.tokens, self.known = tokens, np.unique(tokens)
        own = vectors[torch.from_numpy(self.known).long()]
        last = min(NEAR[1], len(own))
        near = [(part @ own.T).topk(last).indices[:, NEAR[0] :] for part in own.split(1024)]
        self.near = self.known[torch.cat(near).numpy()]

    def like(self, tokens: np.ndarray) -> np.ndarray:
        """A replacement of every token."""
        drawn = self.tokens[torch.randint(len(self.tokens), (len(tokens),)).numpy()]
        if not self.near.shape[1]:
            return drawn
        place = np.searchsorted(self.known, tokens).clip(max=len(self.known) - 1)
        near = self.near[place, torch.randint(self.near.shape[1], (len(tokens),)).numpy()]
        use = (torch.rand(len(tokens)) < NEAR_SHARE).numpy() & (self.known[place] == tokens)
        return np.where(use, near, drawn)


class PairMaker:
    """Makes inputs of two parts out of pairs; half of them hold a wrong second part.

    `vectors` are unit vectors of all tokens, for neighbours within a language. Draws come from torch's generator,
    which the training loop seeds.
    """

    def __init__(self, rows: Rows, languages: np.ndarray, special: dict[str, int], vectors: torch.Tensor) -> None:
        self.rows, self.languages = rows, languages
        self.start, self.end = special["bos"], special["eos"]
        self.pad, self.mask = special["pad"], special["mask"]
        lengths = rows.other.lengths()
        of_token = np.repeat(languages, lengths)
        self.pools = {int(n): Pool(rows.other.flat[of_token == n], vectors) for n in np.unique(languages)}

    def framed(self, *parts: np.ndarray) -> np.ndarray:
        """`<s> a </s>` or `<s> a </s> b </s>`, as the tokenizer's post-processor does it."""
        end = np.array([self.end], dtype=np.int32)
        start = np.array([self.start], dtype=np.int32)
        return np.concatenate([start, *(piece for part in parts for piece in (part, end))])

    def padded(self, rows: Sequence[np.ndarray], value: int | None = None) -> torch.Tensor:
        """int64 [rows, longest], filled with the padding id unless another value is given."""
        lengths = np.array([len(row) for row in rows])
        ids = np.full((len(rows), lengths.max()), self.pad if value is None else value, dtype=np.int64)
        ids[np.arange(lengths.max())[None, :] < lengths[:, None]] = np.concatenate(rows)
        return torch.from_numpy(ids)

    def batch(self, pairs: np.ndarray, device: torch.device) -> TwoParts:
        """Translations and copies in turn, right and wrong second parts by chance."""
        follows = torch.rand(len(pairs)) < 0.5
        made = [self._parts(pairs, row, bool(follows[row])) for row in range(len(pairs))]
        sides = [(np.zeros(len(a), dtype=np.int64), np.ones(len(b), dtype=np.int64)) for a, b in made]
        none = np.array([-1])
        ids = self.padded([self.framed(a, b) for a, b in made])
        parts = self.padded([np.concatenate([none, a, none, b, none]) for a, b in sides], -1)
        zeros = np.zeros(1, dtype=np.int64)
        types = self.padded([np.concatenate([zeros, a, zeros, b, zeros + 1]) for a, b in sides], 0)
        return TwoParts(ids.to(device), types.to(device), parts.to(device), follows.to(device))

    def _parts(self, pairs: np.ndarray, row: int, follows: bool) -> tuple[np.ndarray, np.ndarray]:
        pair = int(pairs[row])
        english, other = self.rows.english.row(self.rows.english_of[pair]), self.rows.other.row(pair)
        if row % 2 and len(other) > 2:  # a copy
            part = self._shortened(other)
            return other, part if follows else self._altered(part, pair)
        if not follows and float(torch.rand(())) < ROLLED:
            other = self.rows.other.row(int(pairs[row - 1]))
        elif not follows:
            other = self._altered(other, pair)
        return (english, other) if row % 4 else (other, english)

    def _shortened(self, tokens: np.ndarray) -> np.ndarray:
        low, high = KEPT
        size = max(1, round(len(tokens) * (low + (high - low) * float(torch.rand(())))))
        start = int(torch.randint(len(tokens) - size + 1, ()))
        return tokens[start : start + size]

    def _altered(self, tokens: np.ndarray, pair: int) -> np.ndarray:
        if not len(tokens):
            return tokens
        count = max(1, round(ALTERED * len(tokens)))
        where = torch.randperm(len(tokens))[:count].numpy()
        altered = tokens.copy()
        altered[where] = self.pools[int(self.languages[pair])].like(tokens[where])
        return altered


class PairTraining(torch.nn.Module):
    """The encoder and the heads that only training needs."""

    def __init__(self, encoder: ElectraModel, mask: int) -> None:
        super().__init__()
        self.mask = mask
        size = encoder.config.hidden_size
        self.encoder = encoder
        width = encoder.config.embedding_size
        norm = torch.nn.LayerNorm(width)
        torch.nn.init.constant_(norm.weight, 0.2)  # keeps the first logits small
        self.transform = torch.nn.Sequential(torch.nn.Linear(size, width), torch.nn.GELU(), norm)
        self.bias = torch.nn.Parameter(torch.zeros(encoder.config.vocab_size))
        self.first = torch.nn.Linear(size, 1)
        self.compared = torch.nn.Sequential(torch.nn.Linear(4 * size, size), torch.nn.Tanh(), torch.nn.Linear(size, 1))

    def loss(self, two: TwoParts) -> torch.Tensor:
        """Masked tokens and, from both heads, whether the second part follows."""
        hidden = (torch.rand(two.ids.shape) < MASKED).to(two.ids.device) & (two.parts >= 0)
        output = self.encoder(
            input_ids=two.ids.masked_fill(hidden, self.mask),
            attention_mask=(two.ids != self.encoder.config.pad_token_id).long(),
            token_type_ids=two.types,
        )
        states, goal = output.last_hidden_state, two.follows.float()
        first, second = (self._mean(states, two.parts == part) for part in (0, 1))
        features = torch.cat([first, second, (first - second).abs(), first * second], dim=-1)
        loss = binary_cross_entropy_with_logits(self.compared(features).squeeze(-1), goal)
        loss = loss + 0.5 * binary_cross_entropy_with_logits(self.first(states[:, 0]).squeeze(-1), goal)
        return loss + self._restored(states[hidden], two.ids[hidden])

    def _mean(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        weights = mask.unsqueeze(-1)
        return (states * weights).sum(1) / weights.sum(1).clamp(min=1)

    def _restored(self, states: torch.Tensor, goal: torch.Tensor) -> torch.Tensor:
        """Cross entropy over the tokens to restore and NEGATIVES drawn entries; output vectors are the input ones."""
        if not len(goal):
            return self.bias.sum() * 0.0
        drawn = torch.randint(len(self.bias), (NEGATIVES,)).to(goal.device)
        entries, place = torch.unique(torch.cat([goal, drawn]), return_inverse=True)
        table = self.encoder.embeddings.word_embeddings.weight[entries]
        return cross_entropy(linear(self.transform(states), table, self.bias[entries]), place[: len(goal)])
