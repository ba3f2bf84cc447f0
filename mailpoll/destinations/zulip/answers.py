"""What Zulip's answers mean (https://zulip.com/api/rest-error-handling), told by their codes: the words beside them
are in the bot's language."""

from __future__ import annotations

from typing import Any

from mailpoll.errors import DestinationRefused, Later, PermanentFailure, TemporaryFailure
from mailpoll.http import Response, classify, retry_after
from mailpoll.http.answers import MAX_RETRY_AFTER

_WORDS = 200  # characters of Zulip's own that are passed on

# About the bot or the organisation: no post will be taken until a person acts.
REFUSED: dict[str, tuple[str, str]] = {
    "INVALID_API_KEY": (
        "Zulip does not accept the key",
        "Put the bot's present key, which Zulip shows under Bots, into place",
    ),
    "AUTHENTICATION_FAILED": ("Zulip does not accept email and key", "Check the bot's email and key"),
    "UNAUTHORIZED": ("Zulip does not accept email and key", "Check the bot's email and key"),
    "USER_DEACTIVATED": ("the bot is deactivated", "Have it reactivated in Zulip, or take another"),
    "REALM_DEACTIVATED": ("the organisation is deactivated", "Check the site"),
    "NONEXISTENT_SUBDOMAIN": ("there is no organisation at this site", "Check the site"),
    "INVALID_SUBDOMAIN": ("there is no organisation at this site", "Check the site"),
}
# About the place or the post. Channels are one another's strangers: the others' posts go on.
_FAILED: dict[str, tuple[str, str]] = {
    "STREAM_DOES_NOT_EXIST": (
        "there is no such channel in Zulip, or the bot may not see it",
        "Make it in Zulip, or give it its name back, and subscribe the bot if it is private",
    ),
    "UNAUTHORIZED_PRINCIPAL": ("the bot may not post there", "Change who may post to the channel in Zulip"),
    "STREAM_WILDCARD_MENTION_NOT_ALLOWED": (
        "the bot may not mention everybody",
        "Change that in Zulip, or the channel's --prefix",
    ),
    "TOPIC_WILDCARD_MENTION_NOT_ALLOWED": (
        "the bot may not mention everybody",
        "Change that in Zulip, or the channel's --prefix",
    ),
}
_LATER = {"SERVER_NOT_READY", "REQUEST_TIMEOUT"}


def judged(answer: Response, about: str) -> dict[str, Any]:
    """What an answer says, when Zulip did what it was asked.

    Raises:
        PermanentFailure: the answer is about this post or its place.
        DestinationRefused: it is about the bot, the organisation, or no Zulip answers there.
        TemporaryFailure: too many requests; Later: not now.
    """
    said = answer.fields
    if 200 <= answer.status < 300 and said.get("result") == "success":
        return said
    code = code_of(answer)
    if code in REFUSED and answer.status < 500:
        what, advice = REFUSED[code]
        raise DestinationRefused(what, about=about, advice=advice)
    if code == "RATE_LIMIT_HIT" or answer.status == 429:
        raise TemporaryFailure("Zulip gets too many requests", about=about, retry_after=_wait(answer))
    if code in _LATER:
        raise Later(f"Zulip is not ready ({code})", about=about)
    if 200 <= answer.status < 300:
        raise DestinationRefused("it answers, but not as Zulip does", about=about, advice="Check the site")
    if answer.status == 400 or (answer.status in (403, 404) and said.get("result") == "error"):
        what, advice = _FAILED.get(code, (f"Zulip does not take it: {words(answer)}", ""))
        raise PermanentFailure(what, about=about, advice=advice)
    try:
        classify(answer)
    except DestinationRefused as refused:
        raise DestinationRefused(refused.what, about=about, advice="Check the site") from None
    raise AssertionError(f"classify() let {answer.status} pass")  # pragma: no cover - it takes 2xx only


def code_of(answer: Response) -> str:
    """Zulip's code of an error; empty where there is none."""
    code = answer.fields.get("code")
    return code if isinstance(code, str) else ""


def words(answer: Response) -> str:
    """Zulip's own words about an error, on one line."""
    said = answer.fields.get("msg")
    text = " ".join(said.split()) if isinstance(said, str) else ""
    return "".join(c for c in text if c.isprintable())[:_WORDS] or f"answered {answer.status}"


def may_not(answer: Response) -> bool:
    """Whether the bot is refused just this: bots for incoming web hooks may send, and nothing else. To them Zulip says
    UNAUTHORIZED, as some versions do to a wrong key; sending will tell which it was."""
    refused = code_of(answer) in REFUSED and code_of(answer) != "UNAUTHORIZED"
    return answer.status in (400, 401, 403, 404, 405) and not refused


def _wait(answer: Response) -> float | None:
    """Seconds to wait by the header, or by the fractional number beside the code."""
    said = answer.fields.get("retry-after")
    if (seconds := retry_after(answer.headers)) is not None:
        return seconds
    return min(max(float(said), 0.0), MAX_RETRY_AFTER) if isinstance(said, int | float) and said == said else None
