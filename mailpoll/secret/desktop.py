"""The desktop's keyring, through the keyring library, which is imported only when a secret is in it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from mailpoll.errors import AccessDenied, ConfigError

SERVICE = "mailpoll"  # under which the keyring keeps our secrets
KEYRING_SECONDS = 20  # a locked collection may ask a question that nobody sees

# Back ends that keep secrets readable or not at all, by the module they live in, and what to say of them.
_USELESS_BACKENDS = {
    "keyring.backends.fail": "there is no keyring that this process can reach",
    "keyring.backends.null": "the null back end is chosen, which stores nothing",
    "keyrings.alt.file": "a back end of keyrings.alt is chosen, which keeps secrets in an open file",
    "keyrings.alt.file_base": "a back end of keyrings.alt is chosen, which keeps secrets in an open file",
    "keyrings.alt.pyfs": "a back end of keyrings.alt is chosen, which keeps secrets in an open file",
}
# What its errors mean, by the names of their classes: back ends raise what they like.
_KEYRING_TROUBLES = {
    "KeyringLocked": "the keyring is locked",
    "NoKeyringError": "there is no keyring that this process can reach",
    "ModuleNotFoundError": "the back end that is chosen for the keyring is not installed",
}


def ask(name: str, about: str, seconds: float = KEYRING_SECONDS) -> str:
    """The secret of that name, within so many seconds. Raises ConfigError when there is none, AccessDenied when the
    keyring cannot be used."""

    def get() -> str | None:
        import keyring

        _refuse_useless(keyring.get_keyring(), about)
        return keyring.get_password(SERVICE, name)

    secret = _in_time(get, about, seconds)
    if secret is None:
        raise ConfigError(
            f"the keyring has no {name} under {SERVICE}", about=about, advice=f"Type: keyring set {SERVICE} {name}"
        )
    return secret


def put(name: str, secret: str, about: str) -> None:
    """Keep a secret, and prove that it can be read again; AccessDenied when that cannot be had."""

    def set_and_get() -> str | None:
        import keyring

        _refuse_useless(keyring.get_keyring(), about)
        keyring.set_password(SERVICE, name, secret)
        return keyring.get_password(SERVICE, name)

    if _in_time(set_and_get, about) != secret:
        raise AccessDenied("the keyring did not keep the secret", about=about, advice=_INSTEAD)


_INSTEAD = "Use file, credential or command instead; cron has no desktop session"


def _refuse_useless(backend: Any, about: str) -> None:
    """Name the back ends that would fail, forget, or keep the secret in the open."""
    members = list(getattr(backend, "backends", None) or [backend])  # the chainer holds several, best first
    chosen = type(members[0])
    reason = _USELESS_BACKENDS.get(chosen.__module__)
    if reason and "Encrypted" not in chosen.__name__:
        raise AccessDenied(reason, about=about, advice=_INSTEAD)


def _in_time(ask: Callable[[], str | None], about: str, seconds: float = KEYRING_SECONDS) -> str | None:
    """What `ask` returns, within `seconds`, and KEYRING_SECONDS at the most; every failure of the keyring library as
    AccessDenied."""
    answer: list[str | BaseException | None] = []

    def run() -> None:
        try:
            answer.append(ask())
        except BaseException as error:  # back ends raise what they like: D-Bus, macOS, imports, a panic of Rust's
            answer.append(error)

    thread = threading.Thread(target=run, daemon=True, name="keyring")
    thread.start()
    limit = min(KEYRING_SECONDS, seconds)
    thread.join(limit)
    if not answer:
        what = f"the keyring did not answer within {round(limit, 1)} seconds; it may be locked"
        raise AccessDenied(what, about=about, advice=_INSTEAD)
    result = answer[0]
    if isinstance(result, AccessDenied):
        raise result
    if isinstance(result, BaseException):
        name = type(result).__name__
        meaning = _KEYRING_TROUBLES.get(name, "the keyring cannot be used")
        raise AccessDenied(f"{meaning} ({name})", about=about, advice=_INSTEAD) from None
    if result is not None and not isinstance(result, str):
        raise AccessDenied("the keyring gives something that is no text", about=about, advice=_INSTEAD)
    return result
