"""Retrieval: the encoder stays as it is, and texts that are near each other are taken for matches."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from xbench.contracts import FitContext, Predictor, Resource, Scope, TaskKind, TaskView

# The layer that XTREME's scripts take (google-research/xtreme@838c13b), by task, type of model and number of layers.
LAYERS: Mapping[tuple[str, str, int], int] = MappingProxyType(
    {
        ("tatoeba", "bert", 12): 8,
        ("tatoeba", "xlm", 16): 12,
        ("tatoeba", "xlm-roberta", 24): 14,
        ("bucc2018", "bert", 12): 8,
        ("bucc2018", "xlm", 16): 12,
        ("bucc2018", "xlm-roberta", 24): 20,
    }
)


def usual_layer(task: str, model_type: str, layers: int) -> int:
    """The layer of XTREME's scripts, or two thirds of the way up, which is also that of its 12-layer model."""
    return LAYERS.get((task, model_type, layers), round(layers * 2 / 3))


@dataclass(frozen=True)
class RetrieveOptions:
    """What vectors are made of, and what is near.

    `layer` counts from 0, the embeddings, or back from -1, the last; `depth` is how many candidates a query is given
    at most; `neighbours` are those of the margin, 4 if none are given, and of CSLS, 10.
    """

    search: Literal["cosine", "csls", "margin"] = "cosine"
    threshold: float | Literal["none", "dev"] = "none"
    depth: int = 1
    neighbours: int | None = None
    pooling: Literal["mean-all", "mean", "cls"] = "mean-all"
    layer: int | None = None
    max_length: int = 512

    def __post_init__(self) -> None:
        if self.depth < 1 or self.nearest < 1 or self.max_length < 8:
            raise ValueError("depth and neighbours must be at least 1, max_length at least 8")
        if self.search == "margin" and self.depth > 1:
            raise ValueError("search=margin matches one to one: depth must be 1")

    @property
    def nearest(self) -> int:
        """How many neighbours count: those asked for, or the published number."""
        return self.neighbours if self.neighbours is not None else {"csls": 10}.get(self.search, 4)


class Retrieve:
    """Nearest neighbours among sentence vectors of the frozen encoder; nothing is trained.

    The vectors are those of XTREME (Hu et al. 2020, https://arxiv.org/abs/2003.11080): the mean of a middle layer
    over all tokens, special ones too. The layer is the published one (mBERT 8 of 12, XLM-R large 14 of 24 on Tatoeba
    and 20 on BUCC), two thirds of the way up for all others, and the last of an encoder whose means were trained.
    `pooling=mean` leaves the special tokens out, `cls` takes the first token.

    `search=cosine` gives each query the `depth` nearest candidates; `search=csls`, by which word translation is
    scored, takes from twice the cosine the mean cosines of both texts with their `neighbours` nearest, so that a
    candidate that is near to every query loses by it (Conneau et al. 2018, https://arxiv.org/abs/1710.04087).
    `search=margin` mines pairs one to one, as for
    BUCC: by the ratio of a cosine to the mean cosine of both texts with their `neighbours` nearest (Artetxe and
    Schwenk 2019, https://arxiv.org/abs/1811.01136), without those that their side repeats. `threshold=dev` leaves out
    the pairs that score below what gives the best F1 on the target's validation split, a number those below it
    (1.06 is what CCMatrix takes for the ratio, Schwenk et al. 2021, https://aclanthology.org/2021.acl-long.507/);
    `none` keeps all.
    """

    name = "retrieve"
    version = 1
    deterministic = True
    summary = "nearest neighbours by sentence vectors, nothing is trained: retrieve[search=cosine|csls|margin,layer=..]"
    citation = "Hu et al. 2020, XTREME, ICML, https://arxiv.org/abs/2003.11080"
    Options = RetrieveOptions
    task_kinds = frozenset({TaskKind.RETRIEVAL})

    def needs(self, options: RetrieveOptions) -> frozenset[Resource]:
        """Nothing, or the target's validation labels for the threshold."""
        return frozenset({Resource.TARGET_VALIDATION} if options.threshold == "dev" else ())

    def scope(self, options: RetrieveOptions) -> Scope:
        """The source, which is not read, or one target for its threshold."""
        return Scope.PAIRWISE if options.threshold == "dev" else Scope.SOURCE

    def fit(self, encoder: Any, task: TaskView, options: RetrieveOptions, context: FitContext) -> Predictor:
        """Tune the threshold where one is wanted; see `xbench_methods.searching`."""
        from xbench_methods.searching import fit_retriever

        return fit_retriever(encoder, task, options, context)

    def load(self, encoder: Any, task: TaskView, options: RetrieveOptions, folder: Path) -> Predictor:
        """Read back the threshold; the encoder is the one it was tuned for."""
        from xbench_methods.searching import load_retriever

        return load_retriever(encoder, task, options, folder)
