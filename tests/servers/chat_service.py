"""What the fakes of chat services have in common: a real HTTP server whose answers to posts can be made to go wrong."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from email import policy
from email.parser import BytesParser
from types import TracebackType
from typing import Any

from servers.http_receiver import Answer, Receiver, Request, reset

FINE = "fine"  # no fault
LOST = "lost"  # reads the request, takes nothing, resets the connection
TAKEN_AND_LOST = "taken and lost"  # takes the post, resets the connection instead of answering
TAKEN_AND_SILENT = "taken and silent"  # takes the post, never answers

Fault = Answer | str
Handler = Callable[..., Answer]


def said(value: Any, status: int = 200, **headers: str) -> Answer:
    """An answer in JSON."""
    return Answer(status, {"Content-Type": "application/json", **headers}, json.dumps(value).encode())


class ChatService(Receiver):
    """`with FakeX(LOST, Answer(503)) as service:` what happens to the first posts; later ones are taken.

    A subclass has `routes`: (method, pattern of the path) → its method, and says in `posts` which of them post. What a
    request gets wrong is a complaint, answered with 400; the test fails when one is left at the end.
    """

    routes: dict[tuple[str, str], str]
    posts: frozenset[str]

    def __init__(self, *faults: Fault) -> None:
        super().__init__()
        self.faults = list(faults)
        self.complaints: list[str] = []

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if error is None:
            assert not self.complaints

    def paths(self) -> list[str]:
        """What was asked, as "METHOD path"."""
        return [f"{request.method} {request.path}" for request in self.requests]

    def _respond(self, connection: socket.socket, answer: int | str | Answer) -> None:
        request = self.requests[-1]
        name, found = self._route(request)
        fault = self.faults.pop(0) if name in self.posts and self.faults else None
        if fault == LOST:
            reset(connection)
        elif isinstance(fault, Answer):
            connection.sendall(fault.wire())
        else:
            given = self._answer(request, name, found)
            if fault == TAKEN_AND_LOST:
                reset(connection)
            elif fault == TAKEN_AND_SILENT:
                self._over.wait(10)
            else:
                connection.sendall(given.wire())

    def _route(self, request: Request) -> tuple[str, re.Match[str] | None]:
        for (method, pattern), name in self.routes.items():
            if method == request.method and (found := re.fullmatch(pattern, request.path)):
                return name, found
        return "", None

    def _answer(self, request: Request, name: str, found: re.Match[str] | None) -> Answer:
        try:
            assert found is not None, f"no such method: {request.method} {request.path}"
            handler: Handler = getattr(self, name)
            return handler(request, *found.groups())
        except (AssertionError, LookupError, ValueError) as problem:
            self.complaints.append(f"{request.method} {request.path}: {problem!r}")
            return Answer(400)


def form_of(request: Request) -> dict[str, tuple[str, str, bytes]]:
    """The parts of a multipart/form-data request, by name: (file name, type, bytes)."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    mail = BytesParser(policy=policy.HTTP).parsebytes(head + request.body)
    parts = {}
    for part in mail.iter_parts():
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        assert isinstance(name, str)
        assert isinstance(data, bytes)
        assert part.get_content_disposition() == "form-data"
        parts[name] = (part.get_filename() or "", part.get_content_type(), data)
    return parts
