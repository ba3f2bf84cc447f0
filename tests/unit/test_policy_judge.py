"""What becomes of a mail for one channel: senders, automatic mail, loops, and which of several reasons counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from msgspec.structs import replace

from mailpoll import router
from mailpoll.message import parse
from mailpoll.model import FileRules, Policy, Reading, Route, Target
from mailpoll.policy.files import judged
from mailpoll.policy.judge import Verdict, judge
from mailpoll.reading import read

OURS = [router.pattern("username+%s@example.com")]
PASSED = "mx.example.com; dmarc=pass header.from=example.net"
SERVER = ("mx.example.com",)


def mail(fields: Mapping[str, str | Sequence[str]] | None = None, text: str = "Hello.") -> bytes:
    """A mail with these fields over the usual ones; an empty one takes a usual one away, a list gives several."""
    usual: dict[str, str | Sequence[str]] = {
        "From": "Anna <anna@example.net>",
        "To": "username+dev@example.com",
        "Subject": "Hello",
        "Date": "Fri, 20 Nov 2026 09:00:00 +0000",
        "Message-ID": "<1@example.net>",
    }
    lines = []
    for name, value in {**usual, **(fields or {})}.items():
        lines += [f"{name}: {one}" for one in ([value] if isinstance(value, str) else value) if one]
    return "\r\n".join([*lines, "", text, ""]).encode()


def verdict(raw: bytes, policy: Policy | None = None, **route: object) -> Verdict:
    """What is done with a mail by a channel with this policy."""
    made = replace(Route("dev", (Target("store"),), policy=policy or Policy()), **route)  # type: ignore[arg-type]
    return judge(parse(raw), made, OURS, lambda: parse(raw).text)


class TestSenders:
    @pytest.mark.parametrize(
        ("policy", "fields", "kind", "part"),
        [
            (Policy(), {}, "post", ""),
            (Policy(allow_from=("example.net",)), {}, "post", ""),
            (Policy(allow_from=("*@example.net",)), {}, "post", ""),
            (Policy(allow_from=("example.org",)), {}, "hold", "not among those who may write here (allow_from)"),
            (Policy(allow_from=("example.org",), refused="ignore"), {}, "ignore", "allow_from"),
            (Policy(allow_from=("example.org",), refused="mark"), {}, "mark", "allow_from"),
            (Policy(deny_from=("anna@example.net",)), {}, "hold", "among those who may not write here (deny_from)"),
            (Policy(deny_from=("example.org",)), {}, "post", ""),
            (Policy(allow_from=("example.net",), deny_from=("anna@example.net",)), {}, "hold", "deny_from"),
            # Nobody can tell which of two wrote it: no list lets it in.
            (
                Policy(allow_from=("example.net",)),
                {"From": ["anna@example.net", "eve@example.org"]},
                "hold",
                "the sender is not verified: ",
            ),
            (Policy(allow_from=("example.net",)), {"From": "anna@example.net, eve@example.org"}, "hold", "verified"),
            (Policy(allow_from=("example.net",)), {"From": ""}, "hold", "verified"),
            # The name is only what the sender calls themselves.
            (Policy(allow_from=("example.net",)), {"From": '"anna@example.net" <eve@example.org>'}, "hold", "allow"),
            (Policy(allow_from=("example.net",)), {"From": "anna@example.net <eve@example.org>"}, "hold", "allow"),
            (Policy(allow_from=("example.net",)), {"From": "eve@notexample.net"}, "hold", "allow_from"),
        ],
    )
    def test_lists(self, policy: Policy, fields: Mapping[str, str | Sequence[str]], kind: str, part: str) -> None:
        found = verdict(mail(fields), policy)
        assert found.kind == kind
        assert part in found.reason
        assert bool(found.reason) == (kind != "post")

    @pytest.mark.parametrize(
        ("fields", "ids", "kind"),
        [
            ({"Authentication-Results": PASSED}, SERVER, "post"),
            ({"Authentication-Results": PASSED}, (), "hold"),
            ({"Authentication-Results": PASSED}, ("mx.example.org",), "hold"),
            ({}, SERVER, "hold"),
            ({"Authentication-Results": "mx.example.com; dmarc=fail header.from=example.net"}, SERVER, "hold"),
            # The mail brought one along, below that of the server.
            ({"Authentication-Results": ["mx.example.com; dmarc=none", PASSED]}, SERVER, "hold"),
            ({"Authentication-Results": ["mx.example.org; dmarc=fail", PASSED]}, SERVER, "hold"),
            ({"Authentication-Results": PASSED, "From": ["a@example.net", "b@example.net"]}, SERVER, "hold"),
            ({"Authentication-Results": PASSED, "From": "eve@example.org"}, SERVER, "hold"),
        ],
    )
    def test_what_the_server_found(
        self, fields: Mapping[str, str | Sequence[str]], ids: tuple[str, ...], kind: str
    ) -> None:
        assert verdict(mail(fields), Policy(require=("dmarc",), authserv_ids=ids)).kind == kind

    def test_an_address_limited_to_senders_is_limited_whatever_the_channel_allows(self) -> None:
        found = verdict(mail(), Policy(allow_from=("example.net",)), allow_from=("example.org",))
        assert found == Verdict("hold", "the sender is not among those the address is limited to")


AUTO_REPLY = {"Auto-Submitted": 'auto-replied; owner-email="anna@example.net"'}
BOUNCE = {
    "Content-Type": "multipart/report; report-type=delivery-status; boundary=b",
    "Return-Path": "<>",
    "Auto-Submitted": "auto-replied",
}
NOTIFICATION = {"Auto-Submitted": "auto-generated"}


class TestMachines:
    @pytest.mark.parametrize(
        ("fields", "policy", "kind"),
        [
            (AUTO_REPLY, Policy(), "hold"),
            (AUTO_REPLY, Policy(auto_replies="post"), "post"),
            (AUTO_REPLY, Policy(auto_replies="ignore"), "ignore"),
            (BOUNCE, Policy(), "hold"),
            (BOUNCE, Policy(bounces="post"), "post"),
            (NOTIFICATION, Policy(), "post"),
            (NOTIFICATION, Policy(notifications="ignore"), "ignore"),
            ({"List-Id": "<list.example.org>"}, Policy(), "post"),
            ({"Precedence": "bulk"}, Policy(), "post"),
            ({"Return-Path": "<>"}, Policy(), "post"),
            ({"Subject": "Automatic reply: out of office"}, Policy(), "post"),
            ({"X-Auto-Response-Suppress": "All"}, Policy(), "post"),
        ],
    )
    def test_defaults_and_choices(self, fields: Mapping[str, str], policy: Policy, kind: str) -> None:
        assert verdict(mail(fields), policy).kind == kind

    @pytest.mark.parametrize(
        ("fields", "kind"),
        [
            ({}, "post"),
            ({"Auto-Submitted": "no"}, "post"),
            (NOTIFICATION, "ignore"),
            ({"Auto-Submitted": "AUTO-Generated (by a machine); x=y"}, "ignore"),
            (AUTO_REPLY, "ignore"),
            (BOUNCE, "ignore"),
            ({"List-Id": "<list.example.org>"}, "post"),
        ],
    )
    def test_an_address_for_answers_takes_those_of_people_only(self, fields: Mapping[str, str], kind: str) -> None:
        assert verdict(mail(fields), Policy(auto_replies="post", bounces="post"), conversation=True).kind == kind


class TestLoops:
    @pytest.mark.parametrize(
        "fields",
        [
            {"X-Mailpoll": "alert"},
            {"X-Loop": "username@example.com"},
            {"X-Loop": ["somebody@example.org", "<USERNAME+dev@example.com>"]},
            {"Received": [f"from a by b{n}.example.org; Fri, 20 Nov 2026 09:00:00 +0000" for n in range(51)]},
        ],
    )
    def test_our_own_mail_is_ignored_whatever_the_channel_takes(self, fields: Mapping[str, Sequence[str]]) -> None:
        found = verdict(mail(fields), Policy(notifications="post", auto_replies="post"))
        assert found.kind == "ignore"
        assert found.reason

    @pytest.mark.parametrize(
        "fields",
        [
            {"X-Loop": "somebody@example.org"},
            {"X-Loop": "username@example.org"},
            {"Received": [f"from a by b{n}.example.org; Fri, 20 Nov 2026 09:00:00 +0000" for n in range(30)]},
            {"In-Reply-To": "<mailpoll.0123456789abcdef0123456789abcdef@example.com>"},
        ],
    )
    def test_other_mail_is_not(self, fields: Mapping[str, Sequence[str]]) -> None:
        assert verdict(mail(fields)).kind == "post"


class TestReasons:
    def test_the_strongest_wish_counts_and_its_reasons_are_all_told(self) -> None:
        policy = Policy(allow_from=("example.org",), require=("dmarc",), authserv_ids=SERVER, refused="mark")
        marked = verdict(mail(), policy)
        assert marked.kind == "mark"
        assert marked.reason.count(";") == 1
        assert verdict(mail(AUTO_REPLY), policy).kind == "hold"
        assert verdict(mail(AUTO_REPLY), replace(policy, auto_replies="ignore")).kind == "ignore"

    def test_verification_mail_is_held_where_that_is_wanted(self) -> None:
        text = (
            "Your verification code is 482913. It expires in 10 minutes. If you did not ask for it, ignore this mail."
        )
        raw = mail({"From": "no-reply@accounts.example.org", "Subject": "Your verification code"}, text)
        assert verdict(raw).kind == "post"
        held = verdict(raw, Policy(verification_mail="hold"))
        assert held == Verdict("hold", "it looks like a code or a link to sign in or confirm with")
        assert verdict(mail(), Policy(verification_mail="hold")).kind == "post"


class TestReading:
    """Several channels of one mail, and what the post says."""

    def read(self, raw: bytes, *policies: Policy) -> Reading:
        routes = [
            Route(f"channel{n}", (Target("store"),), policy=policy) for n, policy in enumerate(policies)
        ]  # fmt: skip
        patterns = ("username+%s@example.com",)
        return read(raw, routes, patterns, safe=False, oversize_of=0, reference="message 1", max_text=1_000_000)

    def test_a_mail_is_posted_to_one_channel_held_for_another_and_ignored_by_a_third(self) -> None:
        reading = self.read(
            mail(AUTO_REPLY), Policy(auto_replies="post"), Policy(), Policy(auto_replies="ignore")
        )  # fmt: skip
        assert reading.outcome == "posted"
        posts = [(post.channel, bool(post.held)) for post in reading.posts]
        assert posts == [("channel0", False), ("channel1", True)]
        assert "held for channel1: " in reading.reason
        assert "not posted to channel2: " in reading.reason

    @pytest.mark.parametrize(("choice", "outcome"), [("hold", "held"), ("ignore", "ignored")])
    def test_what_no_channel_takes_is_held_or_ignored(self, choice: str, outcome: str) -> None:
        reading = self.read(mail(AUTO_REPLY), Policy(auto_replies=choice))  # type: ignore[arg-type]
        assert reading.outcome == outcome
        assert reading.reason.startswith("an answering machine sent it")

    def test_a_marked_post_begins_with_the_warning(self) -> None:
        reading = self.read(mail(), Policy(require=("dmarc",), authserv_ids=SERVER, refused="mark"))
        [post] = reading.posts
        assert post.held == ""
        assert post.body.startswith("⚠ **The sender is not verified: the mail has no Authentication-Results")
        assert post.body.endswith("Hello.")
        assert reading.reason.startswith("marked: the sender is not verified")

    def test_a_reason_shows_no_token(self) -> None:
        """Reasons go into lists and logs; bounces name the address that did not work."""
        token = "brrenc4ejnudbbfwixrg2k4bpd"
        raw = mail({"X-Failed-Recipients": f"username+ops.{token.upper()}@example.com"})
        route = Route("ops", (Target("store"),), token=token)
        reading = read(raw, [route], (), safe=False, oversize_of=0, reference="message 1", max_text=1_000_000)
        [post] = reading.posts
        assert "X-Failed-Recipients: username+ops.…4bpd@example.com" in reading.reason
        assert token not in f"{reading.reason} {post.held}".lower()


FILES = b"\r\n".join(
    [
        b"From: anna@example.net",
        b"Content-Type: multipart/mixed; boundary=b",
        b"",
        b"--b",
        b"",
        b"See these.",
        b"--b",
        b'Content-Type: application/pdf; name="a.pdf"',
        b"",
        b"0123456789",
        b"--b",
        b'Content-Type: application/octet-stream; name="setup.EXE"',
        b"",
        b"0123456789",
        b"--b",
        b'Content-Type: image/png; name="b.png"',
        b"",
        b"0123456789012345678901234567890",
        b"--b--",
        b"",
    ]
)


class TestFiles:
    @pytest.mark.parametrize(
        ("rules", "kept"),
        [
            (FileRules(1000, 1000), ["a.pdf", "setup.EXE", "b.png"]),
            (FileRules(20, 1000), ["a.pdf", "setup.EXE"]),
            (FileRules(1000, 15), ["a.pdf"]),
            (FileRules(1000, 41, deny=("*.exe",)), ["a.pdf", "b.png"]),
            (FileRules(1000, 40), ["a.pdf", "setup.EXE"]),
            (FileRules(1000, 1000, deny=("*.exe",)), ["a.pdf", "b.png"]),
            (FileRules(1000, 1000, allow=("image/*",)), ["b.png"]),
            (FileRules(1000, 1000, allow=("*.pdf", "*.png"), deny=("application/*",)), ["b.png"]),
        ],
    )
    def test_limits_and_globs(self, rules: FileRules, kept: list[str]) -> None:
        assert [file.name for file in judged(parse(FILES).attachments, rules) if not file.withheld] == kept

    def test_what_stays_behind_is_named_in_the_post_and_is_no_attachment_of_it(self) -> None:
        route = Route("dev", (Target("store"),))
        rules = FileRules(1000, 1000, deny=("*.exe",))
        reading = read(FILES, [route], safe=False, oversize_of=0, reference="", max_text=1000, files=rules)
        [post] = reading.posts
        assert [file.name for file in post.attachments] == ["a.pdf", "b.png"]
        assert "[setup.EXE] (application/octet-stream, 10 bytes; not passed on: files of this kind" in post.body
