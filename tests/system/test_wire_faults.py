"""Whatever the wire does, the next clean run settles it: nothing lost, nothing doubled, what is not ours untouched.

A run is many trials here: each account has a server of its own, and a fault of its own. `MAILPOLL_LONG=1` cuts every
kind of session in every way, and prints its figures (-s).
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, get_args

import pytest
from servers import require
from servers.dovecot import Dovecot
from servers.dovecot import missing as no_dovecot
from servers.proxy import CountingProxy
from servers.stateful_imap import BreakOff, Fault, How, StatefulImap
from support.fleet import AFTER, Said, Ship, fleet
from support.mishap import checked
from support.site import MAILPOLL, Site, mail

LONG = os.environ.get("MAILPOLL_LONG") == "1"
# What a run may take beyond its deadline: it starts, and waits for threads (poll.GRACE_S).
GRACE_S = 10.0
USUAL_START_S = 0.25
EVERY = 20 if LONG else 53
SUITE = (("seen", "fin"), ("copy", "rst"))
SESSIONS = [(after, how) for after in AFTER for how in get_args(How)] if LONG else SUITE


def patience() -> float:
    """How many times as long as on a machine with nothing else to do the program takes to start just now: deadlines,
    and what is allowed beyond them, are as much longer."""
    times = []
    for _ in range(3):
        begun = time.monotonic()
        subprocess.run([MAILPOLL, "--version"], capture_output=True, check=True)
        times.append(time.monotonic() - begun)
    return max(1.0, min(times) / USUAL_START_S)


def octets_of_a_session(folder: Path, after: str) -> int:
    """How much the server says in an undisturbed run."""
    with fleet(folder, {"main": (after, Fault())}) as calm:
        assert (calm.fetch(30).status, calm.wrongs()) == (0, {})
        return calm.ships[0].server.octets


@pytest.mark.parametrize(("after", "how"), SESSIONS)
def test_a_session_may_fail_at_every_few_octets(
    after: str, how: How, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = range(0, octets_of_a_session(tmp_path / "calm", after) + EVERY, EVERY)
    faults = {f"at{at}": (after, Fault(at=at, how=how)) for at in places}
    slow = patience()
    with fleet(tmp_path / "fleet", faults) as ships:
        said = ships.fetch(6 * slow)
        assert said.seconds < (6 + GRACE_S) * slow
        statuses = Counter(said.status_of(ship) for ship in ships.ships)
        assert set(statuses) == {0, 69}
        assert statuses[69] > statuses[0]
        runs = ships.settle()
        if LONG:
            with capsys.disabled():
                print(f"\n{len(places)} sessions of after = {after}, {how} at every {EVERY}th octet: {dict(statuses)}, "
                      f"{said.seconds:.1f} s, settled after {runs}, wrong: {ships.wrongs()}")  # fmt: skip
        assert ships.wrongs() == {}


def test_the_quick_look_and_what_goes_on_from_it_may_fail_at_every_few_octets(tmp_path: Path) -> None:
    places = range(0, 2_400, EVERY)
    with fleet(tmp_path, {f"at{at}": ("seen", Fault()) for at in places}) as ships:
        ships.settle()
        assert list(tmp_path.glob("idle-*.json")), "there is no quick look"
        ships.send()
        for at, ship in zip(places, ships.ships, strict=True):
            ship.server.fault = Fault(at=at, how="fin" if at % (2 * EVERY) else "rst")
        slow, begun = patience(), time.monotonic()
        assert ships.site.run("fetch").returncode == 69
        assert time.monotonic() - begun < 8 + GRACE_S * slow  # the deadline of the configuration
        ships.settle()
        assert ships.wrongs() == {}


def test_a_real_server_that_is_cut_off_is_told_in_one_sentence(tmp_path: Path) -> None:
    require(no_dovecot() or "Dovecot", not no_dovecot())
    with Dovecot(tmp_path) as dovecot, ThreadPoolExecutor(4) as pool:
        said = dict(
            pool.map(
                lambda at: (at, cut_and_settled(tmp_path / f"at{at}", dovecot, at)),
                range(0, 3600, 300 if LONG else 700),
            )
        )
    assert {status for status, _ in said.values()} == {0, 69}
    for status, words in said.values():
        assert len(words.splitlines()) == (status != 0), words
        assert words == "" or re.match(r"mailpoll: account\.main \(.*\): .*[a-z].*\. The next run tries again\.", words)


def cut_and_settled(folder: Path, dovecot: Dovecot, at: int) -> tuple[int, str]:
    """What a run says whose connections end after so many octets; the next one settles it."""
    site = Site(folder, dovecot, f"{folder.name}@example.com", more="[fetch]\nalert_after = 1\n")
    site.channel("dev")
    for number in range(3):
        site.append(mail(number))
    site.append(mail("private", to="username@example.com"), flags=["\\Flagged"])
    slow = patience()
    with CountingProxy(dovecot.imap_port) as proxy:
        site.config.write_text(site.config.read_text().replace(f"port = {dovecot.imap_port}", f"port = {proxy.port}"))
        proxy.cut_at = at
        begun = time.monotonic()
        cut = checked(site.run("fetch", "--deadline", str(6 * slow)))
        assert time.monotonic() - begun < (6 + GRACE_S) * slow
        proxy.cut_at = None
        assert site.run("fetch", "--now").returncode == 0
    assert sorted(d.post.body for d in site.deliveries()) == [f"This is mail {number}." for number in range(3)]
    assert [sorted(flags) for flags, _ in site.inbox().values()] == [["\\Seen"]] * 3 + [["\\Flagged"]]
    return cut.returncode, cut.stderr


# How servers fail, as (what a command must hold to meet it, what is answered); %s is the tag.

COMMANDS = ("LOGIN", "SELECT", "UID SEARCH", "INTERNALDATE)", "HEADER.FIELDS", "BODY.PEEK[]", "UID STORE")

# Wordings of Gmail, Microsoft 365, Yahoo, iCloud and Dovecot, as their users report them.
NOT_NOW = {
    "gmail-logins": ("LOGIN", b"%s NO [ALERT] Too many simultaneous connections. (Failure)"),
    "gmail-quota": ("BODY.PEEK[]", b"%s NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)"),
    "gmail-throttled": ("BODY.PEEK[]", b"%s NO [THROTTLED] Account exceeded command or bandwidth limits. (Failure)"),
    "gmail-system": ("SELECT", b"%s NO System Error (Failure)"),
    "gmail-bye": ("UID SEARCH", b"* BYE [UNAVAILABLE] Temporary System Error"),
    "microsoft-select": ("SELECT", b"%s BAD User is authenticated but not connected."),
    "microsoft-fetch": ("BODY.PEEK[]", b"%s BAD User is authenticated but not connected."),
    "microsoft-throttled": (
        "UID FETCH",
        b"%s BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds\r\n* BYE Connection closed. 14",
    ),
    "microsoft-token": ("UID FETCH", b"* BYE Session invalidated - AccessTokenExpired"),
    "microsoft-away": ("SELECT", b"%s NO Server Unavailable. 15"),
    "microsoft-closed": ("greeting", b"* BYE Connection is closed. 13"),
    "yahoo-limit": ("SELECT", b"%s NO [LIMIT] SELECT Rate limit hit.\r\n* BYE IMAP4rev1 Server logging out"),
    "yahoo-fetch": ("BODY.PEEK[]", b"%s NO [UNAVAILABLE] UID FETCH Server error while fetching messages"),
    "yahoo-later": ("BODY.PEEK[]", b"%s NO UID FETCH Server error - Please try again later"),
    "yahoo-in-use": ("LOGIN", b"%s NO [INUSE] LOGIN Mailbox in use"),
    "icloud": ("LOGIN", b"%s NO [UNAVAILABLE] Server unavailable, please try later"),
    "dovecot-full": ("LOGIN", b"%s NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded"),
    "dovecot-down": ("SELECT", b"* BYE Server shutting down."),
    "crowded": ("greeting", b"* BYE Too many simultaneous connections"),
    **{f"bye-{command}": (command, b"* BYE") for command in ("greeting", "CAPABILITY", *COMMANDS)},
    **{f"silence-{command}": (command, b"") for command in ("greeting", "CAPABILITY", *COMMANDS)},
}
REFUSED = {
    "gmail": ("LOGIN", b"%s NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)"),
    "gmail-browser": ("LOGIN", b"%s NO [ALERT] Please log in via your web browser: https://example.com/ (Failure)"),
    "gmail-app": ("LOGIN", b"%s NO [ALERT] Application-specific password required: https://example.com/ (Failure)"),
    "microsoft": ("LOGIN", b"%s NO LOGIN failed."),
    "yahoo": ("LOGIN", b"%s NO [AUTHENTICATIONFAILED] LOGIN Invalid credentials"),
    "bad": ("LOGIN", b"%s BAD no"),
}

Change = Callable[[bytes, bytes], bytes]


def inserted(words: bytes) -> Change:
    return lambda tag, answer: words + b"\r\n" + answer


def replaced(pattern: bytes, by: bytes | Callable[[Any], bytes]) -> Change:
    return lambda tag, answer: re.sub(pattern, by, answer, flags=re.DOTALL)


def lying(octets: int) -> Change:
    """Every literal says that it is so much longer than it is."""
    return replaced(rb"\{(\d+)\}", lambda found: b"{%d}" % (int(found[1]) + octets))


BODY = rb"BODY\[\] \{\d+\}\r\n.*?\r\n\)\r\n"
# Against the protocol, or not to be understood.
ODD: dict[str, tuple[str, Change]] = {
    **{f"no-{c}": (c, lambda tag, _: tag + b" NO cannot do that\r\n") for c in COMMANDS if c != "LOGIN"},
    **{f"bad-{c}": (c, lambda tag, _: tag + b" BAD cannot do that\r\n") for c in COMMANDS if c != "LOGIN"},
    **{f"tag-{c}": (c, lambda tag, answer: answer.replace(tag + b" ", b"XXXX9 ")) for c in COMMANDS},
    **{f"garbage-{c}": (c, inserted(b"garbage")) for c in COMMANDS},
    **{f"short-by-{n}": ("BODY.PEEK[]", lying(-n)) for n in (1, 20, 200)},
    "long-by-1": ("BODY.PEEK[]", lying(1)),
    "short-headers": ("HEADER.FIELDS", lying(-20)),
    **{f"absurd-{n}": ("BODY.PEEK[]", replaced(rb"\{\d+\}", b"{%d}" % n)) for n in (99_999_999_999, 10**23)},
    "no-uid": ("BODY.PEEK[]", replaced(rb"\(UID \d+ ", b"(")),
    "no-uid-listed": ("HEADER.FIELDS", replaced(rb"\(UID \d+ ", b"(")),
    "other-uid": ("BODY.PEEK[]", replaced(rb"\(UID \d+ ", b"(UID 77 ")),
    "same-uid": ("BODY.PEEK[]", replaced(rb"\(UID \d+ ", b"(UID 1 ")),
    "nil": ("BODY.PEEK[]", replaced(BODY, b"BODY[] NIL)\r\n")),
    "empty": ("BODY.PEEK[]", replaced(BODY, b'BODY[] "")\r\n')),
    "nothing": ("BODY.PEEK[]", lambda tag, _: tag + b" OK done\r\n"),
}
# Odd, and no harm.
FINE: dict[str, tuple[str, Change]] = {
    "doubled": ("BODY.PEEK[]", lambda tag, answer: answer.partition(tag)[0] + answer),
    "flood": ("BODY.PEEK[]", inserted(b"\r\n".join([b"* 1 RECENT"] * 50_000))),
    "flood-of-flags": ("UID SEARCH", inserted(b"\r\n".join([rb"* 1 FETCH (FLAGS (\Seen))"] * 20_000))),
    "alert": ("", inserted(b"* OK [ALERT] You are nearly over quota")),
    "slowed-down": ("", lambda tag, answer: answer.replace(tag + b" OK", tag + b" OK [THROTTLED]")),
    **{f"logout-{n}": ("LOGOUT", lambda tag, _, said=said: tag + said) for n, said in  # type: ignore[misc]
       enumerate((b" NO\r\n", b" BAD\r\n", b"", b"\r\ngarbage"))},
}  # fmt: skip


def saying(words: bytes) -> Change:
    return lambda tag, _: words.replace(b"%s", tag) + (b"\r\n" if words else b"")


def trials() -> dict[str, tuple[Fault, set[int]]]:
    """All of them by name, and the statuses each may end with."""
    found: dict[str, tuple[Fault, set[int]]] = {}
    for name, (command, words) in NOT_NOW.items():
        found[f"not-now-{name}"] = Fault(command, saying(words)), {69}
    for name, (command, words) in REFUSED.items():
        found[f"refused-{name}"] = Fault(command, saying(words)), {77}
    for name, (command, change) in ODD.items():
        found[f"odd-{name}"] = Fault(command, change), {76}
    for name, (command, change) in FINE.items():
        found[f"fine-{name}"] = Fault(command, change), {0}
    # All mails came, so that another connection does for the rest.
    found["odd-tag-BODY.PEEK[]"] = found["odd-tag-BODY.PEEK[]"][0], {0}
    # What is said to come and does not is waited for.
    for octets in (3, 40, 100, 300, 100_000, 2_000_000_000):
        found[f"waits-{octets}"] = Fault("BODY.PEEK[]", lying(octets)), {69}
    return found


def test_whatever_a_server_says_nothing_is_lost_and_its_status_is_true(tmp_path: Path) -> None:
    everything = trials()
    names = {f"a{number}": name for number, name in enumerate(everything)}  # as accounts may be named
    faults = {account: ("seen", everything[name][0]) for account, name in names.items()}
    slow = patience()
    with fleet(tmp_path, faults) as ships:
        said = ships.fetch(12 * slow)
        assert said.seconds < (12 + GRACE_S) * slow
        untrue = {
            names[ship.name]: (said.status_of(ship), said.error_of(ship))
            for ship in ships.ships
            if said.status_of(ship) not in everything[names[ship.name]][1] or not told_well(said, ship)
        }
        assert untrue == {}
        ships.settle()
        assert {names[account]: wrong for account, wrong in ships.wrongs().items()} == {}


def told_well(said: Said, ship: Ship) -> bool:
    """A trouble is one printable sentence that holds nothing of a mail, and no trouble is none."""
    error = said.error_of(ship)
    mails = ("anna@", "username+dev", "This is mail", "Message-ID", "MIME-Version")
    clean = error.isprintable() and not any(words in error for words in mails)
    return clean and bool(error) == bool(said.status_of(ship))


# One mail that the server cannot give out.


def broken_off(bad: bytes) -> Change:
    """Dovecot, at a mail whose size is not what its index says."""

    def change(_tag: bytes, answer: bytes) -> bytes:
        begins = answer.find(bad)
        if begins >= 0:
            raise BreakOff(answer[: begins + 50])
        return answer

    return change


def garbled(bad: bytes) -> Change:
    return lambda _tag, answer: answer.replace(b"{%d}\r\n" % len(bad) + bad, b"{%d}\r\n" % (len(bad) - 50) + bad)


@pytest.mark.parametrize("way", [broken_off, garbled])
def test_a_mail_that_breaks_the_connection_keeps_no_other_back(way: Callable[[bytes], Change], tmp_path: Path) -> None:
    with fleet(tmp_path, {"main": ("seen", Fault())}) as ships:
        [ship] = ships.ships
        first, bad, last = ship.ours
        ship.server.fault = Fault("BODY.PEEK[]", way(ship.ours[bad]))
        said = ships.fetch(30)
        assert (said.status, said.seconds < 30) == (76, True)
        assert "the server has 1 mails in INBOX that it does not give out (UID 2)" in said.error_of(ship)
        posts = [delivery.post.body for delivery in ships.site.deliveries()]
        assert posts == [f"This is mail {number}." for number in (first, last)]
        assert [sorted(mail.flags) for mail in ship.server.inbox.mails] == [["\\Seen"], [], ["\\Flagged"], ["\\Seen"]]
        ships.settle()
        assert ships.wrongs() == {}


def test_a_connection_that_is_cut_once_costs_the_run_no_mail(tmp_path: Path) -> None:
    def once(_tag: bytes, answer: bytes) -> bytes:
        raise BreakOff(answer[: len(answer) // 2])

    with fleet(tmp_path, {"main": ("seen", Fault("BODY.PEEK[]", once, times=1))}) as ships:
        assert ships.fetch(30).status == 0
        assert ships.wrongs() == {}


# What happens to a folder while it is looked at.


def vanish(server: StatefulImap) -> None:
    server.inbox.mails[:] = [mail for mail in server.inbox.mails if mail.uid != 1]


def renumbered(server: StatefulImap) -> None:
    server.inbox.renumber()


def read_only(server: StatefulImap) -> None:
    server.inbox.read_only = True


@pytest.mark.parametrize("command", ["INTERNALDATE)", "HEADER.FIELDS", "BODY.PEEK[]", "UID STORE"])
def test_a_mail_that_vanishes_meanwhile_takes_no_other_along(command: str, tmp_path: Path) -> None:
    with fleet(tmp_path, {"main": ("seen", Fault(command, before=vanish, times=1))}) as ships:
        [ship] = ships.ships
        gone = min(ship.ours)
        said = ships.fetch(30)
        assert (said.status, said.error_of(ship)) == (0, "")
        if command != "UID STORE":  # else it was posted before
            del ship.ours[gone]
        posts = sorted(delivery.post.body for delivery in ships.site.deliveries())
        assert posts == [f"This is mail {number}." for number in ship.ours]
        assert {frozenset(m.flags) for m in ship.server.inbox.mails if m.raw != ship.private} == {frozenset({"\\Seen"})}


def test_new_uids_between_runs_and_after_a_cut_are_the_same_mails(tmp_path: Path) -> None:
    """Dovecot ends a session whose folder it had to renumber, at whatever point that is."""
    bye = saying(b"* BYE UIDVALIDITY changed")
    faults = {
        f"a{number}": ("seen", Fault(command, bye, before=renumbered, times=1, obeyed=False))
        for number, command in enumerate(("UID SEARCH", "HEADER.FIELDS", "BODY.PEEK[]", "UID STORE", "LOGOUT"))
    }
    with fleet(tmp_path, faults) as ships:
        ships.fetch(20)
        assert all(ship.server.inbox.uidvalidity == 8 for ship in ships.ships)
        ships.settle()
        assert ships.wrongs() == {}
        for ship in ships.ships:
            ship.server.inbox.renumber()
        ships.settle()
        assert ships.wrongs() == {}


def test_a_read_only_folder_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    with fleet(tmp_path, {"main": ("seen", Fault(before=read_only))}) as ships:
        [ship] = ships.ships
        said = ships.fetch(30)
        assert said.json["accounts"][0]["notes"] == ["INBOX is read-only here: flags stay as they are"]
        assert len(ships.site.deliveries()) == 3
        ship.server.inbox.read_only = False
        ships.settle()
        assert ships.wrongs() == {}
