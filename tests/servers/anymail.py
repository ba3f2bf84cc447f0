"""django-anymail's inbound views for Postmark and Mailgun in a real Django process, from an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

USERNAME = "hook"
PASSWORD = "canary5f2e-anymail"
SIGNING_KEY = "canary5f2e-mailgun"

_MADE_BY_SCRIPTS = Path(__file__).resolve().parents[2] / ".venv-anymail/bin/python"
_SITE = Path(__file__).with_name("anymail_site.py")
_PROJECT = Path(__file__).with_name("django_project.py")


def python() -> Path:
    """The interpreter that has Django: that of MAILPOLL_ANYMAIL_PYTHON, else of the environment of scripts/test."""
    return Path(os.environ.get("MAILPOLL_ANYMAIL_PYTHON") or _MADE_BY_SCRIPTS)


def missing() -> str:
    """Why Django cannot be started here; empty when it can."""
    return "" if python().exists() else "django-anymail (scripts/test makes .venv-anymail)"


class Anymail:
    """A running site, as a context manager; what it logs stays in `folder`.

    It takes requests with HTTP Basic USERNAME and PASSWORD only; those of Mailgun signed with SIGNING_KEY, too.

    Args:
        project: somebody's own Django project instead, which finds both secrets in HOOK_PASSWORD and HOOK_KEY.
    """

    def __init__(self, folder: Path, project: Path | None = None) -> None:
        self._mails = folder / "mails"
        self._mails.mkdir()
        self._log = folder / "django.log"
        self._command = [python(), "-P", _SITE, self._mails, f"{USERNAME}:{PASSWORD}", SIGNING_KEY]
        if project:
            self._command = [python(), "-u", "-B", "-P", _PROJECT, project]
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    def url(self, esp: str, view: str = "inbound") -> str:
        """Where `postmark` or `mailgun` posts; `view` may be inbound_mime for the latter."""
        return f"http://localhost:{self.port}/anymail/{esp}/{view}/"

    def __enter__(self) -> Self:
        secrets = {"HOOK_PASSWORD": PASSWORD, "HOOK_KEY": SIGNING_KEY}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                env=os.environ | secrets,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        port = self._process.stdout.readline()
        if not port:
            self.stop()
            raise RuntimeError(f"Django did not start: {self._log.read_text()}")
        self.port = int(port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the site; once ended, calling it again does nothing."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None

    def taken(self) -> list[dict[str, Any]]:
        """What anymail understood of each request since the last call, oldest first."""
        files = sorted(self._mails.glob("*.json"))
        said = [json.loads(file.read_text()) for file in files]
        for file in files:
            file.unlink()
        return said

    def printed(self) -> str:
        """The next line that a project's code printed."""
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"Django is gone: {self.log()}")
        return line.rstrip("\n")

    def log(self) -> str:
        """What Django said."""
        return self._log.read_text()
