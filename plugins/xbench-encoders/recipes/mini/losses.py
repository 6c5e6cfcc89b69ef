"""The training rows as token ids with their teacher vectors, and the two sentence losses of both stages."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from corpus import Pair, Ragged, tokenise
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy, normalize

WORD_TEMPERATURE = 0.1
WORDS = 1024  # linked tokens of a batch that are told apart, at most
DISTILLATION = 3.0  # weights of the losses; their balance was found by trial, see README.md
CONTRAST = 0.5
TEMPERATURE = 0.05

log = logging.getLogger("mini.losses")


@dataclass(frozen=True)
class Rows:
    """The pairs as numbers: English texts, other sides, which English text and teacher vector a pair has."""

    english: Ragged
    other: Ragged
    english_of: np.ndarray
    teacher_of: np.ndarray
    vectors: np.ndarray


def number_rows(
    pairs: Sequence[Pair], tokenizer: Tokenizer, teacher: tuple[dict[str, int], np.ndarray], max_tokens: int
) -> Rows:
    """Tokenise every English text and every other side once; teacher_of is -1 where there is no vector."""
    known, vectors = teacher
    texts = list(dict.fromkeys(pair.english for pair in pairs))
    numbers = {text: number for number, text in enumerate(texts)}
    teacher_of = np.array([known.get(pair.english, -1) for pair in pairs])
    rows = Rows(
        english=tokenise(tokenizer, texts, max_tokens),
        other=tokenise(tokenizer, [pair.other for pair in pairs], max_tokens),
        english_of=np.array([numbers[pair.english] for pair in pairs]),
        teacher_of=teacher_of,
        vectors=vectors,
    )
    taught = int((teacher_of >= 0).sum())
    log.info("%d pairs, %d English texts, %d pairs with a teacher vector", len(pairs), len(texts), taught)
    return rows


def distillation(english: torch.Tensor, other: torch.Tensor, rows: Rows, pairs: np.ndarray) -> torch.Tensor:
    """Mean of 1 - cosine to the English teacher vector over both sides [pairs, size], where there is one.

    Reimers & Gurevych 2020, with cosines for squared errors: only directions are compared later.
    """
    taught = rows.teacher_of[pairs] >= 0
    if not taught.any():
        return english.sum() * 0.0
    goal = torch.from_numpy(rows.vectors[rows.teacher_of[pairs[taught]]]).to(english.device)
    keep = torch.from_numpy(taught).to(english.device)
    cosines = [(normalize(side[keep], dim=-1) * goal).sum(-1).mean() for side in (english, other)]
    return 1.0 - sum(cosines) / 2


def contrast(english: torch.Tensor, other: torch.Tensor, rows: Rows, pairs: np.ndarray) -> torch.Tensor:
    """InfoNCE in both directions over the batch; other pairs with the same English text are no negatives."""
    logits = normalize(english, dim=-1) @ normalize(other, dim=-1).T / TEMPERATURE
    number = torch.from_numpy(rows.english_of[pairs]).to(english.device)
    goal = torch.arange(len(number), device=english.device)
    same = (number[:, None] == number[None, :]) & (goal[:, None] != goal[None, :])
    logits = logits.masked_fill(same, -torch.inf)
    return (cross_entropy(logits, goal) + cross_entropy(logits.T, goal)) / 2


def sentence_loss(english: torch.Tensor, other: torch.Tensor, rows: Rows, pairs: np.ndarray) -> torch.Tensor:
    """Both losses on the two sides [pairs, size] of a batch, weighted."""
    return DISTILLATION * distillation(english, other, rows, pairs) + CONTRAST * contrast(english, other, rows, pairs)


def word_loss(
    english: torch.Tensor, other: torch.Tensor, links: torch.Tensor, ids: tuple[torch.Tensor, torch.Tensor]
) -> torch.Tensor:
    """InfoNCE between the states of linked tokens (Wu & Dredze 2020), in both directions over the batch.

    States [rows, tokens, size], links [rows, english tokens, other tokens] and the ids of both sides. Links with the
    same token on a side are no negatives of each other.
    """
    row, left, right = links.nonzero(as_tuple=True)
    if len(row) < 2:
        return english.sum() * 0.0
    if len(row) > WORDS:
        kept = torch.randperm(len(row))[:WORDS].to(row.device)
        row, left, right = row[kept], left[kept], right[kept]
    first, second = normalize(english[row, left], dim=-1), normalize(other[row, right], dim=-1)
    logits = first @ second.T / WORD_TEMPERATURE
    goal = torch.arange(len(row), device=row.device)
    known = ids[0][row, left], ids[1][row, right]
    same = (known[0][:, None] == known[0][None, :]) | (known[1][:, None] == known[1][None, :])
    logits = logits.masked_fill(same & (goal[:, None] != goal[None, :]), -torch.inf)
    return (cross_entropy(logits, goal) + cross_entropy(logits.T, goal)) / 2
