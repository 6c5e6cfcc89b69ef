"""From token states to one vector per row, and from that to label scores."""

from collections.abc import Sequence
from typing import TypeVar

import torch

from xbench_encoders.encoder import Batch, TransformerEncoder

Head = TypeVar("Head", bound=torch.nn.Module)


def mean_of(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean of the states where the mask is true: (rows, tokens, d) and (rows, tokens) to (rows, d)."""
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1).clamp(min=1.0)


def pool(states: torch.Tensor, batch: Batch, how: str) -> torch.Tensor:
    """One vector per row.

    `cls`: the first token (BERT). `mean`: all tokens that are not special. `mean-all`: the special ones too (XTREME's
    retrieval). `compare`: [u; v; |u-v|; u*v] of the means of the two sides after joint encoding (the features of
    InferSent, Conneau et al. 2017).
    """
    if how == "cls":
        return states[:, 0]
    if how == "mean-all":
        return mean_of(states, batch.mask)
    if how == "mean":
        return mean_of(states, batch.sides >= 0)
    first, second = mean_of(states, batch.sides == 0), mean_of(states, batch.sides == 1)
    return torch.cat([first, second, (first - second).abs(), first * second], dim=-1)


def pool_text(states: torch.Tensor, batch: Batch, how: str) -> torch.Tensor:
    """One vector per text; one that is nothing to the tokenizer has no other mean than that of its special tokens."""
    bare = (batch.sides < 0).all(dim=1, keepdim=True)
    return torch.where(bare, pool(states, batch, "mean-all"), pool(states, batch, how))


def beside(head: Head, encoder: TransformerEncoder) -> Head:
    """The head where the encoder is and, as the encoder, without dropout until it is trained."""
    return head.to(encoder.device).eval()


class ClassificationHead(torch.nn.Module):
    """Dropout, dense, tanh, dropout, linear: the head of XLM-R's sequence classification, on any pooling."""

    def __init__(self, dimension: int, labels: int, pooling: str, dropout: float = 0.1) -> None:
        super().__init__()
        self.pooling = pooling
        width = dimension * (4 if pooling == "compare" else 1)
        self.dense = torch.nn.Linear(width, dimension)
        self.output = torch.nn.Linear(dimension, labels)
        self.dropout = torch.nn.Dropout(dropout)
        for layer in (self.dense, self.output):
            torch.nn.init.normal_(layer.weight, std=0.02)
            torch.nn.init.zeros_(layer.bias)

    def forward(self, states: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Label scores before the softmax, (rows, labels)."""
        pooled = self.dropout(pool(states, batch, self.pooling))
        scores: torch.Tensor = self.output(self.dropout(torch.tanh(self.dense(pooled))))
        return scores


class LinearHead(torch.nn.Module):
    """A linear layer on any pooling: what a probe learns."""

    def __init__(self, dimension: int, labels: int, pooling: str) -> None:
        super().__init__()
        self.pooling = pooling
        self.output = torch.nn.Linear(dimension * (4 if pooling == "compare" else 1), labels)

    def forward(self, states: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Label scores before the softmax, (rows, labels)."""
        scores: torch.Tensor = self.output(pool(states, batch, self.pooling))
        return scores


class TokenClassificationHead(torch.nn.Module):
    """Dropout, linear on the state of each word's first sub-word: the head of BERT's tagger (Devlin et al. 2019)."""

    def __init__(self, dimension: int, labels: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.output = torch.nn.Linear(dimension, labels)
        self.dropout = torch.nn.Dropout(dropout)
        torch.nn.init.normal_(self.output.weight, std=0.02)
        torch.nn.init.zeros_(self.output.bias)

    def forward(self, states: torch.Tensor, firsts: Sequence[Sequence[int]]) -> torch.Tensor:
        """Label scores before the softmax, (words, labels), row by row; `firsts` are positions by row of states."""
        scores: torch.Tensor = self.output(self.dropout(self.words(states, firsts)))
        return scores

    def words(self, states: torch.Tensor, firsts: Sequence[Sequence[int]]) -> torch.Tensor:
        """The states that stand for words, (words, d), row by row."""
        places = [(row, position) for row, positions in enumerate(firsts) for position in positions]
        rows, positions = torch.tensor(places, dtype=torch.long, device=states.device).reshape(-1, 2).T
        return states[rows, positions]


class SpanHead(torch.nn.Module):
    """Linear on the state of each token: the head of BERT's reader for extractive answers (Devlin et al. 2019)."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.output = torch.nn.Linear(dimension, 2)
        torch.nn.init.normal_(self.output.weight, std=0.02)
        torch.nn.init.zeros_(self.output.bias)

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Scores before the softmax over tokens, (rows, 2, tokens), of an answer's start and end; -inf at padding."""
        scores: torch.Tensor = self.output(states).transpose(1, 2)
        return scores.masked_fill(mask.unsqueeze(1) == 0, -torch.inf)
