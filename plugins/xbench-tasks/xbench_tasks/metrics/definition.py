"""Makes `evaluate.Metric` classes of scorers, when they are asked for (PEP 562): importing evaluate takes seconds.

A metric made here needs no network. Rows that do not belong together are refused with the errors of xbench.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from xbench.errors import DataError

Form: TypeAlias = "str | list[Any] | dict[str, Any]"


@dataclass(frozen=True, eq=False)
class Definition:
    """What a metric is: its name, its texts, the form of a row, and the scorer.

    A row's form is the name of an Arrow type (`string`), a list with the form of its elements, or a dict of forms;
    what a row has beyond that is left out.
    `compute` takes predictions and references, both one a row, and the metric's options by name; it gives official
    figures, 0..100. `check`, where there is one, sees the rows as they were handed over, before any conversion.
    """

    name: str
    description: str
    inputs: str
    citation: str
    prediction: Form
    reference: Form
    compute: Callable[..., Mapping[str, float]]
    check: Callable[[Sequence[Any], Sequence[Any]], None] | None = None


def on_demand(module: str, definition: Definition) -> Callable[[str], Any]:
    """The `__getattr__` of a module whose one lazy name is the metric's class."""

    def lookup(name: str) -> Any:
        if name == definition.name:
            return _metric(definition)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return lookup


def check_rows(predictions: Sequence[Any], references: Sequence[Any]) -> None:
    """Raise DataError unless there are as many predictions as references, and any."""
    if len(predictions) != len(references):
        raise DataError(
            f"there are {len(predictions):,} predictions for {len(references):,} references; "
            "give one prediction for each, in the same order"
        )
    if not references:
        raise DataError("there is nothing to score: no references")


def _shaped(form: Form, value: Any, where: str) -> Any:
    """The value with no more than its form has. Raises DataError (`where`) for a value of another form."""
    if isinstance(form, dict):
        lacking = [key for key in form if not isinstance(value, Mapping) or key not in value]
        if lacking:
            raise DataError(f"{where} has no {lacking[0]!r}; a mapping with {', '.join(form)} is expected")
        return {key: _shaped(inner, value[key], f"{key!r} of {where}") for key, inner in form.items()}
    if isinstance(form, list):
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise DataError(f"{where} is {value!r}; a list is expected")
        return [_shaped(form[0], element, f"an element of {where}") for element in value]
    if form == "string" and not isinstance(value, str):
        raise DataError(f"{where} is {value!r}; a text is expected")
    return value


def _rows(form: Form, rows: Sequence[Any], kind: str) -> list[Any]:
    return [_shaped(form, row, f"{kind} {number}") for number, row in enumerate(rows, start=1)]


def _feature(form: Form) -> Any:
    import datasets

    if isinstance(form, dict):
        return {key: _feature(inner) for key, inner in form.items()}
    return datasets.List(_feature(form[0])) if isinstance(form, list) else datasets.Value(form)


@cache
def _metric(definition: Definition) -> type[Any]:
    import datasets
    import evaluate

    class Made(evaluate.Metric):  # type: ignore[misc]
        def _info(self) -> Any:
            forms = {"predictions": definition.prediction, "references": definition.reference}
            return evaluate.MetricInfo(
                description=definition.description,
                citation=definition.citation,
                inputs_description=definition.inputs,
                features=datasets.Features({name: _feature(form) for name, form in forms.items()}),
            )

        def add(self, *, prediction: Any = None, reference: Any = None, **_: Any) -> None:
            """Add one row."""
            self.add_batch(predictions=[prediction], references=[reference])

        def add_batch(self, *, predictions: Any = None, references: Any = None, **_: Any) -> None:
            """Add rows; raises DataError for rows that do not belong together."""
            predictions = [] if predictions is None else list(predictions)
            references = [] if references is None else list(references)
            check_rows(predictions, references)
            if definition.check:
                definition.check(predictions, references)
            super().add_batch(
                predictions=_rows(definition.prediction, predictions, "prediction"),
                references=_rows(definition.reference, references, "reference"),
            )

        def _compute(self, predictions: Any, references: Any, **options: Any) -> dict[str, float]:
            return dict(definition.compute(list(predictions), list(references), **options))

    Made.__name__ = Made.__qualname__ = definition.name
    Made.__doc__ = f"{definition.description} {definition.inputs}"
    return Made
