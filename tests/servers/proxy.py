"""A TCP proxy on loopback that writes down the command lines a client sends: the proof of what was asked for."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

_BODY_FETCH = re.compile(r"\S+ UID FETCH (\S+) \(.*BODY(?:\.PEEK)?\[\]", re.IGNORECASE)


class CountingProxy:
    """Stands before a plaintext IMAP port, as a context manager: connect to `host` and `port` instead.

    `commands` holds every line the clients sent (tags included, passwords too: test servers have no secrets),
    `octets` how much the server sent back. `drop_at` cuts the connection instead of passing on a line that holds these
    words, once; `cut_at` cuts each connection when the server has sent so many octets.
    """

    host = "127.0.0.1"

    def __init__(self, target_port: int) -> None:
        self.commands: list[str] = []
        self.octets = 0
        self.drop_at = ""
        self.cut_at: int | None = None
        self._target_port = target_port
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((self.host, 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cut(self._listener)  # wakes accept(); closing alone does not
        for sock in list(self._sockets):
            self._cut(sock)
        for thread in list(self._threads):
            thread.join(10)
        for sock in (*self._sockets, self._listener):
            sock.close()

    def drop(self) -> None:
        """Cut every connection, as a failing network does; new ones are taken again."""
        for sock in list(self._sockets):
            self._cut(sock)

    def named(self, verb: str) -> list[str]:
        """The commands whose name (after the tag) starts with `verb`, such as "UID SEARCH", without their tags."""
        lines = (line.partition(" ")[2] for line in self.commands)
        return [line for line in lines if line.upper().startswith(verb.upper())]

    def fetched_bodies(self) -> set[int]:
        """The UIDs of which a whole body, or a slice of one, was asked for."""
        uids: set[int] = set()
        for line in self.commands:
            if found := _BODY_FETCH.match(line):
                for piece in found[1].split(","):
                    first, _, last = piece.partition(":")
                    uids.update(range(int(first), int(last or first) + 1))
        return uids

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection((self.host, self._target_port))
            for sock in (near, far):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._sockets.append(sock)
            self._start(self._upward, near, far)
            self._start(self._downward, far, near)

    def _upward(self, near: socket.socket, far: socket.socket) -> None:
        rest = b""
        while data := self._read(near):
            *lines, rest = (rest + data).split(b"\r\n")
            said = [line.decode("utf-8", "replace") for line in lines]
            self.commands.extend(said)
            if self.drop_at and any(self.drop_at in line for line in said):
                self.drop_at = ""
                self._cut(near)
                break
            with suppress(OSError):
                far.sendall(data)
        self._cut(far)

    def _downward(self, far: socket.socket, near: socket.socket) -> None:
        left = self.cut_at
        while data := self._read(far):
            self.octets += len(data)
            with suppress(OSError):
                near.sendall(data[:left])
            if left is not None and (left := left - len(data)) < 0:
                break
        self._cut(near)

    def _start(self, target: Callable[..., None], *args: socket.socket) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    @staticmethod
    def _read(sock: socket.socket) -> bytes:
        try:
            return sock.recv(65536)
        except OSError:
            return b""

    @staticmethod
    def _cut(sock: socket.socket) -> None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
