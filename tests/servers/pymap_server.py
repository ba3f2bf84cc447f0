"""A private pymap (PyPI): the second opinion on IMAP, in memory, with STARTTLS and an empty INBOX."""

from __future__ import annotations

import imaplib
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from servers import free_port, wait_for_greeting
from servers.certs import Authority
from servers.mail import PASSWORD, USER, MailAccess


def missing() -> str:
    """Why pymap cannot be started here; empty when it can."""
    return "" if importlib.util.find_spec("pymap") else "pymap (PyPI)"


class PymapServer(MailAccess):
    """A running server, as a context manager. Its one port speaks plaintext and STARTTLS; no implicit TLS."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "pymap.log"
        authority = Authority(folder / "certs")
        self.ca_file = authority.ca_file
        self._certificate, self._key = authority.issue()
        self.imap_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._client: imaplib.IMAP4 | None = None

    def __enter__(self) -> Self:
        # Since Python 3.13 nothing but a cycle holds the task of a waiting connection: a collection would end it.
        command = [sys.executable, "-c", "import gc; gc.disable(); from pymap.main import main; main()"]
        command += ["--host", "127.0.0.1", "--port", str(self.imap_port)]
        command += ["--cert", str(self._certificate), "--key", str(self._key)]
        command += ["dict", "--demo-user", USER, "--demo-password", PASSWORD]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_for_greeting(self.imap_port, b"* OK", self._gone)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server, and its mail with it; once ended, calling it again does nothing."""
        if self._client is not None:
            self._client.shutdown()
            self._client = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def log(self) -> str:
        """What the server wrote so far."""
        return self._log.read_text()

    @contextmanager
    def client(self, user: str | None = None) -> Iterator[imaplib.IMAP4]:
        """A logged-in stdlib client, always the same one: pymap's password hash costs 0.2 s a login."""
        if self._client is None:
            self._client = imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=20)
            self._client.login(user or USER, PASSWORD)
        yield self._client

    def _gone(self) -> str:
        if self._process is None or self._process.poll() is None:
            return ""
        return self.log()[-2000:] or f"status {self._process.returncode}"
