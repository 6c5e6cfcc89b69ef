"""What the installed plugins provide, found through entry points of the group `xbench`; new for every call."""

import importlib.metadata
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pluggy

from xbench import hookspecs
from xbench.errors import PluginError, suggestion, unknown
from xbench.suite import Suite, load_suite

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


@dataclass(frozen=True)
class Plugin:
    """An installed plugin: where it comes from, what it adds, or why it is broken."""

    name: str
    distribution: str
    version: str
    provides: tuple[str, ...] = ()
    error: str = ""


@dataclass
class Registry:
    """Everything by kind and name, with the plugin that gave it."""

    plugins: list[Plugin] = field(default_factory=list)
    objects: dict[str, dict[str, Any]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    owners: dict[tuple[str, str], Plugin] = field(default_factory=dict)

    def names(self, kind: str) -> list[str]:
        """The names of one kind, sorted; families of models are not names."""
        return sorted(name for name, thing in self.objects[kind].items() if not hasattr(thing, "resolve"))

    def find(self, kind: str, name: str) -> Any:
        """The object of that name. Raises UsageError that suggests a near name and names broken plugins."""
        found = self.objects[kind].get(name)
        if found is None or hasattr(found, "resolve"):
            raise unknown(kind, name, self.names(kind), self.broken_note())
        return found

    def model(self, text: str) -> Any:
        """A registered model, or what a family makes of the text. Raises UsageError when nobody knows it."""
        found = self.objects["model"].get(text)
        if found is not None and not hasattr(found, "resolve"):
            return found
        near = suggestion(text, self.names("model"))
        for family in self.families():
            model = family.resolve(text)
            if model is not None and (not near or "/" in text or "=" in text or Path(text).exists()):
                return model  # a bare hub id that resembles a name is taken for a slip of the pen
        raise unknown("model", text, self.names("model"), self.broken_note())

    def families(self) -> list[Any]:
        """Families of models, sorted by name."""
        things = self.objects["model"]
        return [things[name] for name in sorted(things) if hasattr(things[name], "resolve")]

    def broken_note(self) -> str:
        """A sentence about plugins that could not be loaded, or an empty text."""
        broken = [f"{plugin.name} of {plugin.distribution} ({plugin.error})" for plugin in self.plugins if plugin.error]
        return f"; broken plugins, whose names are missing: {', '.join(broken)}" if broken else ""

    def add(self, plugin: Plugin, kind: str, thing: Any) -> None:
        """Take in one object. Raises PluginError when another plugin has one of this name."""
        name = thing.name
        if name in self.objects[kind]:
            other = self.owners[kind, name].distribution
            raise PluginError(
                f"two plugins provide the {kind} {name!r}: {other} and {plugin.distribution}; uninstall one of them"
            )
        self.objects[kind][name] = thing
        self.owners[kind, name] = plugin


def load_registry(extra: Mapping[str, Any] | None = None) -> Registry:
    """Load every installed plugin, and the modules in `extra` by name (for tests and notebooks).

    A plugin that cannot be imported or breaks a hook's form is kept as broken with its reason. Raises PluginError
    when two plugins share an entry-point name or provide one name.
    """
    registry = Registry()
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    seen: dict[str, str] = {}
    for point in _entry_points():
        distribution = point.dist.name if point.dist else "?"
        if point.name in seen:
            raise PluginError(
                f"two distributions have a plugin called {point.name!r}: {seen[point.name]} and {distribution};"
                " uninstall one of them"
            )
        seen[point.name] = distribution
        plugin = Plugin(point.name, distribution, point.dist.version if point.dist else "?")
        try:
            module = point.load()
        except Exception as error:
            registry.plugins.append(_broken(plugin, error))
            continue
        _register(registry, manager, plugin, module)
    for name, module in (extra or {}).items():
        _register(registry, manager, Plugin(name, name, ""), module)
    return registry


def _entry_points() -> Iterable[importlib.metadata.EntryPoint]:
    points = importlib.metadata.entry_points(group=GROUP)
    return sorted(points, key=lambda point: (point.name, point.dist.name if point.dist else ""))


def _broken(plugin: Plugin, error: Exception) -> Plugin:
    reason = textwrap.shorten(f"{type(error).__name__}: {error}", 300, placeholder=" …")
    return Plugin(plugin.name, plugin.distribution, plugin.version, (), reason)


def _register(registry: Registry, manager: pluggy.PluginManager, plugin: Plugin, module: Any) -> None:
    """Call the plugin's own hooks, then take in what they gave; all or, when one of them fails, nothing."""
    given: list[tuple[str, Any]] = []
    try:
        manager.register(module, plugin.name)
        manager.check_pending()
        for caller in manager.get_hookcallers(module) or []:
            mine = next(impl for impl in caller.get_hookimpls() if impl.plugin is module)
            kind = HOOKS[caller.name]
            things: Iterable[Any] = mine.function()  # type: ignore[assignment]
            given += [(kind, _checked(kind, thing)) for thing in things]
    except Exception as error:
        manager.unregister(module) if manager.is_registered(module) else None
        registry.plugins.append(_broken(plugin, error))
        return
    provides = tuple(f"{kind} {thing.name}" for kind, thing in given)
    loaded = Plugin(plugin.name, plugin.distribution, plugin.version, provides)
    for kind, thing in given:
        registry.add(loaded, kind, thing)
    registry.plugins.append(loaded)


def _checked(kind: str, thing: Any) -> Any:
    """A suite file is read here; everything else must at least have a name that a user can type."""
    if kind == "suite":
        return load_suite(thing)
    name = getattr(thing, "name", None)
    if not isinstance(name, str) or not name or set(name) & set("[],+= "):
        raise PluginError(f"a {kind} needs a name without brackets, commas, + or =; {thing!r} has {name!r}")
    return thing


def find_suite(registry: Registry, text: str) -> Suite:
    """A suite by name, or by the path of a TOML file."""
    if text.endswith(".toml"):
        return load_suite(text)
    return registry.find("suite", text)  # type: ignore[no-any-return]
