"""What Mattermost's answers mean: its error ids as a table, its statuses for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mailpoll import visible
from mailpoll.errors import DestinationRefused, MessageError, PermanentFailure, Unanswered
from mailpoll.http import UNTOLD, Response, classify, foreign

_TOKEN = "Put the token of a bot account or a personal access token into place"
_MEMBER = "Add the bot to the team and to the channel, and let it create posts there"
_NAME = "Check the name that they log in with"
_HOOK = "Make a new incoming web hook under Integrations of the team, and put its URL into place"

# What an answer is about. Channels are one another's strangers: a wrong one stops no other's posts.
DESTINATION, PLACE, POST = "destination", "place", "post"

# Error id → (what it is about, what it means, what to do). The ids are those of the server's
# app/post.go, app/webhook.go and web/context.go, back to version 5.
MEANINGS: dict[str, tuple[str, str, str]] = {
    "api.context.session_expired.app_error": (DESTINATION, "the token is wrong, revoked or expired", _TOKEN),
    "api.context.token_provided.app_error": (DESTINATION, "the server wants the token otherwise", _TOKEN),
    "api.context.mfa_required.app_error": (DESTINATION, "the account needs multi-factor authentication", _TOKEN),
    "api.context.permissions.app_error": (PLACE, "the bot may not post there, or there is no such channel", _MEMBER),
    "api.post.create_post.can_not_post_to_deleted.error": (
        PLACE, "the channel is archived", "Unarchive it"),
    "api.post.create_post.town_square_read_only": (PLACE, "the channel is read-only", "Name another channel"),
    "app.channel.get.existing.app_error": (PLACE, "there is no such channel", "Check team and channel"),
    "app.channel.get_by_name.missing.app_error": (PLACE, "there is no such channel", "Check team and channel"),
    "store.sql_channel.get_by_name.missing.app_error": (PLACE, "there is no such channel", "Check team and channel"),
    "app.team.get_by_name.missing.app_error": (PLACE, "there is no such team", "Check the team's name, as in its URLs"),
    "web.incoming_webhook.invalid.app_error": (DESTINATION, "there is no such web hook", _HOOK),
    "web.incoming_webhook.disabled.app_error": (
        DESTINATION, "the server takes no web hooks", "Have an administrator enable incoming web hooks"),
    "web.incoming_webhook.channel.app_error": (
        PLACE, "there is no such channel in the web hook's team", "Check the channel's name, as in its URL"),
    "web.incoming_webhook.channel_locked.app_error": (
        PLACE, "the web hook is locked to its own channel", "Write --to without a place, or unlock the web hook"),
    "web.incoming_webhook.permissions.app_error": (
        PLACE, "the web hook's owner may not post there", "Have its owner join the channel"),
    "web.incoming_webhook.user.app_error": (DESTINATION, "the web hook's owner is gone", _HOOK),
    "app.user.get_by_username.app_error": (PLACE, "there is nobody of that name", _NAME),
    "store.sql_user.get_by_username.app_error": (PLACE, "there is nobody of that name", _NAME),
    "api.channel.create_direct_channel.invalid_user.app_error": (PLACE, "the bot cannot write to them", _NAME),
    "web.incoming_webhook.text.app_error": (POST, "there is no text", ""),
    "web.incoming_webhook.parse.app_error": (POST, "the post is not understood", ""),
    "model.post.is_valid.msg.app_error": (POST, "the text is too long for this server", "Set its limit lower"),
    "model.post.is_valid.message_length.app_error": (
        POST, "the text is too long for this server", "Set its limit lower"),
}  # fmt: skip
# The thread's first post is gone, or is an answer itself: the post goes to the channel.
THREAD_GONE = {
    "api.post.create_post.root_id.app_error",
    "api.post.create_post.channel_root_id.app_error",
    "model.post.is_valid.root_id.app_error",
}
NO_TEXT = "web.incoming_webhook.text.app_error"
# A web hook says so of its owner, with 403, and of the person that a post names, with 400.
_OWNER_OR_PERSON = "web.incoming_webhook.user.app_error"
# There is no such method: the server's URL is wrong, not the place.
_NO_SUCH_PATH = "api.context.404.app_error"
# The same post came before, and is on its way still: only the answer to that one would tell.
_STILL_BUSY = "api.post.deduplicate_create_post.pending"


def judged(answer: Response, place: str, advice: str) -> dict[str, Any]:
    """The JSON object that the server answered, when all went well.

    Args:
        answer: the server's.
        place: what is told to be wrong where the answer is about the place; empty where there is only one.
        advice: what to check where a status alone tells of a refusal.

    Raises:
        DestinationRefused: the token or the web hook is wrong.
        PermanentFailure: the answer is about this post or its place.
        TemporaryFailure: not now.
        Unanswered: the answer to what was taken broke off, or is lost.
    """
    said = answer.fields
    taken(answer, place, advice)
    if not said:
        raise not_mattermost(answer)
    return said


def taken(answer: Response, place: str, advice: str) -> None:
    """Nothing for a status of success; raises as judged()."""
    said = answer.fields
    identity = id_of(said)
    if identity == _STILL_BUSY:
        raise Unanswered("the server is still busy with this very post", about=place or answer.url)
    if identity in MEANINGS and answer.status in range(400, 502) and answer.status not in (429, 500):
        concerns, what, next_step = MEANINGS[identity]
        if identity == _OWNER_OR_PERSON and place.startswith("@") and answer.status == 400:
            concerns, what, next_step = PLACE, "there is nobody of that name", _NAME
        # A web hook that was given no place has one only: its own.
        closes = concerns == DESTINATION or (concerns == PLACE and not place)
        kind: type[DestinationRefused | PermanentFailure] = DestinationRefused if closes else PermanentFailure
        raise kind(f"answered {answer.status}: {what}", about=place or answer.url, advice=next_step)
    try:
        classify(answer, UNTOLD)
    except (DestinationRefused, PermanentFailure) as problem:
        words = _words(said)
        if place and answer.status in (403, 404) and identity not in ("", _NO_SUCH_PATH):
            # Not allowed or not found, says the server itself: that is about the place, not about the token.
            raise PermanentFailure(f"answered {answer.status}: {words}", about=place, advice=_MEMBER) from None
        what = f"{problem.what} ({words})" if words else problem.what
        raise type(problem)(what, about=place or answer.url, advice=advice if problem.advice else "") from None


def id_of(said: Mapping[str, Any]) -> str:
    """The id of the error in an answer; empty when there is none. Answers of success have an id, too, but no such."""
    identity = said.get("id")
    return identity if isinstance(identity, str) and "status_code" in said else ""


def not_mattermost(answer: Response) -> MessageError:
    """The error for a success that Mattermost did not write: its answer broke off, or somebody else answered."""
    return foreign(answer, "Mattermost", "Check its server or webhook, and any proxy in between")


def _words(said: Mapping[str, Any]) -> str:
    """The server's own words for an error."""
    message = said.get("message")
    return visible.line(message)[:200].rstrip(". ") if isinstance(message, str) else ""
