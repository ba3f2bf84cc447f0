"""The zulip kind, on a Zulip that is strict about its documented API."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from servers.zulip import HELD, LOST, MIB, NEW, OLD, RESET, Says, Zulip, error

from mailpoll import config
from mailpoll.delivery import Courier, Destination, KnowsPlaces
from mailpoll.destinations import limits_of, make
from mailpoll.destinations.zulip.content import CUT_NOTICE, CUT_NOTICE_WITH_FILE, bare, draft
from mailpoll.errors import (
    AccessDenied,
    ConfigError,
    DestinationRefused,
    Later,
    MessageError,
    PermanentFailure,
    TemporaryFailure,
    Unanswered,
    Unreadable,
)
from mailpoll.model import Attachment, Facts, Finding, Post, RawMessage, Reading, Receipt
from mailpoll.settings import SecretRef, Settings, ZulipSettings
from mailpoll.store import Store

START = datetime(2026, 11, 6, 8, 0, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Bytes:
    """The content behind a post: part 0 is the whole text."""

    def __init__(self, *parts: bytes) -> None:
        self.parts = parts

    def raw(self) -> Iterator[bytes]:
        yield b""

    def part(self, number: int) -> Iterator[bytes]:
        if number >= len(self.parts):
            raise Unreadable("it took more memory (512 MB) than allowed")
        return iter((self.parts[number][:2], self.parts[number][2:]))


def zulip_of(server: Zulip, key: str = "", **given: Any) -> Destination:
    settings = ZulipSettings(site=f"{server.site}/", email=server.email, key=SecretRef(env="KEY"), **given)
    made: Destination = make("team", Settings(destination={"team": settings}), lambda ref, about: key or server.key)
    return made


def a_post(place: str = "general", topic: str = "Disk full", body: str = "It is **full**.", **more: Any) -> Post:
    return Post("ops", "team", place, topic, body, key="k-1", **more)


def nobody(_: str) -> bool:
    return False


def none_wrong(server: Zulip) -> None:
    assert server.problems == []
    assert server.queues == set()  # the event queue that the limits come with is given back


# -- where posts go ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "place", "type_", "to", "stream"),
    [
        (NEW, "general", "channel", '"general"', 9),
        (NEW, "#general", "channel", '"general"', 9),
        (NEW, "9", "channel", "9", 9),
        (NEW, "#42", "channel", '"42"', 13),
        (NEW, "ops & co", "channel", '"ops & co"', 12),
        (OLD, "general", "stream", '"general"', 9),
        (OLD, "9", "stream", "9", 9),
        (247, "general", "stream", '"general"', 9),
    ],
)
def test_a_post_goes_to_its_channel_and_topic(level: int, place: str, type_: str, to: str, stream: int) -> None:
    with Zulip(level) as server:
        receipt = zulip_of(server).post(a_post(place), Bytes())
    none_wrong(server)
    [sent] = server.asked("POST messages")
    assert sent == {"type": type_, "to": to, "topic": "Disk full", "content": "It is **full**."}
    [message] = server.messages
    assert (message["stream_id"], receipt.id) == (stream, str(message["id"]))


@pytest.mark.parametrize(
    ("level", "place", "type_", "to", "people"),
    [
        (NEW, "@ann@example.com", "direct", '["ann@example.com"]', [7]),
        (NEW, "@ann@example.com, bob@example.com", "direct", '["ann@example.com", "bob@example.com"]', [7, 8]),
        (NEW, "@ann@example.com,@bob@example.com", "direct", '["ann@example.com", "bob@example.com"]', [7, 8]),
        (NEW, "@8,7", "direct", "[7, 8]", [7, 8]),
        (OLD, "@ann@example.com", "private", '["ann@example.com"]', [7]),
    ],
)
def test_a_direct_message_goes_to_one_or_several(
    level: int, place: str, type_: str, to: str, people: list[int]
) -> None:
    with Zulip(level) as server:
        receipt = zulip_of(server).post(a_post(place), Bytes())
    none_wrong(server)
    assert server.asked("POST messages") == [{"type": type_, "to": to, "content": "It is **full**."}]
    assert server.messages[0]["display_recipient"] == people
    assert receipt.url == f"{server.site}/#narrow/near/{receipt.id}"


def test_a_receipt_leads_to_the_message() -> None:
    with Zulip() as server:
        made = zulip_of(server)
        first = made.post(a_post("9", "a.b (c) ü"), Bytes())
        url = f"{server.site}/#narrow/channel/9-general/topic/x/near/5"
        answers = [url, "https://elsewhere.example/#narrow/near/5"]
        server.script("POST messages", *(Says(200, {"result": "success", "id": 5, "message_url": u}) for u in answers))
        found = [made.post(a_post(), Bytes()) for _ in answers]
    assert first.url == f"{server.site}/#narrow/channel/9/topic/a.2Eb.20.28c.29.20.C3.BC/near/{first.id}"
    assert found == [Receipt("5", url), Receipt("5", f"{server.site}/#narrow/near/5")]


@pytest.mark.parametrize("place", ["", "@", "#", "@ann", "@ann@example.com,7", "a\nb", "@ann @example.com"])
def test_a_place_that_is_none_fails_the_post_alone(place: str) -> None:
    with Zulip() as server:
        made = zulip_of(server)
        with pytest.raises(PermanentFailure, match=r"place.*Write"):
            made.post(a_post(place), Bytes())
        assert isinstance(made, KnowsPlaces)
        finding = made.check_place(place)
    assert finding is not None
    assert finding.level == "fail"
    assert server.requests == []


def test_a_post_without_a_place_goes_where_the_section_says() -> None:
    with Zulip() as server:
        zulip_of(server, channel="#general").post(a_post(""), Bytes())
    assert server.messages[0]["stream_id"] == 9


# -- topics -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "state", "given", "stands_under"),
    [
        (NEW, {}, "", ""),
        (333, {}, "", "(no topic)"),
        (OLD, {}, " \t", "(no topic)"),
        (NEW, {"realm_mandatory_topics": True}, "", "ops"),
        (NEW, {"realm_topics_policy": "disable_empty_topic"}, "(no topic)", "ops"),
        (NEW, {"realm_topics_policy": "disable_empty_topic"}, "General Chat", "ops"),
        (NEW, {"realm_mandatory_topics": True, "realm_topics_policy": "allow_empty_topic"}, "x", "x"),
        (NEW, {"max_topic_length": 12}, "A topic of many words", "A topic o..."),
        (NEW, {"max_topic_length": 120}, "x" * 100, "x" * 100),
        (OLD, {"max_topic_length": None}, "x" * 70, "x" * 57 + "..."),
        (NEW, {}, "a\tb\x07c", "a bc"),
    ],
)
def test_topics_are_those_that_the_server_takes(level: int, state: Any, given: str, stands_under: str) -> None:
    with Zulip(level, **{"realm_mandatory_topics": False, **state}) as server:
        server.state.setdefault("max_topic_length", 60)
        if server.state["max_topic_length"] is None:
            server.script("POST register", Says(200, {"result": "success", "zulip_feature_level": level}))
            server.state["max_topic_length"] = 60
        zulip_of(server).post(a_post(topic=given), Bytes())
    none_wrong(server)
    assert [message["subject"] for message in server.messages] == [stands_under]


def test_an_answer_stands_in_the_topic_of_what_it_answers_wherever_that_went() -> None:
    with Zulip() as server:
        made = zulip_of(server)
        first = made.post(a_post(topic="Disk full"), Bytes())
        server.messages[0]["subject"] = "✔ Disk of db1 full"
        for changed in ({}, {"topic": "Something else"}):
            made.post(a_post(thread=first.id, **changed), Bytes())
        made.post(a_post(thread="12345", topic="That is gone"), Bytes())
        zulip_of(server, thread=False).post(a_post(thread=first.id), Bytes())
    assert [each["subject"] for each in server.messages[1:]] == [
        "✔ Disk of db1 full",
        "✔ Disk of db1 full",
        "That is gone",
        "Disk full",
    ]


def test_an_answer_calls_nobody_once_more_and_is_recognised_without_the_prefix() -> None:
    called = {"prefix": "@**oncall** ", "body": "@**oncall** **From:** Ann\n\nIt is full."}
    with Zulip() as server:
        made = zulip_of(server)
        first = made.post(a_post(topic="Disk full", **called), Bytes())
        answer = a_post(thread=first.id, **called)
        posted = made.post(answer, Bytes())
        assert (found := made.find(answer, LONG_AGO, lambda id_: id_ == first.id)) is not None
        assert found.id == posted.id
    assert [each.split("**From")[0] for each in server.contents] == ["@**oncall** ", ""]


# -- limits and files -------------------------------------------------------------------------------------------------


def test_the_limits_are_asked_for_once() -> None:
    with Zulip() as server:
        made = zulip_of(server)
        for _ in range(3):
            made.post(a_post(), Bytes())
    assert [f"{method} {path}" for method, path, _ in server.requests] == [
        "POST register",
        "DELETE events",
        *["POST messages"] * 3,
    ]


def test_without_asking_the_usual_limits_hold(tmp_path: Path) -> None:
    given = Settings(destination={"team": ZulipSettings(zuliprc=str(tmp_path / "none"))})
    limits = limits_of("team", given)
    assert (limits.topic, limits.body, limits.mentions, limits.files) == (60, 9_600, "zulip", True)


FILES = (
    Attachment(1, "Ünder the (sea) [x].pdf", "application/pdf", 5),
    Attachment(2, "@**all**.txt", "text/plain", 3),
)
LIST = "\n\n[Ünder the (sea) ［x］.pdf] (application/pdf, 5 bytes)\n[@\u200b∗∗all∗∗.txt] (text/plain, 3 bytes)"


def test_files_are_uploaded_and_linked_in_the_list() -> None:
    with Zulip() as server:
        zulip_of(server).post(a_post(body=f"See below.{LIST}", attachments=FILES), Bytes(b"", b"%PDF-", b"abc"))
    none_wrong(server)
    pdf, text = server.uploads
    assert list(server.uploads.values()) == [b"%PDF-", b"abc"]
    assert (pdf.rsplit("/", 1)[1], text.rsplit("/", 1)[1]) == ("Ünder-the--sea---x-.pdf", "all--.txt")
    assert server.contents == [
        f"See below.\n\n[Ünder the (sea) ［x］.pdf]({pdf}) (application/pdf, 5 bytes)\n"
        f"[@\u200b∗∗all∗∗.txt]({text}) (text/plain, 3 bytes)"
    ]
    assert [fields["type"] for fields in server.asked("POST user_uploads")] == ["application/pdf", "text/plain"]


def test_files_that_the_body_does_not_list_are_linked_below_it() -> None:
    with Zulip(OLD) as server:
        zulip_of(server).post(a_post(attachments=FILES), Bytes(b"", b"%PDF-", b"abc"))
    none_wrong(server)
    pdf, text = server.uploads
    [content] = server.contents
    assert content == f"It is **full**.\n\n[Ünder the （sea） ［x］.pdf]({pdf})\n[@∗∗all∗∗.txt]({text})"


def test_a_file_that_cannot_go_along_is_named_and_the_rest_goes_out() -> None:
    files = (*FILES, Attachment(3, "big.iso", "x/y", 2 * MIB + 1), Attachment(4, "broken.doc", "x/y", 9))
    with Zulip(max_file_upload_size_mib=2) as server:
        server.script("POST user_uploads", error(400, "REALM_UPLOAD_QUOTA", "Upload would (exceed) the quota."), None)
        zulip_of(server).post(a_post(body=f"See.{LIST}", attachments=files), Bytes(b"", b"%PDF-", b"abc"))
    none_wrong(server)
    [path] = server.uploads
    assert server.contents[0].split("\n") == [
        "See.",
        "",
        "[Ünder the (sea) ［x］.pdf] (application/pdf, 5 bytes; not passed on: Upload would exceed the quota.)",
        f"[@\u200b∗∗all∗∗.txt]({path}) (text/plain, 3 bytes)",
        "",
        "[big.iso] (not passed on: larger than the 2 MiB that Zulip takes)",
        "[broken.doc] (not passed on: it took more memory 512 MB than allowed)",
    ]


def test_without_attachments_nothing_is_uploaded() -> None:
    with Zulip() as server:
        zulip_of(server, attachments=False).post(a_post(body="x" * 20_000, attachments=FILES), Bytes(b"whole"))
    none_wrong(server)
    assert server.uploads == {}
    assert server.contents[0].endswith(CUT_NOTICE)


@pytest.mark.parametrize("told", [True, False])
def test_the_whole_text_goes_along_when_the_body_is_cut(told: bool) -> None:
    """Cut by compose, or because this server takes less than others."""
    body = "A cut text." if told else "line of words\n" * 200
    with Zulip(max_message_length=10_000 if told else 1000) as server:
        zulip_of(server).post(a_post(body=body, whole_text=told), Bytes("ganz ä".encode()))
    none_wrong(server)
    [path] = server.uploads
    assert server.uploads[path] == "ganz ä".encode()
    [content] = server.contents
    assert content.endswith(f"\n\n[whole-text.txt]({path})")
    if not told:
        assert f"of words\n\n{CUT_NOTICE_WITH_FILE}\n\n" in content
        assert len(content) <= 1000


def test_what_names_the_mail_of_a_cut_text_stays_when_files_need_room() -> None:
    body = "line of words\n" * 680 + "\n[…] Cut here; the whole mail is message 17." + LIST
    with Zulip() as server:
        made = zulip_of(server)
        made.post(a_post(body=body[-9_600:], whole_text=True, attachments=FILES), Bytes(b"whole", b"%PDF-", b"abc"))
    none_wrong(server)
    [content] = server.contents
    assert "\n\n[…] Cut here; the whole mail is message 17.\n\n[whole-text.txt](" in content
    assert content.count("](/user_uploads/") == 3


def test_a_body_is_only_cut_where_the_section_says_so() -> None:
    with Zulip(max_message_length=1000) as server:
        zulip_of(server, overflow="cut").post(a_post(body="line of words\n" * 200), Bytes(b"whole"))
    none_wrong(server)
    assert server.uploads == {}
    assert server.contents[0].endswith(f"of words\n\n{CUT_NOTICE}")


@pytest.mark.parametrize("size", [10, 9_000, 10_000, 30_000])
@pytest.mark.parametrize("count", [0, 1, 24, 60, 300])
@pytest.mark.parametrize("limit", [1000, 10_000])
def test_no_message_is_too_long_however_many_files_there_are(size: int, count: int, limit: int) -> None:
    files = tuple(Attachment(n, f"{'long name ' * 9}{n}.pdf", "application/pdf", n) for n in range(count))
    message = draft(a_post(body="wörd " * (size // 5), attachments=files), limit, with_files=True, overflow="file")
    linked = [file.uploaded(f"/user_uploads/1234567/ce/{'x' * 24}/{file.upload_name}") for file in message.files]
    refused = [file.left_out("y" * 300) for file in message.files]
    for became in (linked, refused):
        content = message.content(became)
        assert len(content) <= limit
        assert bare(content) == message.known
        assert (f"{message.more} more" in content) == (message.more > 0)


@pytest.mark.parametrize("encoded", [True, False])
def test_a_name_in_any_script_is_the_end_of_a_path(encoded: bool) -> None:
    [file] = draft(a_post(attachments=(Attachment(1, "報告 " * 30 + ".pdf", "a/b", 1),)), 9_000, with_files=True,
                   overflow="file").files  # fmt: skip
    path = f"/user_uploads/1234567/ce/{'x' * 24}/{file.upload_name}"
    assert file.uploaded(quote(path) if encoded else path).path == path


def test_the_prefix_of_a_channel_is_left_as_it_is() -> None:
    with Zulip() as server:
        zulip_of(server).post(a_post(body="@**oncall** It is full."), Bytes())
    assert server.contents == ["@**oncall** It is full."]


def test_what_no_server_takes_does_not_stop_a_post() -> None:
    with Zulip() as server:
        made = zulip_of(server)
        made.post(a_post(body="a\0b\udc80c"), Bytes())
        assert made.find(a_post(body="a\0b\udc80c"), LONG_AGO, nobody) is not None
    assert server.contents == ["ab?c"]


# -- answers ----------------------------------------------------------------------------------------------------------

ANSWERS: list[tuple[str, Says | str, type[MessageError], str]] = [
    ("no such channel", error(400, "STREAM_DOES_NOT_EXIST"), PermanentFailure, "no such channel"),
    ("may not post", error(400, "BAD_REQUEST", "You may not."), PermanentFailure, "does not take it: You may not"),
    ("not a member", error(400, "UNAUTHORIZED_PRINCIPAL"), PermanentFailure, "may not post"),
    ("everybody", error(400, "STREAM_WILDCARD_MENTION_NOT_ALLOWED"), PermanentFailure, "mention everybody"),
    ("403", error(403, "BAD_REQUEST", "Access denied"), PermanentFailure, "Access denied"),
    ("413", Says(413, b"<html>"), PermanentFailure, "too large.*the proxy in front"),
    ("wrong key", error(401, "INVALID_API_KEY"), DestinationRefused, "does not accept the key"),
    ("no such login", error(401, "UNAUTHORIZED"), DestinationRefused, "email and key"),
    ("bot off", error(401, "USER_DEACTIVATED"), DestinationRefused, "the bot is deactivated"),
    ("bot off, Zulip 4", error(403, "USER_DEACTIVATED"), DestinationRefused, "the bot is deactivated"),
    ("organisation off", error(401, "REALM_DEACTIVATED"), DestinationRefused, "the organisation is deactivated"),
    ("no organisation", error(404, "NONEXISTENT_SUBDOMAIN"), DestinationRefused, "no organisation at this site"),
    ("a proxy's 403", Says(403, b"<html>Forbidden"), DestinationRefused, "403"),
    ("no Zulip", Says(404, b"<html>Not found"), DestinationRefused, "404"),
    ("another web site", Says(200, b"<html>Hello"), DestinationRefused, "not as Zulip does"),
    ("moved", Says(301, b"", {"Location": "https://new.example/"}), DestinationRefused, "moved to"),
    ("too many", error(429, "RATE_LIMIT_HIT", retry_after=28.706807374954224), TemporaryFailure, "too many requests"),
    ("starting", error(400, "SERVER_NOT_READY"), Later, "not ready"),
    ("500", Says(500, b"<html>"), Later, "500"),
    ("503", Says(503, b""), Later, "503"),
    ("502", Says(502, b"<html>Bad gateway"), Unanswered, "own answer is lost"),
    ("504", Says(504, b"", taken=True), Unanswered, "own answer is lost"),
    ("broke off", Says(200, b'{"result": "succ', taken=True), Unanswered, "broke off"),
    ("reset before", RESET, Unanswered, "broke off"),
    ("reset after", LOST, Unanswered, "broke off"),
    ("slow", HELD, Unanswered, "in time"),
]  # fmt: skip


@pytest.mark.parametrize(("_name", "answer", "kind", "says"), ANSWERS, ids=[case[0] for case in ANSWERS])
def test_each_answer_to_a_message_has_its_outcome(
    _name: str, answer: Says | str, kind: type[MessageError], says: str
) -> None:
    with Zulip() as server:
        made = zulip_of(server, timeout=0.5 if answer == HELD else 20)
        server.script("POST messages", answer)
        with pytest.raises(kind, match=says) as caught:
            made.post(a_post(), Bytes())
        server.let_go.set()
    assert type(caught.value) is kind
    assert server.key not in str(caught.value)
    if answer == error(429, "RATE_LIMIT_HIT", retry_after=28.706807374954224):
        assert getattr(caught.value, "retry_after", None) == pytest.approx(28.7, abs=0.01)
    if kind in (DestinationRefused, PermanentFailure) and "answered" not in caught.value.what:
        assert caught.value.advice


@pytest.mark.parametrize("request_", ["POST register", "POST user_uploads"])
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(401, "INVALID_API_KEY"), DestinationRefused),
        (error(429, "RATE_LIMIT_HIT", retry_after=1.5), TemporaryFailure),
        (Says(500, b""), Later),
        (Says(502, b""), Later),
        (RESET, TemporaryFailure),
        (LOST, TemporaryFailure),
        (HELD, TemporaryFailure),
    ],
)
def test_what_goes_wrong_before_the_message_leaves_nothing_uncertain(
    request_: str, answer: Says | str, kind: type[MessageError]
) -> None:
    with Zulip() as server:
        made = zulip_of(server, timeout=0.5 if answer == HELD else 20)
        server.script(request_, answer)
        with pytest.raises(kind) as caught:
            made.post(a_post(attachments=FILES), Bytes(b"", b"%PDF-", b"abc"))
        assert type(caught.value) is kind
        server.let_go.set()
        assert server.messages == []
        made.post(a_post(attachments=FILES), Bytes(b"", b"%PDF-", b"abc"))
    assert len(server.messages) == 1


def test_a_server_that_is_not_there_leaves_nothing_uncertain() -> None:
    with Zulip() as server:
        pass
    with pytest.raises(TemporaryFailure, match="cannot be reached") as caught:
        zulip_of(server).post(a_post(), Bytes())
    assert type(caught.value) is TemporaryFailure


def test_a_bot_that_may_only_send_posts_within_the_usual_limits() -> None:
    with Zulip(send_only=True) as server:
        made = zulip_of(server)
        made.post(a_post(attachments=FILES), Bytes(b"", b"%PDF-", b"abc"))
        [finding] = made.check()
    none_wrong(server)
    assert "not passed on: This API is not available to incoming webhook bots." in server.contents[0]
    assert (finding.level, "generic bot" in finding.advice) == ("fail", True)


# -- after a lost answer ----------------------------------------------------------------------------------------------


def lose(made: Destination, server: Zulip, post: Post, how: Says | str, *parts: bytes) -> None:
    server.script("POST messages", how)
    with pytest.raises(Unanswered):
        made.post(post, Bytes(*parts))


@pytest.mark.parametrize("level", [OLD, 120, 180, NEW])
@pytest.mark.parametrize("place", ["general", "9", "@ann@example.com", "@7,8"])
@pytest.mark.parametrize("how", [LOST, RESET])
def test_a_post_is_found_by_another_process_if_it_arrived(level: int, place: str, how: str) -> None:
    post = a_post(place, body=f"See.{LIST}", attachments=FILES, whole_text=True)
    with Zulip(level) as server:
        lose(zulip_of(server), server, post, how, b"whole", b"%PDF-", b"abc")
        found = zulip_of(server).find(post, LONG_AGO, nobody)
    none_wrong(server)
    if how == RESET:
        assert (found, server.messages) == (None, [])
    else:
        assert found is not None
        assert found.id == str(server.messages[0]["id"])
        assert found.url.startswith(f"{server.site}/#narrow/")


@pytest.mark.parametrize("body", ["", "  indented\n\ntext  \n", "x" * 9_990, "```\ncode\n" * 2000, "\n\nlate"])
def test_a_post_is_found_however_it_is_cut_and_trimmed(body: str) -> None:
    post = a_post(body=f"> {body}", attachments=FILES)
    with Zulip() as server:
        lose(zulip_of(server), server, post, LOST, b"whole", b"%PDF-", b"abc")
        assert zulip_of(server).find(post, LONG_AGO, nobody) is not None
    none_wrong(server)


def test_what_is_not_this_post_is_not_found() -> None:
    post = a_post(body="It is full.")
    with Zulip() as server:
        server.say("It is full.", "Disk full", sender=7)
        server.say("It is full.", "Disk full", channel=12)
        server.say("It is full.", "Another topic")
        server.say("It is full", "Disk full")
        server.say("It is full.", "Disk full", timestamp=int(time.time()) - 3600)
        made = zulip_of(server)
        assert made.find(post, datetime.now(UTC), nobody) is None
        ids = [server.say("It is full.", "Disk full") for _ in range(3)]
        found = made.find(post, datetime.now(UTC), lambda id_: id_ == str(ids[0]))
    assert found is not None
    assert found.id == str(ids[1])


@pytest.mark.parametrize(
    ("topic", "more"),
    [("✔ Disk full", {}), ("Disk of db1", {"last_moved_timestamp": 1}), ("Disk of db1", {"last_edit_timestamp": 1})],
)
def test_a_post_is_found_where_people_moved_it(topic: str, more: dict[str, int]) -> None:
    with Zulip() as server:
        id_ = server.say("It is **full**.", topic, **more)
        found = zulip_of(server).find(a_post(), LONG_AGO, nobody)
    assert found is not None
    assert found.id == str(id_)


@pytest.mark.parametrize(("level", "topic"), [(NEW, ""), (NEW, "(no topic)"), (333, "")])
def test_a_post_without_a_topic_is_found(level: int, topic: str) -> None:
    post = a_post(topic=topic)
    with Zulip(level) as server:
        lose(zulip_of(server), server, post, LOST)
        assert zulip_of(server).find(post, LONG_AGO, nobody) is not None


def test_a_post_is_found_behind_hundreds_of_later_ones() -> None:
    with Zulip() as server:
        server.say("It is **full**.", "Disk full")
        for number in range(450):
            server.say(f"{number} " + "x" * 1000, "Disk full")
        assert zulip_of(server).find(a_post(), LONG_AGO, nobody) is not None
        pages = len(server.asked("GET messages"))
        assert zulip_of(server).find(a_post("ops & co"), LONG_AGO, nobody) is None
    none_wrong(server)
    assert pages == 5


@pytest.mark.parametrize("request_", ["POST register", "GET users/me", "GET messages"])
@pytest.mark.parametrize(
    "answer", [RESET, Says(502, b""), Says(500, b""), error(429, "RATE_LIMIT_HIT", retry_after=9.5)]
)
def test_a_question_that_gets_no_answer_leaves_the_post_uncertain(request_: str, answer: Says | str) -> None:
    with Zulip() as server:
        server.script(request_, answer)
        with pytest.raises(Unanswered) as caught:
            zulip_of(server).find(a_post(), LONG_AGO, nobody)
    assert caught.value.retry_after == (9.5 if "RATE_LIMIT" in str(answer) else None)


def test_a_place_that_is_gone_holds_no_post() -> None:
    with Zulip() as server:
        assert zulip_of(server).find(a_post("gone"), LONG_AGO, nobody) is None
        server.script("GET users/me", error(401, "INVALID_API_KEY"))
        with pytest.raises(DestinationRefused):
            zulip_of(server).find(a_post(), LONG_AGO, nobody)


def test_where_the_bot_may_not_look_the_section_decides() -> None:
    with Zulip(send_only=True) as server:
        assert zulip_of(server).find(a_post(), LONG_AGO, nobody) is None
        with pytest.raises(PermanentFailure, match=r"may have arrived.*generic bot"):
            zulip_of(server, on_uncertain="hold").find(a_post(), LONG_AGO, nobody)


# -- from the outbox --------------------------------------------------------------------------------------------------


class Ledger:
    """Posts in a store, and runs that carry them to a Zulip."""

    def __init__(self, store: Store, server: Zulip, **given: Any) -> None:
        self.store, self.server, self.given = store, server, given
        self.key = server.key
        self.now = datetime.now(UTC)

    def add(self, *posts: Post) -> None:
        for post in posts:
            [message_id] = self.store.ledger.accept([RawMessage(None, None, (b"x",))], self.now)
            self.store.ledger.record([(message_id, Reading("posted", "", Facts(f"k{message_id}"), (post,)))], self.now)

    def run(self, seconds: float = 0) -> list[str]:
        """The state of every post after a run, `seconds` later."""
        self.now += timedelta(seconds=seconds)
        with self.store.run() as mine:
            assert mine is not None
            courier = Courier(
                self.store.outbox,
                self,
                lambda _: Bytes(b"whole", b"%PDF-", b"abc"),
                now=lambda: self.now,
                jitter=lambda: 0.0,
                told=lambda _: None,
                paused=lambda _: None,
            )
            courier.start()
            while courier.step():
                pass
        return [delivery.state for delivery in self.store.outbox.list()]

    def make(self, name: str) -> Destination:
        return zulip_of(self.server, self.key, **self.given)

    def settings_hash(self, name: str) -> str:
        return "as they were"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path / 'mailpoll.db'}") as opened:
        yield opened


def test_three_that_say_the_same_arrive_three_times_whichever_answers_are_lost(store: Store) -> None:
    with Zulip() as server:
        ledger = Ledger(store, server)
        ledger.add(a_post(), a_post(), a_post())
        server.script("POST messages", None, LOST, RESET)
        for _ in range(6):
            states = ledger.run(seconds=3600)
    assert states == ["delivered"] * 3
    assert len(server.messages) == 3
    assert sorted(d.receipt for d in store.outbox.list()) == sorted(str(m["id"]) for m in server.messages)


@pytest.mark.parametrize("then", [RESET, Says(500, b""), error(401, "INVALID_API_KEY")])
def test_a_question_that_fails_does_not_let_the_post_be_repeated(store: Store, then: Says | str) -> None:
    with Zulip() as server:
        ledger = Ledger(store, server)
        ledger.add(a_post())
        server.script("POST messages", LOST)
        assert ledger.run() == ["uncertain"]
        server.script("GET users/me", then)
        assert ledger.run(seconds=3600) == (["delayed"] if "INVALID" in str(then) else ["uncertain"])
        store.outbox.resume("team")
        store.outbox.make_due("team", ledger.now)
        assert ledger.run(seconds=3600) == ["delivered"]
    assert len(server.messages) == 1


def test_a_run_that_was_killed_as_it_posted_doubles_nothing(store: Store) -> None:
    with Zulip() as server:
        ledger = Ledger(store, server)
        ledger.add(a_post(), a_post())
        first, second = store.outbox.list()
        for delivery in (first, second):
            with store.run():
                assert store.outbox.claim(delivery, ledger.now)
        ledger.make("team").post(first.post, Bytes())
        for _ in range(3):
            states = ledger.run(seconds=3600)
    assert (states, len(server.messages)) == (["delivered"] * 2, 2)


def test_a_post_that_is_sent_again_on_purpose_is_sent_again(store: Store) -> None:
    with Zulip() as server:
        ledger = Ledger(store, server)
        ledger.add(a_post())
        server.script("POST messages", LOST)
        ledger.run()
        ledger.run(seconds=3600)
        [delivery] = store.outbox.list()
        store.outbox.resend(delivery, "another key", ledger.now)
        server.script("POST messages", LOST)
        for _ in range(2):
            states = ledger.run(seconds=3600)
    assert (states, len(server.messages)) == (["delivered"], 2)


def test_a_channel_that_is_gone_does_not_stop_the_others(store: Store) -> None:
    with Zulip() as server:
        ledger = Ledger(store, server)
        ledger.add(a_post("gone"), a_post(), a_post("board"), a_post("@nobody@example.com"), a_post("9"))
        assert ledger.run() == ["failed", "delivered", "failed", "failed", "delivered"]
        server.channels[0] = replace(server.channels[0], name="gone")
        [failed, *_] = store.outbox.list()
        assert "the channel #gone" in failed.error
        store.outbox.retry(failed, ledger.now)
        assert ledger.run()[0] == "delivered"


def test_a_key_that_was_rotated_pauses_and_what_waited_goes_out_in_order_once(store: Store) -> None:
    with Zulip() as server:
        ledger = Ledger(store, server)
        ledger.add(a_post(body="1"))
        ledger.run()
        ledger.key, server.key = server.key, "canary5f2e-rotated"
        ledger.add(a_post(body="2"), a_post(body="3"))
        assert ledger.run() == ["delivered", "delayed", "pending"]
        assert [pause.destination for pause in store.outbox.pauses()] == ["team"]
        assert ledger.run(seconds=3600) == ["delivered", "delayed", "pending"]
        store.outbox.resume("team")
        ledger.key = server.key
        assert ledger.run() == ["delivered"] * 3
    assert server.contents == ["1", "2", "3"]


# -- checks, and settings ---------------------------------------------------------------------------------------------


def findings(server: Zulip, *asked: str, **given: Any) -> list[Finding]:
    made = zulip_of(server, **given)
    assert isinstance(made, KnowsPlaces)
    return [found for place in asked if (found := made.check_place(place))] if asked else list(made.check())


def test_a_check_asks_who_the_bot_is_and_posts_nothing() -> None:
    with Zulip() as server:
        [found] = findings(server)
        bot, place = findings(server, channel="gone")
        server.script("GET users/me", error(401, "INVALID_API_KEY"), Says(404, b"<html>"), RESET)
        refused = [findings(server)[0] for _ in range(3)]
    assert (found.level, "Mail bot (mail-bot@zulip.example.com)" in found.what) == ("ok", True)
    assert (bot.level, place.level, "#gone" in place.what or "gone" in place.what) == ("ok", "fail", True)
    assert [each.level for each in refused] == ["fail"] * 3
    assert all(each.advice and server.key not in each.what for each in refused)
    assert server.messages == []


@pytest.mark.parametrize(
    ("place", "level", "says"),
    [
        ("general", "ok", "is there"),
        ("9", "ok", "is there"),
        ("@ann@example.com,bob@example.com", "ok", "is there"),
        ("gone", "fail", "'gone' does not exist"),
        ("vault", "fail", "does not exist"),
        ("77", "fail", "does not exist"),
        ("@ann@example.com,eve@example.com", "fail", "No such user"),
        ("@1234", "fail", "No such user"),
        ("attic", "fail", "attic: the channel is archived"),
        ("16", "fail", "16: the channel is archived"),
        ("@zoe@example.com", "fail", "zoe@example.com: the account is deactivated"),
    ],
)
def test_a_wrong_place_is_named_without_posting(place: str, level: str, says: str) -> None:
    with Zulip() as server:
        [found] = findings(server, place)
    none_wrong(server)
    assert (found.level, says in found.what, bool(found.advice)) == (level, True, level == "fail")
    assert server.messages == []


def test_who_may_post_is_another_matter_than_what_is_there() -> None:
    with Zulip() as server, pytest.raises(PermanentFailure, match="not have permission to post") as caught:
        zulip_of(server).post(a_post(place="board"), Bytes())
    assert caught.value.advice.startswith("See in Zulip who may post")


def test_a_fixed_topic_in_the_place_is_told_where_it_belongs() -> None:
    with Zulip() as server:
        [found] = findings(server, "general>deploys")
        assert findings(server, "9", channel="x")[0].level == "ok"
    assert '--to NAME:general --topic "deploys"' in found.advice


@pytest.mark.parametrize(("place", "told"), [("9", []), ("@ann@example.com", []), ("@7", ["ok"]), ("general", ["ok"])])
def test_what_an_old_server_cannot_tell_is_not_held_against_a_place(place: str, told: list[str]) -> None:
    with Zulip(OLD) as server:
        assert [found.level for found in findings(server, place)] == told
    none_wrong(server)


def test_a_zuliprc_is_all_that_is_needed(tmp_path: Path) -> None:
    with Zulip() as server:
        rc = tmp_path / "zuliprc"
        rc.write_text(server.zuliprc)
        rc.chmod(0o600)
        path = tmp_path / "config.toml"
        path.write_text('[destination.team]\nkind = "zulip"\nzuliprc = "zuliprc"\n')
        settings = config.load(path)
        made: Destination = make("team", settings, lambda ref, about: "")
        made.post(a_post(), Bytes())
    assert len(server.messages) == 1


@pytest.mark.parametrize(
    ("text", "mode", "kind", "says"),
    [
        (None, 0o600, ConfigError, "does not exist"),
        ("nonsense", 0o600, ConfigError, "is no zuliprc"),
        ("[api]\nemail=a@b\nsite=https://x.example\n", 0o600, ConfigError, "names no key"),
        ("[api]\nemail=a@b\nkey=canary5f2e\nsite=http://x.example\n", 0o600, ConfigError, "everybody on the way"),
        ("[api]\nemail=a@b\nkey=canary5f2e%(x)s\nsite=x.example\n", 0o600, None, ""),
        ("[api]\nemail=a@b\nkey=canary5f2e\nsite=https://x.example\n", 0o644, AccessDenied, "everybody may read"),
        ("[api]\nkey=canary5f2e\nkey=canary5f2e\n", 0o600, ConfigError, "is no zuliprc"),
    ],
)
def test_a_zuliprc_that_is_none_is_named(
    tmp_path: Path, text: str | None, mode: int, kind: type[Exception] | None, says: str
) -> None:
    rc = tmp_path / "zuliprc"
    if text is not None:
        rc.write_text(text)
        rc.chmod(mode)
    given = Settings(destination={"team": ZulipSettings(zuliprc=str(rc))})
    if kind is None:
        make("team", given, lambda ref, about: "")
        return
    with pytest.raises(kind, match=says) as caught:
        make("team", given, lambda ref, about: "")
    assert "canary5f2e" not in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("", "destination.team.site: is missing"),
        ('site = "https://z.example"\nemail = "b@z.example"', "destination.team.key: is missing"),
        ('zuliprc = "a"\nsite = "https://z.example"', "destination.team.site: stands in the zuliprc already"),
        ('site = "http://z.example"\nemail = "b@z"\nkey = {env = "K"}', "destination.team.site: everybody on the way"),
        ('site = "https://z.example"\nemail = "bot"\nkey = {env = "K"}', "destination.team.email: is no address"),
        ('zuliprc = "a"\nchannel = "@"', "destination.team.channel: names none"),
    ],
)
def test_settings_that_cannot_be_are_named(tmp_path: Path, lines: str, says: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[destination.team]\nkind = "zulip"\n{lines}\n')
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    assert [problem for problem in caught.value.problems if problem.startswith(says)]


def test_comparing_is_linear_in_what_strangers_write() -> None:
    def seconds(text: str) -> float:
        began = time.thread_time()
        bare(text)
        return time.thread_time() - began

    for piece in ("; not passed on: ", "](/user_uploads/", "[a] (x/y, 3 bytes)\n", " (not passed on: ("):
        text = piece * (1_000_000 // len(piece))
        half = text[: len(text) // 2]
        assert min(seconds(text) for _ in range(5)) <= 3 * min(seconds(half) for _ in range(5)) + 0.05
