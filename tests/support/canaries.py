"""Canaries: the passwords, keys and tokens of the tests have a shape of their own, which every command that any test
starts is searched for, in what it prints and in the files it leaves, in every encoding in which it may get there."""

from __future__ import annotations

import re
import subprocess
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CANARY = "canary5f2e"  # in every password and key
SMTP_PASSWORD = "cAnArY-pW7qZw9Xk"
SMTP_TOKEN = "ya29.cAnArY-tK3vBn8Yh"
SECRETS = (CANARY, SMTP_PASSWORD, SMTP_TOKEN)

# Commands whose job it is to show addresses, or mails as they came.
SHOW_ADDRESSES = frozenset({"address", "channel", "init", "demo", "preview", "export", "import"})
_ADDRESS_TOKEN = re.compile(r"(?<![A-Za-z0-9/_-])(?=[a-z]*[2-7])[a-z2-7]{26}(?![A-Za-z0-9_-])")
# What holds secrets or mail because it must: their own files, the store, the configuration, mail, programs and servers
# of tests.
_MAY_HOLD = re.compile(
    r"password|token|key|secret|word|credential|rc$|\.db|\.toml|\.eml|\.py|\.sh|maildir|config|dovecot|postfix", re.I
)
_MAX_FILE = 4_000_000


def _forms(secret: str) -> Iterator[str]:
    """A secret in plain, in hex, and in base64 wherever it stands in what was encoded."""
    yield secret.lower()
    yield secret.encode().hex()
    for before in (0, 1, 2):
        # What depends on the secret alone: whole groups of six bits.
        first, last = -(-before * 8 // 6), (before + len(secret)) * 8 // 6
        yield b64encode(b"x" * before + secret.encode() + b"yyy").decode()[first:last]


_FORMS = tuple(form for secret in SECRETS for form in _forms(secret))
_PLAIN = tuple(secret.lower() for secret in SECRETS)


def found_in(text: str, command: Sequence[object] | str = ()) -> list[str]:
    """The canaries in a text: of secrets in any form; of addresses, unless the command is there to show them."""
    lower = text.lower()
    found = [form for form in _FORMS if form in (lower if form in _PLAIN else text)]
    if not _shows_addresses(command):
        found += _ADDRESS_TOKEN.findall(text)
    return found


def check(text: str, command: Sequence[object] | str = ()) -> None:
    """Fails when a canary sings."""
    found = found_in(text, command)
    assert not found, f"a secret leaked ({', '.join(found)}) from {command}: {text[:2000]}"


def check_files(folder: Path) -> None:
    """As check(), of the files below a folder which hold no secret by right: state, crash reports, logs."""
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if _MAY_HOLD.search(name) or path.is_symlink() or not path.is_file() or path.stat().st_size > _MAX_FILE:
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        if len(text.split()) != 1 or text.startswith(("{", "[")):  # else it is a secret's own
            check(text, ("export", name))


def _shows_addresses(command: Sequence[object] | str) -> bool:
    words = command.split() if isinstance(command, str) else [str(word) for word in command]
    return any(word in SHOW_ADDRESSES for word in words)


@contextmanager
def watching() -> Iterator[None]:
    """What every command with mailpoll in its line prints is checked, whoever starts it."""
    communicate = subprocess.Popen.communicate

    def watched(self: subprocess.Popen[Any], *arguments: Any, **named: Any) -> Any:
        said = communicate(self, *arguments, **named)
        line = self.args if isinstance(self.args, (list, tuple)) else [self.args]
        words = [word.decode(errors="replace") if isinstance(word, bytes) else str(word) for word in line]
        if any("mailpoll" in word for word in words):
            for part in said:
                if part:
                    check(part if isinstance(part, str) else part.decode("utf-8", "replace"), words)
        return said

    subprocess.Popen.communicate = watched  # type: ignore[method-assign]
    try:
        yield
    finally:
        subprocess.Popen.communicate = communicate  # type: ignore[method-assign]
