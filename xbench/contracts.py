"""What plugins provide and what they are given. A plugin's classes need only have these members.

Tables are `pyarrow.Table`; row i of one is row i of the other. Inputs of sequence classification have the column
`text` and, for pairs, `text_pair`; gold has the column `label` (text); predictions have `label` and may have `scores`,
a list per row in the order of `Task.labels`. Inputs of token classification have `tokens`, a list of words per row;
gold and predictions have `tags`, a list of as many labels. Multiple choice has `text` and `choices`, a list of texts
per row, and `label` is the place of one, "0" for the first. Extractive question answering has `id`, `question` and
`context`; gold has `answers`, a list of texts, and may have `starts`, where each begins in the context, in characters;
predictions have `answer`. Retrieval has a row per text of both sides: `id`, `text`, its `language`, and `side`, which
is "query" or "candidate"; gold and predictions have `matches`, a list of ids of candidates, best first, which is empty
for a query that has none and for a candidate.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from xbench.context import Context, FitContext
from xbench.tasks import Described, PairedData, Task
from xbench.values import (
    Data,
    Examples,
    HeldOut,
    ModelInfo,
    Origin,
    Pairs,
    Provenance,
    Resource,
    Scope,
    Scores,
    Split,
    TaskKind,
    TaskView,
)

if TYPE_CHECKING:
    import pyarrow

__all__ = ["Aligner", "Context", "Data", "Described", "Diagnostic", "Encoder", "Examples", "FitContext", "HeldOut",
           "Method", "Model", "ModelFamily", "ModelInfo", "Origin", "PairedData", "Pairs", "Predictor", "Provenance",
           "Resource", "Scope", "Scores", "Split", "Task", "TaskKind", "TaskView"]  # fmt: skip
CONTRACT = 2  # raised when what a plugin must have, or may use, changes; a plugin's module may say XBENCH_CONTRACT = 2
OLDEST = 1  # the oldest contract whose plugins still run
CHANGES: Mapping[int, str] = {
    1: "the first that has a number",
    2: "a model may name the type of encoder it gives (encoder_type), an aligner, method or diagnostic those it takes"
    " (encoder_types); without them it is the type of xbench-encoders, as before, and there is nothing to do",
}


class Encoder(Protocol):
    """The loaded thing that turns text of a named language into vectors; its making is the plugin's affair.

    What aligners and methods may do with it depends on its type. The type `states`, which goes without saying, has what
    `xbench_encoders.encoder.TransformerEncoder` has: tokenizers, and states of tokens that can be trained. An encoder
    of another kind, such as counts of n-grams, has a type of its own name, and methods that say that they take it.
    """

    def copy(self) -> "Encoder":
        """An independent copy: a fit changes what it is handed."""

    def describe(self) -> Mapping[str, Any]:
        """At least `parameters` (count) and `dtype`."""


class Model(Described, Protocol):
    """A light description of a pretrained model; `languages` is None where any language may be tried.

    Where its encoder is not of the type `states`, it says so: `encoder_type = "counts"`. Recipes with a part that does
    not take the type are skipped, and say why.
    """

    @property
    def languages(self) -> tuple[str, ...] | None:
        """The languages it can encode; None where any may be tried."""

    @property
    def hyperparameters(self) -> Mapping[str, Any]:
        """Option values it asks of methods, by name; they replace the task's recipe."""

    def info(self) -> ModelInfo:
        """What names the weights. Raises ModelError when there is no such model."""

    def load(self, device: str) -> Encoder:
        """Load the weights. Raises ModelError when they cannot be loaded."""


class ModelFamily(Described, Protocol):
    """Models that need no entry of their own, such as every encoder of a hub.

    It may have `toy(words)`, a tiny model that can be trained in a second and knows these words, which `xbench plugin
    check` tries aligners and methods on.
    """

    def resolve(self, text: str) -> Model | None:
        """The model that `text` names, or None when it is not of this family. Raises UsageError when it is broken."""


class Diagnostic(Described, Protocol):
    """Measures how well languages meet in an encoder, apart from any task; it is no supervision and trains nothing.

    It measures encoders of the types that it takes, `encoder_types`; see `Trained`.
    """

    @property
    def version(self) -> int:
        """Declared version: raise it when the numbers change."""

    def measure(self, encoder: Any, pairs: HeldOut) -> Mapping[str, float]:
        """Readings by name; only those that the pairs allow. The encoder is left as it is."""


class Trained(Described, Protocol):
    """What aligners and methods declare; `options` is an instance of `Options`.

    Of paired data it needs, the option `parallel`, `dictionary` or `translations` may name which; `auto`, which goes
    without saying, is the first resource that has them. What a fit logs as `degenerate`, a text, is why its result is
    no fair try of the method, such as a collapse; boards show it. Where no seed enters it, such as a linear solve, it
    says `deterministic = True`; else two seeds that come to the same are a fault. `trial`, option values by name, are
    those that it is checked with on a tiny encoder, where the defaults would take long or make no sense. What takes
    encoders of other types than `states` names them: `encoder_types = frozenset({"counts"})`.
    """

    @property
    def citation(self) -> str:
        """Authors, year, title and where: the paper that a board cites."""

    @property
    def version(self) -> int:
        """Declared version: raise it when the numbers change."""

    @property
    def Options(self) -> type[Any]:  # noqa: N802
        """A frozen dataclass of plain fields with defaults."""

    def needs(self, options: Any) -> frozenset[Resource]:
        """What `fit` reads."""

    def scope(self, options: Any) -> Scope:
        """Which languages `fit` sees."""


class Aligner(Trained, Protocol):
    """Encoder to Encoder: makes languages meet."""

    def fit(self, encoder: Any, options: Any, context: Context) -> Any:
        """The aligned encoder; the one handed in may be changed."""

    def save(self, encoder: Any, folder: Path) -> None:
        """Write what `load` needs: safetensors or JSON."""

    def load(self, encoder: Any, folder: Path) -> Any:
        """The aligned encoder again, from the encoder `fit` was handed and what `save` wrote."""


class Predictor(Protocol):
    """What a method's fit gives."""

    def predict(self, inputs: "pyarrow.Table", language: str) -> "pyarrow.Table":
        """One prediction per row, in order."""

    def save(self, folder: Path) -> None:
        """Write what the method's `load` needs: safetensors or JSON."""


class Method(Trained, Protocol):
    """Encoder and Task to Predictor: how labels become predictions."""

    @property
    def task_kinds(self) -> frozenset[TaskKind]:
        """The kinds it can learn."""

    def fit(self, encoder: Any, task: TaskView, options: Any, context: FitContext) -> Predictor:
        """Learn the task; the encoder handed in may be changed."""

    def load(self, encoder: Any, task: TaskView, options: Any, folder: Path) -> Predictor:
        """The predictor again, from the encoder `fit` was handed and what `Predictor.save` wrote."""
