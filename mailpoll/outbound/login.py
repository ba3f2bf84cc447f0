"""Logging in over SMTP AUTH (RFC 4954): PLAIN, LOGIN, XOAUTH2 and OAUTHBEARER."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Collection
from dataclasses import replace

from mailpoll.outbound.dialogue import Dialogue
from mailpoll.outbound.happening import Happening, Reply, Stopped, printable

# RFC 4954 §4: an initial response that makes the command longer than a line may be (RFC 5321 §4.5.3.1.4, CR LF
# included) is not sent along with it; Microsoft's tokens are longer than that.
_COMMAND_OCTETS = 512
_CONTINUE = 334
_UNKNOWN_MECHANISM = 504

BY_PASSWORD = ("plain", "login")
BY_TOKEN = ("xoauth2", "oauthbearer")


def mechanisms(offered: Collection[str], wanted: str | None, *, by_token: bool) -> tuple[str, ...]:
    """Those to be tried, of the names a server offers, upper-case: `wanted` alone, or what the secret is for."""
    ours = (wanted,) if wanted else BY_TOKEN if by_token else BY_PASSWORD
    return tuple(name for name in ours if name.upper() in offered)


def log_in(dialogue: Dialogue, mechanism: str, username: str, secret: str, host: str, port: int) -> Reply:
    """The reply that ends the exchange, 235 when the server takes us. `secret`: a password or an access token.

    Raises Stopped for what the network did, or a server that goes on asking.
    """
    return _EXCHANGES[mechanism](dialogue, username, secret, host, port)


def unknown_here(reply: Reply) -> bool:
    """Whether a server does not know a mechanism that it offers itself."""
    return reply.code == _UNKNOWN_MECHANISM


def _plain(dialogue: Dialogue, username: str, secret: str, _host: str, _port: int) -> Reply:
    """RFC 4616, in UTF-8."""
    return _final(_begin(dialogue, "PLAIN", _base64(f"\0{username}\0{secret}")))


def _login(dialogue: Dialogue, username: str, secret: str, _host: str, _port: int) -> Reply:
    """No RFC has it. What the server asks for is not looked at: the words differ, the order does not."""
    reply = dialogue.command("AUTH", "LOGIN")
    for answer in (username, secret):
        if reply.code != _CONTINUE:
            return reply
        reply = dialogue.secretly("", _base64(answer))
    return _final(reply)


def _xoauth2(dialogue: Dialogue, username: str, secret: str, _host: str, _port: int) -> Reply:
    """Google's and Microsoft's; a refusal is a challenge with JSON in it, to be answered with an empty line."""
    reply = _begin(dialogue, "XOAUTH2", _base64(f"user={username}\x01auth=Bearer {secret}\x01\x01"))
    return _explained(dialogue, reply, "")


def _oauthbearer(dialogue: Dialogue, username: str, secret: str, host: str, port: int) -> Reply:
    """RFC 7628 §3; a refusal is a challenge with JSON in it, to be answered with ^A (§3.2.3)."""
    name = username.replace("=", "=3D").replace(",", "=2C")  # RFC 5801 §4
    response = f"n,a={name},\x01host={host}\x01port={port}\x01auth=Bearer {secret}\x01\x01"
    return _explained(dialogue, _begin(dialogue, "OAUTHBEARER", _base64(response)), _base64("\x01"))


_EXCHANGES: dict[str, Callable[[Dialogue, str, str, str, int], Reply]] = {
    "plain": _plain,
    "login": _login,
    "xoauth2": _xoauth2,
    "oauthbearer": _oauthbearer,
}


def _begin(dialogue: Dialogue, name: str, response: str) -> Reply:
    """AUTH with its initial response, in the same line or, where that is too long, in the next."""
    if len(f"AUTH {name} {response}\r\n") <= _COMMAND_OCTETS:
        return dialogue.secretly(f"AUTH {name}", response)
    reply = dialogue.command("AUTH", name)
    return dialogue.secretly("", response) if reply.code == _CONTINUE else reply


def _explained(dialogue: Dialogue, reply: Reply, acknowledged: str) -> Reply:
    """The refusal that follows a challenge, with the status that the challenge tells."""
    if reply.code != _CONTINUE:
        return reply
    told = dialogue.masked(_status(reply.heard))
    after = _final(dialogue.secretly("", acknowledged))
    if not told:
        return after
    return replace(after, words=f"{after.words} ({told})", heard=f"{after.heard} ({told})")


def _status(challenge: str) -> str:
    """What a challenge says of a token (RFC 7628 §3.2.2): `status 401, schemes bearer`; never what else it holds."""
    try:
        told = json.loads(base64.b64decode(challenge, validate=True))
        return ", ".join(f"{key} {printable(str(told[key]), 60)}" for key in ("status", "scope") if key in told)
    except (binascii.Error, ValueError, TypeError, RecursionError):
        return ""


def _final(reply: Reply) -> Reply:
    if reply.code == _CONTINUE:
        raise Stopped(Happening("auth", "auth-endless"))
    return reply


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
