"""The demo's IMAP server: started, filled and looked into from the outside, ended in every case."""

from __future__ import annotations

import imaplib
import importlib.util
import json
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from mailpoll.errors import ConfigError, Unavailable

USERNAME = "username@example.com"
INSTALL = (
    "It is the extra `demo`. Installed by pipx, type: pipx inject mailpoll pymap; in an environment of your own: "
    "pip install pymap; in a clone, scripts/demo does all of it"
)
READY_WITHIN_S = 15.0
ATTEMPTS = 3  # a free port may be taken by somebody else before the server has it
END_WITHIN_S = 3.0


@dataclass(frozen=True, slots=True)
class Kept:
    """How one mail lies on the server: its flags (without \\Recent, which nobody sets) and its bytes."""

    flags: frozenset[str]
    raw: bytes


class DemoServer:
    """A running pymap on a free port of the loopback interface, with an empty INBOX; a context manager.

    Args:
        folder: where its log goes.

    Raises:
        ConfigError: pymap is not installed.
        Unavailable: it does not start, or stops answering.
    """

    host = "127.0.0.1"
    username = USERNAME

    def __init__(self, folder: Path) -> None:
        self._log = folder / "imap-server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.password = secrets.token_urlsafe(16)

    def __enter__(self) -> Self:
        if importlib.util.find_spec("pymap") is None:
            raise ConfigError(
                "the demo needs the IMAP server pymap, which is not installed",
                advice=INSTALL,
            )
        for attempt in range(1, ATTEMPTS + 1):
            self._start()
            try:
                if self._ready():
                    return self
            except BaseException:
                self.stop()
                raise
            self.stop()
            if attempt == ATTEMPTS:
                raise Unavailable(f"the demo's IMAP server did not start ({self._last_words()})")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Its process, 0 when there is none."""
        return self._process.pid if self._process else 0

    def stop(self) -> None:
        """Ends the server and its mail with it; once ended, calling it again does nothing."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin:
            with suppress(OSError):
                process.stdin.close()
        process.terminate()
        try:
            process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def append(self, mails: Sequence[bytes]) -> list[int]:
        """Puts mails into INBOX, unread, over one connection; returns their UIDs."""
        uids = []
        with self._client() as client:
            for raw in mails:
                _, data = client.append("INBOX", "", "", raw)
                found = re.search(rb"APPENDUID \d+ (\d+)", data[0] or b"")
                if found is None:
                    raise Unavailable("the demo's IMAP server did not take a mail")
                uids.append(int(found[1]))
        return uids

    def look(self) -> dict[int, Kept]:
        """Every mail of INBOX by UID, seen through EXAMINE and PEEK, which change nothing."""
        with self._client() as client:
            client.select("INBOX", readonly=True)
            _, answers = client.uid("FETCH", "1:*", "(UID FLAGS BODY.PEEK[])")
        return dict(_kept(answer) for answer in answers if isinstance(answer, tuple))

    @contextmanager
    def _client(self) -> Iterator[imaplib.IMAP4]:
        try:
            with imaplib.IMAP4(self.host, self.port, timeout=10) as client:
                client.login(self.username, self.password)
                yield client
        except (OSError, imaplib.IMAP4.error) as error:
            raise Unavailable(f"the demo's IMAP server does not answer ({error})") from error

    def _start(self) -> None:
        with socket.socket() as probe:
            probe.bind((self.host, 0))
            self.port = probe.getsockname()[1]
        with self._log.open("wb") as log:
            # A session of its own: Ctrl-C is for us, who then end the server when we are done with it.
            self._process = subprocess.Popen(
                [sys.executable, "-E", "-P", "-m", "mailpoll.demo.serve"],  # not -I: see reader.PROGRAM
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wanted = {"port": self.port, "username": self.username, "password": self.password}
        if self._process.stdin:
            with suppress(BrokenPipeError):
                self._process.stdin.write(json.dumps(wanted).encode() + b"\n")
                self._process.stdin.flush()

    def _ready(self) -> bool:
        """Whether it greets; False when it ended instead."""
        until = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < until:
            if self._process is None or self._process.poll() is not None:
                return False
            with suppress(OSError), socket.create_connection((self.host, self.port), 2) as probe:
                if probe.recv(64).startswith(b"* OK"):
                    return True
            time.sleep(0.02)
        return False

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"no greeting within {READY_WITHIN_S:.0f} s"


def _kept(answer: tuple[bytes, bytes]) -> tuple[int, Kept]:
    uid, flags = re.search(rb"UID (\d+)", answer[0]), re.search(rb"FLAGS \(([^)]*)\)", answer[0])
    if uid is None or flags is None:
        raise Unavailable("the demo's IMAP server gave an answer that cannot be understood")
    return int(uid[1]), Kept(frozenset(flags[1].decode().split()) - {"\\Recent"}, answer[1])
