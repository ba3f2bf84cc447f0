"""A small IMAP server with a state, and a wire that fails where a test says: for what no real server does on demand."""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

from servers.imap_folder import Folder, Mail, fetched, matches, within

How = Literal["fin", "rst", "stall", "drip"]

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\([^)]*\))|(\S+)')


@dataclass
class Fault:
    """What goes wrong, on each connection anew.

    `before` happens before a command that holds `command` ("UID FETCH", "BODY.PEEK[]") is obeyed, and `change` gets
    (tag, answer) and gives what is sent instead; "" concerns all of them, and "greeting" is one. `times` is how often
    in all (None: always); not `obeyed`, a command has no effect, and its answer is empty before the change.

    `at` is the octet of the output at which the wire fails `how` it is told: it ends (fin, rst), falls silent (stall),
    or goes on by an octet now and then (drip).
    """

    command: str = ""
    change: Callable[[bytes, bytes], bytes] | None = None
    before: Callable[[StatefulImap], None] | None = None
    times: int | None = None
    obeyed: bool = True
    at: int | None = None
    how: How = "fin"

    def concerns(self, command: str) -> bool:
        """Whether it is the turn of this fault, at this command."""
        if self.command not in command or self.times == 0:
            return False
        self.times = None if self.times is None else self.times - 1
        return True


class BreakOff(Exception):
    """Raised by a change: of the answer only these octets are sent, and the connection ends."""

    def __init__(self, octets: bytes) -> None:
        super().__init__("the server breaks off")
        self.octets = octets


class Gone(Exception):
    """The connection is at its end."""


class StatefulImap:
    """Serves one user, with any password, on `host`:`port`; a context manager. `folders` is what it holds, `bodies` how
    often the body of a mail was asked for by its octets, `octets` how much was sent on the last connection."""

    host = "127.0.0.1"

    def __init__(self, capabilities: str = "UIDPLUS MOVE") -> None:
        self.capabilities = f"IMAP4rev1 {capabilities}".strip()
        self.folders = {"INBOX": Folder(7)}
        self.fault = Fault()
        self.bodies: Counter[bytes] = Counter()
        self.commands: list[str] = []
        self.octets = 0
        self.lock = threading.RLock()
        self._ended = threading.Event()
        self._listener = socket.create_server((self.host, 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for sock in (self._listener, *self._sockets):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(10)
        for sock in (self._listener, *self._sockets):
            sock.close()

    @property
    def inbox(self) -> Folder:
        """The folder INBOX."""
        return self.folders["INBOX"]

    def wait(self, seconds: float) -> None:
        """As time passes, unless the server is ended."""
        self._ended.wait(seconds)

    @property
    def ended(self) -> bool:
        """Whether the server is to end."""
        return self._ended.is_set()

    def _start(self, target: Callable[..., None], *args: socket.socket) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self._sockets.append(sock)
                self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        with suppress(OSError, Gone):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _Connection(self, sock).serve()
        with suppress(OSError):
            sock.close()


class _Connection:
    """One client."""

    def __init__(self, server: StatefulImap, sock: socket.socket) -> None:
        self._server = server
        self._fault = server.fault
        self._sock = sock
        self._folder: Folder | None = None
        self._view: list[Mail] = []  # by sequence number, as the client knows them
        server.octets = 0

    def serve(self) -> None:
        self._say("greeting", b"*", lambda: f"* OK [CAPABILITY {self._server.capabilities}] ready\r\n".encode())
        with self._sock.makefile("rb") as lines:
            for line in lines:
                tag, _, command = line.rstrip(b"\r\n").partition(b" ")
                self._obey(tag, command.decode("utf-8", "replace"))

    def _obey(self, tag: bytes, command: str) -> None:
        self._server.commands.append(command)
        name, _, rest = command.partition(" ")
        if name.upper() == "UID":
            verb, _, rest = rest.partition(" ")
            name = f"UID {verb}"
        name = name.upper()

        def answer() -> bytes:
            with self._server.lock:
                method = getattr(self, "_" + name.lower().replace(" ", "_"), None)
                said = method(rest) if method else "BAD unknown command"
                said = said if isinstance(said, bytes) else said.encode()
                *untagged, last = said.rsplit(b"\r\n", 1)
                return b"".join(part + b"\r\n" for part in untagged) + tag + b" " + last + b"\r\n"

        self._say(command, tag, answer)
        if name == "LOGOUT":
            raise Gone

    def _say(self, command: str, tag: bytes, answer: Callable[[], bytes]) -> None:
        mine = self._fault.concerns(command)
        if mine and self._fault.before:
            with self._server.lock:
                self._fault.before(self._server)
        said = answer() if self._fault.obeyed or not mine else b""
        if mine and self._fault.change:
            try:
                said = self._fault.change(tag, said)
            except BreakOff as end:
                self._send(end.octets)
                raise Gone from end
        self._send(said)

    def _send(self, octets: bytes) -> None:
        at, sent = self._fault.at, self._server.octets
        if at is None or sent + len(octets) <= at:
            self._sock.sendall(octets)
            self._server.octets += len(octets)
            return
        self._sock.sendall(octets[: max(at - sent, 0)])
        rest = octets[max(at - sent, 0) :]
        match self._fault.how:
            case "rst":  # unread or not, it is told at once
                self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self._sock.close()
            case "stall":
                while not self._server.ended and self._sock.recv(4096):
                    pass
            case "drip":
                for octet in rest:
                    self._sock.sendall(bytes([octet]))
                    self._server.wait(0.05)
                return
            case "fin":
                self._sock.shutdown(socket.SHUT_RDWR)
        raise Gone

    # What is answered: untagged responses, each ended by CRLF, and the tagged one without its tag.

    def _capability(self, _rest: str) -> str:
        return f"* CAPABILITY {self._server.capabilities}\r\nOK done"

    def _login(self, _rest: str) -> str:
        return f"OK [CAPABILITY {self._server.capabilities}] logged in"

    def _noop(self, _rest: str) -> str:
        return self._expunged() + "OK done"

    def _logout(self, _rest: str) -> str:
        return "* BYE see you\r\nOK done"

    def _list(self, rest: str) -> str:
        if not _words(rest)[-1]:
            return '* LIST (\\Noselect) "/" ""\r\nOK done'
        return "".join(f'* LIST () "/" "{name}"\r\n' for name in self._server.folders) + "OK done"

    def _create(self, rest: str) -> str:
        [name] = _words(rest)
        if name in self._server.folders:
            return "NO [ALREADYEXISTS] it is there"
        self._server.folders[name] = Folder(70 + len(self._server.folders))
        return "OK done"

    def _subscribe(self, _rest: str) -> str:
        return "OK done"

    def _select(self, rest: str) -> str:
        return self._open(rest, read_only=False)

    def _examine(self, rest: str) -> str:
        return self._open(rest, read_only=True)

    def _open(self, rest: str, *, read_only: bool) -> str:
        folder = self._server.folders.get(_words(rest)[0])
        if folder is None:
            return "NO [NONEXISTENT] no such folder"
        self._folder, self._view = folder, list(folder.mails)
        code = "READ-ONLY" if read_only or folder.read_only else "READ-WRITE"
        permanent = "" if code == "READ-ONLY" else r"\Seen \Deleted \Flagged \*"
        return (
            f"* FLAGS (\\Seen \\Deleted \\Flagged)\r\n* {len(self._view)} EXISTS\r\n* 0 RECENT\r\n"
            f"* OK [PERMANENTFLAGS ({permanent})] .\r\n* OK [UIDVALIDITY {folder.uidvalidity}] .\r\n"
            f"* OK [UIDNEXT {folder.uidnext}] .\r\nOK [{code}] done"
        )

    def _uid_search(self, rest: str) -> str:
        found = [str(mail.uid) for mail in self._there() if matches(mail, rest.split())]
        return f"* SEARCH {' '.join(found)}".rstrip() + "\r\nOK done"

    def _uid_fetch(self, rest: str) -> bytes:
        uids, _, items = rest.partition(" ")
        said = b""
        for mail in self._there(uids):
            self._server.bodies[mail.raw] += "BODY.PEEK[]" in items
            said += b"* %d FETCH (%s)\r\n" % (self._view.index(mail) + 1, fetched(mail, items.strip("()")))
        return said + b"OK done"

    def _uid_store(self, rest: str) -> str:
        uids, _, flags = rest.split(" ", 2)
        for mail in self._there(uids):
            mail.flags |= set(flags.strip("()").split())
        return "OK done"

    def _uid_copy(self, rest: str) -> str:
        return self._put(rest, remove=False)

    def _uid_move(self, rest: str) -> str:
        return self._put(rest, remove=True)

    def _put(self, rest: str, *, remove: bool) -> str:
        uids, name = _words(rest)
        target = self._server.folders.get(name)
        if target is None:
            return "NO [TRYCREATE] no such folder"
        for mail in self._there(uids):
            target.add(mail.raw, mail.flags, mail.date)
            if remove:
                self._opened().mails.remove(mail)
        return self._expunged() + "OK done"

    def _uid_expunge(self, rest: str) -> str:
        for mail in self._there(rest):
            if "\\Deleted" in mail.flags:
                self._opened().mails.remove(mail)
        return self._expunged() + "OK done"

    def _opened(self) -> Folder:
        assert self._folder is not None
        return self._folder

    def _there(self, uids: str = "1:*") -> list[Mail]:
        """The mails that the client knows of, and that are still there."""
        return [mail for mail in self._view if mail in self._opened().mails and within(mail.uid, uids)]

    def _expunged(self) -> str:
        said = ""
        for mail in [mail for mail in self._view if mail not in self._opened().mails]:
            said += f"* {self._view.index(mail) + 1} EXPUNGE\r\n"
            self._view.remove(mail)
        return said


def _words(rest: str) -> list[str]:
    return [group or plain or re.sub(r"\\(.)", r"\1", quoted) for quoted, group, plain in _WORD.findall(rest)]
