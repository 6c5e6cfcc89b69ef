"""A suite: a named, versioned set of tasks with its way of averaging, written in a TOML file."""

import itertools
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from xbench import names
from xbench.errors import DataError, UsageError, suggestion, unknown

AVERAGES = ("tasks", "groups")
_TABLES = ("groups", "languages", "stand_ins")  # name -> list of names
_REQUIRED = ("name", "version", "title", "tasks")


@dataclass(frozen=True)
class Suite:
    """What a suite file says. `tasks` may carry options; `source` is the language of the labels.

    A task's score is the mean over all its languages, the source included: those that `languages` names for it,
    else all the task has. A group's score is the mean of its tasks' scores, the suite's that of what `average`
    says, tasks or groups. A task may stand in several groups. In `groups` and `languages` it goes by its name
    without options. `remark` is printed with the scores; `references` is a file of published numbers beside this
    one. `methods` are the recipes that are run where none is named. `stand_ins` are other uses of a task, such as
    `xnli[train=snli]` for xnli: the first that the data hold is run where they lack the labels it trains on or the
    split it is evaluated on.
    """

    name: str
    version: int
    title: str
    tasks: tuple[str, ...]
    source: str = "en"
    citation: str = ""
    url: str = ""
    methods: tuple[str, ...] = ()
    average: str = "tasks"
    remark: str = ""
    references: Path | None = None
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    languages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stand_ins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def members(self) -> tuple[str, ...]:
        """The names of the tasks without options, each once."""
        return bare(self.tasks)


def bare(tasks: Iterable[str]) -> tuple[str, ...]:
    """Names without their options, each once."""
    return tuple(dict.fromkeys(names.parse(task).name for task in tasks))


def load_suite(path: Path | str) -> Suite:
    """Read and check a suite file. Raises DataError that names the file and what is wrong with it."""
    path = Path(path)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{path}: cannot read the suite: {error}") from error
    try:
        _check(values)
        lists: dict[str, Any] = {key: tuple(values[key]) for key in ("tasks", "methods") if key in values}
        said = values | lists | _averaging(values) | _beside(path, values)
        return Suite(**said)
    except UsageError as error:
        raise DataError(f"{path}: {error}") from error


def _check(values: Mapping[str, Any]) -> None:
    """Raise UsageError unless the keys are those of a suite and its name, version and tasks can be such."""
    known = {one.name for one in fields(Suite)}
    for key in values:
        if key not in known:
            there = ", ".join(sorted(known))
            raise UsageError(f"unknown key {key!r}{suggestion(key, known)}; there are {there}")
    missing = set(_REQUIRED) - set(values)
    if missing:
        raise UsageError(f"lacks {', '.join(sorted(missing))}")
    if not values["tasks"] or not _texts(values["tasks"]):
        raise UsageError("tasks must be a list of task names")
    if not _texts(values.get("methods", [])):
        raise UsageError("methods must be a list of recipes")
    if not isinstance(values["name"], str) or not isinstance(values["version"], int):
        raise UsageError("name must be a text and version a whole number")
    if not values["name"] or values["name"].startswith(".") or set(values["name"]) & set("[],+= /\\"):
        raise UsageError(f"the name {values['name']!r} must be a plain word: it names the folder of results")


def _texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _averaging(values: Mapping[str, Any]) -> dict[str, Any]:
    """`groups`, `languages`, `stand_ins` and `average`, checked. Raises UsageError."""
    average = values.get("average", "tasks")
    if average not in AVERAGES:
        raise unknown("way to average", str(average), AVERAGES)
    found: dict[str, Any] = {"average": average}
    for key in _TABLES:
        table = values.get(key, {})
        if not isinstance(table, dict) or not all(_texts(members) and members for members in table.values()):
            raise UsageError(f"{key} must be a table of lists of names")
        found[key] = {name: tuple(members) for name, members in table.items()}
    members = bare(values["tasks"])
    _check_tables(found, members)
    if found["groups"] and len(members) < len(values["tasks"]):
        raise UsageError("a task stands twice, and groups could not tell which is meant")
    if average == "groups" and not found["groups"]:
        raise UsageError("average is over groups, and there are none")
    return found


def _check_tables(found: Mapping[str, Any], members: Sequence[str]) -> None:
    for task in [*found["languages"], *found["stand_ins"], *itertools.chain(*found["groups"].values())]:
        if task not in members:
            raise unknown("task of the suite", task, members)
    for task, others in found["stand_ins"].items():
        if bare(others) != (task,):
            raise UsageError(f"what stands in for {task} must be {task} with other options, not {', '.join(others)}")


def _beside(path: Path, values: Mapping[str, Any]) -> dict[str, Path]:
    """The file of published numbers, where one is named. Raises UsageError when it is not beside the suite file."""
    if "references" not in values:
        return {}
    name = values["references"]
    if not isinstance(name, str) or Path(name).name != name or not (path.parent / name).is_file():
        raise UsageError(f"references must name a file beside the suite file, not {name!r}")
    return {"references": path.parent / name}


def to_toml(suite: Suite) -> str:
    """The suite as the text of a suite file, without what is empty; a JSON string is a TOML string."""
    every = {one.name: getattr(suite, one.name) for one in fields(Suite)}
    said = {key: value for key, value in every.items() if value or key in _REQUIRED}
    if suite.references:
        said["references"] = suite.references.name
    lines = [f"{key} = {_json(value)}" for key, value in said.items() if key not in _TABLES]
    for key in _TABLES:
        table: Mapping[str, tuple[str, ...]] = said.get(key, {})
        lines += [f"\n[{key}]"] * bool(table)
        lines += [f"{_json(name)} = {_json(members)}" for name, members in table.items()]
    return "\n".join(lines) + "\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
