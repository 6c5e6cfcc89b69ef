"""The rounds of self-training, and which of its own labels a model keeps."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from xbench.contracts import Examples, FitContext, TaskView
from xbench_methods.learners import LEARNERS
from xbench_methods.learning import Run, gold_of

if TYPE_CHECKING:
    from xbench_methods.self_training import SelfTrainingOptions


def fit_rounds(encoder: Any, task: TaskView, options: "SelfTrainingOptions", context: FitContext) -> Any:
    """The predictor of the last round; each is trained from a copy of the encoder."""
    learner = LEARNERS[task.kind]
    source = context.labelled(context.source)
    sets = [(context.source, source)]
    predictor = learner.fit(encoder.copy(), task, options, context, sets)
    for target in (target for target in context.targets if target != context.source):
        inputs = context.inputs(target)
        counts: list[Mapping[str, Mapping[str, int]]] = []
        for number in range(1, options.rounds + 1):
            found = predictor.predict(inputs, target)
            labels, classes = found["label"].to_pylist(), _possible(task.labels, found)
            quota = int(number * options.share * len(labels) / max(1, len(classes)))
            rows = surest(labels, [max(row) for row in found["scores"].to_pylist()], quota, options.threshold)
            counts.append(
                {"predicted": _counted(labels, classes), "kept": _counted([labels[r] for r in rows], classes)}
            )
            if not rows:
                break
            again = learner.new(encoder.copy(), task, options, sets, context.seed)
            own = _examples(source, inputs.take(rows), [labels[row] for row in rows])
            learner.train(again, options, context, [*sets, (target, own)], Run(f"training_round_{number}"))
            predictor = again
        _report(counts, set(gold_of(source, context.source)["label"].to_pylist()), context)
    return predictor


def surest(labels: Sequence[str], chances: Sequence[float], quota: int, threshold: float) -> list[int]:
    """The rows, in order, that are among the `quota` surest of their label and no less sure than the threshold."""
    kept: Counter[str] = Counter()
    found: list[int] = []
    for row in sorted(range(len(labels)), key=lambda row: (-chances[row], row)):
        if chances[row] >= threshold and kept[labels[row]] < quota:
            kept[labels[row]] += 1
            found.append(row)
    return sorted(found)


def _possible(labels: Sequence[str], found: pa.Table) -> Sequence[str]:
    """The labels that a row can have: of places only as many as there are choices."""
    return labels[: max(map(len, found["scores"].to_pylist()), default=0)]


def _counted(labels: Sequence[str], classes: Sequence[str]) -> dict[str, int]:
    counted = Counter(labels)
    return {label: counted[label] for label in classes}


def _examples(source: Examples, inputs: pa.Table, labels: Sequence[str]) -> Examples:
    about = replace(source.provenance, id="its own labels", split="unlabelled", n_rows=len(labels), fingerprint="")
    return Examples(inputs, pa.table({"label": pa.array(labels, pa.string())}), about)


def _report(counts: Sequence[Mapping[str, Mapping[str, int]]], known: set[str], context: FitContext) -> None:
    context.log("rounds", list(counts))
    lost = [label for label, times in counts[-1]["predicted"].items() if not times and label in known] if counts else []
    if lost:
        context.log("degenerate", f"self-training lost {', '.join(lost)}: predicted for no example in the last round")
