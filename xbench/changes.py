"""What results say of how they came about, and in what two rows of them differ."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from xbench import names
from xbench.cell import Result
from xbench.environment import own
from xbench.notes import UNTOLD, supervision

PARTS = ("configuration", "seeds", "data", "code", "environment")
_SHOWN = 4  # values of one thing; of more some are shown, and how many there are
_SHORT = 12  # characters of a digest
_Said = dict[tuple[str, str], set[str]]


@dataclass(frozen=True)
class Change:
    """What is told of one row and of the other; `part` is one of `PARTS`."""

    part: str
    what: str
    a: str
    b: str


def changes(a: Iterable[Result], b: Iterable[Result]) -> tuple[Change, ...]:
    """All that differs in what scored results tell of themselves, scores, times and paths apart.

    A training is known by its key, whatever is not told of it: where nothing else of the configuration or the data
    differs, the key is what shows that options' defaults or a plugin's version do.
    """
    ours, theirs = _said(a), _said(b)
    found = [
        Change(part, what, _listed(one, other), _listed(other, one))
        for part, what in dict.fromkeys([*ours, *theirs])
        for one, other in [(ours.get((part, what), set()), theirs.get((part, what), set()))]
        if one != other
    ]
    told = [change for change in found if change.what != _KEY]
    if not any(change.part in ("configuration", "data") for change in told):
        told = found
    return tuple(sorted(told, key=lambda change: PARTS.index(change.part)))


def _said(results: Iterable[Result]) -> _Said:
    found: _Said = {}
    for result in results:
        for part, facts in zip(PARTS, _facts(result), strict=True):
            for what, value in facts:
                found.setdefault((part, what), set()).update({value} if value else ())
    return found


_KEY = "key of the training"


def _facts(result: Result) -> Iterator[list[tuple[str, str]]]:
    """What is told, and its text, for each of the parts."""
    yield [*_recipe(result), *_model(result), (_KEY, str(result.keys.get("variant", ""))[:_SHORT])]
    yield [("seed", str(result.cell.seed))]
    yield [*_data(result), ("supervision", supervision(result.supervision))]
    git = {"commit": str(result.git.get("commit", ""))[:_SHORT], "uncommitted changes": _yes(result.git.get("changed"))}
    code = own(result.versions)
    yield [("task revision", str(result.dataset.get("task_revision", ""))), *git.items(), *code.items()]
    others = {name: version for name, version in result.versions.items() if name not in code}
    machine = {"device": result.model.get("device", ""), **result.hardware}
    yield [*_texts(others), *_texts(machine), ("command", result.command)]


def _recipe(result: Result) -> Iterator[tuple[str, str]]:
    *aligners, method = names.parse_recipe(result.cell.recipe)
    yield "aligners", "+".join(aligner.name for aligner in aligners) or "none"
    yield "method", method.name
    for component in (*aligners, method):
        for option, value in component.options:
            yield f"{component.name} {option}", value


def _model(result: Result) -> Iterator[tuple[str, str]]:
    yield "model", result.cell.model
    yield "model revision", str(result.model.get("revision", ""))
    yield "model digest", str(result.model.get("digest", ""))[:_SHORT]
    yield from ((f"model {what}", str(result.model.get(what, ""))) for what in ("dtype", "parameters"))


def _data(result: Result) -> Iterator[tuple[str, str]]:
    of = result.dataset
    yield "metric", result.main_metric
    yield from ((f"test data {what}", str(of.get(what, ""))) for what in ("id", "revision", "split", "origin", "note"))
    yield f"test data in {result.cell.target}", _print(of)
    for data in of.get("train", ()):
        yield f"training data in {data.get('language', '')}", f"{data.get('id', '')} {data.get('split')} {_print(data)}"


def _print(data: Mapping[str, object]) -> str:
    return f"{data.get('n_rows')} rows {str(data.get('fingerprint', ''))[:_SHORT]}"


def _texts(values: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    return ((name, str(value)) for name, value in values.items())


def _yes(value: object) -> str:
    return "" if value is None else "yes" if value else "no"


def _listed(values: Set[str], others: Set[str]) -> str:
    """The values; of many some, and first those that the other side lacks."""
    ordered = sorted(values)
    if len(ordered) > _SHOWN:
        ordered.sort(key=lambda value: value in others)
        ordered[_SHOWN:] = [f"and {len(ordered) - _SHOWN} more"]
    return "; ".join(ordered) or UNTOLD
