"""107 cases of the gateway that users come from: what they are used to happens here too, or differs for a reason.

The reasons are told to users in docs/explanation/gateway-differences.md.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from corpus import gateway_support as gateway

from mailpoll import addressing
from mailpoll.model import Route
from mailpoll.reader import Limits as ReaderLimits
from mailpoll.reader import Reader
from mailpoll.reply import is_forwarded, without_footer
from mailpoll.subject import topic_of

# What this version does not do yet.
LATER = {
    "reply_auto_replied": "reply addresses: an automatic answer to one is dropped; here every address is a channel's",
    "reply_token_gateway_off": "reply addresses: what stands in Reply-To when there are none",
    "rate_limit_two_in_ten": "rate limits: they will defer what that gateway drops",
    **{f"redact_{name}": "redaction of free text; addresses alone are masked by router.mask"
       for name in ("channel", "invalid", "reply", "twice", "extra_pattern")},
    **{f"log_error_{name}": "redaction of free text in a log" for name in ("to", "none")},
}  # fmt: skip

# What is done differently on purpose: id → (why, our outcome, our body or None for the case's own).
DIFFERENT = {
    "body_empty": ("an empty mail is posted: nothing of ours gets lost", "posted", "(No email body)"),
    "permission_creator_denied_self": (
        "who may post is the destination's answer, met when posting: the mail is kept", "posted", "message body",
    ),
    "permission_creator_denied_gateway_bot": (
        "who may post is the destination's answer, met when posting: the mail is kept", "posted", "message body",
    ),
}  # fmt: skip

CASES = gateway.cases()
ABSENT = f"no corpus at {gateway.FOLDER}; set MAILPOLL_CORPUS to the folder of the corpora"


def of(*kinds: str) -> Any:
    """Parametrises by the cases of these kinds; one that is skipped where there are none."""
    wanted = [pytest.param(case, id=case["id"]) for case in CASES if case["kind"] in kinds and case["id"] not in LATER]
    return pytest.mark.parametrize("case", wanted or [pytest.param({}, id="none", marks=pytest.mark.skip(ABSENT))])


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with closing(Reader(ReaderLimits())) as child:
        yield child


@of("email")
def test_a_mail_becomes_the_same_post(case: dict[str, Any], reader: Reader, tmp_path: Path) -> None:
    raw = (gateway.FOLDER / case["eml"]).read_bytes()
    assert hashlib.sha256(raw).hexdigest() == case["eml_sha256"]
    unwritten = [option for option in case["address_options"] if option.encode() not in raw]
    known = gateway.addresses(case["store"], unwritten)
    ours = gateway.Gateway(tmp_path, reader, gateway.patterns(case), known)
    reading = ours.interpret(raw, sent_to=case["rcpt_to"] or "")
    expected = case["expect"]
    if case["id"] in DIFFERENT:
        _, outcome, body = DIFFERENT[case["id"]]
        expected = {"outcome": outcome, "topic": None, "body": body, "body_match": "exact"}
    if expected["outcome"] == "dropped":
        assert reading.outcome in ("ignored", "unrouted")
        assert reading.posts == ()
        assert reading.reason
        return
    assert reading.outcome == expected["outcome"]
    (post,) = reading.posts
    assert post.channel == known[0].channel
    if expected["topic"] is not None:
        assert post.topic == expected["topic"]
    bodies = expected["body"] if isinstance(expected["body"], dict) else {"": expected["body"]}
    if expected["body_match"] != "any":
        assert gateway.without_files(post.body) in {gateway.without_files(body) for body in bodies.values()}
    for attachment, wanted in zip(post.attachments, expected.get("attachments", ()), strict=False):
        assert (attachment.name, attachment.type) == (wanted["filename"], wanted["content_type"])
        assert attachment.size == wanted["size"]
        data = b"".join(reader.part([raw], len(raw), attachment.part, Route("", ())))
        assert hashlib.sha256(data).hexdigest() == wanted["sha256"]
    assert len(post.attachments) >= len(expected.get("attachments", ()))


@of("address_encode")
def test_an_address_is_written_the_same(case: dict[str, Any]) -> None:
    options = ["show-sender"] if case["show_sender"] else []
    written = [addressing.write_address(p, case["name"], case["token"], options) for p in gateway.patterns(case)]
    assert written == ([case["expect"]] if case["expect"] else [])


# Its names of options → the attribute of ours and whether it means the opposite.
OPTIONS = {"prefer_text": ("prefer_html", True)}


@of("address_decode")
def test_an_address_is_understood_the_same(case: dict[str, Any]) -> None:
    known = gateway.Address("0123456789abcdef0123456789abcdef", "dev help")
    routing = gateway.routing(case["address"], gateway.patterns(case), [known])
    if "error" in case["expect"]:
        assert (routing.outcome, routing.routes) == ("unrouted", ())
        return
    (route,) = routing.routes
    assert (route.token, route.tag) == (case["expect"]["token"], "")
    expected = dict.fromkeys(("show_sender", "include_quotes", "include_footer", "prefer_html"), False)
    for name, value in case["expect"]["options"].items():
        ours, opposite = OPTIONS.get(name, (name, False))
        expected[ours] = value != opposite
    assert {name: getattr(route.options, name) for name in expected} == expected


@of("reply_token")
def test_a_reply_address_is_recognised_by_its_token(case: dict[str, Any]) -> None:
    token = case["expect"].get("token", "mmxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")
    routing = gateway.routing(case["address"], gateway.patterns(case), [gateway.Address(token, "a conversation")])
    assert [route.token for route in routing.routes] == ([token] if case["expect"]["is_reply"] else [])


# Its classes of errors → our outcome. A gateway without a pattern knows no address.
OUTCOMES = {None: "posted", "unconfigured": "unrouted", "bad_address": "unrouted", "destination_denied": "ignored"}


@of("address_check")
def test_an_address_is_accepted_or_refused_alike(case: dict[str, Any]) -> None:
    routing = gateway.routing(case["address"], gateway.patterns(case), gateway.addresses(case["store"]))
    assert bool(routing.routes) == case["expect"]["accepted"]
    assert routing.outcome == OUTCOMES[case["expect"]["error_class"]]
    assert bool(routing.reason) != case["expect"]["accepted"]


@of("subject_strip")
def test_a_subject_loses_the_same_marks(case: dict[str, Any]) -> None:
    assert topic_of(case["subject"]) == case["expect"]


@of("is_forwarded")
def test_a_forward_is_recognised_alike(case: dict[str, Any]) -> None:
    assert is_forwarded(case["subject"]) == case["expect"]


@of("filter_footer")
def test_a_footer_is_found_alike(case: dict[str, Any]) -> None:
    assert without_footer(case["text"]) == case["expect"]


# The kinds that tests above take.
RUN = (
    "email", "address_encode", "address_decode", "reply_token", "address_check", "subject_strip", "is_forwarded",
    "filter_footer",
)  # fmt: skip


@pytest.mark.skipif(not CASES, reason=ABSENT)
def test_every_case_is_run_or_explained() -> None:
    ids = {case["id"] for case in CASES}
    assert LATER.keys() | DIFFERENT.keys() <= ids, "a reason for a case that is not there"
    assert not LATER.keys() & DIFFERENT.keys()
    run = {case["id"] for case in CASES if case["kind"] in RUN} - LATER.keys()
    assert ids - LATER.keys() == run
    counts = Counter("different" if one in DIFFERENT else "later" if one in LATER else "the same" for one in ids)
    print(f"gateway: {len(ids)} cases, {dict(counts)}")
