"""Training of sentence vectors: losses of sentence-transformers on an encoder's own towers, in the one training loop.

The trainer of sentence-transformers is not used. It tokenizes a column of sentences by one tokenizer, where here each
sentence goes through the tower of its language; and schedule, precision, memory and errors are to be the same for
every aligner, so that budgets compare.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Module
from xbench_encoders.encoder import Tokens, TransformerEncoder
from xbench_encoders.heads import pool
from xbench_encoders.training import TrainingContext, TrainingOptions, adamw, train

from xbench.contracts import Context
from xbench_aligners.bitext import Bitext, Text
from xbench_aligners.freezing import frozen
from xbench_aligners.sentence_reading import Vectors, collapse, looked_at, sides, told
from xbench_aligners.sentences import SentenceOptions

Features = dict[str, Any]


class Sentences(Module):  # type: ignore[misc]
    """An encoder as a module of sentence-transformers: the same weights, each text through the tower of its language.

    A sentence's vector is the mean of its last states, mapped, without the special tokens.
    """

    def __init__(self, encoder: TransformerEncoder) -> None:
        super().__init__()
        self.encoder, self.module = encoder, encoder.module

    def features(self, tokens: Mapping[str, Tokens], texts: Sequence[Text]) -> Features:
        """What `forward` takes for these texts: which they are, a row of two numbers each, as losses cut it to parts.

        It is on the encoder's device, so that a loss knows whose random state its second pass is to find again.
        """
        names = list(tokens)
        rows = [[names.index(name), row] for name, row in texts]
        return {"texts": torch.tensor(rows, device=self.encoder.device), "tokens": tokens}

    def forward(self, features: Features) -> Features:
        """Add the `sentence_embedding`, (texts, dimension), in float32."""
        tokens: Mapping[str, Tokens] = features["tokens"]
        names = list(tokens)
        groups: dict[str, list[tuple[int, int]]] = {}
        for place, (name, row) in enumerate(features["texts"].tolist()):
            groups.setdefault(names[name], []).append((place, row))
        batches = [self.encoder.batch(tokens[name], [row for _, row in of]) for name, of in groups.items()]
        vectors = torch.cat([pool(self.encoder.states(batch), batch, "mean").float() for batch in batches])
        places = torch.tensor([place for of in groups.values() for place, _ in of], device=vectors.device).argsort()
        return {**features, "sentence_embedding": vectors[places]}

    def get_embedding_dimension(self) -> int:
        """The width of the vectors."""
        return self.encoder.dimension

    def save(self, output_path: str, *args: Any, **kwargs: Any) -> None:
        """Write the encoder's weights as safetensors."""
        self.encoder.save(Path(output_path))


def wrapped(encoder: TransformerEncoder) -> Any:
    """The encoder as a `SentenceTransformer` that shares its weights: what trains the one trains the other."""
    return SentenceTransformer(modules=[Sentences(encoder)], device=str(encoder.device))


@dataclass(frozen=True)
class Lessons:
    """What is trained on: groups of pairs, each a row of the training, and by source row what a teacher says.

    `loss` is one of sentence-transformers over a `wrapped` encoder; it is a mean over pairs where it is `splittable`.
    """

    bitext: Bitext
    groups: Sequence[Sequence[int]]
    loss: torch.nn.Module
    splittable: bool
    labels: torch.Tensor | None = None

    def taught(self) -> dict[str, Vectors]:
        """By language the teacher's vectors of the sources that are looked at; none without a teacher."""
        if self.labels is None:
            return {}
        looked = looked_at(self.bitext).items()
        return {at: self.labels[[self.bitext.pairs[pair][0][1] for pair in pairs]].numpy() for at, pairs in looked}


class PairsObjective:
    """Objective: the loss of the pairs of some groups, sources in the first column and targets in the second."""

    def __init__(self, lessons: Lessons) -> None:
        self.lessons, self.module, self.splittable = lessons, lessons.loss, lessons.splittable
        self.lengths = [max(map(lessons.bitext.length, group)) for group in lessons.groups]
        self.sentences: Sentences = lessons.loss.model[0]  # type: ignore[index, assignment]

    def optimizers(self, options: TrainingOptions) -> list[torch.optim.Optimizer]:
        """AdamW over everything that is not frozen."""
        return [adamw(self.module, options)]

    def loss(self, rows: Sequence[int], progress: float) -> torch.Tensor:
        """The loss of sentence-transformers over all pairs of these groups at once."""
        bitext, labels = self.lessons.bitext, self.lessons.labels
        pairs = [bitext.pairs[pair] for row in rows for pair in self.lessons.groups[row]]
        columns = [self.sentences.features(bitext.tokens, side) for side in zip(*pairs, strict=True)]
        taught = None if labels is None else labels[[row for (_, row), _ in pairs]]
        found: torch.Tensor = self.module(columns, taught)
        return found


def teach(encoder: TransformerEncoder, lessons: Lessons, options: SentenceOptions, context: Context) -> None:
    """Train the encoder in place, whose means are its sentence vectors from then on; log what happened."""
    before = sides(encoder, lessons.bitext)
    with frozen(encoder, options.freeze):
        log = train(
            PairsObjective(lessons),
            TrainingOptions(
                steps=options.steps,
                batch_size=options.batch_size if lessons.splittable else 1,  # else a group is a batch
                learning_rate=options.learning_rate,
                precision=options.precision,
            ),
            TrainingContext(context.seed, encoder.device, context.progress),
        )
    encoder.pooling = "mean"
    after = sides(encoder, lessons.bitext)
    context.log("steps", log.steps)
    context.log("precision", log.precision)
    context.log("trained_parameters", log.trained_parameters)
    context.log("losses", list(log.losses))
    context.log("tokens", sum(lessons.bitext.size(pair) for group in lessons.groups for pair in group))
    context.log("cosines_before", told(before))
    context.log("cosines", told(after))
    if reason := collapse(after, lessons.taught() or {language: source for language, (source, _) in before.items()}):
        context.log("degenerate", reason)
