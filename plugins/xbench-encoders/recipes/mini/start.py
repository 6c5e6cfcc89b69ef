"""How the transformer starts: as the static encoder, lengths of token vectors included.

A token's length says how much it counts in the mean, and LayerNorm takes lengths away. It keeps them, nearly, where
one dimension holds a number that is the same for all tokens and large beside the others: then what LayerNorm divides
by is about the same for all. Trained language models come to such dimensions by themselves (Sun et al. 2024, Massive
Activations in Large Language Models); here the last one of token vectors and of states is one from the start. The
last LayerNorm takes it off.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import ElectraConfig, ElectraModel

CARRIED = 2.0  # the number in the last dimension, in lengths of a typical token


def new_encoder(config: ElectraConfig, static: Path, seed: int) -> ElectraModel:
    """A model whose mean states are, nearly, the vectors of the static encoder: its layers add nothing yet."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = ElectraModel._from_config(config, attn_implementation="eager", dtype=torch.float32)
    trained = load_file(static)
    with torch.no_grad():
        vectors, projection = _rotated(trained["vectors"], trained["projection"])
        _start_embeddings(encoder, vectors, projection)
        for layer in encoder.encoder.layer:
            for part in (layer.attention.output, layer.output):
                part.dense.weight.zero_()
                _keep_mean(part.LayerNorm)
        encoder.encoder.layer[-1].output.LayerNorm.weight[-1] = 0.0
    return encoder


def _rotated(vectors: torch.Tensor, projection: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The same encoder in its principal axes, without the least of them and the last of the output."""
    _, axes = torch.linalg.eigh(vectors.T.double() @ vectors.double())
    kept = axes[:, 1:].flip(1).float()
    return vectors @ kept, (projection @ kept)[:-1]


def _start_embeddings(encoder: ElectraModel, vectors: torch.Tensor, projection: torch.Tensor) -> None:
    """Token vectors and projection, scaled so that a typical state has the length that LayerNorm gives."""
    table, widen = encoder.embeddings.word_embeddings.weight, encoder.embeddings_project
    typical = vectors.norm(dim=1).median()
    table[:, :-1] = vectors
    table[:, -1] = CARRIED * typical
    _keep_mean(encoder.embeddings.LayerNorm)
    narrow = encoder.embeddings.LayerNorm(table)[:, :-1]
    states = narrow @ projection.T
    scale = (1.0 + CARRIED**2) ** -0.5 * encoder.config.hidden_size**0.5 / states.norm(dim=1).median()
    widen.weight.zero_()
    widen.weight[:-1, :-1] = projection * scale
    widen.bias.zero_()
    widen.bias[-1] = CARRIED * states.norm(dim=1).median() * scale


def _keep_mean(norm: torch.nn.LayerNorm) -> None:
    """LayerNorm takes the mean off all dimensions, which the number in the last one moves: add that back."""
    size = norm.weight.shape[0]
    norm.bias.fill_(CARRIED / (1.0 + CARRIED**2) ** 0.5 / size**0.5)
    norm.bias[-1] = 0.0
