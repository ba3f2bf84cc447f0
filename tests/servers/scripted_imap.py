"""An IMAP server that says what a test tells it to: for answers no real server can be brought to give."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

HANG = b"\0hang"  # no answer, the connection stays
DRIP = b"\0drip"  # an octet now and then, never a line: no limit per read notices
CLOSE = b"\0close"  # no answer, the connection ends

OK = b"%s OK done\r\n"

_FOLDER = b"* FLAGS (\\Seen)\r\n* 3 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n* OK [UIDNEXT 10] .\r\n"
_USUAL: dict[str, bytes] = {
    "CAPABILITY": b"* CAPABILITY IMAP4rev1 UIDPLUS MOVE\r\n" + OK,
    "LOGIN": OK,
    "SELECT": _FOLDER + b"%s OK [READ-WRITE] .\r\n",
    "EXAMINE": _FOLDER + b"%s OK [READ-ONLY] .\r\n",
    "LIST": b'* LIST () "/" INBOX\r\n' + OK,
    "LOGOUT": b"* BYE\r\n" + OK,
}


class ScriptedImap:
    """Serves on `host`:`port`, as a context manager. `commands` holds what came, without tags.

    Args:
        answers: per command name ("LOGIN", "UID FETCH") what to answer, %s standing for the tag; several answers are
            given in turn, the last one again and again. Commands not named get a usual answer, or else OK.
        greeting: what each connection begins with; several for as many connections, the last one for all others.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        answers: Mapping[str, bytes | tuple[bytes, ...]] | None = None,
        *,
        greeting: bytes | tuple[bytes, ...] = b"* OK hello\r\n",
    ) -> None:
        self.commands: list[str] = []
        self._answers = {name: [said] if isinstance(said, bytes) else [*said] for name, said in (answers or {}).items()}
        self._greetings = [greeting] if isinstance(greeting, bytes) else [*greeting]
        self._ended = threading.Event()
        self._listener = socket.create_server((self.host, 0))
        self.port: int = self._listener.getsockname()[1]
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for sock in (self._listener, *self._connections):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(10)
        for sock in (self._listener, *self._connections):
            sock.close()

    @property
    def connected(self) -> int:
        """How many connections there have been."""
        return len(self._connections)

    def _start(self, target: Callable[..., None], *args: socket.socket) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection.makefile("rb") as lines:
            if not self._say(connection, _next(self._greetings)):
                return
            for line in lines:
                tag, _, command = line.rstrip(b"\r\n").partition(b" ")
                self.commands.append(command.decode("utf-8", "replace"))
                if not self._say(connection, self._answer(command.decode("utf-8", "replace")).replace(b"%s", tag)):
                    return

    def _answer(self, command: str) -> bytes:
        words = command.upper().split(" ")
        name = " ".join(words[:2]) if words[0] == "UID" else words[0]
        said = self._answers.get(name)
        if said is None:
            return _USUAL.get(name, OK)
        return _next(said)

    def _say(self, connection: socket.socket, words: bytes) -> bool:
        """Whether to go on."""
        if words == CLOSE:
            connection.shutdown(socket.SHUT_RDWR)
            return False
        while words == DRIP and not self._ended.wait(0.01):
            connection.sendall(b"*")
        if words not in (HANG, DRIP):
            connection.sendall(words)
        return True


def _next(said: list[bytes]) -> bytes:
    return said.pop(0) if len(said) > 1 else said[0]
