"""What the discord kind promises, for bots and web hooks, against Discord as it is documented."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from servers.chat_service import LOST, TAKEN_AND_LOST, TAKEN_AND_SILENT, Fault, said
from servers.fake_discord import CHANNEL, HOOK, THREAD, TOKEN, FakeDiscord, error
from servers.http_receiver import Answer, Receiver
from support.chat import Files, a_post, files

from mailpoll import redaction
from mailpoll.destinations import limits_of, make
from mailpoll.destinations.discord.answers import WRONG_PLACE
from mailpoll.errors import (
    DestinationRefused,
    Later,
    MessageError,
    PermanentFailure,
    TemporaryFailure,
    Unanswered,
)
from mailpoll.settings import DiscordSettings, SecretRef, Settings

BY = ["bot", "hook"]
REF = SecretRef(env="X")


def destination(server: FakeDiscord, by: str = "bot", token: str = TOKEN, **given: Any) -> Any:
    own = {"token": REF, "channel": CHANNEL, "api": f"{server.url}/api/v10"} if by == "bot" else {"webhook": REF}
    section = DiscordSettings(**{**own, **given})
    secret = token if by == "bot" else server.url + HOOK
    return make("chat", Settings(destination={"chat": section}), lambda ref, about: secret)


@pytest.fixture
def server() -> Iterator[FakeDiscord]:
    with FakeDiscord() as running:
        yield running


def sent(server: FakeDiscord) -> tuple[str, dict[str, Any], dict[str, tuple[str, str, bytes]]]:
    """The only message that was made."""
    (message,) = server.messages.values()
    return message


LIMITED = said({"message": "You are being rate limited.", "retry_after": 1.337, "global": False}, 429,
               **{"Retry-After": "2"})  # fmt: skip
ANSWERS: list[tuple[str, Fault, type[MessageError], float | None, str]] = [
    ("400", error(400, 50035), PermanentFailure, None, "code 50035 (as Discord words it): Discord does not understand"),
    (
        "400 and why",
        error(400, 50035, errors={"content": {"_errors": [{"code": "X", "message": "Too long."}]}}),
        PermanentFailure,
        None,
        "(as Discord words it: content: Too long.): Discord does not understand",
    ),
    ("400 automod", error(400, 200000), PermanentFailure, None, "AutoMod blocks it"),
    ("401", error(401, 0, "401: Unauthorized"), DestinationRefused, None, "Discord does not accept the "),
    ("401 of a web hook", error(401, 50027), DestinationRefused, None, "web hook's token"),
    ("403 access", error(403, 50001), DestinationRefused, None, "cannot see the channel"),
    ("403 permission", error(403, 50013), DestinationRefused, None, "lacks a permission"),
    ("403 of the network", Answer(403, body=b"<html>"), DestinationRefused, None, "forbids it"),
    ("404 channel", error(404, 10003), DestinationRefused, None, "no such channel"),
    ("404 web hook", error(404, 10015), DestinationRefused, None, "web hook was deleted"),
    ("403 of the network, in JSON", error(403, 40333), DestinationRefused, None, "turns this machine away"),
    ("413", error(413, 40005), PermanentFailure, None, "too large for Discord"),
    ("429", LIMITED, TemporaryFailure, 1.337, "posts too much"),
    ("429 of the network", Answer(429, {"Retry-After": "9"}, b"error 1015"), TemporaryFailure, 9.0, "posts too much"),
    ("slow mode", error(429, 20016, retry_after=30), TemporaryFailure, 30.0, "slow mode"),
    ("500", Answer(500), Later, None, "in trouble"),
    ("504", Answer(504), Unanswered, None, "no answer in time"),
    ("200 of a web site", Answer(200, body=b"<html>"), DestinationRefused, None, "not Discord's"),
    ("200 that breaks off", Answer(200, {"Content-Length": "99"}, b'{"id": "3'), Unanswered, None, "broke off"),
    ("reset", LOST, Unanswered, None, "broke off"),
    ("reset after it was taken", TAKEN_AND_LOST, Unanswered, None, "broke off"),
    ("no answer", TAKEN_AND_SILENT, Unanswered, None, "did not answer in time"),
]


ANSWER = {
    "body": "@here **Disk full**\n\nGrüße, *now*",
    "prefix": "@here ",
    "title": "**Disk full**",
}


def code_of(fault: Fault) -> object:
    """The code in a scripted answer; 0 where there is none."""
    return json.loads(fault.body).get("code") if isinstance(fault, Answer) and fault.body.endswith(b"}") else 0


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize(("_name", "fault", "kind", "wait", "words"), ANSWERS, ids=[case[0] for case in ANSWERS])
def test_each_answer_has_its_outcome_and_a_bots_next_attempt_leaves_one_message(
    by: str, _name: str, fault: Fault, kind: type[MessageError], wait: float | None, words: str
) -> None:
    with FakeDiscord(fault) as server:
        made = destination(server, by, timeout=0.5 if fault == TAKEN_AND_SILENT else 20)
        with pytest.raises(MessageError) as caught:
            made.post(a_post(), Files())
        of_a_place = by == "bot" and code_of(fault) in WRONG_PLACE  # a web hook has no other
        assert type(caught.value) is (PermanentFailure if of_a_place else kind)
        assert words in str(caught.value)
        assert getattr(caught.value, "retry_after", None) == wait
        assert "cAnArY" not in str(caught.value)
        receipt = made.post(a_post(), Files())
        # Web hooks know no nonce: what was taken is there twice (Kind.promise).
        taken = 2 if by == "hook" and fault in (TAKEN_AND_LOST, TAKEN_AND_SILENT) else 1
        assert len(server.messages) == taken
        assert receipt.id == list(server.messages)[-1]


@pytest.mark.parametrize("by", BY)
def test_a_post_rings_for_nobody_and_shows_no_previews(server: FakeDiscord, by: str) -> None:
    destination(server, by).post(a_post(), Files())
    place, payload, sent_files = sent(server)
    assert (place, payload["content"], sent_files) == (CHANNEL, "**Disk full**\n\nGrüße, *now*", {})
    assert (payload["allowed_mentions"], payload["flags"]) == ({"parse": []}, 4)


@pytest.mark.parametrize("by", BY)
def test_only_whom_the_prefix_of_the_channel_names_is_called(server: FakeDiscord, by: str) -> None:
    called = {"parse": ["everyone"], "users": ["1", "2"], "roles": ["3"]}
    for prefix in ("@here <@1> <@!2> <@1> <@&3> ", ""):
        body = "@here <@1> <@!2> <@1> <@&3> Grüße"
        destination(server, by).post(a_post(key=f"k {prefix}", prefix=prefix, body=body), Files())
    ones = [payload["allowed_mentions"] for _, payload, _ in server.messages.values()]
    assert ones == [called, {"parse": []}]


@pytest.mark.parametrize(("given", "flags"), [({"embeds": True}, 0), ({"silent": True}, 4 + (1 << 12))])
def test_previews_and_silence_are_settings(server: FakeDiscord, given: dict[str, Any], flags: int) -> None:
    destination(server, **given).post(a_post(), Files())
    assert sent(server)[1]["flags"] == flags


def test_posts_with_different_keys_are_different(server: FakeDiscord) -> None:
    for key in ("a", "b", "", ""):
        destination(server).post(a_post(key=key), Files())
    assert len(server.messages) == 4


@pytest.mark.parametrize("by", BY)
def test_files_go_along_in_the_same_message(server: FakeDiscord, by: str) -> None:
    post = a_post(whole_text=True, attachments=files(3, 4))
    destination(server, by).post(post, Files(b"all of it", b"abc", b"\r\n--"))
    assert sent(server)[2] == {
        "files[0]": ("whole-text.txt", "text/plain", b"all of it"),
        "files[1]": ("1.txt", "text/plain", b"abc"),
        "files[2]": ("2.txt", "text/plain", b"\r\n--"),
    }


def test_files_over_the_limits_are_told_and_not_fetched(server: FakeDiscord) -> None:
    content = Files(b"", *([b"abc"] * 10), b"longer", None, b"abc")
    sizes = (99, *([3] * 9), 3, 3, 3)
    destination(server, max_file=5).post(a_post(attachments=files(*sizes)), content)
    _, payload, sent_files = sent(server)
    assert len(sent_files) == 10
    assert "(3 of 13 files not passed on" in payload["content"]
    assert 1 not in content.asked


def test_a_file_that_is_larger_than_it_was_said_stays_behind(server: FakeDiscord) -> None:
    destination(server, max_file=5).post(a_post(attachments=files(3, 3)), Files(b"", b"x" * 9_000, b"abc"))
    _, payload, sent_files = sent(server)
    assert [name for name, _, _ in sent_files.values()] == ["2.txt"]
    assert "(1 of 2 files not passed on" in payload["content"]


def test_a_message_that_is_too_large_with_its_files_goes_without_them(server: FakeDiscord) -> None:
    server.max_request = 3000
    destination(server).post(a_post(attachments=files(4000)), Files(b"", b"x" * 4000))
    _, payload, sent_files = sent(server)
    assert sent_files == {}
    assert "(1 of 1 files not passed on" in payload["content"]


def test_a_bot_that_may_not_attach_files_posts_the_text_and_says_so(server: FakeDiscord) -> None:
    server.attach = False
    destination(server).post(a_post(attachments=files(3)), Files(b"", b"abc"))
    assert sent(server)[1]["content"].endswith(
        "(1 of 1 files not passed on: the bot lacks the permission Attach Files)"
    )


def test_files_stay_away_where_the_section_says_so(server: FakeDiscord) -> None:
    destination(server, attachments=False).post(a_post(attachments=files(3)), Files(b"", b"abc"))
    assert sent(server)[2] == {}


@pytest.mark.parametrize("length", [1900, 5000])
def test_content_is_never_longer_than_discord_takes(server: FakeDiscord, length: int) -> None:
    destination(server).post(a_post(body="🙂" * length, attachments=files(1)), Files(b"", None))
    content = sent(server)[1]["content"]
    assert len(content) <= 2000
    assert (length > 2000) or "(1 of 1 files not passed on" in content


def test_a_bot_answers_the_message_of_the_thread(server: FakeDiscord) -> None:
    made = destination(server)
    root = made.post(a_post(), Files())
    made.post(a_post(**ANSWER, key="k-2", thread=root.id), Files())
    payload = list(server.messages.values())[1][1]
    assert payload["message_reference"] == {"message_id": root.id, "fail_if_not_exists": True}
    assert (payload["content"], payload["allowed_mentions"]["parse"]) == ("Grüße, *now*", [])


def test_an_answer_to_a_message_that_is_gone_is_whole(server: FakeDiscord) -> None:
    assert destination(server).post(a_post(**ANSWER, thread="300000000000000001"), Files()).alone
    payload = sent(server)[1]
    assert (payload["content"], payload["allowed_mentions"]) == (ANSWER["body"], {"parse": ["everyone"]})


@pytest.mark.parametrize("code", [160002, 50083, 10008, 50035])
def test_an_answer_that_cannot_be_one_is_a_message(code: int) -> None:
    with FakeDiscord(error(400, code)) as server:
        post = a_post(thread="300000000000000001", attachments=files(3))
        destination(server).post(post, Files(b"", b"abc"))
        _, payload, sent_files = sent(server)
        assert "message_reference" not in payload
        assert len(sent_files) == 1


def test_a_web_hook_of_a_forum_opens_threads_and_answers_in_them(server: FakeDiscord) -> None:
    server.forum = True
    made = destination(server, "hook", forum=True)
    root = made.post(a_post(topic="Disk full"), Files())
    made.post(a_post(topic="Disk full", thread=root.id), Files())
    made.post(a_post(topic="x" * 200, thread="399999999999999999"), Files())
    first, second, third = server.messages.values()
    assert (first[0], first[1]["thread_name"]) == (CHANNEL, "Disk full")
    assert (second[0], "thread_name" in second[1]) == (root.id, False)
    assert third[1]["thread_name"] == "x" * 100


def test_a_web_hook_of_a_forum_that_is_not_said_to_be_one_is_named(server: FakeDiscord) -> None:
    server.forum = True
    with pytest.raises(DestinationRefused, match=r"channel is a forum.*forum = true"):
        destination(server, "hook").post(a_post(), Files())


@pytest.mark.parametrize("by", BY)
def test_the_place_is_a_channel_or_a_thread(server: FakeDiscord, by: str) -> None:
    destination(server, by).post(a_post(place=THREAD), Files())
    assert sent(server)[0] == THREAD


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("place", ["ops", "../users/@me", "1" * 21, "١٢٣"])
def test_a_place_that_is_no_id_is_named(server: FakeDiscord, by: str, place: str) -> None:
    made = destination(server, by)
    with pytest.raises(PermanentFailure, match="is no id of a channel"):
        made.post(a_post(place=place), Files())
    assert made.check_place(place).level == "fail"
    assert server.requests == []


def test_a_bot_without_a_channel_says_so(server: FakeDiscord) -> None:
    with pytest.raises(PermanentFailure, match="no channel is named"):
        destination(server, channel=None).post(a_post(), Files())


def test_what_a_destination_takes_follows_from_its_section() -> None:
    def limits(**given: Any) -> Any:
        return limits_of("chat", Settings(destination={"chat": DiscordSettings(**given)}))

    assert (limits(token=REF).topic, limits(token=REF).threads, limits(token=REF).markup) == (0, True, "discord")
    assert (limits(webhook=REF).topic, limits(webhook=REF).threads) == (0, False)
    assert (limits(token=REF, thread=False).threads, limits(token=REF, overflow="cut").overflow) == (False, "cut")
    assert (limits(webhook=REF, forum=True).topic, limits(webhook=REF, forum=True).threads) == (100, True)


def test_the_check_tells_who_posts_and_posts_nothing(server: FakeDiscord) -> None:
    assert [(each.level, each.what) for each in destination(server).check()] == [
        ("ok", "chat: posts as bot mailbot"),
        ("ok", "chat: sees channel ops"),
    ]
    assert [(each.level, each.what) for each in destination(server, "hook").check()] == [
        ("ok", "chat: posts as web hook Mail")
    ]
    (finding,) = destination(server, token="wrong").check()
    assert (finding.level, "does not accept the token" in finding.what) == ("fail", True)
    finding = destination(server).check_place("100000000000000009")
    assert (finding.level, "no such channel" in finding.what) == ("fail", True)
    assert destination(server, "hook").check_place(THREAD) is None
    server.type = 15
    finding = destination(server).check()[1]
    assert (finding.level, finding.what) == ("fail", "chat: channel ops takes no messages: it is a forum")
    assert server.messages == {}


def test_a_service_that_is_away_is_told() -> None:
    with FakeDiscord() as server:
        made, hook = destination(server), destination(server, "hook")
    for each in (made, hook):
        (finding,) = each.check()
        assert (finding.level, "cannot be reached" in finding.what) == ("fail", True)
        with pytest.raises(TemporaryFailure, match="cannot be reached"):
            each.post(a_post(), Files())
    with pytest.raises(TemporaryFailure, match="cannot be reached"):
        made.check_place(CHANNEL)


def test_a_page_of_the_web_is_no_web_hook() -> None:
    with Receiver(Answer(200, body=b"<html>")) as page:
        settings = Settings(destination={"chat": DiscordSettings(webhook=REF)})
        (finding,) = make("chat", settings, lambda ref, about: page.url + "/channels/1/2").check()
    assert (finding.level, "not Discord's" in finding.what) == ("fail", True)


def test_the_url_of_a_web_hook_is_a_secret() -> None:
    url = "http://discord.example/api/webhooks/1/cAnArYcAnArYcAnArY12"
    settings = Settings(destination={"chat": DiscordSettings(webhook=REF)})
    with pytest.raises(DestinationRefused, match="everybody on the way can read http") as caught:
        make("chat", settings, lambda ref, about: url)
    assert "cAnArY" not in str(caught.value)
    assert redaction.hide(f"asked for {url}").count("cAnArY") == 0
