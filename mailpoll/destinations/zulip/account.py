"""The bot's account: site, email and key, from a zuliprc or from settings of their own."""

from __future__ import annotations

import configparser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mailpoll import redaction, secret
from mailpoll.crosscheck import has_control, url_problem
from mailpoll.errors import ConfigError
from mailpoll.settings import SecretRef, ZulipSettings

_DOWNLOAD = "Download it in Zulip: Personal settings, Bots, Active bots"


@dataclass(frozen=True, slots=True)
class Account:
    """Who posts where: `site` without a slash at its end, `ca_file` as far as the zuliprc names one."""

    site: str
    email: str
    key: str
    ca_file: str | None = None


def of(name: str, settings: ZulipSettings, lookup: Callable[[SecretRef, str], str]) -> Account:
    """The account of the destination called `name`.

    Raises:
        ConfigError: the zuliprc is missing, or no zuliprc; or what `lookup` raises.
        AccessDenied: everybody may read the zuliprc, or we may not.
    """
    if settings.zuliprc is not None:
        return _from_file(Path(settings.zuliprc), f"destination.{name}.zuliprc", settings)
    assert settings.key is not None  # crosscheck sees to it
    key = lookup(settings.key, f"destination.{name}.key")
    return Account(_root(settings.site or ""), settings.email or "", key)


def _from_file(path: Path, about: str, settings: ZulipSettings) -> Account:
    text = secret.read_file(path, about, missing=_DOWNLOAD)
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error:  # whose text repeats the line, which may be the key
        raise ConfigError(f"{path} is no zuliprc", about=about, advice=_DOWNLOAD) from None
    values = {name: parser.get("api", name, fallback="").strip() for name in ("site", "email", "key", "cert_bundle")}
    for name in ("site", "email", "key"):
        if not values[name] or has_control(values[name]):
            raise ConfigError(f"{path} names no {name}", about=about, advice=_DOWNLOAD)
    redaction.know(values["key"])
    site = values["site"] if "://" in values["site"] else f"https://{values['site']}"
    if problem := url_problem(site, allow_plaintext=settings.allow_plaintext):
        raise ConfigError(f"the site in {path} {problem}", about=about)
    bundle = values["cert_bundle"]
    return Account(_root(site), values["email"], values["key"], str(path.parent / bundle) if bundle else None)


def _root(site: str) -> str:
    """The address that `/api/v1` is added to."""
    return site.rstrip("/").removesuffix("/v1").removesuffix("/api").rstrip("/")
