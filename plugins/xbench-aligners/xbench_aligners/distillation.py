"""The teacher of a multilingual distillation, and the lessons it gives."""

import torch
from sentence_transformers.sentence_transformer.losses import MSELoss
from xbench_encoders.encoder import TransformerEncoder
from xbench_encoders.vectors import text_vectors

from xbench.contracts import Context
from xbench_aligners.bitext import read, singles
from xbench_aligners.distill import DistillOptions
from xbench_aligners.sentence_training import Lessons, teach, wrapped


def align(encoder: TransformerEncoder, options: DistillOptions, context: Context) -> TransformerEncoder:
    """Distil the teacher that the options name; log which one it is."""
    if options.teacher == "self":
        context.log("teacher", "self")
        return distil(encoder, encoder, options, context)
    from xbench.registry import load_registry

    model = load_registry().model(options.teacher)
    context.log("teacher", vars(model.info()))
    return distil(encoder, model.load(str(encoder.device)), options, context)


def distil(
    encoder: TransformerEncoder, teacher: TransformerEncoder, options: DistillOptions, context: Context
) -> TransformerEncoder:
    """Train the encoder in place on what the teacher, who may be itself, says of the sources before the training."""
    bitext = read(encoder, options, context)
    tokens = teacher.tokenize(bitext.sources, None, context.source, options.max_length)
    labels = fitted(text_vectors(teacher, tokens, options.teacher_pooling), encoder.dimension)
    groups = singles(bitext, options.steps * options.batch_size, options.alpha, context.seed)
    teach(encoder, Lessons(bitext, groups, MSELoss(wrapped(encoder)), True, labels), options, context)
    return encoder


def fitted(vectors: torch.Tensor, width: int) -> torch.Tensor:
    """The vectors in so many dimensions: (rows, d) to (rows, width), the same where d is that already.

    Wider ones are projected onto their first right singular vectors, which keeps most of their inner products;
    narrower ones are filled up with zeros, which keeps all.
    """
    if vectors.shape[1] > width:
        _, directions = torch.linalg.eigh(vectors.double().T @ vectors.double())  # by rising eigenvalue
        longest: torch.Tensor = directions.flip(1)[:, :width]
        return (vectors.double() @ longest).float()
    return torch.nn.functional.pad(vectors, (0, width - vectors.shape[1]))
