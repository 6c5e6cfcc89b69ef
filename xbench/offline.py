"""While a plugin is checked there is no network: whoever asks for it is told so, and it is noted."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

LOCAL = {getattr(socket, "AF_UNIX", None)} - {None}  # processes of one machine, which torch uses


class NoNetworkError(OSError):
    """The network was asked for; an OSError, since that is what those who can do without it expect."""


@contextmanager
def offline() -> Iterator[list[str]]:
    """The hosts that were asked for meanwhile, each as it was asked for."""
    asked: list[str] = []

    def refuse(host: Any) -> None:
        asked.append(str(host))
        raise NoNetworkError(f"{host} was asked for, and there is no network while a plugin is checked")

    def connect(self: socket.socket, address: Any) -> Any:
        return refuse(address) if self.family not in LOCAL else plain(self, address)

    def lookup(host: Any, *_: Any, **__: Any) -> Any:
        return refuse(host)

    plain = socket.socket.connect
    with (
        mock.patch.multiple(socket.socket, connect=connect, connect_ex=connect),
        mock.patch.multiple(socket, getaddrinfo=lookup, gethostbyname=lookup, gethostbyname_ex=lookup),
    ):
        yield asked
