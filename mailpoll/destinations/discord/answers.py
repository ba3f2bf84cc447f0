"""What Discord's answers mean, by the code in their JSON (Discord's "JSON Error Codes")."""

from __future__ import annotations

from mailpoll import visible
from mailpoll.errors import DestinationRefused, Later, MessageError, PermanentFailure, TemporaryFailure
from mailpoll.http import Response, classify, retry_after
from mailpoll.http.answers import MAX_RETRY_AFTER

_TOKEN = "Copy the bot's token anew, under Bot of the application's page"
_HOOK = "Make a new web hook under Integrations of the channel's settings, and put its URL into place"
_CHANNEL = "Check the channel's id: Copy Channel ID in its menu, with the developer mode of Discord"
_PERMISSION = "Give the bot View Channel, Send Messages and Attach Files in that channel"

UNKNOWN_CHANNEL = 10003
# The message or thread that is to be answered is gone, closed, or not to be seen.
NO_THREAD = frozenset({10008, 50024, 50055, 50083, 50173, 160002, 160005})
TOO_LARGE = 40005

# code → what happened, what to do: about the bot or the web hook.
_REFUSALS: dict[int, tuple[str, str]] = {
    10001: ("Discord does not know the bot's account", _TOKEN),
    10015: ("the web hook was deleted", _HOOK),
    40001: ("Discord does not accept the token", _TOKEN),
    40002: ("the bot's account must be verified", "Log in at Discord with the account that owns the bot"),
    50014: ("Discord does not accept the token", _TOKEN),
    50027: ("Discord does not accept the web hook's token", _HOOK),
    220001: ("the web hook's channel is a forum", "Write forum = true into the section"),
    220002: ("a post to a forum was given two threads", "Leave out the place, or forum = true"),
    220003: ("the web hook's channel is no forum", "Leave out forum = true"),
}
# About the place. Channels are one another's strangers: the others' posts go on.
WRONG_PLACE: dict[int, tuple[str, str]] = {
    UNKNOWN_CHANNEL: ("there is no such channel or thread, or the bot cannot see it", _CHANNEL),
    10004: ("there is no such server", _CHANNEL),
    50001: ("the bot is not in that channel's server, or cannot see the channel", _PERMISSION),
    50007: ("that person takes no messages of the bot", "Take a channel instead"),
    50008: ("messages cannot be sent in that kind of channel", "Take a text channel, or a web hook with forum = true"),
    50013: ("the bot lacks a permission", _PERMISSION),
}
# What Discord will not take of this post, now or later.
_PERMANENT: dict[int, str] = {
    20009: "Discord holds its content for explicit",
    50006: "Discord holds it for empty",
    50035: "Discord does not understand this post",
    50109: "Discord does not understand this post",
    TOO_LARGE: "this post is too large for Discord",
    200000: "a rule of the server's AutoMod blocks it",
    200001: "a rule of the server's AutoMod blocks its title",
    240000: "Discord holds a link in it for harmful",
}
_LATER: dict[int, str] = {
    20016: "the channel is in slow mode",
    20022: "the server gets too many posts",
    20028: "the channel gets too many posts",
    40062: "the service is busy",
    130000: "Discord is overloaded",
}


class Refused(Exception):
    """An answer that is an error: its code, 0 for one without, and what it means."""

    def __init__(self, status: int, code: int, problem: MessageError) -> None:
        super().__init__(str(problem))
        self.code = code
        self.problem = problem
        self.too_large = status == 413 or code == TOO_LARGE


def of_place(refused: Refused, place: str) -> MessageError:
    """What a refusal means to a destination that has more places than `place`: a wrong one fails its post alone."""
    problem = refused.problem
    if refused.code not in WRONG_PLACE:
        return problem
    return PermanentFailure(problem.what, about=place, advice=problem.advice)


def judge(answer: Response) -> None:
    """Nothing when Discord did what it was asked; raises Refused."""
    if 200 <= answer.status < 300:
        return
    code = answer.fields.get("code")
    code = code if isinstance(code, int) else 0
    raise Refused(answer.status, code, _problem(answer, code))


def _problem(answer: Response, code: int) -> MessageError:
    about = answer.url
    if code in _LATER or answer.status == 429:
        meaning = _LATER.get(code, "the bot or web hook posts too much")
        return TemporaryFailure(f"answered {_named(answer, code)}: {meaning}", about=about, retry_after=_wait(answer))
    if code in _REFUSALS or code in WRONG_PLACE:
        meaning, advice = _REFUSALS.get(code) or WRONG_PLACE[code]
        return DestinationRefused(f"answered {_named(answer, code)}: {meaning}", about=about, advice=advice)
    if code in _PERMANENT:
        return PermanentFailure(f"answered {_named(answer, code)}: {_PERMANENT[code]}", about=about)
    if answer.status == 401:
        return DestinationRefused("answered 401: Discord does not accept the token", about=about, advice=_TOKEN)
    try:
        classify(answer)
    except MessageError as problem:
        return problem
    return Later(f"answered {answer.status}", about=about)


def _named(answer: Response, code: int) -> str:
    """The answer as people look it up: status, code and Discord's own words."""
    said = answer.fields.get("message")
    words = f" ({visible.line(said)[:100]})" if isinstance(said, str) and said else ""
    return f"{answer.status}, code {code}{words}" if code else f"{answer.status}{words}"


def _wait(answer: Response) -> float | None:
    """Seconds, by the JSON, which is finer than Retry-After; answers of the network before Discord have only that."""
    wait = answer.fields.get("retry_after")
    if isinstance(wait, int | float) and wait >= 0:
        return min(float(wait), MAX_RETRY_AFTER)
    return retry_after(answer.headers)
