"""The house rules that a number or a name can hold (architecture, section 11)."""

import ast
import configparser
import contextlib
import importlib.metadata
import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.conftest import REPOSITORY

CORE = sorted((REPOSITORY / "xbench").glob("*.py"))
PLUGINS = sorted(path for path in (REPOSITORY / "plugins").iterdir() if not path.name.startswith("."))
SHIPPED = [*CORE, *sorted(path for plugin in PLUGINS for path in plugin.rglob("*.py") if "recipes" not in path.parts)]
EVERY = sorted({*SHIPPED, *(path for of in ("docs", "plugins", "tests") for path in (REPOSITORY / of).rglob("*.py"))})
PROJECTS = [REPOSITORY / "pyproject.toml", *(plugin / "pyproject.toml" for plugin in PLUGINS)]
FORBIDDEN = {
    "pickle": "artifacts are safetensors, JSON or Parquet",
    "dill": "artifacts are safetensors, JSON or Parquet",
    "joblib": "artifacts are safetensors, JSON or Parquet",
    "torch.load": "artifacts are safetensors, JSON or Parquet",
    "torch.save": "artifacts are safetensors, JSON or Parquet",
    "eval": "data are not code",
    "exec": "data are not code",
    "print": "the command prints through click, everything else logs",
    "os.system": "no shell",
}


def name(path):
    return str(path.relative_to(REPOSITORY))


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path):
    return [node for node in ast.walk(tree(path)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def normal(distribution):
    return re.sub(r"[-_.]+", "-", re.split(r"[ <>=!~;\[]", distribution)[0]).lower()


def project(path):
    return tomllib.loads(path.read_text(encoding="utf-8"))["project"]


@pytest.mark.parametrize("path", EVERY, ids=name)
def test_a_file_is_short(path):
    most = 200 if path in CORE else 300
    assert len(path.read_text(encoding="utf-8").splitlines()) <= most


@pytest.mark.parametrize("path", EVERY, ids=name)
def test_a_function_is_short_and_takes_few_parameters(path):
    for function in functions(path):
        statements = sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 1
        arguments = function.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        parameters = [one.arg for one in every if one and one.arg not in ("self", "cls")]
        assert statements <= 40, function.name
        assert len(parameters) <= 6 or path not in SHIPPED, function.name


def dotted(node):
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


@pytest.mark.parametrize("path", SHIPPED, ids=name)
def test_code_uses_nothing_forbidden(path):
    for node in ast.walk(tree(path)):
        used = []
        if isinstance(node, ast.Call):
            used = [dotted(node.func)]
            trusts = [word.arg for word in node.keywords if word.arg == "trust_remote_code"
                      and not (isinstance(word.value, ast.Constant) and word.value.value is False)]  # fmt: skip
            assert not trusts, "code of a model or data set is never run"
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            used = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
        for one in used:
            assert one not in FORBIDDEN, f"{one}: {FORBIDDEN[one]}"


def public(node, inside=()):
    """Public functions and classes, also methods of public classes."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.ClassDef)) and not child.name.startswith("_"):
            yield ".".join((*inside, child.name)), child
            if isinstance(child, ast.ClassDef):
                yield from public(child, (*inside, child.name))


@pytest.mark.parametrize("path", SHIPPED, ids=name)
def test_everything_public_is_documented(path):
    assert path.name == "__init__.py" or ast.get_docstring(tree(path)), "the module"
    lacking = [title for title, node in public(tree(path)) if not ast.get_docstring(node)]
    assert not lacking


def test_the_folder_of_plugins_holds_installable_folders_and_nothing_else():
    for plugin in PLUGINS:
        assert plugin.is_dir(), f"{plugin.name} breaks pip install plugins/*"
        assert (plugin / "pyproject.toml").is_file()
        packages = [path.name for path in plugin.iterdir() if (path / "__init__.py").is_file()]
        assert packages == [plugin.name.replace("-", "_")]
        assert (plugin / packages[0] / "py.typed").is_file()
        assert list(project(plugin / "pyproject.toml")["entry-points"]) == ["xbench"]


@pytest.mark.parametrize("path", PROJECTS, ids=name)
def test_a_plugin_depends_on_the_core_with_a_lower_bound_and_not_on_its_namesake(path):
    core, plugin = project(PROJECTS[0])["name"], project(path)
    needed = {normal(one): one for one in plugin["dependencies"]}
    assert "xbench" not in {*needed, normal(plugin["name"])}, "xbench is another project on the index"
    assert path == PROJECTS[0] or f"{core}>=" in needed[core]
    assert all(re.search(r">=|==", one) for one in plugin["dependencies"]), "every dependency has a lower bound"


def direct():
    """What the projects, the tests and tox ask for, without our own distributions."""
    development = (REPOSITORY / "requirements-dev.txt").read_text(encoding="utf-8").splitlines()
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(REPOSITORY / "tox.ini", encoding="utf-8")
    asked = [one for path in PROJECTS for one in project(path)["dependencies"]]
    asked += [line for line in development if line and not line.startswith(("-", "#"))]
    asked += [line for line in tox["tox"]["requires"].splitlines() if line]
    ours = {normal(project(path)["name"]) for path in PROJECTS}
    return [one for one in map(Requirement, asked) if normal(one.name) not in ours]


def closure(requirements):
    """The names of requirements and of all that the installed distributions ask for in turn, with their extras."""
    waiting, seen = list(requirements), set()
    while waiting:
        one = waiting.pop()
        name, extras = normal(one.name), frozenset(one.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):  # tox is no part of every environment
            for further in map(Requirement, importlib.metadata.requires(name) or []):
                marker = further.marker
                if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                    waiting.append(further)
    return {name for name, _ in seen}


def test_the_closure_follows_extras_and_markers(monkeypatch):
    asks = {
        "a": ["B_b[fast]>=1", 'c; python_version < "3"', 'd; extra == "fast"'],
        "b-b": ['e; extra == "fast"', 'f; extra == "slow"'],
        "e": ["a"],
    }
    monkeypatch.setattr(importlib.metadata, "requires", asks.get)
    assert closure([Requirement("a")]) == {"a", "b-b", "e"}


def test_constraints_pin_every_dependency_and_what_it_depends_on():
    text = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line) for line in lines)
    pinned = [line.partition("==")[0] for line in lines]
    assert pinned == sorted(set(pinned))
    needed = {name for name in closure(direct()) if not name.startswith(("nvidia-", "cuda-", "triton"))}
    assert needed <= set(pinned), f"{sorted(needed - set(pinned))} are not pinned"  # torch pins its own GPU libraries


def test_the_command_line_is_a_small_part_of_the_core():
    sizes = {path.stem: len(path.read_text(encoding="utf-8").splitlines()) for path in CORE}
    assert sizes["cli"] <= sum(sizes.values()) / 10
