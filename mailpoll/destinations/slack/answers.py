"""What Slack's answers mean: its error codes as tables, for its methods and for its web hooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mailpoll import visible
from mailpoll.errors import (
    DestinationRefused,
    Later,
    MessageError,
    PermanentFailure,
    TemporaryFailure,
    Unanswered,
)
from mailpoll.http import UNTOLD, Response, classify, foreign, retry_after


@dataclass(frozen=True, slots=True)
class Meaning:
    """Which error a code becomes, in which words, and what a person can do."""

    kind: type[MessageError]
    what: str
    advice: str = ""


_TOKEN = "Put a bot token (xoxb-…) of the app into place, from OAuth & Permissions of its settings"
_SCOPE = "Add the scope under OAuth & Permissions of the app, and install it to the workspace anew"
_INVITE = "Type /invite @ and the app's name in that channel"
_PLACE = "Check the channel's name or id; in a private channel, type /invite @ and the app's name"
_HOOK = "Make a new web hook under Incoming Webhooks of the app, and put its URL into place"
_ASK = "Ask an administrator of the workspace to let the app post there"

# About the token or the workspace: no post will be taken until a person acts.
_REFUSED: dict[str, tuple[str, str]] = {
    "not_authed": ("no token came with the post", _TOKEN),
    "invalid_auth": ("the token is wrong, or not accepted from this address", _TOKEN),
    "account_inactive": ("the token belongs to an app or workspace that is gone", _TOKEN),
    "token_revoked": ("the token was revoked, or the app was removed", _TOKEN),
    "token_expired": ("the token has expired", _TOKEN),
    "not_allowed_token_type": ("this kind of token may not post", _TOKEN),
    "missing_scope": ("the app lacks a scope", _SCOPE),
    "access_denied": ("the app may not do that", _ASK),
    "accesslimited": ("the app may not post from this network", _ASK),
    "ekm_access_denied": ("administrators have suspended posting", _ASK),
    "org_login_required": ("the workspace is moving to an enterprise organisation", "Resume once it has moved"),
    "two_factor_setup_required": ("the account needs two-factor authentication", "Set it up, then resume"),
    "team_access_not_granted": ("the app may not use this workspace", _ASK),
    "team_not_found": ("the token's workspace is gone", _TOKEN),
    "enterprise_is_restricted": ("the organisation forbids it", _ASK),
    "user_is_restricted": ("the token's account may not post", _ASK),
    "unknown_method": ("it does not know how to post", "Check its api: Slack's own is https://slack.com/api"),
    "is_bot": ("this kind of token may not do that", _TOKEN),
}
# About the place. Channels are one another's strangers: the others' posts go on.
_WRONG_PLACE: dict[str, tuple[str, str]] = {
    "no_permission": ("the app may not post there", _INVITE),
    "channel_not_found": ("there is no such channel, or the app cannot see it", _PLACE),
    "invalid_channel": ("there is no such channel, or the app cannot see it", _PLACE),
    "user_not_found": ("there is no such person", "Check the user id"),
    "not_in_channel": ("the app is not in the channel", _INVITE),
    "is_archived": ("the channel is archived", "Unarchive it"),
    "restricted_action": ("a rule of the workspace forbids the app to post there", _ASK),
    "restricted_action_read_only_channel": ("the channel is read-only", _ASK),
    "restricted_action_thread_only_channel": ("the channel takes answers in threads only", _ASK),
    "posting_to_channel_denied": ("the app may not post there", _ASK),
    "channel_is_limited_access": ("only some people may post in the channel", _ASK),
    "channel_type_not_supported": ("the app cannot post in this kind of channel", "Name another channel"),
    "user_not_visible": ("the app may not see this person", _ASK),
    "user_disabled": ("this person's account is deactivated", "Name another person"),
    "cannot_dm_bot": ("it cannot write to another app", "Name a channel or a person"),
    "messages_tab_disabled": ("the app takes no direct messages", "Turn on the Messages tab under App Home of the app"),
}
# About a web hook, which is one place only.
_HOOK_REFUSED: dict[str, tuple[str, str]] = {
    "no_service": ("the web hook was removed, or its URL is wrong", _HOOK),
    "no_service_id": ("the web hook's URL is incomplete", _HOOK),
    "no_active_hooks": ("the web hook is turned off", _HOOK),
    "no_team": ("the web hook's workspace is gone, or its URL is wrong", _HOOK),
    "team_disabled": ("the web hook's workspace is turned off", _HOOK),
    "invalid_token": ("the web hook's URL is wrong", _HOOK),
    "channel_is_archived": ("the web hook's channel is archived", "Unarchive it, or make a web hook for another"),
    "action_prohibited": ("a rule of the workspace forbids this web hook", _ASK),
    "posting_to_general_channel_denied": ("the web hook may not post to #general", _ASK),
}
_FAILED: dict[str, str] = {
    "msg_too_long": "the text is too long",
    "no_text": "there is no text",
    "invalid_payload": "the post is not understood",
    "invalid_arguments": "the post is not understood",
    "invalid_arg_name": "the post is not understood",
    "too_many_attachments": "the post has too many attachments",
    "missing_text_or_fallback_or_attachments": "there is no text",
    "slack_connect_file_link_sharing_blocked": "links to files may not be shared with other organisations",
    "invalid_charset": "the post is not understood",
    "invalid_post_type": "the post is not understood",
    "method_deprecated": "Slack takes such posts no more: a newer mailpoll may know how",
    "deprecated_endpoint": "Slack takes such posts no more: a newer mailpoll may know how",
}
_NOT_NOW: dict[str, str] = {
    "ratelimited": "the workspace gets too many posts",
    "rate_limited": "the workspace gets too many posts",
    "message_limit_exceeded": "the workspace gets too many posts",
    "service_unavailable": "Slack is out of order",
    "team_added_to_org": "the workspace is moving to an enterprise organisation",
    "external_channel_migrating": "the channel is moving",
    "request_timeout": "the post arrived incomplete",
    "rollup_error": "Slack is out of order",
}
# Slack says of these that some of it may have been done.
_UNKNOWN = {"fatal_error", "internal_error"}

MEANINGS: dict[str, Meaning] = {
    **{code: Meaning(DestinationRefused, *said) for code, said in {**_REFUSED, **_HOOK_REFUSED}.items()},
    **{code: Meaning(PermanentFailure, *said) for code, said in _WRONG_PLACE.items()},
    **{code: Meaning(PermanentFailure, what) for code, what in _FAILED.items()},
    **{code: Meaning(TemporaryFailure, what) for code, what in _NOT_NOW.items()},
    **{code: Meaning(Unanswered, "Slack had an error of its own, and may have posted it") for code in _UNKNOWN},
}
# The thread is gone, or not to be answered in: the post goes to the channel.
THREAD_GONE = {
    "thread_not_found",
    "message_not_found",
    "invalid_thread_ts",
    "cannot_reply_to_message",
    "restricted_action_non_threadable_channel",
    "restricted_action_thread_locked",
}
# Why a file stays behind: the text is posted without it.
FILE_REFUSED: dict[str, str] = {
    "missing_scope": "the app lacks the scope files:write",
    "file_upload_size_restricted": "too large for Slack",
    "file_uploads_disabled": "the workspace takes no files",
    "file_uploads_except_images_disabled": "the workspace takes images only",
    "storage_limit_reached": "the workspace's storage is full",
    "missing_argument": "empty",
    "not_in_channel": "the app is not in the channel",
    "channel_not_found": "the app is not in the channel",
    "invalid_channel": "the app is not in the channel",
    "posting_to_channel_denied": "the app may not post files there",
}


def judged(answer: Response, place: str) -> dict[str, Any]:
    """What a method of Slack's answered, when all went well.

    Raises:
        DestinationRefused: the token or a permission is wrong.
        PermanentFailure: the answer is about this post or its place, which is told.
        TemporaryFailure: not now; Later for an unknown code.
        Unanswered: it may have been done: Slack failed half way, or its answer broke off or is lost.
    """
    said = answer.fields
    code = code_of(said)
    if code in MEANINGS:
        raise failure(code, place or answer.url, answer, needed=said.get("needed"))
    passed(answer, "api and token")
    if said.get("ok") is True:
        return said
    if code:
        raise Later(f"Slack answered {code}", about=place or answer.url)
    raise not_slack(answer)


def hooked(answer: Response) -> None:
    """Nothing when a web hook took the post; raises as judged(), but for a wrong place, of which it has no other, too
    DestinationRefused. Its answers are words: `ok`, `no_service`."""
    word = _word(answer.body)
    if word in _WRONG_PLACE:
        what, advice = _WRONG_PLACE[word]
        raise DestinationRefused(f"answered {word}: {what}", about=answer.url, advice=advice)
    if word in MEANINGS:
        raise failure(word, answer.url, answer)
    passed(answer, "webhook")
    if word not in ("", "ok") and answer.fields.get("ok") is not True:
        raise not_slack(answer)


def failure(code: str, about: str, answer: Response, needed: object = None) -> MessageError:
    """The error that a code of MEANINGS stands for."""
    meaning = MEANINGS[code]
    what = f"answered {code}: {meaning.what}"
    if isinstance(needed, str) and needed:
        what += f" ({visible.line(needed)[:100]})"
    if issubclass(meaning.kind, TemporaryFailure):
        return meaning.kind(what, about=about, retry_after=retry_after(answer.headers))
    return meaning.kind(what, about=about, advice=meaning.advice)


def passed(answer: Response, settings: str) -> None:
    """Nothing for a status of success; `settings` are what a refusal tells to check. Raises as classify()."""
    try:
        classify(answer, UNTOLD)
    except DestinationRefused as problem:
        raise DestinationRefused(problem.what, about=problem.about, advice=f"Check its {settings}") from None


def code_of(said: dict[str, Any]) -> str:
    """The error code of an answer, for show; empty when all went well."""
    code = said.get("error")
    return visible.line(code)[:100] if isinstance(code, str) and said.get("ok") is not True else ""


def not_slack(answer: Response) -> MessageError:
    """The error for a success that Slack did not write: its answer broke off, or somebody else answered."""
    return foreign(answer, "Slack", "Check its api or webhook, and any proxy in between")


def _word(body: bytes) -> str:
    return visible.line(body[:200].decode("utf-8", "replace")).strip()
