"""What an answer means: about the post, about the destination, or about this moment."""

from __future__ import annotations

import datetime
import email.utils
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mailpoll.errors import DestinationRefused, Later, MessageError, PermanentFailure, TemporaryFailure, Unanswered
from mailpoll.settings import mask_url

MAX_RETRY_AFTER = 86400.0  # seconds; nobody's mail waits longer because a header says so

_Kind = type[TemporaryFailure] | type[PermanentFailure] | type[DestinationRefused]
Meanings = Mapping[int, tuple[_Kind, str]]

# An answer about the post, about the destination, or about this moment (RFC 9110 §15, RFC 6585). What is not here:
# 5xx and unknown statuses are temporary, 3xx a moved destination.
STATUSES: Meanings = {
    400: (PermanentFailure, "the receiver does not understand this post"),
    406: (PermanentFailure, "the receiver does not want this post"),
    413: (PermanentFailure, "this post is too large for the receiver"),
    415: (PermanentFailure, "the receiver does not take this kind of post"),
    422: (PermanentFailure, "the receiver cannot process this post"),
    401: (DestinationRefused, "the receiver does not accept the key or password"),
    403: (DestinationRefused, "the receiver forbids it"),
    404: (DestinationRefused, "there is nothing at this url"),
    405: (DestinationRefused, "there is something else at this url, it takes no POST"),
    407: (DestinationRefused, "the proxy wants a password"),
    410: (DestinationRefused, "the receiver is gone"),
    501: (DestinationRefused, "there is something else at this url, it takes no POST"),
    408: (Later, "the receiver waited too long for the post"),
    425: (Later, "the receiver wants the post later"),
    429: (TemporaryFailure, "the receiver gets too many posts"),
}

# A proxy gave up on a receiver that may have taken the post (RFC 9110 §15.6.3, §15.6.5). For those to whom it matters.
UNTOLD: Meanings = {
    502: (Unanswered, "a proxy in between lost the receiver's own answer"),
    504: (Unanswered, "a proxy in between got no answer in time"),
}

_ADVICE: dict[int, str] = {
    401: "Check its secret, bearer or password",
    403: "Check its secret, bearer or password, and what they may do",
    404: "Check its url",
    405: "Check its url",
    407: "Put user:password@ into the proxy's URL",
    410: "Check its url",
    501: "Check its url",
}


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: status, header fields (names lower-case, the last of each), the start of its body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str = ""  # masked

    @property
    def fields(self) -> dict[str, Any]:
        """The JSON object in the body; empty when there is none."""
        try:
            said = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return said if isinstance(said, dict) else {}


def classify(response: Response, otherwise: Meanings | None = None, *, words: str = "", advice: str = "") -> None:
    """Nothing when the post was taken (2xx). `otherwise` are statuses that mean something else to this receiver,
    `words` its own for it, `advice` says which settings lead to it and open it.

    Raises:
        PermanentFailure: the answer is about this post.
        DestinationRefused: the answer is about the destination: key, permission, place.
        Later: everything else, with `retry_after` where the answer named a time; TemporaryFailure where every post
            would get the same answer; Unanswered where `otherwise` has it so.
    """
    status = response.status
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        what = f"answered {status}: {_moved(response.headers.get('location', ''))}"
        raise DestinationRefused(what, about=response.url, advice=advice or "Change the url")
    unknown = (Later, "the receiver does not take it now" if status < 500 else "the receiver is in trouble")
    kind, meaning = (otherwise or {}).get(status) or STATUSES.get(status, unknown)
    what = f"answered {status}: {meaning}" + (f" ({words})" if words else "")
    if issubclass(kind, TemporaryFailure):
        raise kind(what, about=response.url, retry_after=retry_after(response.headers))
    ours = _ADVICE.get(status, "")
    raise kind(what, about=response.url, advice=(advice or ours) if ours and status != 407 else ours)


@contextmanager
def nothing_shown() -> Iterator[None]:
    """Within it, a lost answer leaves no doubt: what was asked for, before the post itself, is nothing people see.

    Raises:
        TemporaryFailure: in place of Unanswered.
    """
    try:
        yield
    except Unanswered as problem:
        raise TemporaryFailure(
            problem.what, about=problem.about, advice=problem.advice, retry_after=problem.retry_after
        ) from None


def foreign(response: Response, service: str, advice: str) -> MessageError:
    """The error for a success without what `service` tells of one: its answer broke off (Unanswered), or a proxy or
    web site answered in its place (DestinationRefused)."""
    body = response.body.strip()
    if not body or (body.startswith(b"{") and not body.endswith(b"}")):
        return Unanswered("its answer broke off", about=response.url)
    what = f"answered {response.status} with something that is not {service}'s"
    return DestinationRefused(what, about=response.url, advice=advice)


def wait_of(value: object, per_second: int = 1) -> float | None:
    """Seconds to wait, by a number of JSON that says so many parts of a second; None for what is no such number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:  # NaN is neither
        return None
    return min(value, MAX_RETRY_AFTER * per_second) / per_second


def _moved(location: str) -> str:
    """Where an answer sends us, without what may be a key: a path and a query."""
    if "://" in location:
        return f"moved to {mask_url(location)}"
    return "moved to another path of the same server" if location else "there is nothing to post to at this url"


def retry_after(headers: Mapping[str, str], now: datetime.datetime | None = None) -> float | None:
    """Seconds to wait by Retry-After (RFC 9110 §10.2.3: seconds or a date; Zulip and Discord send fractions)."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,12})?", value):
        return min(float(value), MAX_RETRY_AFTER)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    seconds = (moment - (now or datetime.datetime.now(datetime.UTC))).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)
