"""What `xbench list` and `xbench show` say about what is installed."""

from collections.abc import Sequence
from typing import Any

from xbench import encoder_types, options
from xbench.errors import unknown
from xbench.registry import KINDS, Plugin, Registry


def rows(registry: Registry, kind: str) -> list[dict[str, Any]]:
    """One record per installed thing of a kind, sorted by name. Raises UsageError on an unknown kind."""
    if kind == "plugin":
        return [vars(plugin) | {"provides": list(plugin.provides)} for plugin in registry.plugins]
    if kind not in KINDS:
        raise unknown("kind", kind, [*KINDS, "plugin"])
    return [_row(registry, kind, name) for name in sorted(registry.objects[kind])]


def _row(registry: Registry, kind: str, name: str) -> dict[str, Any]:
    thing = registry.objects[kind][name]
    row: dict[str, Any] = {"name": name}
    if kind == "task":
        trains = f"{thing.donor or name} ({thing.train_on})" if thing.train_on else "nothing"
        row |= {"kind": str(thing.kind), "metric": thing.main_metric, "trains on": trains}
        row |= {"languages": list(thing.languages)}
    elif kind == "suite":
        row |= {"tasks": list(thing.tasks), "source": thing.source}
    elif kind in ("aligner", "method"):
        chosen = thing.Options()
        row |= {"needs": sorted(map(str, thing.needs(chosen))), "scope": str(thing.scope(chosen))}
    elif kind == "resource":
        row |= {"supplies": str(thing.supplies)}
    elif kind == "format":
        row |= {"suites": list(thing.suites)}
    row |= {"citation": thing.citation} if kind in ("aligner", "method") else {}
    row["summary"] = getattr(thing, "summary", "") or getattr(thing, "title", "")
    row["from"] = registry.owners[kind, name].distribution
    return row


def show(registry: Registry, kind: str, name: str) -> dict[str, Any]:
    """All there is to say about one thing: its row, its options, its official recipe."""
    if kind == "plugin":
        found = {plugin.name: plugin for plugin in registry.plugins}
        if name not in found:
            raise unknown("plugin", name, found)
        return vars(found[name]) | {"provides": list(found[name].provides)}
    if kind not in KINDS:
        raise unknown("kind", kind, [*KINDS, "plugin"])
    thing = registry.objects[kind].get(name) or registry.find(kind, name)
    record = _row(registry, kind, name)
    if kind in ("aligner", "method"):
        record["version"] = thing.version
        record["encoders"] = sorted(encoder_types.taken(thing))
        record["options"] = options.describe(thing.Options)
        record["documentation"] = (type(thing).__doc__ or "").strip()
    if kind == "task":
        record |= {"labels": list(thing.labels), "sample": thing.sample, "parallel test items": thing.parallel}
        record["recipe"] = dict(thing.hyperparameters)
    if kind == "model" and hasattr(thing, "hyperparameters"):
        record["encoder"] = encoder_types.given(thing)
        record["recipe"] = dict(thing.hyperparameters)
    if kind == "suite":
        record |= {"version": thing.version, "citation": thing.citation, "url": thing.url}
        record |= {"average": f"mean of the {thing.average}"} if len(thing.tasks) > 1 else {}
        record |= {"groups": {group: " ".join(tasks) for group, tasks in thing.groups.items()}} if thing.groups else {}
    return record


def to_text(records: list[dict[str, Any]], width: int) -> str:
    """Records as aligned columns; long cells are cut to the width of the terminal."""
    if not records:
        return "none"
    columns = list(records[0])
    cells = [columns, *[[_short(record[column]) for column in columns] for record in records]]
    widths = [max(len(row[at]) for row in cells) for at in range(len(columns))]
    lines = ["  ".join(text.ljust(size) for text, size in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join(line if len(line) <= width else line[: width - 1] + "…" for line in lines)


def plugins_to_text(plugins: Sequence[Plugin], width: int) -> str:
    """The plugins as aligned columns, then whole, since they say what to do, why some are broken and other notes."""
    about = [
        {
            "name": one.name,
            "distribution": one.distribution,
            "version": one.version,
            "provides": "broken" if one.error else list(one.provides),
        }
        for one in plugins
    ]
    lines = [to_text(about, width), *(f"broken: {one.name}: {one.error}" for one in plugins if one.error)]
    return "\n".join([*lines, *(f"note: {one.name}: {one.note}" for one in plugins if one.note)])


def _short(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        texts = [str(one) for one in value]
        listed = (", " if any(" " in text for text in texts) else " ").join(texts)
        return listed if len(listed) <= 50 else f"{len(value)}: {listed[:40]}…"
    return " ".join(str(value).split())


def record_to_text(record: dict[str, Any]) -> str:
    """One record as `name: value` lines; nested values are indented."""
    lines: list[str] = []
    for key, value in record.items():
        if isinstance(value, dict):
            lines += [f"{key}:", *[f"  {name}: {inner}" for name, inner in value.items()]]
        elif isinstance(value, (list, tuple)):
            lines.append(f"{key}: {', '.join(map(str, value))}")
        else:
            lines.append(f"{key}: {value}")
    return "\n".join(lines)
