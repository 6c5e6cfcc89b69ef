"""Initialisation across vocabularies: a target language gets pieces and embeddings of its own, the body is shared."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from xbench.contracts import Context, Resource, Scope


@dataclass(frozen=True)
class InitOptions:
    """Which pieces, and how their embeddings are made.

    `into` is a tokenizer: a folder or hub id; `own`, what the encoder has for the language already; or `auto`, one
    like the source's trained on target text, of up to `pieces` pieces. `dimension` and `min_count` are of the static
    vectors that `wechsel` and `focus` train, `neighbours` and `temperature` of `wechsel`, all that follows of the
    training of `lexical`.
    """

    into: str = "auto"
    how: Literal["random", "mean", "overlap", "wechsel", "focus", "lexical"] = "focus"
    pieces: int = 30_000
    dictionary: str = "auto"
    dimension: int = 100
    min_count: int = 10
    neighbours: int = 10
    temperature: float = 0.1
    steps: int = 1000
    batch_size: int = 32
    learning_rate: float = 1e-3
    max_length: int = 128
    precision: Literal["auto", "fp32", "bf16"] = "auto"

    def __post_init__(self) -> None:
        if not self.into:
            raise ValueError("into must be auto, own, or a tokenizer's folder or hub id")
        least = (self.pieces, self.dimension, self.min_count, self.neighbours, self.steps, self.batch_size)
        if min(least) < 1 or self.max_length < 8:
            raise ValueError("all counts must be at least 1, max_length at least 8")
        if self.temperature <= 0 or self.learning_rate <= 0:
            raise ValueError("temperature and learning_rate must be above 0")


class Init:
    """A new embedding table for each target language, made of the source's; all other weights are the source's own.

    Row t of the table is e_t, in each way of `how`; special tokens are copied by role in all of them:
    `random`   drawn from N(mean, standard deviation) of each dimension of the source's table, or `mean` itself;
    `overlap`  the source's row of the same piece, the rest drawn;
    `wechsel`  sum over the 10 nearest source pieces j of softmax(cos(u_t, u_j) / 0.1)_j e_j, where u are static
               vectors of pieces, made of those of words, trained on the text of both languages and rotated onto each
               other by a dictionary (Minixhofer et al. 2022);
    `focus`    as `overlap`, but a piece of the target alone is sum over common pieces o of sparsemax(cos(u_t, u_o))_o
               e_o, with u trained on target text (Dobler & de Melo 2023);
    `lexical`  as `overlap`, then trained by masked language modelling on target text, while the body stays as it is
               (Artetxe et al. 2020, https://arxiv.org/abs/1910.11856). The head that goes with it, which encoders are
               loaded without, is learned first, on source text.

    The body is shared, not copied: what a method learns of the source in it, every target has. No target depends on
    another, so that one fit serves all.
    """

    name = "init"
    version = 1
    summary = "new pieces and embeddings for each target, made of the source's: init[how=focus|wechsel|lexical|..]"
    citation = "Minixhofer et al. 2022, WECHSEL, NAACL, https://arxiv.org/abs/2112.06598"
    Options = InitOptions

    def needs(self, options: InitOptions) -> frozenset[Resource]:
        """Text of what learns from text, and a dictionary for `wechsel`."""
        needed = set()
        if options.into == "auto" or options.how in ("wechsel", "focus", "lexical"):
            needed.add(Resource.TARGET_TEXT)
        if options.how in ("wechsel", "lexical"):
            needed.add(Resource.SOURCE_TEXT)
        if options.how == "wechsel":
            needed.add(Resource.DICTIONARY)
        return frozenset(needed)

    def scope(self, options: InitOptions) -> Scope:
        """All targets together: each has a tower of its own, and one body serves them all."""
        return Scope.JOINT

    def fit(self, encoder: Any, options: InitOptions, context: Context) -> Any:
        """An encoder with a tower for each target; see `xbench_aligners.initialising`."""
        from xbench_aligners.initialising import initialise

        return initialise(encoder, options, context)

    def save(self, encoder: Any, folder: Path) -> None:
        """Tokenizer (JSON) and embeddings (safetensors) of each target."""
        from xbench_aligners.grafts import save_grafts

        save_grafts(encoder, folder)

    def load(self, encoder: Any, folder: Path) -> Any:
        """The towers again, on the body of the encoder handed in."""
        from xbench_aligners.grafts import load_grafts

        return load_grafts(encoder, folder)
