"""A new plugin: a whole distribution made of the templates in `templates/plugin`."""

import importlib.util
import keyword
import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from xbench import __version__
from xbench.contracts import CONTRACT
from xbench.errors import UsageError, XbenchError
from xbench.registry import Registry

TEMPLATES = Path(__file__).parent / "templates" / "plugin"
PREFIX = "xbench-"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PLACES = {"MODULE": "module", "NAME": "name"}  # parts of templates' paths


@dataclass(frozen=True)
class Named:
    """What a plugin and its parts are called, by the name of its distribution, such as `xbench-nearest-mean`."""

    distribution: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.distribution):
            near = re.sub(r"[^a-z0-9]+", "-", self.distribution.lower()).strip("-0123456789")
            hint = f", such as {near!r}" if _NAME.fullmatch(near) else ", such as 'xbench-nearest-mean'"
            raise UsageError(
                f"{self.distribution!r} is no name for a plugin: small letters, digits and single hyphens{hint}"
            )
        if self.distribution == PREFIX.strip("-") or keyword.iskeyword(self.module):
            raise UsageError(f"{self.distribution!r} is taken: choose a name such as 'xbench-nearest-mean'")

    @property
    def module(self) -> str:
        """What is imported: `xbench_nearest_mean`."""
        return self.distribution.replace("-", "_")

    @property
    def name(self) -> str:
        """What users type: `nearest-mean`."""
        return self.distribution.removeprefix(PREFIX)

    @property
    def title(self) -> str:
        """The class: `NearestMean`; a name that begins with a digit gets a letter before it."""
        camel = "".join(part.capitalize() for part in self.name.split("-"))
        return camel if camel.isidentifier() and not keyword.iskeyword(camel) else f"X{camel}"


def check_free(named: Named, kind: str, registry: Registry) -> None:
    """Raise UsageError where something that is installed has one of the names already."""
    for plugin in registry.plugins:
        if plugin.distribution == named.distribution:
            raise UsageError(f"{plugin.distribution} {plugin.version} is installed already; choose another name")
        if plugin.name == named.name:
            raise UsageError(_taken("a plugin", named.name, plugin.distribution))
    for one in (kind, "suite") if kind == "task" else (kind,):
        if named.name in registry.objects[one]:
            raise UsageError(_taken(f"a {one}", named.name, registry.owners[one, named.name].distribution))
    if importlib.util.find_spec(named.module):
        raise UsageError(f"there is a module {named.module} already, and a plugin would hide it; choose another name")


def _taken(what: str, name: str, distribution: str) -> str:
    return f"there is {what} called {name!r} already, of {distribution}; choose another name"


def render(named: Named, kind: str) -> dict[str, str]:
    """The texts of the distribution's files by their paths."""
    environment = Environment(  # noqa: S701 - code, not HTML
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    values: dict[str, Any] = {one: getattr(named, one) for one in ("distribution", "module", "name", "title")}
    values |= {"kind": kind, "contract": CONTRACT, "core": _bounds(), **_about(named, kind)}
    return {_place(path, values): environment.get_template(path).render(values) for path in _templates(kind)}


def steps(named: Named, kind: str, folder: Path) -> list[str]:
    """The commands that install it, test it, check it and run it."""
    grid = _about(named, kind)["grid"]
    tested = ["pip install -e '.[test]'", "pytest", f"xbench plugin check {named.distribution}"]
    return [f"cd {shlex.quote(str(folder))}", *tested, f"xbench run {grid}"]


def _about(named: Named, kind: str) -> dict[str, Any]:
    """What is told of a kind, with the plugin's name where that stands."""
    about: dict[str, Any] = tomllib.loads((TEMPLATES / "kinds.toml").read_text(encoding="utf-8"))[kind]
    return {**about, **{one: about[one].format(name=named.name) for one in ("adds", "grid")}}


def _bounds() -> str:
    """The versions of xbench that have this contract: those of the same minor number."""
    major, minor = __version__.split(".")[:2]
    return f">={major}.{minor},<{major}.{int(minor) + 1}"


def _templates(kind: str) -> Iterator[str]:
    for folder in ("common", kind):
        files = sorted(path for path in (TEMPLATES / folder).rglob("*") if path.is_file())
        yield from (path.relative_to(TEMPLATES).as_posix() for path in files)


def _place(template: str, values: Mapping[str, Any]) -> str:
    path = template.partition("/")[2].removesuffix(".j2").replace("dot-", ".")  # before names, which may hold it
    for word, name in _PLACES.items():
        path = path.replace(word, values[name])
    return path


def write(files: Mapping[str, str], folder: Path) -> None:
    """Write the files into a new folder, whole or not at all. Raises UsageError where there is one already."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise UsageError(f"{folder} is there already, and nothing in it is changed; choose another name") from error
    except OSError as error:
        raise XbenchError(f"{folder}: cannot be made: {error.strerror or error}") from error
    try:
        for place, text in files.items():
            file = folder / place
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise XbenchError(f"{folder}: cannot be written: {error.strerror or error}") from error
