"""What the ntfy kind promises, against ntfy as its documentation and its server have it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from servers.chat_service import LOST, TAKEN_AND_LOST, TAKEN_AND_SILENT, Fault
from servers.fake_ntfy import TOKEN, FakeNtfy, error
from servers.http_receiver import Answer, Receiver
from support.chat import Files, a_post, files

from mailpoll.destinations import limits_of, make
from mailpoll.destinations.ntfy import MAX_MESSAGE, encoded, fitted
from mailpoll.errors import (
    DestinationRefused,
    Later,
    MessageError,
    PermanentFailure,
    TemporaryFailure,
    Unanswered,
)
from mailpoll.settings import NtfySettings, SecretRef, Settings

REF = SecretRef(env="X")


def destination(server: FakeNtfy, secret: str = TOKEN, **given: Any) -> Any:
    section = NtfySettings(**{"url": server.url, "topic": "alerts", **given})
    return make("chat", Settings(destination={"chat": section}), lambda ref, about: secret)


@pytest.fixture
def server() -> Iterator[FakeNtfy]:
    with FakeNtfy() as running:
        yield running


ANSWERS: list[tuple[str, Fault, type[MessageError], float | None, str]] = [
    ("400", error(400, 40011), PermanentFailure, None, "does not understand"),
    ("400 topic", error(400, 40010), PermanentFailure, None, "topic's name is not allowed"),
    ("401", error(401, 40101), DestinationRefused, None, "does not accept the token or password"),
    ("401 of a proxy", Answer(401, body=b""), DestinationRefused, None, "does not accept the token or password"),
    ("403", error(403, 40301), PermanentFailure, None, "may not post to the topic"),
    ("403 of a proxy", Answer(403, body=b"<html>"), DestinationRefused, None, "forbids it"),
    ("404", error(404, 40401), DestinationRefused, None, "no ntfy server"),
    ("413", error(413, 41303), PermanentFailure, None, "too large"),
    ("413 of a proxy", Answer(413, body=b"<html>"), PermanentFailure, None, "too large"),
    ("429", Answer(429, {"Retry-After": "5"}, b'{"code":42901,"http":429}'), TemporaryFailure, 5.0, "too many posts"),
    ("429 of the day", error(429, 42908), TemporaryFailure, None, "too many posts"),
    ("500", error(500, 50001), Later, None, "in trouble"),
    ("507", error(507, 50701), Later, None, "UnifiedPush"),
    ("200 of a web site", Answer(200, body=b"<html>"), DestinationRefused, None, "not ntfy's"),
    ("200 that breaks off", Answer(200, {"Content-Length": "99"}, b'{"id": "1'), Unanswered, None, "broke off"),
    ("504", Answer(504), Unanswered, None, "no answer in time"),
    ("reset", LOST, Unanswered, None, "broke off"),
    ("reset after it was taken", TAKEN_AND_LOST, Unanswered, None, "broke off"),
    ("no answer", TAKEN_AND_SILENT, Unanswered, None, "did not answer in time"),
]


@pytest.mark.parametrize(("_name", "fault", "kind", "wait", "words"), ANSWERS, ids=[case[0] for case in ANSWERS])
def test_each_answer_has_its_outcome_and_a_double_has_the_first_ones_sequence_id(
    _name: str, fault: Fault, kind: type[MessageError], wait: float | None, words: str
) -> None:
    with FakeNtfy(fault) as server:
        made = destination(server, token=REF, timeout=0.5 if fault == TAKEN_AND_SILENT else 20)
        with pytest.raises(MessageError) as caught:
            made.post(a_post(), Files())
        assert type(caught.value) is kind
        assert words in str(caught.value)
        assert getattr(caught.value, "retry_after", None) == wait
        assert TOKEN not in str(caught.value)
        made.post(a_post(), Files())
        assert len({message["sequence_id"] for message in server.messages}) == 1


def test_a_post_is_a_notification_with_a_title(server: FakeNtfy) -> None:
    receipt = destination(server, priority=4, tags=("email", "ünï"), markdown=True).post(
        a_post(topic="Plätte voll"), Files()
    )
    (message,) = server.messages
    assert receipt.id == "id1"
    assert message | {"sequence_id": ""} == {
        "topic": "alerts",
        "title": "Plätte voll",
        "message": "**Disk full**\n\nGrüße, *now*",
        "markdown": True,
        "priority": 4,
        "tags": ["email", "ünï"],
        "sequence_id": "",
    }


def test_a_file_travels_in_the_same_notification(server: FakeNtfy) -> None:
    post = a_post(topic="Plätte voll", attachments=files(3), body="Zeile 1\nZeile 2 🙂")
    destination(server, priority=4, tags=("email", "ünï"), markdown=True).post(post, Files(b"", b"abc"))
    (message,) = server.messages
    assert message | {"sequence_id": ""} == {
        "topic": "alerts",
        "title": "Plätte voll",
        "message": "Zeile 1\nZeile 2 🙂",
        "filename": "1.txt",
        "file": b"abc",
        "markdown": "yes",
        "priority": "4",
        "tags": ["email", "ünï"],
        "sequence_id": "",
    }


def test_of_more_files_the_first_goes_along_and_the_others_are_told(server: FakeNtfy) -> None:
    content = Files(b"", b"123456789", None, b"", b"abc", b"def")
    destination(server, max_file=5).post(a_post(attachments=files(9, 3, 0, 3, 3)), content)
    (message,) = server.messages
    assert (message["filename"], message["file"]) == ("4.txt", b"abc")
    assert "(4 of 5 files not passed on: ntfy takes one)" in message["message"]
    assert content.asked == [2, 3, 4]


@pytest.mark.parametrize("body", ["x" * 5000, "ü" * 3000, "🙂" * 2000])
def test_a_text_that_is_cut_goes_along_whole(server: FakeNtfy, body: str) -> None:
    destination(server).post(a_post(body=body, attachments=files(3)), Files(b"all of it", b"abc"))
    (message,) = server.messages
    assert (message["filename"], message["file"]) == ("whole-text.txt", b"all of it")
    assert "[…] Cut here." in message["message"]
    assert "(1 of 2 files not passed on" in message["message"]


@pytest.mark.parametrize("letter", ['"', "\n", "\\"])
def test_a_text_that_json_makes_twice_as_long_arrives_whole(server: FakeNtfy, letter: str) -> None:
    text = f"a{letter * 3800}b"
    destination(server, priority=4).post(a_post(body=text, topic="ü" * 250), Files())
    (message,) = server.messages
    assert (message["message"], message["title"], message["priority"]) == (text, "ü" * 250, "4")


def test_the_path_of_a_file_is_no_line_end(server: FakeNtfy) -> None:
    destination(server).post(a_post(body=r"C:\new", attachments=files(3)), Files(b"", b"abc"))
    assert server.messages[0]["message"].replace("\u200b", "") == r"C:\new"


@pytest.mark.parametrize("given", [{"overflow": "cut"}, {"attachments": False}])
def test_a_text_that_is_cut_goes_alone_where_the_section_says_so(server: FakeNtfy, given: dict[str, Any]) -> None:
    destination(server, **given).post(a_post(body="x" * 5000), Files(b"all of it"))
    (message,) = server.messages
    assert ("file" in message, "[…] Cut here." in message["message"]) == (False, True)


def test_the_whole_text_goes_along_where_it_was_cut_before(server: FakeNtfy) -> None:
    destination(server).post(a_post(whole_text=True), Files(b"all of it"))
    assert server.messages[0]["filename"] == "whole-text.txt"


def test_a_server_that_takes_no_files_gets_the_text(server: FakeNtfy) -> None:
    server.attachments = False
    destination(server).post(a_post(attachments=files(3)), Files(b"", b"abc"))
    (message,) = server.messages
    assert "file" not in message
    assert "(1 of 1 files not passed on" in message["message"]


@pytest.mark.parametrize("answer", [error(413, 41301), error(429, 42905), Answer(413, body=b"<html>"),
                                    Answer(403, body=b"<html>"), Answer(431)])  # fmt: skip
def test_a_file_that_is_refused_stays_behind(answer: Answer) -> None:
    with FakeNtfy(answer) as server:
        destination(server).post(a_post(attachments=files(3)), Files(b"", b"abc"))
        assert "file" not in server.messages[0]


def test_files_stay_away_where_the_section_says_so(server: FakeNtfy) -> None:
    destination(server, attachments=False).post(a_post(attachments=files(3)), Files(b"", b"abc"))
    assert "file" not in server.messages[0]
    assert "markdown" not in server.messages[0]


def test_what_a_destination_takes_follows_from_its_section() -> None:
    def limits(**given: Any) -> Any:
        return limits_of("chat", Settings(destination={"chat": NtfySettings(**given)}))

    assert (limits().markup, limits(markdown=True).markup, limits(attachments=False).files) == (
        "plain",
        "commonmark",
        False,
    )


@pytest.mark.parametrize(
    ("given", "secret"), [({"token": REF}, TOKEN), ({"username": "ann", "password": REF}, "cAnArY")]
)
def test_a_token_or_a_password_lets_us_in(server: FakeNtfy, given: dict[str, Any], secret: str) -> None:
    server.anybody = False
    destination(server, secret, **given).post(a_post(), Files())
    destination(server, secret, **given).post(a_post(attachments=files(3)), Files(b"", b"abc"))
    assert len(server.messages) == 2
    with pytest.raises(DestinationRefused, match=r"token or password.*Check token"):
        destination(server, "wrong", **given).post(a_post(), Files())
    with pytest.raises(PermanentFailure, match="write-only"):
        destination(server).post(a_post(), Files())


def test_the_place_is_the_topic(server: FakeNtfy) -> None:
    destination(server, topic=None).post(a_post(place="disks"), Files())
    assert server.messages[0]["topic"] == "disks"


@pytest.mark.parametrize("place", ["a b", "a/b", "../x", "x" * 65, "ü"])
def test_a_place_that_is_no_topic_is_named(server: FakeNtfy, place: str) -> None:
    with pytest.raises(PermanentFailure, match="is no topic of ntfy"):
        destination(server).post(a_post(place=place), Files())
    assert destination(server).check_place(place).level == "fail"
    assert server.requests == []


def test_without_any_topic_it_says_so(server: FakeNtfy) -> None:
    with pytest.raises(PermanentFailure, match="no topic is named"):
        destination(server, topic=None).post(a_post(), Files())


def test_half_a_surrogate_pair_does_not_stop_a_post(server: FakeNtfy) -> None:
    post = a_post(body="a\udc80b", topic="a\udc80b", key="k\udc80")
    destination(server).post(post, Files())
    destination(server).post(a_post(body="a\udc80b", topic="a\udc80b", attachments=files(1)), Files(b"", b"x"))
    assert [(each["message"], each["title"]) for each in server.messages] == [("a?b", "a?b")] * 2


@pytest.mark.parametrize("letter", ["x", "ü", "🙂", "\udc80"])
@pytest.mark.parametrize("length", [0, 1000, 4000, 5000])
def test_a_fitted_text_has_room_for_what_is_added(letter: str, length: int) -> None:
    text, cut = fitted(letter * length)
    assert len(text.encode("utf-8", "replace")) <= MAX_MESSAGE - 200
    assert cut is not text.startswith(letter * length)


@pytest.mark.parametrize("text", ["", "plain", "ü", "a\nb", "=?UTF-8?B?eA==?=", "🙂" * 900])
def test_header_fields_come_out_as_they_went_in(text: str) -> None:
    from email.header import decode_header, make_header

    assert encoded(text).isascii()
    assert encoded(text).isprintable()
    assert str(make_header(decode_header(encoded(text)))) == text


def test_the_check_tells_who_posts_and_posts_nothing(server: FakeNtfy) -> None:
    (finding,) = destination(server, token=REF).check()
    assert (finding.level, finding.what.endswith("posts as ann")) == ("ok", True)
    (finding,) = destination(server).check()
    assert (finding.level, finding.what.endswith("posts as anybody")) == ("ok", True)
    (finding,) = destination(server, "wrong", token=REF).check()
    assert (finding.level, "token or password" in finding.what) == ("fail", True)
    server.old = True
    assert destination(server).check()[0].level == "ok"
    assert server.messages == []


def test_a_web_site_is_no_ntfy_server() -> None:
    with Receiver(Answer(200, body=b"<html>")) as page:
        settings = Settings(destination={"chat": NtfySettings(url=page.url)})
        (finding,) = make("chat", settings, lambda ref, about: "").check()
    assert (finding.level, "not ntfy's" in finding.what) == ("fail", True)


def test_a_server_that_is_away_is_told() -> None:
    with FakeNtfy() as server:
        made = destination(server)
    (finding,) = made.check()
    assert (finding.level, "cannot be reached" in finding.what) == ("fail", True)
    with pytest.raises(TemporaryFailure, match="cannot be reached"):
        made.post(a_post(), Files())
