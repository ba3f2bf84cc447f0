"""What the matrix kind promises, against a homeserver as its specification documents it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from servers.chat_service import FINE, LOST, TAKEN_AND_LOST, TAKEN_AND_SILENT, Fault, said
from servers.fake_matrix import ALIAS, ROOM, TOKEN, USER, FakeMatrix, error
from servers.http_receiver import Answer
from support.chat import Files, a_post, files

from mailpoll.destinations import limits_of, make
from mailpoll.destinations.matrix.events import MAX_CONTENT, text_event
from mailpoll.errors import (
    DestinationRefused,
    Later,
    MessageError,
    PermanentFailure,
    TemporaryFailure,
    Unanswered,
)
from mailpoll.model import Receipt
from mailpoll.post_json import in_json
from mailpoll.settings import MatrixSettings, SecretRef, Settings

LINK = "https://matrix.to/#/%21abc%3Aexample.org/%241event"


def destination(server: FakeMatrix, token: str = TOKEN, **given: Any) -> Any:
    section = MatrixSettings(**{"homeserver": server.url, "token": SecretRef(env="X"), "room": ALIAS, **given})
    return make("chat", Settings(destination={"chat": section}), lambda ref, about: token)


@pytest.fixture
def server() -> Iterator[FakeMatrix]:
    with FakeMatrix() as running:
        yield running


ANSWERS: list[tuple[str, Fault, type[MessageError], float | None, str]] = [
    ("400", error(400, "M_BAD_JSON"), PermanentFailure, None, "does not understand"),
    ("401", error(401, "M_UNKNOWN_TOKEN"), DestinationRefused, None, "does not know the access token"),
    ("401 expired", error(401, "M_UNKNOWN_TOKEN", soft_logout=True), DestinationRefused, None, "has expired. Log in"),
    ("401 locked", error(401, "M_USER_LOCKED"), DestinationRefused, None, "account is locked"),
    ("403", error(403, "M_GUEST_ACCESS_FORBIDDEN"), PermanentFailure, None, "guests may not post"),
    ("404", error(404, "M_UNRECOGNIZED"), DestinationRefused, None, "no Matrix homeserver"),
    ("404 of the room", error(404, "M_UNKNOWN"), PermanentFailure, None, "homeserver refuses the room"),
    ("404 of a web site", Answer(404, body=b"<html>"), DestinationRefused, None, "nothing at this url"),
    ("413", error(413, "M_TOO_LARGE"), PermanentFailure, None, "too large for the homeserver"),
    ("413 of a proxy", Answer(413, body=b"<html>"), PermanentFailure, None, "too large"),
    ("429", said({"errcode": "M_LIMIT_EXCEEDED"}, 429, **{"Retry-After": "7"}), TemporaryFailure, 7.0, "too much"),
    ("429 of old servers", error(429, "M_LIMIT_EXCEEDED", retry_after_ms=1500), TemporaryFailure, 1.5, "too much"),
    ("429 without sense", Answer(429, body=b'{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": NaN}'), TemporaryFailure,
     None, "too much"),
    ("403 full", error(403, "M_RESOURCE_LIMIT_EXCEEDED"), TemporaryFailure, None, "homeserver is full"),
    ("500", error(500, "M_UNKNOWN"), Later, None, "in trouble"),
    ("500 of a proxy", Answer(502, body=b"<html>"), Later, None, "in trouble"),
    ("200 of a web site", Answer(200, body=b"<html>"), DestinationRefused, None, "not Matrix's"),
    ("200 that breaks off", Answer(200, {"Content-Length": "99"}, b'{"event_id": "$1'), Unanswered, None, "broke off"),
    ("reset", LOST, Unanswered, None, "broke off"),
    ("reset after it was taken", TAKEN_AND_LOST, Unanswered, None, "broke off"),
    ("no answer", TAKEN_AND_SILENT, Unanswered, None, "did not answer in time"),
]  # fmt: skip


@pytest.mark.parametrize(("_name", "fault", "kind", "wait", "words"), ANSWERS, ids=[case[0] for case in ANSWERS])
def test_each_answer_has_its_outcome_and_the_next_attempt_leaves_one_event(
    _name: str, fault: Fault, kind: type[MessageError], wait: float | None, words: str
) -> None:
    with FakeMatrix(fault) as server:
        made = destination(server, timeout=0.5 if fault == TAKEN_AND_SILENT else 20)
        with pytest.raises(MessageError) as caught:
            made.post(a_post(), Files())
        assert type(caught.value) is kind
        assert words in str(caught.value)
        assert getattr(caught.value, "retry_after", None) == wait
        assert TOKEN not in str(caught.value)
        assert made.post(a_post(), Files()) == Receipt("$1event", LINK)
        assert len(server.events) == 1


def test_a_post_is_a_notice_in_text_and_html_that_rings_for_nobody(server: FakeMatrix) -> None:
    assert destination(server).post(a_post(), Files()) == Receipt("$1event", LINK)
    (content,) = server.events.values()
    assert (content["msgtype"], content["body"], content["m.mentions"]) == (
        "m.notice",
        "**Disk full**\n\nGrüße, *now*",
        {},
    )
    assert "<strong>Disk full</strong>" in content["formatted_body"]
    assert "m.relates_to" not in content


def test_the_plain_text_shows_no_escapes(server: FakeMatrix) -> None:
    destination(server, msgtype="m.text").post(a_post(body=r"1\. C:\\dir \*not bold\*"), Files())
    (content,) = server.events.values()
    assert (content["msgtype"], content["body"]) == ("m.text", r"1. C:\dir *not bold*")
    assert "<em>" not in content["formatted_body"]


def test_html_of_strangers_is_text(server: FakeMatrix) -> None:
    destination(server).post(a_post(body="<script>alert(1)</script> <img src=x onerror=y>"), Files())
    (content,) = server.events.values()
    assert "<script" not in content["formatted_body"]
    assert "<img" not in content["formatted_body"]


def test_the_place_is_the_room_and_its_alias_is_asked_for_once(server: FakeMatrix) -> None:
    made = destination(server, room=None)
    for number in range(2):
        made.post(a_post(place=ALIAS, key=f"k-{number}"), Files())
    made.post(a_post(place=ROOM, key="k-3"), Files())
    assert len(server.events) == 3
    assert [path for path in server.paths() if "/directory/" in path] == [
        "GET /_matrix/client/v3/directory/room/%23ops%3Aexample.org"
    ]


@pytest.mark.parametrize(
    ("place", "words"),
    [("#else:example.org", "no such room"), ("ops", "'ops' is no room"), ("../../x", "is no room"),
     ("!no/../room", "not in the room")],
)  # fmt: skip
def test_a_place_that_is_no_room_is_named(server: FakeMatrix, place: str, words: str) -> None:
    server.open = False
    with pytest.raises(PermanentFailure, match=words):
        destination(server, join=False).post(a_post(place=place), Files())
    finding = destination(server, join=False).check_place(place)
    assert finding.level == "fail"
    assert server.events == {}


def test_a_room_is_joined_when_the_account_may(server: FakeMatrix) -> None:
    server.joined = False
    assert destination(server).post(a_post(), Files()).id == "$1event"


@pytest.mark.parametrize("join", [True, False])
def test_a_room_that_is_closed_to_the_account_is_named(server: FakeMatrix, join: bool) -> None:
    server.joined = server.open = False
    with pytest.raises(PermanentFailure, match=r"not in the room, or may not post there.*Invite the account"):
        destination(server, join=join).post(a_post(), Files())
    assert any("/join/" in path for path in server.paths()) is join


def test_answers_go_into_the_thread_and_beside_it_when_that_is_none(server: FakeMatrix) -> None:
    made = destination(server)
    root = made.post(a_post(), Files())
    said = {"body": "@room **Disk full**\n\nGrüße", "prefix": "@room ", "title": "**Disk full**"}
    within = made.post(a_post(**said, key="k-2", thread=root.id, attachments=files(3)), Files(b"", b"abc"))
    alone = made.post(a_post(**said, key="k-3", thread="$gone", attachments=files(3)), Files(b"", b"abc"))
    first, second, file, third, beside = server.events.values()
    assert (within.alone, second["body"], second["m.mentions"]) == (False, "Grüße", {})
    assert (alone.alone, third["body"], third["m.mentions"]) == (True, said["body"], {"room": True})
    assert "m.relates_to" not in first
    assert second["m.relates_to"]["event_id"] == file["m.relates_to"]["event_id"] == root.id
    assert "m.relates_to" not in third.keys() | beside.keys()
    assert server.complaints == []


def test_only_whom_the_prefix_of_the_channel_names_is_called() -> None:
    body = "@ann:example.org, @on.call:b.example: <b>\n\n@room"
    called = text_event(a_post(body=body, prefix=body[:37]), "", "m.notice")
    assert called["msgtype"] == "m.text"
    assert called["m.mentions"] == {"user_ids": ["@ann:example.org", "@on.call:b.example"]}
    pills = [f'<a href="https://matrix.to/#/{each}">{each}</a>' for each in called["m.mentions"]["user_ids"]]
    assert called["formatted_body"] == f"<p>{pills[0]}, {pills[1]}: &lt;b&gt;</p><p>@room</p>"
    quiet = text_event(a_post(body=body), "", "m.notice")
    assert (quiet["m.mentions"], quiet["msgtype"]) == ({}, "m.notice")
    assert text_event(a_post(body="@room: hi", prefix="@room: "), "", "m.text")["m.mentions"] == {"room": True}


@pytest.mark.parametrize("before", ["directory", "config"])
def test_what_breaks_off_before_the_post_leaves_it_in_no_doubt(server: FakeMatrix, before: str) -> None:
    server.posts, server.faults = frozenset({before}), [LOST]
    with pytest.raises(TemporaryFailure) as caught:
        destination(server).post(a_post(attachments=files(3)), Files(b"", b"abc"))
    assert type(caught.value) is TemporaryFailure
    assert server.events == {}


def test_files_are_uploaded_and_shown_after_the_text_once(server: FakeMatrix) -> None:
    post = a_post(attachments=files(3), whole_text=True)
    made = destination(server)
    for _ in range(2):
        made.post(post, Files(b"all of it", b"abc"))
    text, whole, file = server.events.values()
    assert text["body"] == post.body
    assert [(each["msgtype"], each["body"], each["info"]["size"]) for each in (whole, file)] == [
        ("m.file", "whole-text.txt", 9),
        ("m.file", "1.txt", 3),
    ]
    assert server.uploads[file["url"]] == ("1.txt", "text/plain", b"abc")
    made.post(a_post(key="k-2", attachments=files(0, 4, type_="image/png")), Files(b"", b"", b"\x89PNG"))
    assert list(server.events.values())[-1]["msgtype"] == "m.image"


@pytest.mark.parametrize("fine", [0, 1, 2])  # before the text, the first file, the second file
def test_whichever_answer_is_lost_nothing_is_there_twice(server: FakeMatrix, fine: int) -> None:
    made = destination(server)
    post, content = a_post(attachments=files(3, 3)), Files(b"", b"abc", b"def")
    server.faults = [*([FINE] * fine), TAKEN_AND_LOST]
    with pytest.raises(Unanswered):
        made.post(post, content)
    made.post(post, content)
    assert [event["body"] for event in server.events.values()] == [post.body, "1.txt", "2.txt"]


def test_an_upload_that_breaks_off_is_tried_once_more(server: FakeMatrix) -> None:
    server.posts, server.faults = frozenset({"upload"}), [LOST]
    destination(server).post(a_post(attachments=files(3)), Files(b"", b"abc"))
    assert [event["body"] for event in server.events.values()] == [a_post().body, "1.txt"]


def test_files_that_cannot_go_along_are_told_in_the_text(server: FakeMatrix) -> None:
    server.max_upload = 5
    post = a_post(attachments=files(3, 9, 3, 4))
    destination(server, max_file=100).post(post, Files(b"", b"abc", b"123456789", None, b"longer than told"))
    text, file = server.events.values()
    assert file["body"] == "1.txt"
    assert "(2 of 4 files not passed on: too large for this server)" in text["body"]
    assert "(1 of 4 files not passed on: cannot be read)" in text["body"]
    assert "2 of 4 files not passed on" in text["formatted_body"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (error(403, "M_FORBIDDEN"), "refused by this server"),
        (error(400, "M_UNKNOWN"), "refused by this server"),
        (Answer(413, body=b"<html>"), "too large for this server"),
        (Answer(403, body=b"<html>a virus!"), "refused by this server"),
        (Answer(0, body=b""), "the upload broke off"),
    ],
)
def test_a_file_that_is_refused_holds_up_neither_the_text_nor_the_other(
    server: FakeMatrix, answer: Answer, why: str
) -> None:
    server.upload_answers = {"1.txt": answer}
    destination(server).post(a_post(attachments=files(3, 3)), Files(b"", b"abc", b"def"))
    text, file = server.events.values()
    assert f"(1 of 2 files not passed on: {why})" in text["body"]
    assert file["body"] == "2.txt"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(error(401, "M_UNKNOWN_TOKEN"), DestinationRefused), (error(429, "M_LIMIT_EXCEEDED"), TemporaryFailure),
     (Answer(502), Later)],
)  # fmt: skip
def test_an_upload_that_fails_for_another_reason_fails_the_post(
    server: FakeMatrix, answer: Answer, kind: type[MessageError]
) -> None:
    server.upload_answers = {"1.txt": answer}
    with pytest.raises(kind):
        destination(server).post(a_post(attachments=files(3)), Files(b"", b"abc"))
    assert server.events == {}


def test_files_stay_away_where_the_section_says_so(server: FakeMatrix) -> None:
    made = destination(server, attachments=False)
    made.post(a_post(attachments=files(3)), Files(b"", b"abc"))
    assert len(server.events) == 1
    assert not made.limits.files


def test_what_a_destination_takes_follows_from_its_section() -> None:
    section = MatrixSettings(
        homeserver="https://h.example", token=SecretRef(env="X"), max_file=7, thread=False, overflow="cut"
    )
    limits = limits_of("chat", Settings(destination={"chat": section}))
    assert (limits.file_size, limits.threads, limits.overflow, limits.markup) == (7, False, "cut", "commonmark")


@pytest.mark.parametrize("letter", ["a", "ü", "🙂", '"', "\\", "*", "<", "\x01"])
def test_whatever_compose_lets_through_fits_into_an_event(letter: str) -> None:
    content = text_event(a_post(body=letter * 14_000, thread="$" + "x" * 43), "note", "m.notice")
    assert len(in_json(content)) <= MAX_CONTENT
    assert content["m.mentions"] == {}


def test_half_a_surrogate_pair_does_not_stop_a_post(server: FakeMatrix) -> None:
    destination(server).post(a_post(body="a\udc80b", key="k\udc80"), Files())
    assert next(iter(server.events.values()))["body"] == "a?b"


def test_the_check_tells_who_posts_where_and_posts_nothing(server: FakeMatrix) -> None:
    made = destination(server)
    assert [(each.level, each.what) for each in made.check()] == [
        ("ok", f"chat: posts as {USER}"),
        ("ok", f"chat: {USER} is in {ALIAS}"),
    ]
    server.encrypted = True
    assert made.check()[1].level == "warn"
    assert "encrypted" in made.check()[1].what
    server.encrypted, server.power = False, {"users": {"@else:example.org": 100}, "events_default": 50}
    assert (made.check()[1].level, "its power level is 0, that takes 50" in made.check()[1].what) == ("fail", True)
    server.power |= {"users_default": 50, "events": {"m.room.message": 25}}
    assert made.check()[1].level == "ok"
    server.membership = "ban"
    assert (made.check()[1].level, "is banned from" in made.check()[1].what) == ("fail", True)
    server.joined = False
    assert (made.check()[1].level, "joins with the first post" in made.check()[1].what) == ("warn", True)
    assert destination(server, join=False).check()[1].level == "fail"
    (finding,) = destination(server, token="wrong").check()
    assert (finding.level, "does not know the access token" in finding.what) == ("fail", True)
    assert server.events == {}


def test_a_server_that_is_away_is_told() -> None:
    with FakeMatrix() as server:
        made = destination(server)
    (finding,) = made.check()
    assert (finding.level, "cannot be reached" in finding.what) == ("fail", True)
    with pytest.raises(TemporaryFailure, match="cannot be reached"):
        made.check_place(ALIAS)
    with pytest.raises(TemporaryFailure, match="cannot be reached"):
        made.post(a_post(place=ROOM), Files())
