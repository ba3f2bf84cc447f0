"""Header fields → recipients of ours; recipients and what the store knows of them → routes. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from mailpoll.message import addresses, header_fields
from mailpoll.model import (
    OPTION_NAMES,
    KnownAddress,
    Limits,
    Options,
    Policy,
    Quotes,
    Recipient,
    Route,
    Target,
)

ANY = "*"
SEPARATORS = ".+"

# Shorter ones are words that somebody chose.
LONG_TOKEN = 12

# A mail that names more of our addresses than this is no mail to us all (a list of 10 000 recipients costs seconds).
MAX_RECIPIENTS = 100

# RFC 5322 §3.6.7, RFC 5321 §4.4: Received: … for <address>; date. Servers write it with and without brackets.
_RECEIVED_FOR = re.compile(r"\bfor\s{1,8}<?([^\s<>;,@]{1,512}@[^\s<>;,@()]{1,512})", re.IGNORECASE)


class Pattern(Struct, frozen=True):
    """One of our address patterns taken apart: what stands before and after the detail, and the domain, all in the
    form they are compared in (lower-case, A-labels)."""

    before: str
    after: str
    domain: str

    def detail(self, address: str) -> str | None:
        """The detail of an address of this pattern (RFC 5233), case kept, or None when it is none of ours."""
        local, at, domain = address.rpartition("@")
        if not at or a_labels(domain) != self.domain:
            return None
        folded = local.lower()
        if len(folded) != len(local) or not folded.startswith(self.before) or not folded.endswith(self.after):
            return None
        detail = local[len(self.before) : len(local) - len(self.after)]
        return detail or None

    def is_base(self, address: str) -> bool:
        """Whether this is an address of the pattern, or that of the inbox behind it: `username@` of `username+%s@`."""
        local, at, domain = address.rpartition("@")
        if not at or a_labels(domain) != self.domain or not (self.before or self.after):
            return False
        return self.detail(address) is not None or f"{local.lower()}@{self.domain}" == self.base()

    def base(self) -> str:
        """The address of the inbox behind the pattern; empty where it takes a whole domain."""
        local = f"{self.before.rstrip(SEPARATORS)}{self.after}"
        return f"{local}@{self.domain}" if local else ""


def pattern(text: str) -> Pattern:
    """`username+%s@example.com` taken apart; the configuration made sure that it has one %s in its local-part."""
    local, _, domain = text.rpartition("@")
    before, _, after = local.partition("%s")
    return Pattern(before.lower(), after.lower(), a_labels(domain))


def a_labels(domain: str) -> str:
    """A domain in lower-case A-labels (RFC 5890 §2.3.2.1), so that `bücher.example` is `xn--bcher-kva.example`."""
    folded = domain.rstrip(".").lower()
    if folded.isascii():
        return folded
    try:
        return folded.encode("idna").decode("ascii")
    except UnicodeError:
        return folded


def recipients(headers: bytes, patterns: Sequence[Pattern], order: Sequence[str]) -> tuple[Recipient, ...]:
    """Our addresses in a header block, the most trusted header field first, each (header, address) once.

    `order` names the fields in falling trust; "Received" means the `for` clause of the topmost one that names any of
    ours: those below it tell of earlier hops.
    """
    values: dict[str, list[str]] = {}
    for name, value in header_fields(headers):
        values.setdefault(name.lower(), []).append(value)
    found: dict[tuple[str, str], Recipient] = {}
    for header in order:
        for address in _named_in(header, values.get(header.lower(), ())):
            detail = next((d for p in patterns if (d := p.detail(address)) is not None), None)
            if detail is not None:
                found.setdefault((header, address.lower()), Recipient(header, address, detail))
            if len(found) >= MAX_RECIPIENTS:
                return tuple(found.values())
            if detail is not None and header.lower() == "received":
                break
    return tuple(found.values())


def _named_in(header: str, values: Iterable[str]) -> Iterable[str]:
    if header.lower() == "received":
        return (match[1] for value in values for match in [_RECEIVED_FOR.search(value)] if match)
    return (named.address for value in values for named in addresses(value))


def parts(detail: str, separators: str = SEPARATORS) -> tuple[str, ...]:
    """The parts of a detail, case kept, between any of the separators; empty ones left out."""
    return tuple(part for part in re.split(f"[{re.escape(separators)}]", detail) if part)


def tokens(found: Sequence[Recipient], separators: str = SEPARATORS) -> frozenset[str]:
    """Every part of every detail, lower-case: what the store is asked for."""
    return frozenset(part.lower() for recipient in found for part in parts(recipient.detail, separators))


class Routing(Struct, frozen=True):
    """Where a mail goes: routes; or none, and why ("ignored" or "unrouted")."""

    routes: tuple[Route, ...] = ()
    outcome: str = "posted"
    reason: str = ""


class Rules(Struct, frozen=True):
    """What routing needs beside the mail: the moment, what each destination takes, and the settings `separators`,
    `quotes` and `policy`, the latter two for channels without their own."""

    now: datetime
    limits: Callable[[str], Limits]
    separators: str = SEPARATORS
    quotes: Quotes = "mailpoll"
    policy: Policy = field(default_factory=Policy)


def routes(found: Sequence[Recipient], known: Mapping[str, KnownAddress], rules: Rules) -> Routing:
    """Decides where a mail goes, given its recipients of ours and what the store knows of their tokens.

    The first header field that yields an existing token decides, even when that address is disabled or expired;
    inside it every distinct channel is served. Else the address that takes every detail (`--any`), else unrouted.
    """
    for header in dict.fromkeys(recipient.header for recipient in found):
        here = [r for r in found if r.header == header]
        if claims := [c for r in here if (c := _claim(r, known, rules.separators))]:
            return _serve(claims, rules)
    if found and ANY in known:
        return _serve([_Claim(known[ANY], found[0], "", (), found[0].detail)], rules)
    if found:
        masked = mask(found[0].address, separators=rules.separators)
        return Routing((), "unrouted", f"no channel has an address for {masked}")
    return Routing((), "unrouted", "the mail names none of our addresses")


def forced(known: KnownAddress, rules: Rules, address: str = "") -> Routing:
    """The routing of a mail that a person or a setting sends to a channel, whatever its header fields say."""
    return _serve([_Claim(known, Recipient("", address, ""), "", (), "")], rules)


class _Claim(Struct, frozen=True):
    known: KnownAddress
    recipient: Recipient
    token: str
    options: tuple[str, ...]
    tag: str


def _claim(recipient: Recipient, known: Mapping[str, KnownAddress], separators: str) -> _Claim | None:
    """The first part of the detail that is an existing token, the options behind it, and the rest as tag."""
    position = 0
    for part in re.split(f"([{re.escape(separators)}])", recipient.detail):
        position += len(part)
        token = part.lower()
        if token in known and token != ANY:
            options, tag = _after_token(recipient.detail[position:], separators)
            return _Claim(known[token], recipient, token, options, tag)
    return None


def _after_token(rest: str, separators: str) -> tuple[tuple[str, ...], str]:
    options: list[str] = []
    while rest:
        following = rest[1:]
        option = re.split(f"[{re.escape(separators)}]", following, maxsplit=1)[0]
        if option.lower() not in OPTION_NAMES:
            return tuple(options), following
        options.append(option.lower())
        rest = following[len(option) :]
    return tuple(options), ""


def _serve(claims: Sequence[_Claim], rules: Rules) -> Routing:
    served: dict[str, Route] = {}
    refusals = []
    for claim in claims:
        if refusal := _refusal(claim.known, rules.now):
            refusals.append(refusal)
        else:
            route = _route(claim, rules)
            served[route.channel] = _wider(served[route.channel], route) if route.channel in served else route
    if served:
        return Routing(tuple(served.values()))
    return Routing((), "ignored", refusals[0])


def _wider(first: Route, second: Route) -> Route:
    """The route of a channel that two addresses name: the first, for whom either takes mail from; one that takes it
    from everybody wins over one that does not."""
    if not first.allow_from:
        return first
    return (
        replace(first, allow_from=(*dict.fromkeys(first.allow_from + second.allow_from),))
        if second.allow_from
        else second
    )


def _refusal(known: KnownAddress, now: datetime) -> str:
    if not known.channel_enabled:
        return f"channel {known.channel} is disabled"
    if not known.enabled:
        return f"the address of channel {known.channel} is disabled"
    if known.expires_at is not None and known.expires_at <= now:
        return f"the address of channel {known.channel} expired on {known.expires_at:%Y-%m-%d}"
    return ""


def _route(claim: _Claim, rules: Rules) -> Route:
    known = claim.known
    return Route(
        channel=known.channel,
        targets=tuple(Target(destination, place, rules.limits(destination)) for destination, place in known.targets),
        header=claim.recipient.header,
        address=claim.recipient.address,
        token=claim.token,
        tag=claim.tag,
        options=Options().with_names(known.channel_options).with_names(known.options).with_names(claim.options),
        topic=known.topic,
        prefix=known.prefix,
        quotes=known.quotes or rules.quotes,
        allow_from=known.allow_from,
        policy=replace(rules.policy, **known.policy),
        conversation=known.conversation,
        answers=known.answers,
        shown_as=known.shown_as,
    )


def mask(address: str, tokens: Collection[str] = (), separators: str = SEPARATORS) -> str:
    """An address without its token, for everywhere but the commands that show addresses: `bot+oncall.…q7x2@b.example`.

    Masked are `tokens` and whatever is as long as a token.
    """
    local, at, domain = address.rpartition("@") if "@" in address else (address, "", "")
    parts = re.split(f"([{re.escape(separators)}])", local)
    shown = (_masked(part) if part.lower() in tokens or len(part) >= 20 else part for part in parts)
    return f"{''.join(shown)}{at}{domain}"


def _masked(part: str) -> str:
    return f"…{part[-4:]}" if len(part) >= LONG_TOKEN else "…"
