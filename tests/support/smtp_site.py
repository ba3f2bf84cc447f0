"""A mailpoll that is configured for outgoing mail, names that lead to loopback, and a search for secrets."""

from __future__ import annotations

import json
import socket
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.canaries import SMTP_PASSWORD as PASSWORD
from support.canaries import SMTP_TOKEN as TOKEN
from support.command_line import CommandLine

USER = "username@example.com"
HOST = "smtp.example.com"


def sending(folder: Path, port: int, /, **changed: Any) -> CommandLine:
    """`mailpoll` whose [smtp] is `port` of HOST, in plain text, with a password; `changed` are other lines of [smtp],
    None for none."""
    for name, text in (("smtp-password", PASSWORD), ("token", TOKEN)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    lines = {
        "host": HOST,
        "port": port,
        "tls": "none",
        "allow_plaintext": True,
        "username": USER,
        "password": {"file": "smtp-password"},
        "from": "Gateway <gateway@example.com>",
        "noreply": "noreply@example.com",
        "helo": "client.example.com",
        "timeout": 5,
        **changed,
    }
    section = "\n".join(f"{key} = {_toml(value)}" for key, value in lines.items() if value is not None)
    return CommandLine(folder, f"[smtp]\n{section}\n")


BY_TOKEN: dict[str, Any] = {"password": None, "access_token": {"file": "token"}}
NO_LOGIN: dict[str, Any] = {"username": None, "password": None}


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def resolve_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on HOST is 127.0.0.1, the name servers of "slow.example.com" do not answer, no other name is known."""

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        if host == "slow.example.com":
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        if host not in (HOST, "127.0.0.1", "localhost"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def secrets_in(text: str) -> list[str]:
    """The forms of our secrets that stand in `text`: plain, or in base64 wherever they stood in what was encoded."""
    return [form for secret in (PASSWORD, TOKEN) for form in _forms(secret) if form.lower() in text.lower()]


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield secret[:10]
    for before in (0, 1, 2):
        core = b64encode(b"x" * before + secret.encode() + b"yyy").decode()[2 * before : -6]
        yield core
        yield core[:10]
        yield core[-10:]
