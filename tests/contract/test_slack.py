"""Slack, by bot token and by web hook, against a Slack made from its reference: every answer, every field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from servers.http_receiver import RESET_READ, RESET_UNREAD, SILENT, Answer, Receiver
from servers.scripted_service import After, Fault, in_json
from servers.slack import ALL_SCOPES, HOOK_PATH, TOKEN, WORKSPACE, Slack

from mailpoll import redaction
from mailpoll.crosscheck_destinations import problems
from mailpoll.delivery import Destination, KnowsPlaces
from mailpoll.destinations import limits_of, make
from mailpoll.destinations.slack.answers import MEANINGS, THREAD_GONE
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
from mailpoll.settings import SecretRef, Settings, SlackSettings

FILE = SecretRef(file="slack")


@pytest.fixture(autouse=True)
def _nothing_stays_known() -> Iterator[None]:
    yield
    redaction.forget()


class Parts:
    """The content behind a post; part 3 cannot be read."""

    def __init__(self, *parts: bytes) -> None:
        self.parts = parts

    def raw(self) -> Iterator[bytes]:
        raise AssertionError("Slack asked for the mail")

    def part(self, number: int) -> Iterator[bytes]:
        if number == 3:
            raise Unreadable("the part is damaged")
        data = self.parts[number]
        return iter((data[:2], data[2:]))


def a_post(**changes: Any) -> Post:
    given: dict[str, Any] = {
        "channel": "ops",
        "destination": "team",
        "place": "#ops",
        "topic": "",
        "body": "*Disk full*\n\nGrüße &amp; &lt;3",
        "key": "k-1",
    }
    return Post(**{**given, **changes})


def bot(slack: Slack, token: str = TOKEN, **given: Any) -> Destination:
    section = SlackSettings(token=FILE, api=slack.api, **given)
    made: Destination = make("team", Settings(destination={"team": section}), lambda ref, about: token)
    return made


def hook(url: str, **given: Any) -> Destination:
    section = SlackSettings(webhook=FILE, **given)
    made: Destination = make("team", Settings(destination={"team": section}), lambda ref, about: url)
    return made


def attachment(number: int, name: str, size: int = 3) -> Attachment:
    return Attachment(number, name, "text/plain", size)


# -- every answer -----------------------------------------------------------------------------------------------------

SLOW = SILENT
RATE_LIMIT = Answer(
    429, {"Retry-After": "30", "Content-Type": "application/json"}, b'{"ok":false,"error":"ratelimited"}'
)

SLOW_DOWN = Answer(429, {"Retry-After": "30"}, b'{"ok":false,"error":"slow_down"}')

Outcome = type[MessageError] | None
ANSWERS: list[tuple[str, Fault, Outcome, int]] = [
    # name, how the post is answered, what follows, how many messages people see
    ("400", 400, PermanentFailure, 0),
    ("401", 401, DestinationRefused, 0),
    ("403", 403, DestinationRefused, 0),
    ("404", 404, DestinationRefused, 0),
    ("413", 413, PermanentFailure, 0),
    ("429", RATE_LIMIT, TemporaryFailure, 0),
    ("500", 500, Later, 0),
    ("502", 502, Unanswered, 0),
    ("504 after acceptance", After(Answer(504)), Unanswered, 1),
    ("302", Answer(302, {"Location": "https://elsewhere.example/secret"}), DestinationRefused, 0),
    ("reset before the answer", RESET_READ, Unanswered, 0),
    ("reset after acceptance", After(RESET_READ), Unanswered, 1),
    ("slow answer after acceptance", After(SLOW), Unanswered, 1),
    ("cut answer", After(Answer(200, {}, b'{"ok":tr')), Unanswered, 1),
    ("not Slack", Answer(200, {}, b"<html>Please log in"), DestinationRefused, 0),
]
_IDS = [case[0] for case in ANSWERS]


@pytest.mark.parametrize(("_name", "fault", "outcome", "seen"), ANSWERS, ids=_IDS)
def test_each_answer_to_a_token_has_its_outcome(_name: str, fault: Fault, outcome: Outcome, seen: int) -> None:
    assert outcome is not None
    with Slack(chat_postMessage=[fault]) as slack:
        with pytest.raises(MessageError) as caught:
            bot(slack, timeout=0.5 if "slow" in _name else 20).post(a_post(), Parts())
        assert len(slack.messages) == seen
    assert type(caught.value) is outcome
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(("_name", "fault", "outcome", "seen"), ANSWERS, ids=_IDS)
def test_each_answer_to_a_web_hook_has_its_outcome(_name: str, fault: Fault, outcome: Outcome, seen: int) -> None:
    assert outcome is not None
    with Slack(hook=[fault]) as slack:
        with pytest.raises(MessageError) as caught:
            hook(slack.hook, timeout=0.5 if "slow" in _name else 20).post(a_post(place=""), Parts())
        assert len(slack.messages) == seen
    assert type(caught.value) is outcome
    assert "cAnArY" not in str(caught.value)


def test_an_answer_may_hold_a_text_of_emoji() -> None:
    said = rb'{"ok":true,"message":{"text":"%s"},"channel":"C0OPS00001","ts":"1503435956.000001"}' % (
        rb"\u0026" * 16_383
    )
    with Slack(chat_postMessage=[After(Answer(200, {}, said))]) as slack:
        assert bot(slack).post(a_post(), Parts()).id == "C0OPS00001/1503435956.000001"


def test_a_limit_names_its_time() -> None:
    with Slack(chat_postMessage=[RATE_LIMIT], hook=[RATE_LIMIT]) as slack:
        for made, place in ((bot(slack), "#ops"), (hook(slack.hook), "")):
            with pytest.raises(TemporaryFailure) as caught:
                made.post(a_post(place=place), Parts())
            assert caught.value.retry_after == 30


def test_a_server_that_cannot_be_reached_got_nothing() -> None:
    with Receiver(RESET_UNREAD) as receiver:
        port = receiver.port
    section = SlackSettings(token=FILE, api=f"http://localhost:{port}/api")
    made = make("team", Settings(destination={"team": section}), lambda ref, about: TOKEN)
    with pytest.raises(TemporaryFailure) as caught:
        made.post(a_post(), Parts())
    assert type(caught.value) is TemporaryFailure


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_each_error_of_a_method_is_about_what_the_table_says(code: str) -> None:
    meaning = MEANINGS[code]
    with Slack(chat_postMessage=[code]) as slack, pytest.raises(MessageError) as caught:
        bot(slack).post(a_post(), Parts())
    assert type(caught.value) is meaning.kind
    assert f"answered {code}: {meaning.what}" in str(caught.value)
    assert str(caught.value).startswith("#ops: ")
    if meaning.kind is DestinationRefused:
        assert caught.value.advice


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("invalid_auth", DestinationRefused),
        ("account_inactive", DestinationRefused),
        ("token_revoked", DestinationRefused),
        ("channel_not_found", PermanentFailure),
        ("not_in_channel", PermanentFailure),
        ("is_archived", PermanentFailure),
        ("missing_scope", DestinationRefused),
        ("msg_too_long", PermanentFailure),
        ("no_text", PermanentFailure),
        ("ratelimited", TemporaryFailure),
        ("internal_error", Unanswered),
        ("something_new", Later),
    ],
)
def test_errors_are_about_the_key_the_place_the_post_or_the_moment(code: str, kind: type[MessageError]) -> None:
    with Slack(chat_postMessage=[code]) as slack, pytest.raises(MessageError) as caught:
        bot(slack).post(a_post(), Parts())
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("status", "word", "kind"),
    [
        (400, "invalid_payload", PermanentFailure),
        (400, "no_text", PermanentFailure),
        (403, "action_prohibited", DestinationRefused),
        (403, "invalid_token", DestinationRefused),
        (404, "no_service", DestinationRefused),
        (404, "no_team", DestinationRefused),
        (404, "channel_not_found", DestinationRefused),
        (410, "channel_is_archived", DestinationRefused),
        (500, "rollup_error", TemporaryFailure),
    ],
)
def test_the_words_of_a_web_hook_are_told(status: int, word: str, kind: type[MessageError]) -> None:
    with Slack(hook=[Answer(status, {}, word.encode())]) as slack, pytest.raises(MessageError) as caught:
        hook(slack.hook).post(a_post(place=""), Parts())
    assert type(caught.value) is kind
    assert f"answered {word}: " in str(caught.value)


def test_a_missing_scope_is_named() -> None:
    answer = Answer(200, {}, b'{"ok":false,"error":"missing_scope","needed":"chat:write","provided":"files:write"}')
    with Slack(chat_postMessage=[answer]) as slack, pytest.raises(DestinationRefused) as caught:
        bot(slack).post(a_post(), Parts())
    assert str(caught.value) == (
        "#ops: answered missing_scope: the app lacks a scope (chat:write). Add the scope under OAuth & Permissions of "
        "the app, and install it to the workspace anew"
    )


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("#gone", "#gone: answered channel_not_found: there is no such channel"),
        ("#old", "#old: answered is_archived: the channel is archived"),
        ("C0FAR00001", "C0FAR00001: answered not_in_channel: the app is not in the channel. Type /invite @"),
    ],
)
def test_a_wrong_place_is_named_and_stops_no_other(place: str, words: str) -> None:
    with Slack() as slack, pytest.raises(PermanentFailure) as caught:
        bot(slack).post(a_post(place=place), Parts())
    assert str(caught.value).startswith(words)


def test_a_wrong_token_is_named_and_not_told() -> None:
    with Slack() as slack, pytest.raises(DestinationRefused) as caught:
        bot(slack, token="xoxb-wrong-cAnArY").post(a_post(), Parts())
    assert "invalid_auth: the token is wrong" in str(caught.value)
    assert "cAnArY" not in str(caught.value)


# -- posts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["#ops", "ops", "C0OPS00001"])
def test_a_post_is_a_message_in_its_channel(place: str) -> None:
    with Slack() as slack:
        receipt = bot(slack).post(a_post(place=place), Parts())
        (message,) = slack.messages
    assert (message.channel, message.text, message.thread_ts) == ("C0OPS00001", "*Disk full*\n\nGrüße &amp; &lt;3", "")
    assert receipt == Receipt(f"C0OPS00001/{message.ts}", f"{WORKSPACE}archives/C0OPS00001/p1503435956000001")


def test_a_post_without_a_place_goes_to_the_channel_of_the_settings() -> None:
    with Slack() as slack:
        bot(slack, channel="#ops").post(a_post(place=""), Parts())
        with pytest.raises(PermanentFailure, match=r"names no channel of Slack\. Write --to 'team:#channel'"):
            bot(slack).post(a_post(place=""), Parts())
        assert [message.channel for message in slack.messages] == ["C0OPS00001"]


def test_the_link_costs_one_request_for_all_posts_and_may_fail() -> None:
    with Slack(auth_test=[503]) as slack:
        made = bot(slack)
        assert made.post(a_post(), Parts()).url == made.post(a_post(), Parts()).url == ""
        assert len(slack.named("auth_test")) == 1
        again = bot(slack)
        assert again.post(a_post(), Parts()).url.startswith(WORKSPACE)


ANSWER = {"body": "<!here> *Disk full*\n\nGrüße", "prefix": "<!here> ", "title": "*Disk full*"}


def test_answers_go_into_the_thread_of_what_they_answer() -> None:
    with Slack() as slack:
        made = bot(slack)
        first = made.post(a_post(), Parts())
        made.post(a_post(thread=first.id), Parts())
        third = made.post(a_post(**ANSWER, thread=first.id), Parts())
        assert (third.alone, slack.messages[2].text) == (False, "Grüße")
        ts = slack.messages[0].ts
        assert [message.thread_ts for message in slack.messages] == ["", ts, ts]
    assert third.id == f"C0OPS00001/{slack.messages[2].ts}"
    assert third.url.endswith(f"p1503435956000003?thread_ts={ts}&cid=C0OPS00001")


def test_threads_may_be_turned_off() -> None:
    with Slack() as slack:
        made = bot(slack, thread=False)
        first = made.post(a_post(), Parts())
        made.post(a_post(thread=first.id), Parts())
        assert [message.thread_ts for message in slack.messages] == ["", ""]
        assert not made.limits.threads


@pytest.mark.parametrize("thread", ["C0OPS00001/1.5", "C0OLD00001/1503435956.000001", "nonsense", "/", "k/<!channel>"])
def test_a_post_whose_thread_is_gone_begins_one(thread: str) -> None:
    with Slack() as slack:
        receipt = bot(slack).post(a_post(**ANSWER, thread=thread), Parts())
        (message,) = slack.messages
    assert message.text == ANSWER["body"]
    assert (message.thread_ts, receipt.id) == ("", f"C0OPS00001/{message.ts}")


@pytest.mark.parametrize("code", sorted(THREAD_GONE))
def test_each_way_a_thread_can_be_gone_is_known(code: str) -> None:
    with Slack(chat_postMessage=[code]) as slack:
        bot(slack).post(a_post(thread="C0OPS00001/1503435956.000001"), Parts())
        assert [message.thread_ts for message in slack.messages] == [""]


def test_a_trouble_in_a_thread_is_no_reason_to_post_twice() -> None:
    with Slack(chat_postMessage=[After(RESET_READ)]) as slack:
        with pytest.raises(Unanswered):
            bot(slack).post(a_post(thread="C0OPS00001/1.5"), Parts())
        assert len(slack.named("chat_postMessage")) == 1


def test_half_a_surrogate_pair_stops_nothing() -> None:
    with Slack() as slack:
        bot(slack).post(a_post(body="x\udc80", attachments=(attachment(1, "y\udc80"),)), Parts(b"", b"abc"))
        assert (slack.messages[0].text, slack.files[0].name) == ("x?", "y?")


# -- files ------------------------------------------------------------------------------------------------------------


def test_files_are_in_the_thread_of_the_post() -> None:
    files = (attachment(1, "a.txt"), attachment(2, "ü & <b>.png"))
    with Slack() as slack:
        bot(slack).post(a_post(attachments=files, whole_text=True), Parts(b"whole", b"abc", b"\x89PNG"))
        (message,) = slack.messages
        assert [(file.name, file.content, file.shared) for file in slack.files] == [
            ("whole-text.txt", b"whole", ("C0OPS00001", message.ts)),
            ("a.txt", b"abc", ("C0OPS00001", message.ts)),
            ("ü & <b>.png", b"\x89PNG", ("C0OPS00001", message.ts)),
        ]
        assert message.text == a_post().body
        assert [slack.name_of(request) for request in slack.requests[:6:2]] == [
            "files_getUploadURLExternal", "files_getUploadURLExternal", "files_getUploadURLExternal",
        ]  # fmt: skip


def test_files_of_an_answer_are_in_the_same_thread() -> None:
    with Slack() as slack:
        made = bot(slack)
        first = made.post(a_post(), Parts())
        made.post(a_post(thread=first.id, attachments=(attachment(1, "a.txt"),)), Parts(b"", b"abc"))
        assert slack.files[0].shared == ("C0OPS00001", slack.messages[0].ts)


def test_files_that_do_not_go_along_are_named_with_the_reason() -> None:
    files = (attachment(1, "big<!here>.iso"), attachment(2, "empty"), attachment(3, "torn.zip"), attachment(4, "ok"))
    with Slack(max_file=5) as slack:
        bot(slack).post(a_post(attachments=files), Parts(b"", b"123456", b"", b"", b"ok"))
        (message,) = slack.messages
        assert [file.name for file in slack.files if file.shared] == ["ok"]
    note = message.text.removeprefix(a_post().body + "\n\n")
    assert note == (
        "Not attached: big&lt;\u200b!here&gt;.iso (too large for Slack); empty (empty); torn.zip (the part is damaged)"
    )


def test_many_files_that_do_not_go_along_are_counted() -> None:
    files = tuple(attachment(1, f"{'long name ' * 5}{number}.iso") for number in range(20))
    with Slack(max_file=5) as slack:
        bot(slack).post(a_post(body="x" * 3800, attachments=files), Parts(b"", b"123456"))
        (message,) = slack.messages
    assert message.text.endswith("\n\nNot attached: 20 files (too large for Slack)")
    assert len(message.text) <= 4000


def test_a_post_has_no_more_files_than_slack_takes_in_a_minute() -> None:
    files = tuple(attachment(1, f"{number}.txt") for number in range(22))
    with Slack() as slack:
        bot(slack).post(a_post(attachments=files), Parts(b"", b"abc"))
        assert len(slack.files) == 20
        assert slack.messages[0].text.endswith("Not attached: 20.txt, 21.txt (more than 20 files)")


def test_without_the_scope_for_files_the_text_is_posted() -> None:
    with Slack(scopes="chat:write") as slack:
        bot(slack).post(a_post(attachments=(attachment(1, "a.txt"),)), Parts(b"", b"abc"))
        assert slack.messages[0].text.endswith("Not attached: a.txt (the app lacks the scope files:write)")


def test_attachments_may_be_turned_off() -> None:
    with Slack() as slack:
        made = bot(slack, attachments=False)
        made.post(a_post(attachments=(attachment(1, "a.txt"),)), Parts(b"", b"abc"))
        assert (slack.messages[0].text, slack.files, made.limits.files) == (a_post().body, [], False)


@pytest.mark.parametrize("step", ["files_getUploadURLExternal", "upload"])
@pytest.mark.parametrize("fault", [RESET_READ, After(RESET_READ), 500, RATE_LIMIT, SLOW_DOWN])
def test_trouble_before_the_post_leaves_nothing_to_be_seen(step: str, fault: Fault) -> None:
    files = (attachment(1, "a.txt"),)
    with Slack(**{step: [fault]}) as slack:
        made = bot(slack)
        with pytest.raises(TemporaryFailure) as caught:
            made.post(a_post(attachments=files), Parts(b"", b"abc"))
        assert not isinstance(caught.value, Unanswered)
        assert slack.messages == []
        made.post(a_post(attachments=files), Parts(b"", b"abc"))
        assert [file.name for file in slack.files if file.shared] == ["a.txt"]


def test_a_token_refused_for_a_file_is_refused() -> None:
    with Slack(files_getUploadURLExternal=["token_revoked"]) as slack:
        with pytest.raises(DestinationRefused, match="token_revoked"):
            bot(slack).post(a_post(attachments=(attachment(1, "a.txt"),)), Parts(b"", b"abc"))
        assert slack.messages == []


@pytest.mark.parametrize("fault", [500, 429, "ratelimited", Answer(429, {"Retry-After": "0"}, RATE_LIMIT.body)])
def test_files_are_shared_at_the_second_try(fault: Fault) -> None:
    with Slack(files_completeUploadExternal=[fault]) as slack:
        bot(slack).post(a_post(attachments=(attachment(1, "a.txt"),)), Parts(b"", b"abc"))
        (message,) = slack.messages
        assert [file.shared for file in slack.files] == [("C0OPS00001", message.ts)]


@pytest.mark.parametrize(
    ("faults", "says"),
    [
        (["not_in_channel"], "Not attached: a.txt ("),
        (["something_new", "something_new"], "Not attached: a.txt ("),
        ([500, 500], "Not attached: a.txt ("),
        ([Answer(429, {"Retry-After": "31"}, RATE_LIMIT.body)], "Not attached: a.txt ("),  # nobody waits for so long
        ([RESET_READ], "May not be attached: a.txt ("),
        ([500, After(RESET_READ)], "May not be attached: a.txt ("),
        ([After(RESET_READ)], "May not be attached: a.txt ("),
    ],
)
def test_files_that_cannot_be_shared_are_told_of_below_the_post(faults: list[Fault], says: str) -> None:
    with Slack(files_completeUploadExternal=faults) as slack:
        receipt = bot(slack).post(a_post(attachments=(attachment(1, "a.txt"),)), Parts(b"", b"abc"))
        post, regret = slack.messages
    assert receipt.id == f"C0OPS00001/{post.ts}"
    assert regret.thread_ts == post.ts
    assert regret.text.startswith(says)


def test_a_post_has_arrived_even_when_that_cannot_be_told() -> None:
    with Slack(files_completeUploadExternal=["not_in_channel"]) as slack:
        slack.script["chat_postMessage"] = [Answer(200, {}, b'{"ok":true,"channel":"C0OPS00001","ts":"1.2"}'), 500]
        receipt = bot(slack).post(a_post(attachments=(attachment(1, "a.txt"),)), Parts(b"", b"abc"))
    assert receipt.id == "C0OPS00001/1.2"


@pytest.mark.parametrize("url", ["http://files.example/upload", "file:///etc/passwd", "", 7])
def test_a_file_goes_nowhere_but_over_tls(url: object) -> None:
    said = json.dumps({"ok": True, "upload_url": url, "file_id": "F1"}).encode()
    with Slack(files_getUploadURLExternal=[Answer(200, {}, said)]) as slack:
        with pytest.raises(DestinationRefused, match="is not Slack's"):
            bot(slack).post(a_post(attachments=(attachment(1, "a.txt"),)), Parts(b"", b"abc"))
        assert slack.messages == []


# -- the web hook -----------------------------------------------------------------------------------------------------


def test_a_web_hook_takes_the_text_alone() -> None:
    with Slack() as slack:
        receipt = hook(slack.hook).post(
            a_post(place="", attachments=(attachment(1, "a.txt"),), thread="C1/1.2"), Parts()
        )
        (message,) = slack.messages
    assert receipt == Receipt()
    assert message.text == a_post().body
    assert message.thread_ts == ""


def test_a_web_hook_has_one_channel() -> None:
    with Slack() as slack:
        with pytest.raises(PermanentFailure, match=r"its own channel only\. Write --to team without a place"):
            hook(slack.hook).post(a_post(), Parts())
        assert slack.requests == []


def test_a_web_hook_that_is_no_url_is_named_without_it() -> None:
    with pytest.raises(ConfigError, match=r"destination.team.webhook: everybody on the way can read http") as caught:
        hook("http://hooks.example/services/cAnArY")
    assert "cAnArY" not in str(caught.value)


# -- what is stated, and checked --------------------------------------------------------------------------------------


def test_limits_are_what_slack_shows_as_one_message() -> None:
    def limits(**given: Any) -> Any:
        return limits_of("team", Settings(destination={"team": SlackSettings(**given)}))

    with_token, with_hook = limits(token=FILE, overflow="cut"), limits(webhook=FILE)
    assert (with_token.topic, with_token.body, with_token.markup, with_token.mentions) == (0, 3800, "slack", "slack")
    assert (with_token.files, with_token.threads, with_token.overflow) == (True, True, "cut")
    assert (with_hook.files, with_hook.threads, with_hook.overflow) == (False, False, "cut")


def test_slack_cannot_be_asked() -> None:
    made = hook("https://hooks.slack.com" + HOOK_PATH, on_uncertain="hold")
    assert (made.askable, made.find(a_post()), made.on_uncertain) == (False, None, "hold")


@pytest.mark.parametrize(
    ("given", "findings"),
    [
        ({}, [Finding("ok", "team: Slack takes the token: mailpoll of Example")]),
        ({"channel": "#ops"}, [Finding("ok", "team: #ops is there")]),
        ({"channel": "C0OPS00001"}, [Finding("ok", "team: C0OPS00001 is there")]),
        ({"channel": "U000000001"}, [Finding("ok", "team: U000000001 is there")]),
    ],
)
def test_check_proves_the_token_and_the_place(given: dict[str, Any], findings: list[Finding]) -> None:
    with Slack() as slack:
        found = bot(slack, **given).check()
        assert slack.messages == []
    assert list(found[-1:]) == findings


@pytest.mark.parametrize(
    ("place", "level", "words"),
    [
        ("#old", "fail", "#old is archived"),
        ("C0OLD00001", "fail", "C0OLD00001 is archived"),
        ("C0FAR00001", "fail", "the app is not in C0FAR00001"),
        ("#far", "fail", "the app is not in #far"),
        ("#gone", "fail", "#gone is no channel that the app can see"),
        ("C0GONE0001", "fail", "C0GONE0001 answered channel_not_found"),
    ],
)
def test_check_names_a_wrong_place(place: str, level: str, words: str) -> None:
    with Slack() as slack:
        *_, finding = bot(slack, channel=place).check()
        assert looked_at(bot(slack), place) == finding
        assert slack.messages == []
    assert finding.level == level
    assert finding.what.startswith(f"team: {words}")
    assert finding.advice


def looked_at(made: Destination, place: str) -> Finding | None:
    assert isinstance(made, KnowsPlaces)
    return made.check_place(place)


@pytest.mark.parametrize(
    ("script", "scopes", "level"),
    [
        ({}, "chat:write,chat:write.public,channels:read", "ok"),
        ({}, "chat:write", "warn"),
        ({"conversations_list": [in_json({"ok": True})]}, ALL_SCOPES, "warn"),
    ],
)
def test_a_place_is_refused_only_where_slack_tells(script: dict[str, list[Fault]], scopes: str, level: str) -> None:
    with Slack(scopes=scopes, **script) as slack:
        found = looked_at(bot(slack), "#far")
    assert found is not None
    assert found.level == level


def test_a_question_about_a_place_that_fails_is_no_answer() -> None:
    with Slack(users_conversations=[503, "invalid_auth"]) as slack:
        with pytest.raises(TemporaryFailure):
            looked_at(bot(slack), "#ops")
        with pytest.raises(DestinationRefused, match="the token is wrong"):
            looked_at(bot(slack), "#ops")
        by_hook = hook(slack.hook)
        assert looked_at(by_hook, "") is None
        refused = looked_at(by_hook, "#ops")
        assert refused is not None
        assert refused.level == "fail"


def test_check_names_what_the_token_lacks() -> None:
    with Slack(scopes="files:write") as slack:
        assert "lacks the scope chat:write" in bot(slack).check()[-1].what
    with Slack(scopes="chat:write") as slack:
        _, files, place = bot(slack, channel="#ops").check()
    assert (files.level, "lacks the scope files:write" in files.what) == ("warn", True)
    assert (place.level, "missing_scope" in place.what) == ("warn", True)


def test_check_fails_for_a_token_that_does_not_hold() -> None:
    with Slack() as slack:
        (finding,) = bot(slack, token="xoxb-wrong").check()
    assert (finding.level, finding.what) == (
        "fail",
        "team: answered invalid_auth: the token is wrong, or not accepted from this address",
    )


def test_check_knows_a_web_hook_without_posting() -> None:
    with Slack() as slack:
        (good,) = hook(slack.hook).check()
        (bad,) = hook(slack.hook[:-3] + "xyz").check()
        assert slack.messages == []
    assert (good.level, bad.level) == ("ok", "fail")
    assert "answered no_service: the web hook was removed" in bad.what
    with Receiver(200) as receiver:
        (other,) = hook(f"{receiver.url}/x").check()
    assert (other.level, other.advice) == ("fail", "Check its api or webhook, and any proxy in between")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "token: write a bot token, or instead webhook"),
        ({"token": FILE, "webhook": FILE}, "token: write a bot token, or instead webhook"),
        ({"webhook": FILE, "channel": "#ops"}, "channel: a web hook of Slack has its own"),
        ({"token": FILE, "api": "http://slack.com/api"}, "api: everybody on the way can read http"),
    ],
)
def test_settings_that_cannot_go_together_are_named(given: dict[str, Any], words: str) -> None:
    (problem,) = problems(Settings(destination={"team": SlackSettings(**given)}))
    assert problem.startswith(f"destination.team.{words}")
