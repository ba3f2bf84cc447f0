"""What every kind of destination states of itself, in its class, for the registry, the commands and the reference."""

from __future__ import annotations

from dataclasses import dataclass

from mailpoll import rate
from mailpoll.model import Limits
from mailpoll.settings import SmtpSettings

# What chats bear of one channel (DESIGN.md §8).
CHAT_RATE = rate.parse("50/1m 120/5m 600/1h")


@dataclass(frozen=True, slots=True)
class Kind:
    """What people should know before they choose.

    `promise`: how often a post arrives. `takes`: what goes there, and how. `place`: what `--to NAME:PLACE` names inside
    it; empty: nothing. `limits`: what a post may have, before a server is asked. `threads`: answers can be posted where
    the post that they answer is. `rate`: how many posts of one channel may leave, unless [policy] or the channel says
    otherwise. `example`: a section to start from. `by_smtp`: it posts by way of [smtp], which its class is given as
    `outgoing`, an Outgoing.
    """

    name: str
    promise: str
    takes: str
    limits: Limits
    example: str
    place: str = ""
    threads: bool = False
    rate: rate.Rate = ()
    by_smtp: bool = False


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a kind that sends mail is given of the settings: [smtp], and the patterns of our own addresses."""

    smtp: SmtpSettings | None
    patterns: tuple[str, ...] = ()
