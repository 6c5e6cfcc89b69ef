"""A suite: a named, versioned set of tasks, written in a TOML file."""

import json
import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from xbench.errors import DataError, suggestion


@dataclass(frozen=True)
class Suite:
    """What a suite file says. `tasks` may carry options; `source` is the language of the labels."""

    name: str
    version: int
    title: str
    tasks: tuple[str, ...]
    source: str = "en"
    citation: str = ""
    url: str = ""


def load_suite(path: Path | str) -> Suite:
    """Read and check a suite file. Raises DataError that names the file and what is wrong with it."""
    path = Path(path)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{path}: cannot read the suite: {error}") from error
    known = {field.name for field in fields(Suite)}
    for key in values:
        if key not in known:
            there = ", ".join(sorted(known))
            raise DataError(f"{path}: unknown key {key!r}{suggestion(key, known)}; there are {there}")
    missing = {"name", "version", "title", "tasks"} - set(values)
    if missing:
        raise DataError(f"{path}: lacks {', '.join(sorted(missing))}")
    tasks = values["tasks"]
    if not isinstance(tasks, list) or not tasks or not all(isinstance(task, str) for task in tasks):
        raise DataError(f"{path}: tasks must be a list of task names")
    if not isinstance(values["name"], str) or not isinstance(values["version"], int):
        raise DataError(f"{path}: name must be a text and version a whole number")
    if not values["name"] or values["name"].startswith(".") or set(values["name"]) & set("[],+= /\\"):
        raise DataError(f"{path}: the name {values['name']!r} must be a plain word: it names the folder of results")
    return Suite(**(values | {"tasks": tuple(tasks)}))


def to_toml(suite: Suite) -> str:
    """The suite as the text of a suite file; a JSON string is a TOML string."""
    return "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in asdict(suite).items())
