"""A folder with very many read mails costs a run no more commands than an empty one, and no octets per mail."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from servers import require
from servers.dovecot import Dovecot, missing
from servers.mail import PASSWORD
from servers.proxy import CountingProxy
from support.site import Site, mail

from mailpoll.imap import Session, connect

MANY = 20_000
USER = "large@example.com"
OLD = 1_770_000_000  # February 2026
# What a server says in its greeting, of its capabilities, at SELECT and in answers without hits; 20 000 UIDs would be
# 110 000 octets.
OCTETS = 3_000


# One file: a Maildir of so many takes half a minute to make and to remove where the disk is busy.
MBOX = "mail_location = mbox:~/mail:INBOX=~/inbox\nmbox_read_locks = fcntl\nmbox_write_locks = fcntl\n"


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    require(missing() or "Dovecot", not missing())
    with Dovecot(tmp_path_factory.mktemp("dovecot"), extra_config=MBOX) as server:
        fill(server.home(USER))
        yield server


def fill(home: Path) -> None:
    """Writes MANY read mails of long ago: APPEND would take a minute."""
    (home / "mail").mkdir(parents=True)
    raw = b"Status: RO\n" + mail("old", to="username@example.com").replace(b"\r\n", b"\n") + b"\n"
    with (home / "inbox").open("wb") as file:
        for number in range(MANY):
            came = time.strftime("%a %b %d %H:%M:%S %Y", time.gmtime(OLD + number))
            file.write(f"From anna@example.net {came}\n".encode() + raw)
    if os.getuid() == 0:
        for place in (home, *home.iterdir()):
            shutil.chown(place, "nobody")


class Large(Site):
    """A site on the large folder, whose connection is watched."""

    def __init__(self, folder: Path, dovecot: Dovecot, account: str = "") -> None:
        super().__init__(folder / "site", dovecot, USER, account=account)
        self.channel("dev")
        self._text = self.config.read_text()

    def watched(self, *more: str) -> tuple[list[str], int]:
        """The commands of a run without their tags, and the octets that came back."""
        assert self.server is not None
        with CountingProxy(self.server.imap_port) as proxy:
            self.config.write_text(self._text.replace(f"port = {self.server.imap_port}", f"port = {proxy.port}"))
            result = self.run("fetch", *more)
            assert (result.returncode, result.stderr) == (0, "")
            return [line.partition(" ")[2] for line in proxy.commands], proxy.octets


@pytest.mark.parametrize("take", ["new", "unseen"])
def test_read_mails_cost_neither_commands_nor_octets(take: str, dovecot: Dovecot, tmp_path: Path) -> None:
    site = Large(tmp_path, dovecot, f'take = "{take}"')

    first, octets_of_first = site.watched()
    idle, octets_of_idle = site.watched()
    uid = site.append(mail(f"new for {take}"))
    _, octets_of_new = site.watched()
    dovecot.expunge(uid, user=USER)

    assert len(first) <= 8
    assert len(idle) <= len(first)
    assert not [line for line in first + idle if line.startswith("UID FETCH")]
    assert octets_of_first < 3 * OCTETS  # a window of a thousand UIDs is looked at for the floor
    assert octets_of_idle < OCTETS
    assert octets_of_new < 2 * OCTETS
    assert [d.state for d in site.deliveries()] == ["delivered"]


def test_old_mail_that_is_asked_for_is_found_by_its_date(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Large(tmp_path, dovecot)
    since = datetime.fromtimestamp(OLD + MANY - 10, UTC).isoformat()

    commands, octets = site.watched("--since", since)

    # SEARCH knows days, and all these mails are of one: INTERNALDATE is asked of each, 500 at a time, nothing else.
    dates = [line for line in commands if line.endswith("(UID INTERNALDATE)")]
    sizes = [line for line in commands if "RFC822.SIZE" in line]
    assert len(dates) <= MANY / 500 + 1
    assert len(sizes) == 1
    assert octets < 120 * MANY


def test_mails_by_the_ten_thousand_are_searched_in_windows(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    """imaplib gives up at an answer of a million octets."""
    monkeypatch.setattr("mailpoll.imap.uids.SEARCH_HITS", 7_000)
    with closing(open_session(dovecot)) as session:
        upto = session.open("INBOX", read_only=True).uidnext - 1
        found = session.search(above=0, unseen_or_above=0, upto=upto)
        assert len(found) >= MANY
        assert session.search(above=0, unseen_or_above=MANY, upto=MANY) == ()
        assert len(session.since(datetime.fromtimestamp(OLD - 86400 * 9, UTC), MANY)) == MANY
        assert session.last_uid_before(datetime.fromtimestamp(OLD - 86400 * 9, UTC), MANY) == 0


def open_session(dovecot: Dovecot) -> Session:
    settings = {"ca_file": None, "timeout": 20.0, "allow_plaintext": False}
    return connect(dovecot.host, dovecot.imap_port, "none", USER, PASSWORD, **settings)  # type: ignore[arg-type]
