"""A Hugging Face Hub in a box, for tests: serves made repositories to unmodified clients on this machine.

The endpoints are those that huggingface_hub 2 and datasets 5 ask for to resolve, list and download:
`resolve`, `revision`, `tree`, `paths-info` and `refs`. Clients read `HF_ENDPOINT` once, at import: set it in
the environment of a subprocess.
"""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

KINDS = ("models", "datasets", "spaces")


@dataclass(frozen=True)
class Repository:
    """The files of one repository at one commit (40 hex digits)."""

    id: str
    revision: str
    files: Mapping[str, bytes]
    kind: str = "datasets"


@dataclass
class Hub:
    """The running server: where it is, what it was asked, and which repositories answer 503."""

    repositories: Sequence[Repository]
    endpoint: str = ""
    requests: list[str] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)

    def commits(self, kind: str, repository: str) -> list[Repository]:
        """The commits of a repository, the newest (`main`) last."""
        return [one for one in self.repositories if (one.kind, one.id) == (kind, repository)]

    def environment(self, home: str) -> dict[str, str]:
        """What a client's process needs in its environment to ask this server alone."""
        return {
            "HF_ENDPOINT": self.endpoint,
            "HF_HOME": home,
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_PROXY": "127.0.0.1,localhost",
        }


@contextmanager
def serve(repositories: Sequence[Repository]) -> Iterator[Hub]:
    """Serve the repositories as long as the context lasts."""
    hub = Hub(repositories)
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _RefusalError(Exception):
    """An answer that is an error; the client tells its kind by the header X-Error-Code."""

    def __init__(self, status: int, code: str, commit: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.commit = status, code, commit


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the requests are kept in `Hub.requests`."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.hub.requests.append(f"{self.command} {self.path}")
        # A slash inside a revision arrives as %2F: split first, unquote then.
        parts = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]
        try:
            if parts[0] == "api":
                self._send_json(self._api(parts[1:], body))
            else:
                self._send_file(parts)
        except _RefusalError as refusal:
            headers = {"X-Error-Code": refusal.code, "X-Repo-Commit": refusal.commit}
            said = {name: value for name, value in headers.items() if value}
            self._send(refusal.status, refusal.code.encode(), said)

    def _api(self, parts: list[str], body: bytes) -> object:
        kind, repository, *rest = parts[0], "/".join(parts[1:3]), *parts[3:]
        verb = rest[0] if rest else "revision"
        if verb == "refs":
            return self._refs(kind, repository)
        commit = self._commit(kind, repository, rest[1] if len(rest) > 1 else "main")
        if verb == "revision":
            files = [{"rfilename": path} for path in sorted(commit.files)]
            public = {"private": False, "gated": False}
            return {"id": repository, "sha": commit.revision, "siblings": files} | public
        if verb == "tree":
            return self._tree(commit, "/".join(rest[2:]))
        if verb == "paths-info":
            asked = parse_qs(body.decode()).get("paths", [])
            return [_entry(path, commit.files[path]) for path in asked if path in commit.files]
        raise _RefusalError(404, "EntryNotFound")

    def _refs(self, kind: str, repository: str) -> object:
        newest = self._commit(kind, repository, "main").revision
        branch = {"name": "main", "ref": "refs/heads/main", "targetCommit": newest}
        return {"branches": [branch], "tags": [], "converts": [], "pullRequests": []}

    def _tree(self, commit: Repository, folder: str) -> object:
        prefix = f"{folder}/" if folder else ""
        below = [path for path in sorted(commit.files) if path.startswith(prefix)]
        if folder and not below:
            raise _RefusalError(404, "EntryNotFound", commit.revision)
        query = parse_qs(urlsplit(self.path).query)
        if query.get("recursive", ["false"])[0].lower() in {"true", "1"}:
            return [_entry(path, commit.files[path]) for path in below]
        here = [path for path in below if "/" not in path.removeprefix(prefix)]
        deeper = [path.removeprefix(prefix).split("/")[0] for path in below if path not in here]
        unique = dict.fromkeys(deeper)
        folders = [{"type": "directory", "path": prefix + one, "oid": "0" * 40} for one in unique]
        return folders + [_entry(path, commit.files[path]) for path in here]

    def _commit(self, kind: str, repository: str, revision: str) -> Repository:
        if repository in self.hub.broken:
            raise _RefusalError(503, "")
        commits = self.hub.commits(kind, repository)
        if not commits:
            raise _RefusalError(404 if kind in KINDS else 400, "RepoNotFound")
        if revision == "main":
            return commits[-1]
        for commit in commits:
            if commit.revision == revision:
                return commit
        raise _RefusalError(404, "RevisionNotFound")

    def _send_file(self, parts: list[str]) -> None:
        kind = parts.pop(0) if parts[0] in KINDS else "models"
        if len(parts) < 5 or parts[2] != "resolve":
            raise _RefusalError(404, "EntryNotFound")
        commit = self._commit(kind, "/".join(parts[:2]), parts[3])
        path = "/".join(parts[4:])
        if path not in commit.files:
            raise _RefusalError(404, "EntryNotFound", commit.revision)
        content = commit.files[path]
        headers = {
            "X-Repo-Commit": commit.revision,
            "ETag": f'"{_oid(content)}"',
            "Accept-Ranges": "bytes",
            "Content-Type": "application/octet-stream",
        }
        wanted = self.headers.get("Range", "")
        if wanted.startswith("bytes="):
            first, last = _range(wanted.removeprefix("bytes="), len(content))
            headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
            self._send(206, content[first : last + 1], headers)
        else:
            self._send(200, content, headers)

    def _send_json(self, value: object) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _oid(content: bytes) -> str:
    """The hash git gives a file, by which the hub names its content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _entry(path: str, content: bytes) -> dict[str, object]:
    return {"type": "file", "path": path, "oid": _oid(content), "size": len(content)}


def _range(text: str, size: int) -> tuple[int, int]:
    """First and last byte of a range such as `0-99`, `100-` and `-8`."""
    first, _, last = text.partition("-")
    if not first:
        return max(size - int(last), 0), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1
