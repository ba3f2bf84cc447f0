"""The cases of the gateway corpus, and a mailpoll set up as each of them describes."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from support.site import Site

from mailpoll import router
from mailpoll.interpret import Interpreter, Mail, Rules
from mailpoll.model import KnownAddress, Limits, Reading
from mailpoll.reader import Reader
from mailpoll.settings import AddressSettings

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
FOLDER = Path(os.environ.get("MAILPOLL_CORPUS") or Path(__file__).parents[3] / "shared" / "corpus") / "gateway"
HEADERS = AddressSettings().headers

# Topics of 60 and messages of 10 000 characters, as in the chat behind that gateway.
CHAT = Limits(topic=60, body=10_000, mentions="zulip")

_FILE_LINE = re.compile(r"\n*(^\[[^\]\n]*\] \([^\n]* bytes\)\n?)+\Z", re.MULTILINE)
_UPLOAD_LINE = re.compile(r"\n*(^\[[^\]\n]*\]\([^)\n]*\)\n?)+\Z", re.MULTILINE)


def cases() -> tuple[dict[str, Any], ...]:
    """Every case, in the order of the file; none where the corpus is not there."""
    path = FOLDER / "cases.jsonl"
    return tuple(map(json.loads, path.read_text("utf-8").splitlines())) if path.exists() else ()


@dataclass(frozen=True)
class Address:
    """What a case says of one token, as a channel and an address of ours have it."""

    token: str
    channel: str
    enabled: bool = True
    channel_enabled: bool = True
    topic: str | None = None
    options: tuple[str, ...] = ()

    def known(self) -> KnownAddress:
        """As the store would tell it. Imported channels have no options of their own: they hide the sender."""
        return KnownAddress(
            self.token, self.channel, self.enabled, self.channel_enabled, None, (), (), self.options, self.topic, "",
            (("chat", self.channel),),
        )  # fmt: skip


def addresses(store: dict[str, Any], options: Sequence[str] = ()) -> tuple[Address, ...]:
    """The addresses of a case's store: of channels, and of conversations, which are channels of ours."""
    found = [
        Address(
            token,
            about["name"],
            channel_enabled=about.get("active", True),
            topic="" if about.get("topics") == "empty_topic_only" else None,
            options=tuple(options),
        )
        for token, about in store.get("tokens", {}).items()
    ]
    for token, about in store.get("reply_tokens", {}).items():
        conversation = about["conversation"]
        name = conversation.get("name") or "direct: " + ", ".join(conversation["members"])
        enabled = about.get("user_active", True) and about.get("realm_active", True)
        found.append(Address(token, name, enabled, conversation.get("active", True)))
    return tuple(found)


@dataclass
class Gateway:
    """A mailpoll with a store of its own, in which the addresses of a case were imported."""

    folder: Path
    reader: Reader
    patterns: tuple[str, ...]
    addresses: tuple[Address, ...]
    _made: set[str] = field(default_factory=set)

    def interpret(self, raw: bytes, *, sent_to: str = "") -> Reading:
        """What becomes of a mail, found by the store and the reader child."""
        with Site(self.folder, None).store() as store:
            channels = store.channels
            for address in self.addresses:
                channels.take_over(
                    [(address.channel, address.token, address.options)], [("chat", address.channel)], NOW
                )
                channels.set(address.channel, enabled=address.channel_enabled, topic=address.topic)
                channels.set_address(address.token, enabled=address.enabled)
            rules = Rules(self.patterns, HEADERS, lambda _: CHAT)
            interpreter = Interpreter(channels, self.reader, rules, lambda: NOW)
            return interpreter.interpret(Mail(lambda: iter((raw,)), len(raw), sent_to=sent_to)).reading


def routing(address: str, patterns: Sequence[str], known: Sequence[Address]) -> router.Routing:
    """Where a mail to `address` goes."""
    headers = f"To: {address}\r\n\r\n".encode()
    found = router.recipients(headers, [router.pattern(text) for text in patterns], HEADERS)
    return router.routes(found, {one.token: one.known() for one in known}, router.Rules(NOW, lambda _: CHAT))


def patterns(case: dict[str, Any]) -> tuple[str, ...]:
    """The patterns of a case: none when the gateway is off, one more when it knows another domain."""
    found = [case["gateway_pattern"]] if case["gateway_pattern"] else []
    return (*found, *(f"%s{domain}" for domain in [case.get("extra_domain")] if domain))


def without_files(body: str) -> str:
    """A body without the lines at its end that list its files, in our words or in that gateway's."""
    return _UPLOAD_LINE.sub("", _FILE_LINE.sub("", body)).rstrip("\n")
