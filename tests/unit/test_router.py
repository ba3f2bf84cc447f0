"""Addresses as the design has them: which are ours, which token decides, what the mail becomes."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mailpoll import router
from mailpoll.model import KnownAddress, Limits, Options, Recipient, Target
from mailpoll.router import ANY, Routing, pattern, recipients, routes
from mailpoll.settings import AddressSettings

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ORDER = AddressSettings().headers
OURS = (pattern("username+%s@example.com"),)
RULES = router.Rules(NOW, lambda _: Limits(topic=60))


def known(channel: str = "dev", token: str = "", **more: Any) -> KnownAddress:
    """What the store knows of a token; it is called like its channel unless said otherwise."""
    plain = KnownAddress(
        token or channel, channel, True, True, None, (), (), (), None, "", (("store", ""),)
    )  # fmt: skip
    return replace(plain, **more)


def store(*addresses: KnownAddress) -> dict[str, KnownAddress]:
    return {address.token: address for address in addresses}


DEV, OPS = known("dev"), known("ops")


def found(headers: str, *patterns: str, order: tuple[str, ...] = ORDER) -> tuple[Recipient, ...]:
    ours = tuple(map(pattern, patterns)) or OURS
    return recipients(headers.encode(), ours, order)


def routed(headers: str, *addresses: KnownAddress, patterns: tuple[str, ...] = ()) -> Routing:
    return routes(found(headers, *patterns), store(*addresses), RULES)


def channels(routing: Routing) -> list[str]:
    return [route.channel for route in routing.routes]


class TestPattern:
    @pytest.mark.parametrize(
        ("ours", "address", "detail"),
        [
            ("username+%s@example.com", "username+dev@example.com", "dev"),
            ("username+%s@example.com", "username+dev+show-sender.Tag@example.com", "dev+show-sender.Tag"),
            # anchored at both ends
            ("username+%s@example.com", "xusername+dev@example.com", None),
            ("username+%s@example.com", "username+dev@example.com.evil.example", None),
            ("username+%s@example.com", "username+dev@sub.example.com", None),
            ("username+%s@example.com", "username+dev@example.co", None),
            ("username+%s@example.com", "username-dev@example.com", None),
            ("username+%s@example.com", "username+dev@evil.example@example.com", "dev@evil.example"),
            # without a detail it is not ours
            ("username+%s@example.com", "username@example.com", None),
            ("username+%s@example.com", "username+@example.com", None),
            # everything case-insensitive; the case of the detail is kept
            ("UserName+%s@Example.COM", "USERNAME+Dev@EXAMPLE.com", "Dev"),
            # the domain as A-labels, a final dot borne with
            ("u+%s@bücher.example", "u+dev@xn--bcher-kva.example", "dev"),
            ("u+%s@xn--bcher-kva.example", "u+dev@BÜCHER.example", "dev"),
            ("u+%s@example.com", "u+dev@example.com.", "dev"),
            # the %s anywhere in the local-part; a catch-all domain
            ("%s-in@example.com", "dev-in@example.com", "dev"),
            ("in.%s.x@example.com", "in.dev.x@example.com", "dev"),
            ("a%sa@example.com", "a@example.com", None),
            ("%s@example.com", "dev@example.com", "dev"),
            ("%s@example.com", "dev@example.org", None),
            # letters whose lower case is longer do not shift what is cut out
            ("%s@example.com", "İ@example.com", None),
            ("u+%s@example.com", "u+dev", None),
        ],
    )
    def test_an_address_is_ours_when_it_fits_from_end_to_end(self, ours: str, address: str, detail: str | None) -> None:
        assert pattern(ours).detail(address) == detail


class TestRecipients:
    @pytest.mark.parametrize(
        ("field", "details"),
        [
            ("To: username+dev@example.com", ["dev"]),
            ("To: Dev <username+dev@example.com>", ["dev"]),
            ('To: "Dev, (all)" <username+dev@example.com>', ["dev"]),
            ('To: "username+dev"@example.com', ["dev"]),
            ('To: "username+dev help"@example.com', ["dev help"]),
            ("To: team:username+dev@example.com, username+ops@example.com;", ["dev", "ops"]),
            ("To: someone@example.org,\r\n username+dev@example.com", ["dev"]),
            ("To: username+dev@example.com, USERNAME+DEV@example.com", ["dev"]),
            # in a display name it is no address
            ('To: "username+dev@example.com" <someone@example.org>', []),
            ("To: someone@example.org (username+dev@example.com)", []),
            ("Subject: username+dev@example.com", []),
            ("From: username+dev@example.com", []),
            ("Received: from a by b for <username+dev@example.com>; Fri, 20 Nov 2026 09:00:00 +0000", ["dev"]),
            ("Received: from a by b for username+dev@example.com; Fri, 20 Nov 2026 09:00:00 +0000", ["dev"]),
            ("Received: from a (waits for you) by b for <username+dev@example.com>; x", ["dev"]),
            ("Received: from username+dev@example.com by b; x", []),
        ],
    )
    def test_addresses_of_ours_are_found_where_recipients_stand(self, field: str, details: list[str]) -> None:
        assert [recipient.detail for recipient in found(f"{field}\r\n\r\n")] == details

    def test_of_several_received_the_topmost_that_names_us_counts(self) -> None:
        headers = (
            "Received: from c by d for <someone@example.org>; x\r\n"
            "Received: from b by c for <username+dev@example.com>; x\r\n"
            "Received: from a by b for <username+ops@example.com>; x\r\n\r\n"
        )
        assert [recipient.detail for recipient in found(headers)] == ["dev"]

    def test_fields_come_in_the_order_of_trust_whatever_their_order_in_the_mail(self) -> None:
        fields = [f"{name}: username+d{number}@example.com" for number, name in enumerate(ORDER) if name != "Received"]
        headers = "\r\n".join([*reversed(fields), "", ""])
        assert [recipient.header for recipient in found(headers)] == [name for name in ORDER if name != "Received"]

    def test_the_order_of_trust_can_be_set(self) -> None:
        headers = "X-Original-To: username+dev@example.com\r\nTo: username+ops@example.com\r\n\r\n"
        assert [r.detail for r in found(headers, order=("to", "x-original-to"))] == ["ops", "dev"]
        assert [r.detail for r in found(headers, order=("Cc",))] == []

    def test_several_patterns_are_all_ours(self) -> None:
        headers = "To: username+dev@example.com, ops@in.example.com, other@example.com\r\n\r\n"
        details = [r.detail for r in found(headers, "username+%s@example.com", "%s@in.example.com")]
        assert details == ["dev", "ops"]

    def test_a_mail_names_at_most_100_of_us(self) -> None:
        headers = "To: " + ", ".join(f"username+{n}@example.com" for n in range(500)) + "\r\n\r\n"
        assert len(found(headers)) == router.MAX_RECIPIENTS == 100

    @given(st.binary(max_size=400))
    def test_any_bytes_are_headers(self, data: bytes) -> None:
        recipients(data, OURS, ORDER)

    @given(st.sampled_from(ORDER), st.text(max_size=200), st.sampled_from(["", "@example.com", "@exämple.com", "@ß.."]))
    def test_any_text_is_an_address_list(self, name: str, text: str, end: str) -> None:
        value = f"username+{text}{end}".encode("utf-8", "surrogatepass")
        ours = (*OURS, pattern("%s@exämple.com"))
        for recipient in recipients(name.encode() + b": " + value + b"\r\n\r\n", ours, ORDER):
            routes([recipient], store(DEV), RULES)
            recipient.detail.encode()

    @pytest.mark.parametrize(
        "hostile",
        [
            pytest.param(lambda n: "To: " + "username+dev@example.com," * (n // 25), id="one address over and over"),
            pytest.param(lambda n: "To: " + "username+" + "a." * (n // 2) + "@example.com", id="one endless detail"),
            pytest.param(lambda n: "To: " + "(" * n, id="comments"),
            pytest.param(lambda n: "To: " + '"\\' * (n // 2), id="quotes"),
            pytest.param(lambda n: "To: " + "<" * n + "username+dev@example.com" + ">" * n, id="brackets"),
            pytest.param(lambda n: "To: " + "a@ü.example," * (n // 13), id="domains for idna"),
            pytest.param(lambda n: "Received: " + "for " * (n // 4), id="for"),
            pytest.param(lambda n: "Received: for " + "x" * n, id="for a long word"),
            pytest.param(lambda n: "Received: for <x@y>\r\n" * (n // 21), id="hops"),
            pytest.param(lambda n: "Cc: u@x.y\r\nTo: u@x.y\r\n" * (n // 21), id="fields"),
        ],
    )  # fmt: skip
    def test_hostile_headers_cost_what_their_size_costs(self, hostile: Callable[[int], str]) -> None:
        def seconds(size: int) -> float:
            headers = (hostile(size) + "\r\n\r\n").encode()
            begun = time.process_time()
            router.tokens(recipients(headers, OURS, ORDER))
            return time.process_time() - begun

        seconds(1_000)
        small, large = (min(seconds(size) for _ in range(3)) for size in (12_000, 96_000))
        assert large < 30 * max(small, 0.005)  # linear is 8, quadratic 64; the machine is shared


class TestParts:
    @pytest.mark.parametrize(
        ("detail", "parts"),
        [
            ("dev", ("dev",)),
            ("help.dev+show-sender", ("help", "dev", "show-sender")),
            ("..dev++x.", ("dev", "x")),
            ("Dev-Help", ("Dev-Help",)),
            ("+.", ()),
        ],
    )
    def test_dots_and_pluses_part_alike(self, detail: str, parts: tuple[str, ...]) -> None:
        assert router.parts(detail) == parts

    def test_every_part_of_every_recipient_is_looked_up_in_lower_case(self) -> None:
        there = found("To: username+Help.DEV@example.com, username+ops@example.com\r\n\r\n")
        assert router.tokens(there) == {"help", "dev", "ops"}

    def test_other_separators_part_where_they_are_set(self) -> None:
        there = found("To: username+dev=show-sender=A.b@example.com\r\n\r\n")
        assert router.tokens(there, "=") == {"dev", "show-sender", "a.b"}
        (route,) = routes(there, store(DEV), replace(RULES, separators="=")).routes
        assert (route.token, route.options.show_sender, route.tag) == ("dev", True, "A.b")


class TestWhichAddressDecides:
    @pytest.mark.parametrize(
        ("detail", "token"),
        [
            ("dev", "dev"),
            ("DEV", "dev"),
            ("name.dev", "dev"),
            ("two.names.dev", "dev"),
            ("name+dev+show-sender", "dev"),
            ("dev.ops", "dev"),
            ("ops.dev", "ops"),
            ("nobody.ops.dev", "ops"),
            ("devs", None),
            ("de-v", None),
            (ANY, None),
        ],
    )
    def test_the_first_part_that_is_a_token_wins(self, detail: str, token: str | None) -> None:
        routing = routed(f"To: username+{detail}@example.com\r\n\r\n", DEV, OPS)
        assert [route.token for route in routing.routes] == ([token] if token else [])

    def test_the_first_header_with_an_existing_token_decides(self) -> None:
        headers = "Delivered-To: username+nobody@example.com\r\nTo: username+dev@example.com\r\n\r\n"
        assert channels(routed(headers, DEV)) == ["dev"]
        headers = "To: username+ops@example.com\r\nDelivered-To: username+dev@example.com\r\n\r\n"
        assert channels(routed(headers, DEV, OPS)) == ["dev"]
        assert channels(routed(headers, OPS)) == ["ops"]

    def test_inside_that_header_every_token_is_served(self) -> None:
        headers = "To: username+dev@example.com, username+x@example.com, username+ops@example.com\r\n\r\n"
        assert channels(routed(headers, DEV, OPS)) == ["dev", "ops"]

    def test_the_same_field_twice_is_one_header(self) -> None:
        headers = "Delivered-To: username+ops@example.com\r\nDelivered-To: username+dev@example.com\r\n\r\n"
        assert channels(routed(headers, DEV, OPS)) == ["ops", "dev"]

    def test_a_channel_that_is_named_twice_is_served_once_as_first_named(self) -> None:
        headers = "To: username+dev.show-sender@example.com, username+dev2@example.com\r\n\r\n"
        routing = routed(headers, DEV, known("dev", "dev2"))
        assert [(route.channel, route.token) for route in routing.routes] == [("dev", "dev")]
        assert routing.routes[0].options.show_sender

    @pytest.mark.parametrize(
        ("limits", "token", "allowed"),
        [
            ((("boss.example",), ()), "dev2", ()),
            (((), ("boss.example",)), "dev", ()),
            ((("a.example", "b.example"), ("b.example", "c.example")), "dev", ("a.example", "b.example", "c.example")),
        ],
    )
    def test_a_channel_that_is_named_twice_takes_whom_either_address_takes(
        self, limits: tuple[tuple[str, ...], tuple[str, ...]], token: str, allowed: tuple[str, ...]
    ) -> None:
        headers = "To: username+dev@example.com, username+dev2@example.com\r\n\r\n"
        first, second = limits
        routing = routed(headers, known("dev", "dev", allow_from=first), known("dev", "dev2", allow_from=second))
        assert [(route.token, route.allow_from) for route in routing.routes] == [(token, allowed)]

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"enabled": False}, "the address of channel dev is disabled"),
            ({"channel_enabled": False}, "channel dev is disabled"),
            ({"expires_at": NOW}, "the address of channel dev expired on 2026-11-20"),
            ({"expires_at": NOW - timedelta(days=1)}, "the address of channel dev expired on 2026-11-19"),
        ],
    )
    def test_an_address_out_of_use_still_decides_and_the_mail_is_ignored(
        self, change: dict[str, Any], reason: str
    ) -> None:
        headers = "Delivered-To: username+dev@example.com\r\nTo: username+ops@example.com\r\n\r\n"
        assert routed(headers, replace(DEV, **change), OPS) == Routing((), "ignored", reason)
        headers = "To: username+dev.ops@example.com\r\n\r\n"
        assert routed(headers, replace(DEV, **change), OPS, known("all", ANY)) == Routing((), "ignored", reason)

    def test_beside_an_address_in_use_one_out_of_use_does_not_matter(self) -> None:
        headers = "To: username+dev@example.com, username+ops@example.com\r\n\r\n"
        assert channels(routed(headers, replace(DEV, enabled=False), OPS)) == ["ops"]

    def test_an_address_that_expires_later_is_in_use(self) -> None:
        headers = "To: username+dev@example.com\r\n\r\n"
        assert channels(routed(headers, replace(DEV, expires_at=NOW + timedelta(seconds=1)))) == ["dev"]

    def test_any_takes_what_no_token_claims_with_the_whole_detail_as_tag(self) -> None:
        everything = known("all", ANY)
        routing = routed("Delivered-To: username+Order.42@example.com\r\n\r\n", everything, DEV)
        assert [(route.channel, route.token, route.tag) for route in routing.routes] == [("all", "", "Order.42")]
        headers = "Delivered-To: username+what@example.com\r\nTo: username+dev@example.com\r\n\r\n"
        assert channels(routed(headers, everything, DEV)) == ["dev"]

    def test_any_takes_nothing_that_is_not_addressed_to_us(self) -> None:
        assert routed("To: username@example.com\r\n\r\n", known("all", ANY)).outcome == "unrouted"

    def test_any_can_be_out_of_use_too(self) -> None:
        headers = "To: username+what@example.com\r\n\r\n"
        assert routed(headers, known("all", ANY, enabled=False)).outcome == "ignored"

    def test_our_pattern_without_a_token_is_unrouted_and_says_why(self) -> None:
        routing = routed("To: username+nobody@example.com\r\n\r\n", DEV)
        assert routing == Routing((), "unrouted", "no channel has an address for username+nobody@example.com")
        assert routed("To: a@example.org\r\n\r\n", DEV) == Routing(
            (), "unrouted", "the mail names none of our addresses"
        )  # fmt: skip

    def test_on_a_catch_all_domain_a_person_may_have_a_user_part_before_the_token(self) -> None:
        assert channels(routed("To: username+dev@example.com\r\n\r\n", DEV, patterns=("%s@example.com",))) == ["dev"]


class TestWhatStandsBehindTheToken:
    @pytest.mark.parametrize(
        ("detail", "options", "tag"),
        [
            ("dev", (), ""),
            ("dev.show-sender", ("show-sender",), ""),
            ("dev+show-sender.include-quotes+no-attachments", ("show-sender", "include-quotes", "no-attachments"), ""),
            ("dev.SHOW-Sender", ("show-sender",), ""),
            ("dev.Ticket-42", (), "Ticket-42"),
            ("dev.full.Ticket.42+X", ("full",), "Ticket.42+X"),
            ("dev.Ticket.show-sender", (), "Ticket.show-sender"),
            ("show-sender.dev", (), ""),  # before the token everything is decoration
            ("dev.full.", ("full",), ""),
            ("dev..full", (), ".full"),
            ("dev.dev", (), "dev"),
        ],
    )
    def test_options_then_the_tag_verbatim(self, detail: str, options: tuple[str, ...], tag: str) -> None:
        (route,) = routed(f"To: username+{detail}@example.com\r\n\r\n", DEV).routes
        assert (route.options, route.tag) == (Options().with_names(options), tag)

    def test_the_mails_options_win_over_the_addresses_and_those_over_the_channels(self) -> None:
        address = known("dev", channel_options=("show-sender", "prefer-html"), options=("hide-sender", "full"))
        (route,) = routed("To: username+dev.show-sender.prefer-text@example.com\r\n\r\n", address).routes
        assert route.options == Options(show_sender=True, include_quotes=True, include_footer=True)
        (route,) = routed("To: username+dev@example.com\r\n\r\n", address).routes
        assert route.options == Options(prefer_html=True, include_quotes=True, include_footer=True)

    def test_the_route_carries_what_the_post_needs(self) -> None:
        address = known("dev", topic="Alerts", prefix="@**all** ", allow_from=("a@example.org",),
                        targets=(("team", "ops"), ("store", "")))  # fmt: skip
        there = found("X-Original-To: username+dev.T@example.com\r\n\r\n")
        (route,) = routes(there, store(address), replace(RULES, quotes="keep")).routes
        assert route.targets == (Target("team", "ops", Limits(topic=60)), Target("store", "", Limits(topic=60)))
        assert (route.header, route.address) == ("X-Original-To", "username+dev.T@example.com")
        assert (route.topic, route.prefix, route.quotes) == ("Alerts", "@**all** ", "keep")
        assert (route.token, route.tag, route.allow_from) == ("dev", "T", ("a@example.org",))

    def test_a_person_may_send_a_mail_to_a_channel_whatever_it_says(self) -> None:
        assert channels(router.forced(DEV, RULES)) == ["dev"]
        assert router.forced(replace(DEV, channel_enabled=False), RULES).outcome == "ignored"
