"""Gradient boosted trees on the sentence vectors of a frozen encoder."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xbench.contracts import FitContext, Resource, Scope, TaskKind, TaskView
from xbench.errors import StageError

if TYPE_CHECKING:
    import pyarrow as pa

FILE = "trees.txt"  # LightGBM's own format, which is text and runs nothing when it is read


@dataclass(frozen=True)
class TreesOptions:
    """What users may set: `trees[rounds=200,leaves=31]`."""

    rounds: int = 60
    leaves: int = 7
    learning_rate: float = 0.1
    max_length: int = 128

    def __post_init__(self) -> None:
        if self.rounds < 1 or self.leaves < 2 or self.learning_rate <= 0 or self.max_length < 8:
            raise ValueError("rounds from 1, leaves from 2, learning_rate above 0 and max_length from 8 are possible")


@dataclass(frozen=True)
class TreesPredictor:
    """The trees are a `lightgbm.Booster`, a score per label."""

    encoder: Any
    labels: tuple[str, ...]
    max_length: int
    trees: Any

    def predict(self, inputs: "pa.Table", language: str) -> "pa.Table":
        """The likeliest label and the probabilities of all, one row per input."""
        import pyarrow as pa
        from xbench_encoders.vectors import input_vectors

        scores = self.trees.predict(input_vectors(self.encoder, inputs, language, self.max_length), num_threads=1)
        return pa.table({"label": [self.labels[at] for at in scores.argmax(1)], "scores": scores.tolist()})

    def save(self, folder: Path) -> None:
        """The trees; the encoder is handed in again when they are read."""
        (folder / FILE).write_text(self.trees.model_to_string(), encoding="utf-8")


class Trees:
    """Gradient boosting (Ke et al. 2017) on the mean of a text's states; of a pair both means, and how they compare.

    Rows and columns are drawn anew for every tree, from the cell's seed: stochastic gradient boosting (Friedman 2002).
    """

    name = "trees"
    version = 1  # raise it when the numbers change: it is part of every key
    summary = "gradient boosted trees on the frozen encoder's vectors: trees[rounds=60,leaves=7]"
    citation = "Ke et al. 2017, LightGBM: A Highly Efficient Gradient Boosting Decision Tree, NeurIPS"
    Options = TreesOptions
    task_kinds = frozenset({TaskKind.SEQUENCE_CLASSIFICATION})

    def needs(self, options: TreesOptions) -> frozenset[Resource]:
        """Source labels: the context hands out nothing else."""
        return frozenset({Resource.SOURCE_LABELS})

    def scope(self, options: TreesOptions) -> Scope:
        """The source alone: one fit serves every target."""
        return Scope.SOURCE

    def fit(self, encoder: Any, task: TaskView, options: TreesOptions, context: FitContext) -> TreesPredictor:
        """Grow the trees; the loss on the training rows is shown while they grow."""
        import lightgbm
        from xbench_encoders.vectors import input_vectors

        examples = context.labelled(context.source)
        gold = examples.gold["label"].to_pylist() if examples.gold else []
        if len(set(gold)) < 2:
            found = ", ".join(sorted(set(gold))) or "none"
            raise StageError(f"examples of two labels or more are wanted, and those of {context.source} have {found}")
        rows = lightgbm.Dataset(
            input_vectors(encoder, examples.inputs, context.source, options.max_length),
            [task.labels.index(label) for label in gold],
        )
        asked = {
            "objective": "multiclass", "num_class": len(task.labels), "num_leaves": options.leaves,
            "learning_rate": options.learning_rate, "min_data_in_leaf": 5, "seed": context.seed,
            "bagging_fraction": 0.8, "bagging_freq": 1, "feature_fraction": 0.3,
            "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1,
        }  # fmt: skip

        def shown(grown: Any) -> None:
            context.progress(grown.iteration + 1, options.rounds, grown.evaluation_result_list[0][2])

        trees = lightgbm.train(asked, rows, options.rounds, valid_sets=[rows], callbacks=[shown])
        return TreesPredictor(encoder, task.labels, options.max_length, trees)

    def load(self, encoder: Any, task: TaskView, options: TreesOptions, folder: Path) -> TreesPredictor:
        """The trees again."""
        import lightgbm

        trees = lightgbm.Booster(model_str=(folder / FILE).read_text(encoding="utf-8"))
        return TreesPredictor(encoder, task.labels, options.max_length, trees)
