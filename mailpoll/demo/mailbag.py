"""The demo's mails: eight that are ours in all the shapes mail comes in, and one that is none of our business."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime
from importlib import resources

PRIVATE = "private.eml"


def names() -> tuple[str, ...]:
    """The mails' file names in the order they are sent; the private one is the last."""
    folder = resources.files("mailpoll.demo") / "mails"
    return tuple(sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".eml")))


def mail(name: str, addresses: Mapping[str, str], sent: datetime) -> bytes:
    """The mail `name` as a server hands it over (line ends CRLF), with these addresses for its {{channel}} marks."""
    text = (resources.files("mailpoll.demo") / "mails" / name).read_text("ascii")
    for channel, address in addresses.items():
        text = text.replace("{{" + channel + "}}", address)
    text = text.replace("{{date}}", format_datetime(sent))
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode("ascii")


def bag(addresses: Mapping[str, str], now: datetime) -> dict[str, bytes]:
    """All mails by name, sent a minute apart, the last one a minute ago."""
    found = names()
    return {
        name: mail(name, addresses, now - timedelta(minutes=len(found) - place)) for place, name in enumerate(found)
    }
