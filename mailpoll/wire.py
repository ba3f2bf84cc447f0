"""The TCP connection under an IMAP session, which another thread may cut; the standard library and nothing else."""

from __future__ import annotations

import imaplib
import re
import resource
import socket
import ssl
import threading
from contextlib import suppress

# Of a connection: the socket, the handle that cuts it, and what looking a name up takes for a moment.
_DESCRIPTORS = 3
# What else is open in a run: the store, its lock and journals, the reader's pipes, a post on its way.
_OTHER_DESCRIPTORS = 64

_ATOM = re.compile(r"[A-Za-z0-9!#$&'+,./:;<=>?@^_`|~-]+")


class Line:
    """Opens the socket of one connection and keeps a second handle on it, for `abort` alone.

    A limit per read does not stop a server that sends a byte now and then (or a read inside a TLS handshake); only
    cutting the connection from outside does. Make the Line first and hand it to connect() to be able to stop that, too.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handle: socket.socket | None = None
        self._reason = ""
        self._aborted = threading.Event()

    @property
    def aborted(self) -> str:
        """Why the connection was cut from outside; empty when it was not."""
        return self._reason

    def open(self, host: str, port: int, timeout: float, context: ssl.SSLContext | None) -> socket.socket:
        """A connected socket, TLS spoken on it when `context` is given; `timeout` in seconds, per operation.

        Raises:
            OSError: as socket and ssl raise it.
        """
        sock = socket.create_connection((host, port), timeout)
        try:
            # imaplib sends a command in pieces; with Nagle's algorithm each waits for the peer's delayed ACK (40 ms).
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                # A second descriptor stays valid when TLS detaches the first, and touches no state of a running read.
                if self._handle is not None:  # of a connection that broke
                    self._handle.close()
                self._handle = sock.dup()
                if self._reason:
                    self._handle.shutdown(socket.SHUT_RDWR)
        except BaseException:
            sock.close()
            raise
        return context.wrap_socket(sock, server_hostname=host) if context else sock

    def abort(self, reason: str = "the time of this run is up") -> None:
        """Cut the connection, now or as soon as it is there: a call blocked on it fails at once, a pause ends."""
        with self._lock:
            self._reason = self._reason or reason
            self._aborted.set()
            if self._handle is not None:
                with suppress(OSError):  # the peer was faster
                    self._handle.shutdown(socket.SHUT_RDWR)

    def hang_up(self) -> None:
        """End the connection as if the server had: whoever reads on finds nothing, and another one can be opened."""
        with self._lock, suppress(OSError):
            if self._handle is not None:
                self._handle.shutdown(socket.SHUT_RDWR)

    def pause(self, seconds: float) -> None:
        """Wait so long, or until abort()."""
        self._aborted.wait(seconds)

    def close(self) -> None:
        """Let go of the second handle."""
        with self._lock:
            if self._handle is not None:
                self._handle.close()
                self._handle = None


def room_for(connections: int) -> int:
    """How many of so many connections can be open at once; asks for as many descriptors as all of them take, since the
    usual limit (256 on macOS, 1024 on Linux) is for programs that use select()."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OTHER_DESCRIPTORS + _DESCRIPTORS * connections
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return connections
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        soft = allowed
    return max(1, min(connections, (soft - _OTHER_DESCRIPTORS) // _DESCRIPTORS))


class Imap4(imaplib.IMAP4):
    """imaplib on a socket that a Line opened, and so can cut; TLS is spoken from the start when `context` is given.

    Raises:
        OSError, imaplib.IMAP4.error: as socket, ssl and imaplib do.
    """

    def __init__(self, line: Line, host: str, port: int, timeout: float, context: ssl.SSLContext | None) -> None:
        self._line = line
        self._patience = timeout
        self._context = context
        super().__init__(host, port)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        return self._line.open(self.host, self.port, self._patience, self._context)


def astring(text: str) -> str:
    """`text` quoted where an IMAP astring needs it: imaplib quotes passwords only."""
    if _ATOM.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
