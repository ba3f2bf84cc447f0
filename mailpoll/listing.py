"""Which mails of an open folder are candidates, and which of them are ours: for runs, and for previews of runs."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from mailpoll import router
from mailpoll.dialogue import Plan, Session
from mailpoll.model import OPTION_NAMES, Candidate, Position, RawMessage, Recipient

# How many mails are asked for sizes and recipients before the first of them is fetched: a backlog stays out of memory.
PORTION = 2_000
# How many are fetched before the next portion is asked for: behind fifty thousand mails to one channel may be one to
# another, which is found sooner the fewer these are.
AHEAD = 500
# Of how many mails that are ours sizes and recipients are kept until their turn comes (200 octets each).
KEPT = 100_000
# So few mails are fetched as they came.
FEW = 100


class Listing(Struct, frozen=True):
    """The candidates of a folder, before the ledger is asked.

    `floor` is the UID up to which nothing is looked at: None when it can be known only once all candidates are taken.
    `changed` says that it is not what the position said.
    """

    uids: tuple[int, ...]
    floor: int | None
    changed: bool = False


def candidates(plan: Plan, session: Session, position: Position, upto: int) -> Listing:
    """Lists the folder that is open in `session`, up to the UID `upto` (DESIGN.md §2 List)."""
    if position.floor is None and position.renumbered:
        return Listing(_renumbered(plan, session, position, upto), None)
    floor = _floor(plan, session, position, upto)
    return Listing(_above(plan, session, position, floor, upto), floor, floor != position.floor)


def _renumbered(plan: Plan, session: Session, position: Position, upto: int) -> tuple[int, ...]:
    """The UIDs are new and in any order (RFC 9051 §2.3.1.1): only the dates tell what may not have been seen."""
    if plan.since is not None and plan.since.year == 1:
        found = session.search(above=0, unseen_or_above=0, upto=upto)
    else:
        found = session.since(min(plan.since or position.new_since, position.new_since), upto)
    if plan.take == "unseen":
        unseen = set(session.search(above=0, unseen_or_above=None, upto=upto))
        return tuple(uid for uid in found if uid in unseen)
    return found


def _floor(plan: Plan, session: Session, position: Position, upto: int) -> int:
    if plan.since is None:
        if position.floor is not None:
            return position.floor
        return session.last_uid_before(position.new_since, upto)
    # An old mail that was moved into the folder may have the highest UID: the floor is below the first that is wanted.
    found = 0 if plan.since.year == 1 else min(session.since(plan.since, upto), default=upto + 1) - 1
    return found if position.floor is None else min(found, position.floor)


def _above(plan: Plan, session: Session, position: Position, floor: int, upto: int) -> tuple[int, ...]:
    if upto <= floor:
        return ()
    if plan.take == "unseen":
        return session.search(above=floor, unseen_or_above=None, upto=upto)
    mark = floor if plan.since is not None else max(floor, min(position.mark, upto))
    return session.search(above=floor, unseen_or_above=mark, upto=upto)


class Sorted(Struct, frozen=True):
    """The candidates that are ours, with their recipients of ours by UID, and the UIDs of the others. A UID that
    vanished is in neither."""

    ours: tuple[Candidate, ...]
    others: tuple[int, ...]
    recipients: dict[int, tuple[Recipient, ...]]


def sort(plan: Plan, session: Session, uids: Sequence[int]) -> Sorted:
    """Sorts candidates by their recipients; with `scope = "all"` all are ours."""
    ours: list[Candidate] = []
    others: list[int] = []
    recipients: dict[int, tuple[Recipient, ...]] = {}
    for candidate in session.candidates(uids, plan.headers) if uids else ():
        found = router.recipients(candidate.headers, plan.patterns, plan.headers)
        if found or plan.scope == "all":
            ours.append(candidate)
            recipients[candidate.uid] = found
        else:
            others.append(candidate.uid)
    return Sorted(tuple(ours), tuple(others), recipients)


class Queue:
    """The mails that are ours and not fetched yet: those to whom least was fetched come first, so that a flood to one
    channel keeps no other waiting.

    Which part of an address is the token only the store knows, so a mail takes its turn behind all that came before it
    and share any part with it: what is for one channel stays in the order of arrival.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Candidate, tuple[Recipient, ...]]] = []
        self._turns: dict[str, int] = {}
        self._known: dict[tuple[Recipient, ...], tuple[Recipient, ...]] = {}

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, found: Sorted) -> None:
        """Some more, with higher UIDs than those before."""
        for candidate in found.ours:
            recipients = found.recipients[candidate.uid]
            recipients = self._known.setdefault(recipients, recipients)
            parts = _parts(recipients)
            turn = max(self._turns.get(part, 0) for part in parts)
            self._turns.update(dict.fromkeys(parts, turn + 1))
            heapq.heappush(self._heap, (turn, candidate.uid, replace(candidate, headers=b""), recipients))

    def strangers(self, found: Sorted) -> Sorted:
        """Those of `found` that share no part of an address with any mail that was added."""
        recipients = {uid: of for uid, of in found.recipients.items() if self._turns.keys().isdisjoint(_parts(of))}
        return replace(found, ours=tuple(each for each in found.ours if each.uid in recipients), recipients=recipients)

    def take(self, count: int) -> list[tuple[Candidate, tuple[Recipient, ...]]]:
        """The next `count`, or all there are, with their recipients."""
        taken = [heapq.heappop(self._heap) for _ in range(min(count, len(self._heap)))]
        if len(taken) <= FEW and not self._heap:
            taken.sort(key=lambda each: each[1])
        return [(candidate, recipients) for _, _, candidate, recipients in taken]


def _parts(recipients: Sequence[Recipient]) -> set[str]:
    """What the addresses are made of, without the options, which many share; "" for mail that is ours without one."""
    parts = {part for each in recipients for part in re.split(r"[.+]", each.detail.lower())}
    return parts - OPTION_NAMES or {""}


def batches(plan: Plan, session: Session, taken: Sequence[Candidate]) -> Iterator[tuple[RawMessage, ...]]:
    """The bytes of these mails, a batch in memory at a time; of those that are too large the headers."""
    yield from session.fetch([candidate for candidate in taken if candidate.size <= plan.max_message_size])
    for candidate in taken:
        if candidate.size > plan.max_message_size and (headers := session.fetch_headers(candidate)) is not None:
            yield (headers,)


def apart(uids: Sequence[int]) -> tuple[Sequence[int], Sequence[int]]:
    """All but the newest portion, and that; which is empty where there is not much between the oldest and it."""
    first = len(uids) - PORTION if len(uids) > 3 * PORTION else len(uids)
    return uids[:first], uids[first:]


def portions(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    """`uids` in their order, PORTION at a time."""
    for start in range(0, len(uids), PORTION):
        yield uids[start : start + PORTION]
