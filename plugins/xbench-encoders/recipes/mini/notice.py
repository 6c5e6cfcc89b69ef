"""NOTICE of the model: what it was trained on, and under which licences, out of sources.toml."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from corpus import SOURCES
from teacher import REQUIREMENT

HEAD = "xbench-mini was trained on the following text and with the following teacher. The text is not distributed here."
TAIL = """Whether weights trained on share-alike text are themselves bound by its licence is unsettled. Whoever passes
this model on should pass this notice on with it."""


def _sources(manifest: dict[str, Any]) -> Iterator[str]:
    for entry in manifest.values():
        if "sources" in entry:
            yield from _sources(entry["sources"])
        else:
            yield f"* {entry['from']}: {entry['licence']}"


def notice() -> str:
    """One line a source, the teacher last."""
    lines = dict.fromkeys(_sources(tomllib.loads(SOURCES.read_text(encoding="utf-8"))))
    teacher = (
        f"* Teacher: sentence-transformers/all-MiniLM-L6-v2, Apache-2.0, packaged by {REQUIREMENT} (which says MIT)"
    )
    return "\n".join([HEAD, "", *lines, teacher, "", TAIL, ""])


def write_notice(path: Path) -> None:
    """Save it."""
    path.write_text(notice(), encoding="utf-8", newline="\n")
