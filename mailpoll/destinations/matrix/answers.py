"""What a homeserver's answer means, by its errcode (Matrix client-server API §5, "Standard error response")."""

from __future__ import annotations

from mailpoll import visible
from mailpoll.errors import DestinationRefused, MessageError, PermanentFailure, TemporaryFailure
from mailpoll.http import Response, classify, retry_after, wait_of

_TOKEN = "Make a new access token for the account, and put it where `token` of the section points"
_EXPIRED = "Log in for one that does not expire, without refresh_token, and put it where `token` of the section points"
_ACCOUNT = "Ask the administrator of the homeserver"
_SETTINGS = "Check homeserver and token, and any proxy in between"
_ROOM = "Invite the account into the room, and let it post there"

# errcode → what happened, what to do: about the account or the homeserver.
_REFUSALS: dict[str, tuple[str, str]] = {
    "M_UNKNOWN_TOKEN": ("the homeserver does not know the access token", _TOKEN),
    "M_MISSING_TOKEN": ("the homeserver did not get the access token", "Look for a proxy that removes Authorization"),
    "M_USER_DEACTIVATED": ("the account is deactivated", _ACCOUNT),
    "M_USER_LOCKED": ("the account is locked", _ACCOUNT),
    "M_USER_SUSPENDED": ("the account is suspended", _ACCOUNT),
    "M_CONSENT_NOT_GIVEN": ("the account has not agreed to the homeserver's terms", "Log in with it once and agree"),
    "M_UNRECOGNIZED": ("there is no Matrix homeserver at this url", "Check homeserver: the URL of its client API"),
}
# About the room. Rooms are one another's strangers: the others' posts go on.
_WRONG_ROOM: dict[str, tuple[str, str]] = {
    "M_GUEST_ACCESS_FORBIDDEN": ("guests may not post in the room", _ROOM),
    "M_FORBIDDEN": ("the account is not in the room, or may not post there", _ROOM),
    "M_NOT_FOUND": ("there is no such room", "Check the room's id or alias"),
    "M_INVALID_PARAM": ("the homeserver does not accept the room's name", "Check the room's id or alias"),
}
TOO_LARGE = "M_TOO_LARGE"
_MOST_WORDS = 150  # characters of a homeserver's own


class WrongRoom(PermanentFailure):
    """The room is not there, or not open to the account: no other room is concerned."""


def judge(answer: Response) -> None:
    """Nothing when the server did what it was asked; raises as delivery.Destination says."""
    said = answer.fields
    code = said.get("errcode")
    if 200 <= answer.status < 300 or not isinstance(code, str):
        classify(answer, advice=_SETTINGS)
        return
    raise _problem(answer, code)


def _problem(answer: Response, code: str) -> MessageError:
    if code == "M_LIMIT_EXCEEDED" or answer.status == 429:
        wait = retry_after(answer.headers)
        what = f"answered {code}: the account posts too much"
        if wait is None:  # servers before Matrix 1.10 say it in the JSON
            wait = wait_of(answer.fields.get("retry_after_ms"), 1000)
        return TemporaryFailure(what, about=answer.url, retry_after=wait)
    if code == "M_UNKNOWN_TOKEN" and answer.fields.get("soft_logout") is True:
        return DestinationRefused(f"answered {code}: the access token has expired", about=answer.url, advice=_EXPIRED)
    if code in _REFUSALS:
        meaning, advice = _REFUSALS[code]
        return DestinationRefused(f"answered {code}: {meaning}", about=answer.url, advice=advice)
    if code in _WRONG_ROOM:
        meaning, advice = _WRONG_ROOM[code]
        return WrongRoom(f"answered {code}: {meaning}", about=answer.url, advice=advice)
    if code == TOO_LARGE:
        return PermanentFailure(f"answered {code}: this post is too large for the homeserver", about=answer.url)
    if code == "M_RESOURCE_LIMIT_EXCEEDED":
        return TemporaryFailure(f"answered {code}: the homeserver is full", about=answer.url, advice=_ACCOUNT)
    if answer.status in (403, 404):  # it is the homeserver, and knows the account: it speaks of the room
        return WrongRoom(f"answered {answer.status}, {code}: the homeserver refuses the room", about=answer.url,
                         advice="Check the room's id or alias")  # fmt: skip
    try:
        classify(answer, words=_words(answer, code), advice=_SETTINGS)
    except MessageError as problem:
        return problem
    raise AssertionError(answer.status)  # judge() has let 2xx go


def _words(answer: Response, code: str) -> str:
    """The homeserver's own for what is wrong."""
    said = answer.fields.get("error")
    return visible.line(f"{code}: {said}" if isinstance(said, str) and said else code)[:_MOST_WORDS]
