"""One plugin: imported, asked by its hooks what it adds, and checked; or broken, with its reason."""

import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pluggy

from xbench import __version__, contracts, encoder_types, hookspecs
from xbench.errors import PluginError
from xbench.formats import Format
from xbench.isolation import OutOfTime, at_most, isolated
from xbench.names import plain
from xbench.suite import load_suite

GROUP = "xbench"
HOOKS = {
    "xbench_tasks": "task",
    "xbench_suites": "suite",
    "xbench_models": "model",
    "xbench_aligners": "aligner",
    "xbench_methods": "method",
    "xbench_resources": "resource",
    "xbench_diagnostics": "diagnostic",
    "xbench_formats": "format",
}
KINDS = tuple(HOOKS.values())
FORMS = {
    "task": contracts.Task,
    "model": contracts.Model,
    "aligner": contracts.Aligner,
    "method": contracts.Method,
    "resource": contracts.PairedData,
    "diagnostic": contracts.Diagnostic,
    "format": Format,
}


@dataclass(frozen=True)
class Plugin:
    """An installed plugin: where it comes from, what it adds, or why it is broken; the note is of its contract."""

    name: str
    distribution: str
    version: str
    provides: tuple[str, ...] = ()
    error: str = ""
    note: str = ""

    def broken(self, reason: str) -> "Plugin":
        """The plugin as one that adds nothing."""
        return replace(self, provides=(), error=textwrap.shorten(reason, 300, placeholder=" …"))


@dataclass(frozen=True)
class Loaded:
    """A plugin with what its hooks gave, by kind."""

    plugin: Plugin
    given: tuple[tuple[str, Any], ...] = ()


def load(plugin: Plugin, fetch: Callable[[], Any], patience: float | None = None) -> Loaded:
    """Import the plugin with `fetch` and call its hooks; what comes is all it gives or, where it is broken, nothing.

    One that takes more than `patience` seconds is broken too; without any, it is waited for.
    """
    try:
        with at_most(patience), isolated():
            module = fetch()
            plugin = replace(plugin, note=_contract(module))
            given = tuple(_given(plugin.name, module))
            _check_once(given)
    except OutOfTime:
        return Loaded(
            plugin.broken(
                f"not imported within {patience:g} s, so what it provides is not listed; a run waits for it;"
                " heavy libraries belong inside of functions"
            )
        )
    except Exception as error:
        since = f"; {plugin.note}" if plugin.note else ""
        return Loaded(plugin.broken(f"{type(error).__name__}: {error}{since}"))
    return Loaded(replace(plugin, provides=tuple(f"{kind} {thing.name}" for kind, thing in given)), given)


def _contract(module: Any) -> str:
    """What changed since the contract that the plugin says it was made for. Raises PluginError where it cannot run."""
    made, ours = getattr(module, "XBENCH_CONTRACT", contracts.CONTRACT), contracts.CONTRACT
    if type(made) is not int or made < 1:
        raise PluginError(f"XBENCH_CONTRACT must be a whole number, such as {ours}, not {made!r}")
    if made > ours:
        raise PluginError(
            f"made for contract {made}, this is xbench {__version__} with contract {ours}: upgrade xbench"
        )
    if made == ours:
        return ""
    changes = [f"{number}: {contracts.CHANGES[number]}" for number in range(made + 1, ours + 1)]
    told = f"made for contract {made}, this is contract {ours}; what changed: {'; '.join(changes)}"
    if made < contracts.OLDEST:
        raise PluginError(f"{told}; plugins for contracts before {contracts.OLDEST} cannot run: upgrade the plugin")
    return told


def _given(name: str, module: Any) -> Iterator[tuple[str, Any]]:
    """What the plugin adds, checked. Raises PluginError, or whatever its hooks raise."""
    return ((kind, _checked(kind, thing)) for kind, thing in hooked(name, module))


def hooked(name: str, module: Any) -> Iterator[tuple[str, Any]]:
    """What the plugin's own hooks give, by kind. Raises PluginError, or whatever they raise."""
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(module, name)
    manager.check_pending()
    for caller in manager.get_hookcallers(module) or []:
        kind = HOOKS[caller.name]
        things: Any = next(impl for impl in caller.get_hookimpls() if impl.plugin is module).function()
        if isinstance(things, (str, bytes, Mapping)) or not isinstance(things, Iterable):
            raise PluginError(f"{caller.name} must return a list, not {type(things).__name__}")
        yield from ((kind, thing) for thing in things)


def _check_once(given: Iterable[tuple[str, Any]]) -> None:
    for (kind, name), count in Counter((kind, thing.name) for kind, thing in given).items():
        if count > 1:
            raise PluginError(f"it gives the {kind} {name!r} {count} times")


def _checked(kind: str, thing: Any) -> Any:
    """A suite file is read here; all else has a name that a user can type, and the members that its contract names."""
    if kind == "suite":
        return load_suite(thing)
    name = getattr(thing, "name", None)
    if not plain(name):
        raise PluginError(f"a {kind} needs a name without brackets, commas, + or =; {thing!r} has {name!r}")
    form = contracts.ModelFamily if hasattr(thing, "resolve") else FORMS[kind]
    lacking = [member for member in members(form) if not hasattr(thing, member)]
    if lacking:
        raise PluginError(f"the {kind} {name!r} lacks {', '.join(lacking)}; see {form.__module__}.{form.__name__}")
    if encoder_types.wrong(thing):
        raise PluginError(f"the {kind} {name!r}: {encoder_types.wrong(thing)}")
    if kind in ("aligner", "method"):  # what every list and plan asks of it: who raises here would end them all
        thing.needs(thing.Options()), thing.scope(thing.Options())
    return thing


def members(form: type) -> list[str]:
    """What a contract names, sorted."""
    every = {name for cls in form.__mro__ if cls.__module__.startswith("xbench.") for name in vars(cls)}
    return sorted(name for name in every if not name.startswith("_"))
