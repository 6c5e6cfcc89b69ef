"""Keys: content hashes that name what was made from what."""

import hashlib
import json
from pathlib import Path
from typing import Any

KEY_LENGTH = 32  # hex digits: 128 bits, so that no two stages ever share a key by chance


def digest(value: Any) -> str:
    """The key of a JSON value: equal values give equal keys on every machine. Raises on what is not JSON."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_LENGTH]


def file_digest(path: Path) -> str:
    """sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_digests(folder: Path) -> dict[str, str]:
    """sha256 of every file below a folder by its relative path, sorted."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): file_digest(path) for path in files}
