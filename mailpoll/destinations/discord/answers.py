"""What Discord's answers mean, by the code in their JSON (Discord's "JSON Error Codes")."""

from __future__ import annotations

from typing import Any

from mailpoll import visible
from mailpoll.errors import DestinationRefused, Later, MessageError, PermanentFailure, TemporaryFailure, Unanswered
from mailpoll.http import UNTOLD, Response, classify, foreign, retry_after, wait_of

_TOKEN = "Put the bot's token into place anew, from Bot of the application's page"
_HOOK_URL = "Check webhook: the URL that Discord gives for it, and any proxy in between"
_API = "Check token and api, and any proxy in between"
_HOOK = "Make a new web hook under Integrations of the channel's settings, and put its URL into place"
_CHANNEL = "Check the channel's id: Copy Channel ID in its menu, with the developer mode of Discord"
_PERMISSION = "Give the bot View Channel, Send Messages and Attach Files in that channel"

UNKNOWN_CHANNEL = 10003
# The message or thread that is to be answered is gone, closed, or not to be seen.
NO_THREAD = frozenset({10008, 50024, 50035, 50055, 50083, 50173, 160002, 160005})
TOO_LARGE = 40005
MISSING_PERMISSION = 50013
# What may be about the files alone, so that the text goes out without them.
_FILES = frozenset({20009, TOO_LARGE, MISSING_PERMISSION, 50045, 50046})
_DEEPEST = 10  # fields in fields
_MOST_WORDS = 150  # characters of Discord's own

# code → what happened, what to do: about the bot or the web hook.
_REFUSALS: dict[int, tuple[str, str]] = {
    10001: ("Discord does not know the bot's account", _TOKEN),
    10015: ("the web hook was deleted", _HOOK),
    40001: ("Discord does not accept the token", _TOKEN),
    20026: ("Discord has flagged the bot as spam", "Read what Discord mailed to the account that owns the bot"),
    40002: ("the bot's account must be verified", "Log in at Discord with the account that owns the bot"),
    40067: ("the forum asks for a tag with each thread", "Let that forum take threads without a tag"),
    40333: ("Discord's network turns this machine away", "Ask who runs the network here, or post from another one"),
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
    40058: ("the channel is a forum", "Take a text channel or a thread, or a web hook with forum = true"),
    50007: ("that person takes no messages of the bot", "Take a channel instead"),
    50008: ("messages cannot be sent in that kind of channel", "Take a text channel, or a web hook with forum = true"),
    50009: ("the server asks more of accounts than the bot's has", _PERMISSION),
    MISSING_PERMISSION: ("the bot lacks a permission", _PERMISSION),
    50024: ("there are no messages in that kind of channel", "Take a text channel or a thread"),
    50083: ("the thread is archived", "Open it again, or take another"),
    160005: ("the thread is locked", "Open it again, or take another"),
}
# What Discord will not take of this post, now or later.
_PERMANENT: dict[int, str] = {
    20009: "Discord holds its content for explicit",
    50006: "Discord says that it is empty",
    50035: "Discord does not understand this post",
    50045: "a file is too large for Discord",
    50046: "Discord does not understand a file of this post",
    50109: "Discord does not understand this post",
    TOO_LARGE: "this post is too large for Discord",
    200000: "a rule of the server's AutoMod blocks it",
    200001: "a rule of the server's AutoMod blocks its title",
    240000: "Discord holds a link in it for harmful",
}
_LATER: dict[int, str] = {
    20016: "the channel is in slow mode",
    20022: "the channel gets too many posts",
    20028: "the channel gets too many posts",
    20029: "the server gets too many posts",
    40006: "Discord has turned this off for now",
    40062: "the service is busy",
    130000: "Discord is overloaded",
    160006: "the forum has as many open threads as Discord allows",
}


class Refused(Exception):
    """An answer that is an error: its code, 0 for one without, and what it means."""

    def __init__(self, status: int, code: int, problem: MessageError) -> None:
        super().__init__(str(problem))
        self.code = code
        self.problem = problem
        self.too_large = status == 413 or code in (TOO_LARGE, 50045)
        self.of_files = self.too_large or code in _FILES


def of_place(refused: Refused, place: str) -> MessageError:
    """What a refusal means to a destination that has more places than `place`: a wrong one fails its post alone."""
    problem = refused.problem
    if refused.code not in WRONG_PLACE:
        return problem
    return PermanentFailure(problem.what, about=place, advice=problem.advice)


def judged(answer: Response, *, hook: bool) -> dict[str, Any]:
    """What Discord did, or tells of what it was asked for; raises Refused, or Unanswered where that broke off."""
    if 200 <= answer.status < 300:
        said = answer.fields
        if not isinstance(said.get("id"), str) and answer.status != 204:
            problem = foreign(answer, "Discord", _HOOK_URL if hook else _API)
            if isinstance(problem, Unanswered):
                raise problem
            raise Refused(answer.status, 0, problem)
        return said
    code = answer.fields.get("code")
    code = code if isinstance(code, int) else 0
    raise Refused(answer.status, code, _problem(answer, code, hook))


def _problem(answer: Response, code: int, hook: bool) -> MessageError:
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
        whose, advice = ("web hook's ", _HOOK) if hook else ("", _TOKEN)
        what = f"answered {_named(answer, code)}: Discord does not accept the {whose}token"
        return DestinationRefused(what, about=about, advice=advice)
    try:
        classify(answer, UNTOLD, words=_words(answer), advice=_HOOK_URL if hook else _API)
    except MessageError as problem:
        return problem
    return Later(f"answered {answer.status}", about=about)


def _named(answer: Response, code: int) -> str:
    """The answer as people look it up: status, code and Discord's own words."""
    words = _words(answer)
    words = f" ({words})" if words else ""
    return f"{answer.status}, code {code}{words}" if code else f"{answer.status}{words}"


def _words(answer: Response) -> str:
    """Discord's own for what is wrong, and with which field."""
    said = answer.fields.get("message")
    words = (said if isinstance(said, str) else "", *_first_error(answer.fields.get("errors")))
    return visible.line(": ".join(filter(None, words)))[:_MOST_WORDS]


def _first_error(errors: object) -> tuple[str, str]:
    """(the field that is wrong, why), by the tree of `errors` that comes with code 50035; empty where there is none."""
    path: list[str] = []
    while isinstance(errors, dict) and errors and "_errors" not in errors and len(path) < _DEEPEST:
        name, errors = next(iter(errors.items()))
        path.append(name)
    found = errors.get("_errors") if isinstance(errors, dict) else None
    first = found[0] if isinstance(found, list) and found else None
    why = first.get("message") if isinstance(first, dict) else None
    return (".".join(path), why) if isinstance(why, str) else ("", "")


def _wait(answer: Response) -> float | None:
    """Seconds, by the JSON, which is finer than Retry-After; answers of the network before Discord have only that."""
    wait = wait_of(answer.fields.get("retry_after"))
    return retry_after(answer.headers) if wait is None else wait
