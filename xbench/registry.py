"""What the installed plugins provide, found through entry points of the group `xbench`; new for every call."""

import importlib.metadata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from xbench.errors import PluginError, suggestion, unknown
from xbench.plugins import GROUP, KINDS, Loaded, Plugin, load
from xbench.suite import Suite, load_suite

__all__ = ["KINDS", "Plugin", "Registry", "find_suite", "load_registry", "survey"]


@dataclass
class Registry:
    """Everything by kind and name, with the plugin that gave it."""

    plugins: list[Plugin] = field(default_factory=list)
    objects: dict[str, dict[str, Any]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    owners: dict[tuple[str, str], Plugin] = field(default_factory=dict)
    collisions: list[str] = field(default_factory=list)

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

    def take(self, plugin: Plugin, fetch: Callable[[], Any], patience: float | None = None) -> None:
        """Load a plugin and take in what it gives; nothing of one that has a name of another's."""
        loaded = Loaded(plugin)
        problem = self._taken(plugin)
        if not problem:
            loaded = load(plugin, fetch, patience)
            problem = "; ".join(filter(None, (self._provided(loaded.plugin, *one) for one in loaded.given)))
        if problem:
            self.collisions.append(problem)
            loaded = Loaded(loaded.plugin.broken(problem))
        for kind, thing in loaded.given:
            self.objects[kind][thing.name] = thing
            self.owners[kind, thing.name] = loaded.plugin
        self.plugins.append(loaded.plugin)

    def _taken(self, plugin: Plugin) -> str:
        for other in self.plugins:
            if other.name == plugin.name:
                both = f"{other.distribution} and {plugin.distribution}"
                return f"two distributions have a plugin called {plugin.name!r}: {both}; uninstall one of them"
        return ""

    def _provided(self, plugin: Plugin, kind: str, thing: Any) -> str:
        if thing.name not in self.objects[kind]:
            return ""
        both = f"{self.owners[kind, thing.name].distribution} and {plugin.distribution}"
        return f"two plugins provide the {kind} {thing.name!r}: {both}; uninstall one of them"


def load_registry(extra: Mapping[str, Any] | None = None) -> Registry:
    """Load every installed plugin, and the modules in `extra` by name (for tests and notebooks).

    A plugin that cannot be imported or breaks a hook's form is kept as broken with its reason. Raises PluginError
    when two plugins share an entry-point name or provide one name.
    """
    registry = survey(extra=extra)
    for problem in registry.collisions:
        raise PluginError(problem)
    return registry


def survey(patience: float | None = None, extra: Mapping[str, Any] | None = None) -> Registry:
    """What `load_registry` gives, but a plugin that collides with another is broken, and `collisions` tells of it.

    Each plugin may take `patience` seconds, and is broken when it takes longer.
    """
    registry = Registry()
    for point in _entry_points():
        distribution, version = (point.dist.name, point.dist.version) if point.dist else ("?", "?")
        registry.take(Plugin(point.name, distribution, version), point.load, patience)
    for name, module in (extra or {}).items():
        registry.take(Plugin(name, name, ""), partial(_itself, module), patience)
    return registry


def _itself(module: Any) -> Any:
    return module


def _entry_points() -> Iterable[importlib.metadata.EntryPoint]:
    points = importlib.metadata.entry_points(group=GROUP)
    return sorted(points, key=lambda point: (point.name, point.dist.name if point.dist else ""))


def find_suite(registry: Registry, text: str) -> Suite:
    """A suite by name, or by the path of a TOML file."""
    if text.endswith(".toml"):
        return load_suite(text)
    return registry.find("suite", text)  # type: ignore[no-any-return]
