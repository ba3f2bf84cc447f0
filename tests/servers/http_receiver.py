"""A real HTTP server on a free loopback port that answers by a script and remembers what it was sent."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Request:
    """What came in. Header names are lower-case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """An answer as it goes out."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"

    def wire(self) -> bytes:
        headers = {"Content-Length": str(len(self.body)), "Connection": "close", **self.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {self.status} Scripted\r\n{head}\r\n".encode() + self.body


HELD = "held"  # reads the request, answers 200 once `let_go` is set
SILENT = "silent"  # reads the request, never answers
RESET_UNREAD = "reset unread"  # resets as soon as the connection is there
RESET_READ = "reset read"  # reads the whole request, then resets
DRIP = "drip"  # a status line that never ends, one octet at a time


class Receiver:
    """`with Receiver(503, 200) as receiver:` answers 503, then 200, then 200 for ever.

    Args:
        answers: statuses, Answers, or one of the names above; the last one is repeated; 200 when there is none.
        certificate: (certificate chain, key) files in PEM: speaks TLS.
        seen: called with each request before it is answered.
    """

    def __init__(
        self,
        *answers: int | str | Answer,
        certificate: tuple[Path, Path] | None = None,
        seen: Callable[[Request], None] = lambda _: None,
    ) -> None:
        self._seen = seen
        self.requests: list[Request] = []
        self.connections = 0
        self.holding = threading.Event()  # set once a request is held
        self.let_go = threading.Event()
        self._answers = list(answers) or [200]
        self._over = threading.Event()
        self._context = None
        if certificate:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(*certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://localhost:{self.port}"

    def __enter__(self) -> Receiver:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _start(self, target: Any, *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._serve, connection, self._next())

    def _next(self) -> int | str | Answer:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def _serve(self, connection: socket.socket, answer: int | str | Answer) -> None:
        connection.settimeout(10)
        try:
            if answer == RESET_UNREAD:
                reset(connection)
                return
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            request = _read(connection)
            if request is None:
                return
            self.requests.append(request)
            self._seen(request)
            self._respond(connection, answer)
        except OSError:
            pass
        finally:
            connection.close()

    def _respond(self, connection: socket.socket, answer: int | str | Answer) -> None:
        if answer == SILENT:
            self._over.wait(10)
        elif answer == HELD:
            self.holding.set()
            self.let_go.wait(10)
            connection.sendall(Answer().wire())
        elif answer == RESET_READ:
            reset(connection)
        elif answer == DRIP:
            for octet in b"HTTP/1.1 200 O" + b"K" * 1000:
                connection.send(bytes([octet]))
                if self._over.wait(0.05):
                    return
        else:
            assert not isinstance(answer, str)
            connection.sendall((Answer(answer) if isinstance(answer, int) else answer).wire())


def reset(connection: socket.socket) -> None:
    """Close a connection so that the other side gets an error."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _read(connection: socket.socket) -> Request | None:
    """One request; None for a connection that says nothing."""
    with connection.makefile("rb") as stream:
        first = stream.readline().decode("latin-1").split()
        if len(first) < 2:
            return None
        headers = dict(_fields(iter(stream.readline, b"\r\n")))
        body = stream.read(int(headers.get("content-length", 0)))
    return Request(first[0], first[1], headers, body)


def _fields(lines: Iterable[bytes]) -> Iterable[tuple[str, str]]:
    for line in lines:
        name, _, value = line.decode("latin-1").partition(":")
        yield name.lower(), value.strip()
