"""What kind of file an artifact is, by its bytes: safetensors, JSON and other text, Parquet; nothing that runs code."""

import zipfile
from pathlib import Path

PICKLED = tuple(b"\x80" + bytes([protocol]) for protocol in range(2, 6))
ALLOWED = "safetensors, JSON, other UTF-8 text, Parquet"


def wrong_file(path: Path) -> str:
    """What is wrong with a file of an artifact; empty when it is of an allowed kind."""
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(PICKLED):
        return "is a pickle"
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            pickled = [name for name in archive.namelist() if archive.read(name).startswith(PICKLED)]
        return f"holds the pickle {pickled[0]}, as torch.save makes it" if pickled else "is a zip archive"
    if head.startswith(b"PAR1") or _is_safetensors(path) or _is_text(path):
        return ""
    return f"begins with {head!r}"


def _is_safetensors(path: Path) -> bool:
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        return size <= path.stat().st_size - 8 and file.read(1) == b"{"


def _is_text(path: Path) -> bool:
    try:
        path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return False
    return True
