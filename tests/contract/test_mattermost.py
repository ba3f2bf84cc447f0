"""Mattermost, by token and by web hook, against a server made from its API reference: every answer, every field."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from servers.certs import Authority
from servers.http_receiver import RESET_READ, RESET_UNREAD, SILENT, Answer, Receiver
from servers.mattermost import OPS, TOKEN, WITH_ANN, Mattermost
from servers.scripted_service import After, Fault, in_json

from mailpoll import redaction
from mailpoll.crosscheck_destinations import problems
from mailpoll.delivery import Destination, KnowsPlaces
from mailpoll.destinations import limits_of, make
from mailpoll.destinations.mattermost.answers import DESTINATION, MEANINGS, PLACE, POST, THREAD_GONE
from mailpoll.errors import (
    ConfigError,
    DestinationRefused,
    Later,
    MessageError,
    PermanentFailure,
    TemporaryFailure,
    Unanswered,
    Unreadable,
)
from mailpoll.model import Attachment, Finding, Post, Receipt
from mailpoll.settings import MattermostSettings, SecretRef, Settings

FILE = SecretRef(file="mattermost")


@pytest.fixture(autouse=True)
def _nothing_stays_known() -> Iterator[None]:
    yield
    redaction.forget()


class Parts:
    """The content behind a post; part 3 cannot be read."""

    def __init__(self, *parts: bytes) -> None:
        self.parts = parts

    def raw(self) -> Iterator[bytes]:
        raise AssertionError("Mattermost asked for the mail")

    def part(self, number: int) -> Iterator[bytes]:
        if number == 3:
            raise Unreadable("the part is damaged")
        data = self.parts[number]
        return iter((data[:2], data[2:]))


def a_post(**changes: Any) -> Post:
    given: dict[str, Any] = {
        "channel": "ops",
        "destination": "team",
        "place": "team/ops",
        "topic": "",
        "body": "**Disk full**\n\nGrüße",
        "key": "k-1",
    }
    return Post(**{**given, **changes})


def bot(server: Mattermost, token: str = TOKEN, **given: Any) -> Destination:
    section = MattermostSettings(server=server.url, token=FILE, **given)
    made: Destination = make("team", Settings(destination={"team": section}), lambda ref, about: token)
    return made


def hook(url: str, **given: Any) -> Destination:
    section = MattermostSettings(webhook=FILE, **given)
    made: Destination = make("team", Settings(destination={"team": section}), lambda ref, about: url)
    return made


def attachment(number: int, name: str) -> Attachment:
    return Attachment(number, name, "text/plain", 3)


def error(status: int, identity: str, message: str = "Its own words.") -> Answer:
    return in_json({"id": identity, "message": message, "status_code": status}, status)


# -- every answer -----------------------------------------------------------------------------------------------------

RATE_LIMIT = Answer(429, {"Retry-After": "7", "X-RateLimit-Limit": "11"}, b"limit exceeded")

ANSWERS: list[tuple[str, Fault, type[MessageError], int]] = [
    # name, how the post is answered, what follows, how many posts people see
    ("400", 400, PermanentFailure, 0),
    ("401", 401, DestinationRefused, 0),
    ("403", 403, DestinationRefused, 0),
    ("404", 404, DestinationRefused, 0),
    ("413", 413, PermanentFailure, 0),
    ("429", RATE_LIMIT, TemporaryFailure, 0),
    ("500", 500, Later, 0),
    ("502", 502, Unanswered, 0),
    ("504 after acceptance", After(504), Unanswered, 1),
    ("500 in words", error(500, "api.context.permissions.app_error"), Later, 0),
    ("302", Answer(302, {"Location": "https://elsewhere.example/secret"}), DestinationRefused, 0),
    ("reset before the answer", RESET_READ, Unanswered, 0),
    ("reset after acceptance", After(RESET_READ), Unanswered, 1),
    ("slow answer after acceptance", After(SILENT), Unanswered, 1),
    ("not Mattermost", Answer(200, {}, b"<html>Please log in"), DestinationRefused, 0),
]
_IDS = [case[0] for case in ANSWERS]


@pytest.mark.parametrize(("_name", "fault", "outcome", "seen"), ANSWERS, ids=_IDS)
def test_each_answer_to_a_token_has_its_outcome(
    _name: str, fault: Fault, outcome: type[MessageError], seen: int
) -> None:
    with Mattermost(posts=[fault]) as server:
        with pytest.raises(MessageError) as caught:
            bot(server, timeout=0.5 if "slow" in _name else 20).post(a_post(), Parts())
        assert len(server.posts) == seen
    assert type(caught.value) is outcome
    assert "cAnArY" not in str(caught.value)


@pytest.mark.parametrize(("_name", "fault", "outcome", "seen"), ANSWERS, ids=_IDS)
def test_each_answer_to_a_web_hook_has_its_outcome(
    _name: str, fault: Fault, outcome: type[MessageError], seen: int
) -> None:
    with Mattermost(hook=[fault]) as server:
        with pytest.raises(MessageError) as caught:
            hook(server.hook, timeout=0.5 if "slow" in _name else 20).post(a_post(place=""), Parts())
        assert len(server.posts) == seen
    assert type(caught.value) is outcome
    assert "cAnArY" not in str(caught.value)


def test_a_post_that_the_server_is_busy_with_leaves_doubt() -> None:
    pending = error(500, "api.post.deduplicate_create_post.pending")
    with Mattermost(posts=[pending]) as server, pytest.raises(Unanswered, match="busy with this very post"):
        bot(server).post(a_post(), Parts())


def test_an_answer_that_breaks_off_leaves_doubt() -> None:
    with Mattermost(posts=[After(Answer(201, {}, b'{"id":"p0'))]) as server, pytest.raises(Unanswered):
        bot(server).post(a_post(), Parts())


def test_an_answer_may_hold_the_longest_post() -> None:
    body = rb'{"message":"%s","id":"%s"}' % (rb"\u0026" * 16_383, b"p" * 26)
    with Mattermost(posts=[After(Answer(201, {}, body))]) as server:
        assert bot(server).post(a_post(), Parts()).id == "p" * 26


def test_a_limit_names_its_time() -> None:
    with Mattermost(posts=[RATE_LIMIT], hook=[RATE_LIMIT]) as server:
        for made, place in ((bot(server), "team/ops"), (hook(server.hook), "")):
            with pytest.raises(TemporaryFailure) as caught:
                made.post(a_post(place=place), Parts())
            assert caught.value.retry_after == 7


def test_a_server_that_cannot_be_reached_got_nothing() -> None:
    with Receiver(RESET_UNREAD) as receiver:
        url = receiver.url
    made = make(
        "team",
        Settings(destination={"team": MattermostSettings(server=url, token=FILE)}),
        lambda ref, about: TOKEN,
    )
    with pytest.raises(TemporaryFailure) as caught:
        made.post(a_post(place=OPS), Parts())
    assert type(caught.value) is TemporaryFailure


@pytest.mark.parametrize("identity", sorted(MEANINGS))
def test_each_error_is_about_what_the_table_says(identity: str) -> None:
    concerns, words, advice = MEANINGS[identity]
    with Mattermost(posts=[error(400, identity)], hook=[error(400, identity)]) as server:
        for made, place in ((bot(server), "team/ops"), (hook(server.hook), "ops")):
            with pytest.raises(MessageError) as caught:
                made.post(a_post(place=place), Parts())
            assert type(caught.value) is (DestinationRefused if concerns == DESTINATION else PermanentFailure)
            assert str(caught.value).startswith(f"{place}: answered 400: {words}")
            assert caught.value.advice == advice
            assert bool(advice) or concerns == POST


@pytest.mark.parametrize("identity", [each for each, (concerns, *_) in MEANINGS.items() if concerns == PLACE])
def test_a_web_hook_without_a_place_has_none_but_its_own(identity: str) -> None:
    with Mattermost(hook=[error(400, identity)]) as server, pytest.raises(DestinationRefused):
        hook(server.hook).post(a_post(place=""), Parts())


def test_an_error_that_is_not_known_is_told_in_the_servers_words() -> None:
    answer = error(403, "api.something.new", "Bots have the\nday off.")
    with Mattermost(posts=[answer]) as server, pytest.raises(PermanentFailure) as caught:
        bot(server).post(a_post(), Parts())
    assert str(caught.value) == (
        "team/ops: answered 403: Bots have the day off. Add the bot to the team and to the channel, and let it create "
        "posts there"
    )


def test_a_wrong_address_of_the_server_is_no_fault_of_the_place() -> None:
    answer = error(404, "api.context.404.app_error")
    with Mattermost(channel=[answer, answer]) as server, pytest.raises(DestinationRefused, match="Check the names"):
        bot(server).post(a_post(), Parts())


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("team/gone", "team/gone: answered 404: there is no such channel"),
        ("gone/ops", "gone/ops: answered 404: there is no such team"),
        ("team/old", "team/old: answered 400: the channel is archived"),
        ("team/locked", "team/locked: answered 403: the bot may not post there"),
        ("x" * 26, f"{'x' * 26}: answered 403: the bot may not post there, or there is no such channel"),
        ("@bob", "@bob: answered 404: there is nobody of that name"),
        ("ops", "channel ops: ops is no place of Mattermost. Write --to team:team/channel"),
        ("", "channel ops: names no place of Mattermost. Write --to team:team/channel"),
    ],
)
def test_a_wrong_place_is_named_and_stops_no_other(place: str, words: str) -> None:
    with Mattermost() as server, pytest.raises(PermanentFailure) as caught:
        bot(server).post(a_post(place=place), Parts())
    assert str(caught.value).startswith(words)


def test_a_wrong_token_is_named_and_not_told() -> None:
    with Mattermost() as server, pytest.raises(DestinationRefused) as caught:
        bot(server, token="cAnArYwrong").post(a_post(place=OPS), Parts())
    assert str(caught.value).startswith(f"{OPS}: answered 401: the token is wrong, revoked or expired. Put the token")
    assert "cAnArY" not in str(caught.value)


# -- posts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["team/ops", "team/~ops", OPS])
def test_a_post_is_a_post_in_its_channel(place: str) -> None:
    with Mattermost() as server:
        receipt = bot(server).post(a_post(place=place), Parts())
        (post,) = server.posts
    assert (post.channel_id, post.message, post.root_id) == (OPS, "**Disk full**\n\nGrüße", "")
    assert receipt == Receipt(post.id)  # a link goes over TLS only


def test_a_person_gets_a_direct_message() -> None:
    with Mattermost() as server:
        made = bot(server)
        for key in ("k-1", "k-2"):
            made.post(a_post(place="@ann", key=key), Parts())
        assert [post.channel_id for post in server.posts] == [WITH_ANN] * 2
        assert len(server.named("direct")) == 1


def test_a_channel_is_looked_up_once() -> None:
    with Mattermost() as server:
        made = bot(server, channel="team/ops")
        for place in ("", "team/ops", OPS):
            made.post(a_post(place=place, key=place), Parts())
        assert len(server.named("channel")) == 1
        assert [post.channel_id for post in server.posts] == [OPS] * 3


def test_trouble_with_the_look_up_leaves_no_doubt() -> None:
    with Mattermost(channel=[RESET_READ, 503, Answer(200, {}, b'{"id":"o')]) as server:
        made = bot(server)
        for _ in range(3):
            with pytest.raises(TemporaryFailure) as caught:
                made.post(a_post(), Parts())
            assert not isinstance(caught.value, Unanswered)
        assert server.posts == []


def test_a_lost_answer_costs_no_double_within_half_a_minute() -> None:
    with Mattermost(posts=[After(RESET_READ)]) as server:
        made = bot(server)
        with pytest.raises(Unanswered):
            made.post(a_post(), Parts())
        assert made.post(a_post(), Parts()).id == server.posts[0].id
        assert len(server.posts) == 1
        server.forget()
        made.post(a_post(), Parts())
        assert len(server.posts) == 2  # at least once


ANSWER = {"body": "@channel **Disk full**\n\nGrüße", "prefix": "@channel ", "title": "**Disk full**"}


def test_answers_go_into_the_thread_of_what_they_answer() -> None:
    with Mattermost() as server:
        made = bot(server)
        first = made.post(a_post(key="1"), Parts())
        second = made.post(a_post(**ANSWER, key="2", thread=first.id), Parts())
        assert (second.alone, server.posts[1].message) == (False, "Grüße")
        root = server.posts[0].id
        assert [post.root_id for post in server.posts] == ["", root]
    assert second.id == server.posts[1].id


def test_threads_may_be_turned_off() -> None:
    with Mattermost() as server:
        made = bot(server, thread=False)
        first = made.post(a_post(key="1"), Parts())
        made.post(a_post(key="2", thread=first.id), Parts())
        assert [post.root_id for post in server.posts] == ["", ""]
        assert not made.limits.threads


@pytest.mark.parametrize("thread", ["t" * 26, "nonsense", "/", f"{'t' * 26}/x"])
def test_a_post_whose_thread_is_gone_begins_one(thread: str) -> None:
    with Mattermost() as server:
        receipt = bot(server).post(a_post(**ANSWER, thread=thread), Parts())
        (post,) = server.posts
    assert post.message == ANSWER["body"]
    assert (post.root_id, receipt.id) == ("", post.id)


@pytest.mark.parametrize("identity", sorted(THREAD_GONE))
def test_each_way_a_thread_can_be_gone_is_known(identity: str) -> None:
    with Mattermost(posts=[error(400, identity)]) as server:
        assert bot(server).post(a_post(thread="t" * 26), Parts()).id == server.posts[0].id


def test_a_post_has_a_link_over_tls_and_the_authority_is_the_settings(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with Mattermost(certificate=authority.issue()) as server:
        receipt = bot(server, ca_file=str(authority.ca_file)).post(a_post(), Parts())
        with pytest.raises(DestinationRefused, match="certificate is not to be trusted"):
            bot(server).post(a_post(), Parts())
        assert receipt.url == f"{server.url}/_redirect/pl/{server.posts[0].id}"


def test_half_a_surrogate_pair_stops_nothing() -> None:
    with Mattermost() as server:
        bot(server).post(a_post(body="x\udc80", attachments=(attachment(1, "y\udc80"),)), Parts(b"", b"abc"))
        assert server.posts[0].message == "x?"
        assert [name for name, _ in server.files.values()] == ["y?"]


# -- files ------------------------------------------------------------------------------------------------------------


def test_files_go_along_with_the_post() -> None:
    files = (attachment(1, "a.txt"), attachment(2, "ü & b?.png"))
    with Mattermost() as server:
        bot(server).post(a_post(attachments=files, whole_text=True), Parts(b"whole", b"abc", b"\x89PNG"))
        (post,) = server.posts
        assert [server.files[identity] for identity in post.file_ids] == [
            ("whole-text.txt", b"whole"),
            ("a.txt", b"abc"),
            ("ü & b?.png", b"\x89PNG"),
        ]
        assert post.message == a_post().body


def test_files_that_do_not_go_along_are_named_with_the_reason() -> None:
    files = (attachment(1, "big@here.iso"), attachment(2, "empty"), attachment(3, "torn.zip"), attachment(4, "ok"))
    with Mattermost(max_file=5) as server:
        bot(server).post(a_post(attachments=files), Parts(b"", b"123456", b"", b"", b"ok"))
        (post,) = server.posts
        assert [server.files[identity][0] for identity in post.file_ids] == ["ok"]
    note = post.message.removeprefix(a_post().body + "\n\n").replace("\\", "")
    assert note == (
        "Not attached: big@\u200bhere.iso (too large for the server); empty (empty); torn.zip (the part is damaged)"
    )


def test_a_post_takes_ten_files() -> None:
    files = tuple(attachment(1, f"{number}.txt") for number in range(12))
    with Mattermost() as server:
        bot(server).post(a_post(attachments=files), Parts(b"", b"abc"))
        (post,) = server.posts
        assert len(post.file_ids) == len(server.files) == 10
    assert post.message.replace("\\", "").endswith("Not attached: 10.txt, 11.txt (a post takes 10 files)")


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (error(403, "api.context.permissions.app_error"), "the bot may not upload files there"),
        (error(501, "api.file.attachments.disabled.app_error"), "the server takes no files"),
        (413, "too large for the server"),
        (400, "the server does not take it"),
    ],
)
def test_without_files_the_text_is_posted(fault: Fault, why: str) -> None:
    with Mattermost(files=[fault]) as server:
        bot(server).post(a_post(attachments=(attachment(1, "a.txt"),)), Parts(b"", b"abc"))
        assert server.posts[0].message.replace("\\", "").endswith(f"\n\nNot attached: a.txt ({why})")


def test_attachments_may_be_turned_off() -> None:
    with Mattermost() as server:
        made = bot(server, attachments=False)
        made.post(a_post(attachments=(attachment(1, "a.txt"),)), Parts(b"", b"abc"))
        assert (server.posts[0].message, server.files, made.limits.files) == (a_post().body, {}, False)


@pytest.mark.parametrize("fault", [RESET_READ, After(RESET_READ), 500, RATE_LIMIT])
def test_trouble_before_the_post_leaves_nothing_to_be_seen(fault: Fault) -> None:
    files = (attachment(1, "a.txt"),)
    with Mattermost(files=[fault]) as server:
        made = bot(server)
        with pytest.raises(TemporaryFailure) as caught:
            made.post(a_post(attachments=files), Parts(b"", b"abc"))
        assert not isinstance(caught.value, Unanswered)
        assert server.posts == []
        made.post(a_post(attachments=files), Parts(b"", b"abc"))
        assert len(server.posts[0].file_ids) == 1


def test_a_token_refused_for_a_file_is_refused() -> None:
    with Mattermost(files=[error(401, "api.context.session_expired.app_error")]) as server:
        with pytest.raises(DestinationRefused, match="the token is wrong"):
            bot(server).post(a_post(attachments=(attachment(1, "a.txt"),)), Parts(b"", b"abc"))
        assert server.posts == []


# -- the web hook -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("place", "setting"), [("", ""), ("ops", ""), ("~ops", ""), ("", "ops")])
def test_a_web_hook_takes_the_text_alone(place: str, setting: str) -> None:
    with Mattermost() as server:
        post = a_post(place=place, attachments=(attachment(1, "a.txt"),), thread="t" * 26)
        receipt = hook(server.hook, channel=setting).post(post, Parts())
        (seen,) = server.posts
    assert receipt == Receipt()
    assert seen.message == a_post().body
    assert (seen.channel_id, seen.root_id) == (OPS, "")


def test_a_web_hook_with_a_wrong_key_or_place_is_named() -> None:
    with Mattermost() as server:
        with pytest.raises(DestinationRefused, match="there is no such web hook"):
            hook(server.hook[:-1] + "x").post(a_post(place=""), Parts())
        with pytest.raises(PermanentFailure, match="nowhere: answered 404: there is no such channel in the web hook"):
            hook(server.hook).post(a_post(place="nowhere"), Parts())
        with pytest.raises(PermanentFailure, match="@bob: answered 400: there is nobody of that name"):
            hook(server.hook).post(a_post(place="@bob"), Parts())


def test_a_web_hook_that_is_no_url_is_named_without_it() -> None:
    with pytest.raises(ConfigError, match=r"destination.team.webhook: everybody on the way can read http") as caught:
        hook("http://chat.example/hooks/cAnArY")
    assert "cAnArY" not in str(caught.value)
    hook("http://chat.example/hooks/cAnArY", allow_plaintext=True)


# -- what is stated, and checked --------------------------------------------------------------------------------------


def test_limits_are_those_of_the_server_as_the_settings_say() -> None:
    def limits(**given: Any) -> Any:
        return limits_of("team", Settings(destination={"team": MattermostSettings(**given)}))

    with_token, with_hook = limits(token=FILE, overflow="cut"), limits(webhook=FILE, limit=4000)
    assert (with_token.topic, with_token.body) == (0, 16_183)
    assert (with_token.markup, with_token.mentions) == ("mattermost", "mattermost")
    assert (with_token.files, with_token.threads, with_token.overflow) == (True, True, "cut")
    assert (with_hook.body, with_hook.files, with_hook.threads, with_hook.overflow) == (3800, False, False, "cut")


def test_mattermost_cannot_be_asked() -> None:
    made = hook("https://chat.example.com/hooks/x", on_uncertain="hold")
    assert (made.askable, made.find(a_post()), made.on_uncertain) == (False, None, "hold")


@pytest.mark.parametrize("channel", ["team/ops", OPS, "@ann"])
def test_check_proves_the_token_and_the_place(channel: str) -> None:
    with Mattermost() as server:
        found = bot(server, channel=channel).check()
        assert (server.posts, server.named("direct")) == ([], [])
    assert found == (
        Finding("ok", "team: Mattermost takes the token of mailpoll"),
        Finding("ok", f"team: {channel} is there"),
    )


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("team/gone", "answered 404: there is no such channel"),
        ("gone/ops", "answered 404: there is no such team"),
        ("team/old", "is archived"),
        ("x" * 26, "answered 404: there is no such channel"),
        ("@bob", "answered 404: there is nobody of that name"),
    ],
)
def test_check_names_a_wrong_place(place: str, words: str) -> None:
    with Mattermost() as server:
        *_, finding = bot(server, channel=place).check()
    assert (finding.level, finding.what, bool(finding.advice)) == ("fail", f"team: {place} {words}", True)


@pytest.mark.parametrize(
    ("place", "level"), [("team/ops", "ok"), ("team/gone", "fail"), ("nowhere", "fail"), ("", "fail")]
)
def test_a_place_is_looked_at_without_posting(place: str, level: str) -> None:
    with Mattermost() as server:
        made = bot(server)
        assert isinstance(made, KnowsPlaces)
        found = made.check_place(place)
        assert found is not None
        assert (found.level, server.posts) == (level, [])


def test_a_server_that_is_away_says_nothing_of_a_place() -> None:
    with Mattermost(channel=[503]) as server:
        made = bot(server)
        assert isinstance(made, KnowsPlaces)
        with pytest.raises(TemporaryFailure):
            made.check_place("team/ops")
        by_hook = hook(server.hook)
        assert isinstance(by_hook, KnowsPlaces)
        assert by_hook.check_place("nowhere") is None


def test_check_fails_for_a_token_that_does_not_hold() -> None:
    with Mattermost() as server:
        (finding,) = bot(server, token="wrong").check()
    assert (finding.level, finding.what) == ("fail", "team: answered 401: the token is wrong, revoked or expired")


def test_check_names_a_server_that_takes_shorter_posts() -> None:
    with Mattermost(max_post=4000) as server:
        _, finding = bot(server).check()
        assert len(bot(server, limit=4000).check()) == 1
    assert finding == Finding(
        "warn", "team: the server takes posts of 4000 characters only", "Write limit = 4000 in [destination.team]"
    )


@pytest.mark.parametrize("fault", [RESET_READ, 404, Answer(200, {}, b'{"MaxPostSize": [1]}')])
def test_check_does_without_what_the_server_does_not_tell(fault: Fault) -> None:
    with Mattermost(config=[fault]) as server:
        assert [finding.level for finding in bot(server).check()] == ["ok"]


def test_check_sees_whether_the_server_takes_web_hooks_without_posting() -> None:
    with Mattermost() as server:
        (good,) = hook(server.hook).check()
        server.takes_hooks = False
        (bad,) = hook(server.hook).check()
        assert server.posts == []
    assert (good.level, bad.level) == ("ok", "fail")
    assert "answered 501: the server takes no web hooks" in bad.what
    with Receiver(200) as receiver:
        (other,) = hook(f"{receiver.url}/hooks/x").check()
    assert (other.level, other.advice) == ("fail", "Check its server or webhook, and any proxy in between")


SERVER = "https://chat.example.com"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "token: write server and token, or instead webhook"),
        ({"server": SERVER, "token": FILE, "webhook": FILE}, "token: write server and token, or instead webhook"),
        ({"token": FILE}, "server: is missing. Write the server's URL"),
        ({"server": SERVER, "webhook": FILE}, "server: stands in the web hook's URL already"),
        ({"server": "http://chat.example.com", "token": FILE}, "server: everybody on the way can read http"),
        ({"server": f"{SERVER}?x", "token": FILE}, "server: holds a ?"),
        ({"server": SERVER, "token": FILE, "channel": "ops"}, "channel: is no place of Mattermost"),
    ],
)
def test_settings_that_cannot_go_together_are_named(given: dict[str, Any], words: str) -> None:
    found = list(problems(Settings(destination={"team": MattermostSettings(**given)})))
    assert found[0].startswith(f"destination.team.{words}")
