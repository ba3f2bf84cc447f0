"""A mail, and the channel it is for → whether it is posted, marked, held or ignored, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from mailpoll.model import Disposition, Message, Policy, Route
from mailpoll.policy import senders
from mailpoll.router import Pattern

Kind = Literal["post", "mark", "hold", "ignore"]

# What is done when several things are said of one mail: the first of these that any of them asks for.
_STRONGEST: tuple[Kind, ...] = ("ignore", "hold", "mark", "post")


class Verdict(Struct, frozen=True):
    """What is done with a mail for one channel, and why: clauses for people, empty where nothing is to be said."""

    kind: Kind = "post"
    reason: str = ""


def judge(message: Message, route: Route, ours: Sequence[Pattern], new_text: Callable[[], str]) -> Verdict:
    """What the policy of a route says of a mail.

    Args:
        ours: the patterns of our addresses; mail that went through one of them before is a loop.
        new_text: gives the text of the post; asked only where a policy needs it.
    """
    policy = route.policy
    if policy.loops != "post" and (reason := is_loop(message, ours)):
        return Verdict(policy.loops, reason)
    said = [*_of_senders(message, route), *_of_machines(message, route)]
    if policy.verification_mail != "post":
        from mailpoll.policy import verification  # words of a dozen languages, for who asks for it

        if verification.is_verification(message, new_text()):
            said.append(Verdict(policy.verification_mail, "it looks like a code or a link to sign in or confirm with"))
    kind: Kind = next((kind for kind in _STRONGEST if any(verdict.kind == kind for verdict in said)), "post")
    return Verdict(kind, "; ".join(verdict.reason for verdict in said if verdict.kind == kind))


def is_loop(message: Message, ours: Sequence[Pattern]) -> str:
    """Why a mail is one of ours that came back; "" when it is not."""
    if message.automatic == "loop":
        return message.automatic_why or "mailpoll sent this mail itself"
    if any(pattern.is_base(address) for address in message.loop_addresses for pattern in ours):
        return "it was here before: its X-Loop names one of our addresses"
    return ""


def _of_senders(message: Message, route: Route) -> Iterator[Verdict]:
    """What speaks against the sender."""
    policy = route.policy
    if not (route.allow_from or policy.allow_from or policy.deny_from or policy.require):
        return
    sender = senders.sole(message)
    if sender is None:
        yield Verdict(policy.refused, f"the sender is not verified: {message.sender_problem or 'it names no sender'}")
        return
    if route.allow_from and not senders.matches(sender.address, route.allow_from):
        yield Verdict(policy.refused, "the sender is not among those the address is limited to")
    if policy.allow_from and not senders.matches(sender.address, policy.allow_from):
        yield Verdict(policy.refused, "the sender is not among those who may write here (allow_from)")
    if senders.matches(sender.address, policy.deny_from):
        yield Verdict(policy.refused, "the sender is among those who may not write here (deny_from)")
    if not policy.require:
        return
    from mailpoll.policy import authentication  # few ask for it

    domain = sender.address.rpartition("@")[2]
    missing = authentication.shortfall(message.authentication, policy.authserv_ids, policy.require, domain)
    if missing:
        yield Verdict(policy.refused, f"the sender is not verified: {missing}")


def _of_machines(message: Message, route: Route) -> Iterator[Verdict]:
    """What becomes of mail that no person wrote."""
    kind, why = message.automatic, f" ({message.automatic_why})" if message.automatic_why else ""
    if not kind or kind == "loop":
        return
    if route.conversation and kind != "list":
        yield Verdict("ignore", f"this address is for people's answers, and a program sent this mail{why}")
    disposition, what = _disposition(kind, route.policy)
    if disposition != "post":
        yield Verdict(disposition, f"{what}{why}")


def _disposition(kind: str, policy: Policy) -> tuple[Disposition, str]:
    if kind == "bounce":
        return policy.bounces, "it reports that a mail was not delivered"
    if kind == "auto-replied":
        return policy.auto_replies, "an answering machine sent it"
    return policy.notifications, "a program or a mailing list sent it"
