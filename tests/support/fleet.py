"""Many accounts in one installation, each on a server of its own that can be made to fail: one run is many trials."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from servers.stateful_imap import Fault, StatefulImap

from support.mishap import checked
from support.site import Site, mail

AFTER = {"seen": "UIDPLUS MOVE", "move": "UIDPLUS MOVE", "copy": "UIDPLUS", "delete": "UIDPLUS MOVE"}


@dataclass
class Ship:
    """An account, its server, and what is wrong with that. `after` is as in AFTER: "copy" moves without MOVE."""

    name: str
    server: StatefulImap
    after: str
    ours: dict[int, bytes] = field(default_factory=dict)
    private: bytes = b""


@dataclass(frozen=True)
class Said:
    """What a run of many accounts said: its status, its JSON, and how long it took in seconds."""

    status: int
    json: Any
    seconds: float

    def status_of(self, ship: Ship) -> int:
        """The exit status that the run would have had, had it been for this account alone."""
        return max((t["status"] for t in self.json["troubles"] if t["about"] == f"account.{ship.name}"), default=0)

    def error_of(self, ship: Ship) -> str:
        """The sentence about this account; empty when all was well."""
        [error] = [each["error"] for each in self.json["accounts"] if each["account"] == ship.name]
        return error or ""


class Fleet:
    """The accounts of `faults` by name, each with two mails that are ours, one in between that is not, and a third that
    is ours; nothing is wrong yet."""

    def __init__(self, folder: Path, ships: Sequence[Ship], store_url: str = "") -> None:
        self.ships = ships
        accounts = ""
        for number, ship in enumerate(ships):
            accounts += (
                f'[account.{ship.name}]\nhost = "{ship.server.host}"\nport = {ship.server.port}\ntls = "none"\n'
                f'username = "{ship.name}@example.com"\npassword = {{ file = "imap-password" }}\n'
                f'after = "{"move" if ship.after == "copy" else ship.after}"\n'
            )
            self._fill(ship, number)
        self.site = Site(folder, None, more=f"[fetch]\nalert_after = 1\ndeadline = 8\n{accounts}", store_url=store_url)
        self.site.channel("dev")

    def _fill(self, ship: Ship, number: int) -> None:
        ship.private = mail(f"private-{number}", to="username@example.com")
        for index in range(3):
            one = 10_000 + 10 * number + index
            ship.ours[one] = mail(one)
            ship.server.inbox.add(ship.ours[one])
            if index == 1:
                ship.server.inbox.add(ship.private, ["\\Flagged"])

    def send(self) -> None:
        """One more mail that is ours to every account."""
        for number, ship in enumerate(self.ships):
            one = 20_000 + number
            ship.ours[one] = mail(one)
            ship.server.inbox.add(ship.ours[one])

    def fetch(self, deadline_s: float) -> Said:
        """One run of the installed command."""
        begun = time.monotonic()
        done = checked(self.site.run("fetch", "--now", "--json", "--deadline", str(deadline_s)))
        assert done.stdout, done.stderr
        return Said(done.returncode, json.loads(done.stdout), time.monotonic() - begun)

    def settle(self) -> int:
        """Clean runs until one has nothing to complain about, and nothing is wrong; how many it took, three at most. A
        machine with much else to do may leave some mails for the next run."""
        for ship in self.ships:
            ship.server.fault = Fault()
        for number in range(1, 4):
            said = self.fetch(50)
            if said.status == 0 and (number == 3 or not self.wrongs()):
                return number
        raise AssertionError(f"it does not settle: {[said.error_of(ship) for ship in self.ships]}")

    def wrongs(self) -> dict[str, str]:
        """By account: what is not as it must be in the end."""
        posts = Counter(delivery.post.body for delivery in self.site.deliveries() if delivery.state == "delivered")
        found = {ship.name: "; ".join(self._wrong(ship, posts)) for ship in self.ships}
        return {name: wrong for name, wrong in found.items() if wrong}

    def _wrong(self, ship: Ship, posts: Counter[str]) -> Iterator[str]:
        for number in ship.ours:
            if (times := posts[f"This is mail {number}."]) != 1:
                yield f"mail {number} became {times} posts"
        inbox = {m.raw: m.flags for m in ship.server.inbox.mails}
        if inbox.pop(ship.private, None) != {"\\Flagged"} or ship.server.bodies[ship.private]:
            yield "the mail that is not ours was touched"
        wanted = sorted(ship.ours.values())
        if sorted(inbox) != (wanted if ship.after == "seen" else []) or any(f != {"\\Seen"} for f in inbox.values()):
            yield f"INBOX holds {len(inbox)} of ours with {list(inbox.values())}"
        processed = ship.server.folders.get("Processed")
        moved = sorted(m.raw for m in processed.mails) if processed else []
        if moved != (wanted if ship.after in ("move", "copy") else []):
            yield f"Processed holds {len(moved)} mails"


@contextmanager
def fleet(folder: Path, faults: Mapping[str, tuple[str, Fault]]) -> Iterator[Fleet]:
    """A fleet in which each account, by its name, has an `after` and a fault."""
    with ExitStack() as stack:
        ships = [Ship(name, stack.enter_context(StatefulImap(AFTER[after])), after)
                 for name, (after, _) in faults.items()]  # fmt: skip
        made = Fleet(folder, ships)
        for ship, (_, fault) in zip(ships, faults.values(), strict=True):
            ship.server.fault = fault
        yield made
