"""The method: counts weighed by tf-idf, and logistic regression on them."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xbench.contracts import FitContext, Resource, Scope, TaskKind, TaskView
from xbench.errors import StageError
from xbench_example_tfidf.counts import COUNTS

if TYPE_CHECKING:
    import pyarrow as pa

FILE = "tfidf.safetensors"


@dataclass(frozen=True)
class TfIdfOptions:
    """What users may set: `tfidf[cost=1]`, which weighs the errors against the size of the weights."""

    cost: float = 10.0

    def __post_init__(self) -> None:
        if self.cost <= 0:
            raise ValueError("cost must be above 0")


@dataclass(frozen=True, eq=False)
class TfIdfPredictor:
    """`idf` has the shape (columns,), `weight` (labels, columns), `bias` (labels,)."""

    encoder: Any
    labels: tuple[str, ...]
    idf: Any
    weight: Any
    bias: Any

    def predict(self, inputs: "pa.Table", language: str) -> "pa.Table":
        """The label with the highest score, one per row."""
        import pyarrow as pa

        scores = _weighed(_counts(self.encoder, inputs, language), self.idf) @ self.weight.T + self.bias
        return pa.table({"label": [self.labels[at] for at in scores.argmax(1)]})

    def save(self, folder: Path) -> None:
        """All that is learned, as safetensors: scikit-learn's own way would be a pickle."""
        from safetensors.numpy import save_file

        save_file({"idf": self.idf, "weight": self.weight, "bias": self.bias}, folder / FILE)


class TfIdf:
    """What languages share in writing alone: names, numbers, words of one origin. A floor for what is pretrained.

    Counts times ln((1 + n) / (1 + df)) + 1, rows of length 1 (Salton and Buckley 1988, with the smoothing of
    scikit-learn), and multinomial logistic regression; its optimum is unique, and no seed enters it.
    """

    name = "tfidf"
    version = 1  # raise it when the numbers change: it is part of every key
    deterministic = True
    encoder_types = frozenset({COUNTS})
    summary = "logistic regression on tf-idf of n-gram counts: tfidf[cost=..]"
    citation = "Salton and Buckley 1988, Term-weighting approaches in automatic text retrieval"
    Options = TfIdfOptions
    task_kinds = frozenset({TaskKind.SEQUENCE_CLASSIFICATION})

    def needs(self, options: TfIdfOptions) -> frozenset[Resource]:
        """Source labels: the context hands out nothing else."""
        return frozenset({Resource.SOURCE_LABELS})

    def scope(self, options: TfIdfOptions) -> Scope:
        """The source alone: one fit serves every target."""
        return Scope.SOURCE

    def fit(self, encoder: Any, task: TaskView, options: TfIdfOptions, context: FitContext) -> TfIdfPredictor:
        """Count, weigh, solve."""
        import numpy as np
        from sklearn.linear_model import LogisticRegression

        examples = context.labelled(context.source)
        gold = examples.gold["label"].to_pylist() if examples.gold else []
        if len(set(gold)) < 2:
            found = ", ".join(sorted(set(gold))) or "none"
            raise StageError(f"examples of two labels or more are wanted, and those of {context.source} have {found}")
        counts = _counts(encoder, examples.inputs, context.source)
        idf = np.log((1 + counts.shape[0]) / (1 + (counts > 0).sum(0).A1)) + 1
        solved = LogisticRegression(C=options.cost, max_iter=1000).fit(_weighed(counts, idf), gold)
        weight = np.zeros((len(task.labels), len(idf)))
        bias = np.full(len(task.labels), -np.inf)  # of a label that no example has
        two = len(solved.classes_) == 2  # then there are weights of the second alone
        for at, label in enumerate(solved.classes_):
            row = task.labels.index(label)
            weight[row] = solved.coef_[0] * (at - 0.5) if two else solved.coef_[at]
            bias[row] = solved.intercept_[0] * (at - 0.5) if two else solved.intercept_[at]
        return TfIdfPredictor(encoder, task.labels, idf, weight, bias)

    def load(self, encoder: Any, task: TaskView, options: TfIdfOptions, folder: Path) -> TfIdfPredictor:
        """What was learned, again."""
        from safetensors.numpy import load_file

        return TfIdfPredictor(encoder, task.labels, **load_file(folder / FILE))


def _counts(encoder: Any, inputs: "pa.Table", language: str) -> Any:
    """The counts of each row, (rows, columns); those of a pair side by side."""
    from scipy.sparse import hstack

    columns = [name for name in ("text", "text_pair") if name in inputs.column_names]
    return hstack([encoder.counts(inputs[name].to_pylist(), language) for name in columns], format="csr")


def _weighed(counts: Any, idf: Any) -> Any:
    """Tf-idf, rows at length 1."""
    from sklearn.preprocessing import normalize

    return normalize(counts.multiply(idf[None]).tocsr())
