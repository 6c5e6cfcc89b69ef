"""The core imports to the left only, and knows nothing of plugins."""

import ast

import pytest

from tests.conftest import REPOSITORY
from xbench.registry import KINDS, load_registry
from xbench.request import DEFAULT_METHOD, DEFAULT_MODEL

CORE = REPOSITORY / "xbench"
ORDER = [
    "errors", "encoder_types", "isolation", "languages", "uriel", "names", "options", "cell", "keys", "values",
    "tables", "context", "tasks", "contracts", "formats", "hookspecs",
    "suite", "references", "plugins", "registry", "uses", "request", "shelf", "access", "grants", "plan", "remarks",
    "leakage", "planner",
    "store", "journal", "items", "conformance", "draws", "effects", "statistics", "estimates", "matrix",
    "regression", "typology", "ranks", "standings", "verified",
    "ranking", "legends", "notes", "grids", "summary", "crossings", "leaderboard",
    "markup", "sheets", "typologies", "beside", "costs", "crossed", "typological", "spending", "markdown",
    "render", "canvas", "plots", "page",
    "latex", "cards", "every_eval", "bibliography", "forms",
    "environment", "manifests", "meter", "stages", "workers", "records", "runner", "progress", "session",
    "layouts", "exports", "submission", "imports", "catalogue",
    "fake_task", "fake_aligner", "fake_plugin", "tiny_grid", "verdicts", "plugin_contract", "testing",
    "exchange", "kept", "verify", "replan", "repredict", "retrain", "changes", "sides", "flips", "diff", "diff_text",
    "publish", "merge", "boards", "verifying", "comparing", "scaffold",
    "invented", "watching", "lab", "offline", "artifacts", "trials", "conduct", "remains", "declared", "credentials",
    "killed", "plugin_check", "pytest_plugin", "checking", "authoring", "cli",
]  # fmt: skip
HEAVY = {"torch", "transformers", "datasets", "evaluate", "sentence_transformers", "peft", "huggingface_hub", "sklearn"}
MODULES = sorted(path.stem for path in CORE.glob("*.py") if path.stem != "__init__")


def tree(module):
    return ast.parse((CORE / f"{module}.py").read_text(encoding="utf-8"))


def imported(module):
    """Dotted names a module imports anywhere in it, in functions too; `from a import b` gives a and a.b."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            yield from (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))


def test_every_module_has_its_place_in_the_order():
    assert sorted(ORDER) == MODULES
    assert len(set(ORDER)) == len(ORDER)


@pytest.mark.parametrize("module", ORDER)
def test_a_module_imports_only_from_its_left(module):
    ours = {name.split(".")[1] for name in imported(module) if name.startswith("xbench.")} & set(MODULES)
    assert ours <= set(ORDER[: ORDER.index(module)])


@pytest.mark.parametrize("module", [*ORDER, "__init__"])
def test_the_core_imports_no_plugin_and_no_heavy_library(module):
    roots = {name.partition(".")[0] for name in imported(module)}
    assert not roots & HEAVY
    assert not {root for root in roots if root.startswith("xbench_")}


def test_there_is_no_module_of_odds_and_ends():
    assert not {"utils", "util", "helpers", "common", "misc"} & {
        path.stem for folder in ("xbench", "plugins", "tests") for path in (REPOSITORY / folder).rglob("*.py")
    }


def words(module):
    """Texts and identifiers of a module's code; docstrings and prose (a text with blanks) are not code."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value:
            yield node.value
        elif isinstance(node, (ast.Name, ast.arg)):
            yield node.id if isinstance(node, ast.Name) else node.arg


def test_the_core_knows_no_plugin_by_name_but_the_two_defaults():
    registry = load_registry()
    provided = {name for kind in KINDS for name in registry.names(kind)}
    found = {(module, word) for module in ORDER for word in words(module) if word in provided}
    assert found <= {("request", DEFAULT_MODEL), ("request", DEFAULT_METHOD)}
    constants = [word for word in words("request") if word in (DEFAULT_MODEL, DEFAULT_METHOD)]
    assert sorted(constants) == sorted([DEFAULT_MODEL, DEFAULT_METHOD])
