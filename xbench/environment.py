"""What a run ran on: versions, machine, checkout and command, for the result record."""

import functools
import importlib.metadata
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LIBRARIES = ("torch", "transformers", "tokenizers", "datasets", "numpy", "pyarrow", "pluggy")


@functools.cache  # asked for by every stage, and the same as long as the process lives
def versions() -> dict[str, str]:
    """Python, xbench and its plugins, and the libraries that affect numbers."""
    found = {"python": platform.python_version()}
    plugins = {point.dist.name for point in importlib.metadata.entry_points(group="xbench") if point.dist}
    for name in sorted({"xbench-transfer", *plugins, *LIBRARIES}):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def own(versions: Mapping[str, str]) -> dict[str, str]:
    """The versions of xbench and its plugins."""
    return {name: version for name, version in versions.items() if name not in (*LIBRARIES, "python")}


def hardware() -> dict[str, Any]:
    """Machine type, cores and, where torch is loaded already, its threads and accelerator."""
    found: dict[str, Any] = {"machine": platform.machine(), "system": platform.system(), "cores": os.cpu_count()}
    torch = sys.modules.get("torch")
    if torch is not None:
        found["threads"] = torch.get_num_threads()
        found["accelerator"] = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    return found


def git() -> dict[str, Any]:
    """Commit of the checkout that xbench's own code is part of, and whether it has changes; empty elsewhere."""
    file = Path(__file__).resolve()
    if not _git(file.parent, "ls-files", "--error-unmatch", file.name):
        return {}  # installed somewhere inside another project's checkout
    top = Path(_git(file.parent, "rev-parse", "--show-toplevel"))
    return {"commit": _git(top, "rev-parse", "HEAD"), "changed": bool(_git(top, "status", "--porcelain"))}


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, no shell
            ["git", "-C", str(folder), *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def command() -> str:
    """The command line as typed, with the program's bare name."""
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
