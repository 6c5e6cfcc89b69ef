"""Correlation alignment: what it is called, what it reads, how it maps."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xbench.contracts import Context, Resource, Scope


@dataclass(frozen=True)
class CoralOptions:
    """What users may set: `coral[shrinkage=0.5]`; so many texts of each language are drawn."""

    max_texts: int = 2000
    max_length: int = 128
    shrinkage: float = 0.5  # of a covariance to its mean variance; 0.5 is the paper's C + I where variances are 1

    def __post_init__(self) -> None:
        if self.max_texts < 2 or self.max_length < 8 or not 0 < self.shrinkage <= 1:
            raise ValueError("max_texts must be at least 2, max_length at least 8, shrinkage above 0 and at most 1")


class Coral:
    """Give each target the mean m and the covariance C, shrunk, of the source: (h - m_t) C_t^(-1/2) C_s^(1/2) + m_s.

    Sun, Feng and Saenko 2016 (https://arxiv.org/abs/1511.05547), equation 5, with languages for domains and a map for
    each target. It needs text alone: no pair of sentences, no dictionary, no label.
    """

    name = "coral"
    version = 1  # raise it when the numbers change: it is part of every key
    summary = "each target's mean and covariance made those of the source (text only): coral[shrinkage=..]"
    citation = "Sun, Feng and Saenko 2016, Return of Frustratingly Easy Domain Adaptation, AAAI, https://arxiv.org/abs/1511.05547"
    Options = CoralOptions
    trial = {"max_texts": 40}  # noqa: RUF012  # what `plugin check` tries it with: its texts are few

    def needs(self, options: CoralOptions) -> frozenset[Resource]:
        """Unlabelled text of both sides: the context hands out nothing else."""
        return frozenset({Resource.SOURCE_TEXT, Resource.TARGET_TEXT})

    def scope(self, options: CoralOptions) -> Scope:
        """All targets at once; one fit serves them all."""
        return Scope.JOINT

    def fit(self, encoder: Any, options: CoralOptions, context: Context) -> Any:
        """The encoder with a map for each target; what is logged is kept beside the results."""
        import numpy as np

        home, colour = _moments(encoder, context, context.source, options, 0.5)
        turned = {}
        for step, target in enumerate(context.targets, 1):
            centre, white = _moments(encoder, context, target, options, -0.5)
            weight = white @ colour
            encoder.map(target, weight, home - centre @ weight)
            turned[target] = round(float(np.linalg.norm(weight - np.eye(len(weight)))), 4)
            context.progress(step, len(context.targets), 0.0)
        context.log("turned", turned)  # 0: the target had the source's covariance already
        return encoder

    def save(self, encoder: Any, folder: Path) -> None:
        """The maps as safetensors."""
        encoder.save_maps(folder)

    def load(self, encoder: Any, folder: Path) -> Any:
        """The maps again."""
        return encoder.load_maps(folder)


def _moments(encoder: Any, context: Context, language: str, options: CoralOptions, power: float) -> tuple[Any, Any]:
    """Mean (d,) and a power (d, d) of the covariance of the texts' vectors, of texts that the seed draws."""
    import numpy as np
    from xbench_encoders.vectors import mean_vectors

    texts = context.text(language)
    drawn = np.random.default_rng(context.seed).permutation(len(texts))[: options.max_texts]
    vectors = mean_vectors(encoder, [texts[at] for at in drawn], language, options.max_length).astype(np.float64)
    centre = vectors.mean(0)
    spread = (vectors - centre).T @ (vectors - centre) / len(vectors)
    sphere = np.trace(spread) / len(spread) * np.eye(len(spread))
    values, axes = np.linalg.eigh((1 - options.shrinkage) * spread + options.shrinkage * sphere)
    return centre, axes @ np.diag(values**power) @ axes.T
