"""What the fakes of chat services share: they answer by what they know, unless a script says otherwise."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from servers.http_receiver import Answer, Receiver, Request


@dataclass(frozen=True)
class After:
    """The service does what it was asked, and then answers like this instead: what was done is not undone."""

    fault: int | str | Answer


Fault = int | str | Answer | After


class Service(Receiver):
    """A service on a free loopback port.

    `script` says for the name of a request (name_of) how the next ones are answered, one after the other, instead of
    by answer(). `problems` are the requests that the service's documentation does not allow; leaving the `with` block
    fails when there were any.
    """

    def __init__(self, *, certificate: tuple[Path, Path] | None = None, **script: list[Fault]) -> None:
        super().__init__(certificate=certificate)
        self.script: dict[str, list[Fault]] = dict(script)
        self.problems: list[str] = []

    def name_of(self, request: Request) -> str:
        """What a script calls such requests."""
        raise NotImplementedError

    def answer(self, request: Request) -> Answer:
        """What the service does, and says."""
        raise NotImplementedError

    def _respond(self, connection: socket.socket, answer: int | str | Answer) -> None:
        request = self.requests[-1]
        left = self.script.get(self.name_of(request))
        if not left:
            super()._respond(connection, self.answer(request))
            return
        fault = left.pop(0)
        if isinstance(fault, After):
            self.answer(request)
            fault = fault.fault
        super()._respond(connection, fault)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if kind is None:
            assert self.problems == []

    def named(self, name: str) -> list[Request]:
        """The requests of that name, in order."""
        return [request for request in self.requests if self.name_of(request) == name]

    def check(self, right: bool, problem: str) -> bool:
        """`right`; a problem is remembered where it is not."""
        if not right:
            self.problems.append(problem)
        return right

    def check_fields(self, method: str, given: Mapping[str, Any], known: Mapping[str, type]) -> bool:
        """Whether all fields are known ones, each of its type."""
        strange = [name for name, value in given.items() if not isinstance(value, known.get(name, type(None)))]
        return self.check(not strange, f"{method}: not documented: { {name: given[name] for name in strange} }")


def in_json(said: Any, status: int = 200, **headers: str) -> Answer:
    """An answer of JSON."""
    return Answer(status, {"Content-Type": "application/json", **headers}, json.dumps(said).encode())
