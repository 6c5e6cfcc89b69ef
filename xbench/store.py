"""The store: artifacts by key, each whole or not there, made once however many processes ask."""

import errno
import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from xbench.errors import DiskError, StageError, StoreError
from xbench.keys import digest, folder_digests

log = logging.getLogger("xbench")
MANIFEST = "manifest.json"
WAIT_NOTICE = 5  # seconds to wait for another process before saying so


class Store:
    """Folders `<root>/<kind>/<key>`: the files of an artifact and `manifest.json` with their digests.

    An artifact is written beside its place and renamed into it; a lock file per key lets one process make it while
    the others wait. A broken one is set aside under `<root>/broken` and made again.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._verified: set[Path] = set()

    def place(self, kind: str, key: str) -> Path:
        """Where an artifact lies or will lie."""
        return self.root / kind / key

    def has(self, kind: str, key: str) -> bool:
        """Whether the artifact is there, by its manifest; the digest is checked by `open`."""
        return (self.place(kind, key) / MANIFEST).is_file()

    def open(self, kind: str, key: str) -> Path | None:
        """The artifact's folder, or None where it is not there or broken; the digest is checked once."""
        place = self.place(kind, key)
        if place in self._verified and self.has(kind, key):
            return place
        if not place.exists() or _problem(place):
            return None
        self._verified.add(place)
        return place

    def manifest(self, kind: str, key: str) -> dict[str, Any]:
        """The manifest of an artifact that is there."""
        return _read_manifest(self.place(kind, key))

    def make(self, kind: str, key: str, write: Callable[[Path], Mapping[str, Any]]) -> Path:
        """The artifact's folder, made by `write(folder)` unless it is there; what `write` returns joins the manifest.

        Raises StoreError on a full disk and the like; whatever `write` raises leaves nothing behind.
        """
        try:
            return self._make(kind, key, write)
        except OSError as error:
            raise DiskError(f"cannot write {self.place(kind, key)}: {error.strerror or error}") from error

    def _make(self, kind: str, key: str, write: Callable[[Path], Mapping[str, Any]]) -> Path:
        place = self.place(kind, key)
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(place.with_name(f".{key}.lock"))
        _acquire(lock, place)
        try:
            found = self.open(kind, key)
            if found is not None:
                return found
            if place.exists():  # under the lock, so that no other process's new artifact is taken for the broken one
                self._set_aside(place, _problem(place))
            for stale in place.parent.glob(f".{key}.*.tmp"):  # left by a killed process: the lock is ours now
                shutil.rmtree(stale, ignore_errors=True)
            draft = place.with_name(f".{key}.{os.getpid()}.tmp")
            try:
                self._write(draft, {"kind": kind, "key": key}, write)
                draft.rename(place)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
            self._verified.add(place)
            return place
        finally:
            lock.release()

    def _write(self, draft: Path, head: Mapping[str, Any], write: Callable[[Path], Mapping[str, Any]]) -> None:
        draft.mkdir()
        started = time.monotonic()
        try:
            body = write(draft)
        except OSError as error:  # only a full disk is the store's affair: everything else is the stage's
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskError(f"the disk under {self.root} is full; free some space and run again") from error
            raise StageError(f"{type(error).__name__}: {error}") from error
        seconds = round(time.monotonic() - started, 3)
        files = folder_digests(draft)
        manifest = {**head, **body, "seconds": seconds, "files": files, "digest": digest(files)}
        text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
        (draft / MANIFEST).write_text(text + "\n", encoding="utf-8", errors="backslashreplace")

    def _set_aside(self, place: Path, problem: str) -> None:
        folder = self.root / "broken"
        folder.mkdir(parents=True, exist_ok=True)
        aside = folder / f"{place.parent.name}-{place.name}-{time.time_ns()}"
        try:
            place.rename(aside)
        except OSError as error:
            raise DiskError(f"{place} is broken ({problem}) and cannot be set aside: {error}") from error
        self._verified.discard(place)
        log.warning("%s is broken (%s); set aside as %s, it will be made again", place, problem, aside)


def _acquire(lock: FileLock, place: Path) -> None:
    try:
        lock.acquire(timeout=WAIT_NOTICE)
    except Timeout:
        log.warning("waiting for another process that makes %s", place)
        lock.acquire()


def _read_manifest(place: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{place / MANIFEST}: cannot be read: {error}") from error
    if not isinstance(manifest, dict):
        raise StoreError(f"{place / MANIFEST}: is not a manifest")
    return manifest


def _problem(place: Path) -> str:
    """Why the artifact cannot be trusted, or an empty text."""
    try:
        manifest = _read_manifest(place)
    except StoreError as error:
        return str(error)
    try:
        files = folder_digests(place)
    except OSError as error:
        return f"a file cannot be read: {error.strerror or error}"
    files.pop(MANIFEST, None)
    if files != manifest.get("files"):
        return "its files differ from the digests in its manifest"
    return ""
