"""Every `after` with every `take`, on servers that can do more and less: nothing lost, doubled or touched besides."""

from __future__ import annotations

import imaplib
import itertools
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from imapclient import imap_utf7
from servers import dovecot as dovecot_server
from servers import pymap_server, require
from servers.dovecot import Dovecot
from servers.proxy import CountingProxy
from servers.pymap_server import PymapServer
from servers.scripted_imap import OK, ScriptedImap
from support.site import Site, mail

AFTER = ("seen", "keyword", "move", "delete", "leave")
TAKE = ("new", "unseen")
SERVERS = ("dovecot", "copying", "bare", "pymap")
CASES = [f"{server}-{after}-{take}" for server, after, take in itertools.product(SERVERS, AFTER, TAKE)]

# Folders as their servers part and spell them, and where `after = "move"` puts mail.
SLASHED = (
    ("INBOX", "Processed"),
    ("Lists/dev", "Archive/2026/Größe & Maße"),
    ("Entwürfe & mehr", "日本/done"),
    ('with "quotes" and blanks', 'say "done" \\ or not'),
    ("{braces} [and] (more)", "100% (really) *done"),
)
DOTTED = (
    ("INBOX", "Processed"),
    ("Lists.dev", "Archive.2026.Größe & Maße"),
    ("Entwürfe & mehr", "日本.done"),
    ('with "quotes"', "INBOX.done"),
    ("plain", "Done too"),
)
PLAIN = tuple((f"Folder {number}", f"Done {number}") for number in range(5))

OLD, PRIVATE, UNSEEN, OPENED = "old", "private", "unseen", "opened"
NO_KEYWORDS = "the server keeps no keywords: mails are marked as seen instead"
COPIED = "the server has no UIDPLUS: mails were copied, the originals are only flagged as deleted"
MARKED = "the server has no UIDPLUS: mails are only flagged as deleted, not expunged"

State = Mapping[str, frozenset[str]]  # which of the mails is there → its flags


@dataclass
class Case:
    """An account of a run: what its server does, where its mail is, and what became of it."""

    server: str
    after: str
    take: str
    access: Dovecot | PymapServer
    user: str
    folder: str
    target: str
    proxy: CountingProxy
    states: list[State] = field(default_factory=list)
    targets: list[tuple[str, ...]] = field(default_factory=list)
    commands: list[list[str]] = field(default_factory=list)
    posted: list[list[str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.server}-{self.after}-{self.take}"

    @property
    def taken(self) -> set[str]:
        return {UNSEEN, OPENED} if self.take == "new" else {UNSEEN}

    def section(self) -> str:
        """Its lines of the configuration."""
        names = [name.replace("\\", "\\\\").replace('"', '\\"') for name in (self.folder, self.target)]
        return (
            f'[account.{self.name}]\nhost = "127.0.0.1"\nport = {self.proxy.port}\ntls = "none"\n'
            f'username = "{self.user}"\npassword = {{ file = "imap-password" }}\nfolders = ["{names[0]}"]\n'
            f'move_to = "{names[1]}"\nafter = "{self.after}"\ntake = "{self.take}"\n'
        )

    def fill(self) -> None:
        """Puts the mails there."""
        with self.access.client(self.user) as client:
            if self.folder != "INBOX":
                assert client.create(wire(self.folder))[0] == "OK"
            ago = datetime.now(UTC) - timedelta(days=30)
            for what, flags, date in (
                (OLD, "", ago),
                (PRIVATE, "", None),
                (UNSEEN, "", None),
                (OPENED, "\\Seen", None),
            ):
                to = "username@example.com" if what == PRIVATE else "username+dev@example.com"
                raw = mail(f"{what}.{self.name}", to=to)
                at = imaplib.Time2Internaldate(date) if date else None
                assert client.append(wire(self.folder), f"({flags})", at, raw)[0] == "OK"

    def look(self) -> None:
        """Notes what is there now, and what was said since the last look."""
        found = self.access.messages(encoded(self.folder), user=self.user)
        self.states.append({kind(raw): flags for flags, raw in found.values()})
        assert len(self.states[-1]) == len(found), "a mail is there twice"
        try:
            moved = self.access.messages(encoded(self.target), user=self.user)
        except KeyError:
            moved = {}
        self.targets.append(tuple(sorted(kind(raw) for _, raw in moved.values())))
        self.commands.append([line.partition(" ")[2] for line in self.proxy.commands])
        self.proxy.commands.clear()


def encoded(folder: str) -> str:
    return str(imap_utf7.encode(folder).decode())


def wire(folder: str) -> str:
    """A folder name as a command carries it."""
    escaped = encoded(folder).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def kind(raw: bytes) -> str:
    found = re.search(rb"Message-ID: <(\w+)\.", raw)
    assert found
    return found[1].decode()


@dataclass
class World:
    """Three runs over all cases: one that works, one under cron and one at a terminal that find nothing."""

    cases: dict[str, Case]
    runs: list[subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Dovecot | PymapServer]]:
    require(dovecot_server.missing() or "Dovecot", not dovecot_server.missing())
    require(pymap_server.missing() or "pymap", not pymap_server.missing())
    with ExitStack() as stack:

        def dovecot(**arguments: str) -> Dovecot:
            return stack.enter_context(Dovecot(tmp_path_factory.mktemp("dovecot"), **arguments))  # type: ignore[arg-type]

        yield {
            "dovecot": dovecot(),
            "copying": dovecot(capability="IMAP4rev1 LITERAL+ UIDPLUS"),
            "bare": dovecot(capability="IMAP4rev1 LITERAL+", extra_config="namespace inbox {\n  separator = .\n}\n"),
            "pymap": stack.enter_context(PymapServer(tmp_path_factory.mktemp("pymap"))),
        }


@pytest.fixture(scope="module")
def world(
    servers: dict[str, Dovecot | PymapServer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:  # fmt: skip
    with ExitStack() as stack:
        cases = {}
        for name, access in servers.items():
            places = {"bare": DOTTED, "pymap": PLAIN}.get(name, SLASHED)
            for (number, after), take in itertools.product(enumerate(AFTER), TAKE):
                folder, target = places[(number + TAKE.index(take)) % len(places)]
                user = access.user if name == "pymap" else f"{after}.{take}@example.com"
                folder, target = (f"{n} {take}" if name == "pymap" else n for n in (folder, target))
                proxy = stack.enter_context(CountingProxy(access.imap_port))
                case = Case(name, after, take, access, user, folder, target, proxy)
                cases[case.name] = case
        for case in cases.values():
            case.fill()
            case.look()
        more = "".join(case.section() for case in cases.values())
        site = Site(tmp_path_factory.mktemp("after") / "site", None, more=more)
        site.channel("dev")
        runs = []
        for options in (["-v"], [], ["-v"]):
            runs.append(site.run("fetch", *options))
            subjects = [d.post.topic for d in site.deliveries() if d.state == "delivered"]
            for case in cases.values():
                case.look()
                case.posted.append([s.split()[1].split(".")[0] for s in subjects if s.endswith(f".{case.name}")])
        yield World(cases, runs)


def expected(case: Case) -> dict[str, frozenset[str]]:
    """What is to be in the polled folder after a run."""
    state = dict(case.states[0])
    for mail_taken in case.taken:
        if case.after in ("move", "delete") and case.server != "bare":
            del state[mail_taken]
        else:
            state[mail_taken] |= {
                "seen": {"\\Seen"},
                "keyword": {"\\Seen"} if case.server == "pymap" else {"mailpoll"},
                "move": {"\\Deleted"},
                "delete": {"\\Deleted"},
                "leave": set(),
            }[case.after]
    return state


def test_the_runs_went_well_and_the_quiet_one_was_quiet(world: World) -> None:
    assert [(run.returncode, run.stderr) for run in world.runs] == [(0, "")] * 3
    assert world.runs[1].stdout == ""


@pytest.mark.parametrize("name", CASES)
class TestAfter:
    def test_what_is_to_be_posted_is_posted_once(self, world: World, name: str) -> None:
        case = world.cases[name]
        assert [sorted(posted) for posted in case.posted] == [sorted(case.taken)] * 3

    def test_mails_are_flagged_moved_and_left_as_it_says(self, world: World, name: str) -> None:
        case = world.cases[name]
        assert case.states[1] == expected(case)
        assert case.targets[1] == (tuple(sorted(case.taken)) if case.after == "move" else ())

    def test_further_runs_change_nothing(self, world: World, name: str) -> None:
        case = world.cases[name]
        assert case.states[2] == case.states[3] == case.states[1]
        assert case.targets[2] == case.targets[3] == case.targets[1]
        for line in case.commands[2] + case.commands[3]:
            assert not re.match(r"UID (STORE|MOVE|COPY|EXPUNGE|FETCH)|CREATE|EXPUNGE|CLOSE", line), line

    def test_only_what_the_server_offers_is_asked_for(self, world: World, name: str) -> None:
        case = world.cases[name]
        said = [" ".join(line.split()[: 1 + line.startswith("UID ")]) for line in case.commands[1]]
        assert "EXPUNGE" not in said, "everybody's deleted mail would go"
        assert ("UID MOVE" in said) == (case.after == "move" and case.server not in ("copying", "bare"))
        assert ("UID COPY" in said) == (case.after == "move" and case.server in ("copying", "bare"))
        expunged = (case.after == "delete" and case.server != "bare") or case.name.startswith("copying-move")
        assert ("UID EXPUNGE" in said) == expunged

    def test_what_could_not_be_done_as_asked_is_told(self, world: World, name: str) -> None:
        case = world.cases[name]
        note = {
            ("pymap", "keyword"): NO_KEYWORDS,
            ("bare", "move"): COPIED,
            ("bare", "delete"): MARKED,
        }.get((case.server, case.after))
        lines = [line for line in world.runs[0].stdout.splitlines() if line.startswith(f"account.{name}: ")]
        first = f"account.{name}: {len(case.taken)} new, 1 not ours"
        assert lines == [first, *([f"account.{name}: {note}"] if note else [])]


@pytest.mark.parametrize("name", [name for name in CASES if "-move-" in name and "pymap" not in name])
def test_a_folder_made_for_moved_mail_is_shown_by_mail_programs(world: World, name: str) -> None:
    case = world.cases[name]
    with case.access.client(case.user) as client:
        _, lines = client.lsub()
    shown = [line for line in lines if isinstance(line, bytes)]
    assert any(line.endswith((wire(case.target).encode(), b" " + encoded(case.target).encode())) for line in shown)


# What an access list lets an account do in its INBOX (RFC 4314 §2.1), and what becomes of `after` then. The exit status
# is one that calls a person only where the setting can be changed for the better.
READ_ONLY = "INBOX is read-only here: flags stay as they are"
DENIED = r'the server does not let \{flag} be set in INBOX. Give the account the right to, or set after = "leave".'
RIGHTS = {
    # name: (rights, after) → (status, what is said, flags afterwards)
    "read-only-seen": ("lr", "seen", 0, READ_ONLY, set()),
    "read-only-move": ("lr", "move", 0, READ_ONLY, set()),
    "read-only-delete": ("lr", "delete", 0, READ_ONLY, set()),
    "read-only-leave": ("lr", "leave", 0, "", set()),
    "seen-only-seen": ("lrs", "seen", 0, "", {"\\Seen"}),
    "seen-only-keyword": ("lrs", "keyword", 0, NO_KEYWORDS, {"\\Seen"}),
    "seen-only-delete": ("lrs", "delete", 77, DENIED.format(flag="Deleted"), set()),
    "seen-only-move": ("lrs", "move", 77, "the server denies it: [NOPERM] Permission denied", set()),
    "no-seen-seen": ("lrwt", "seen", 77, DENIED.format(flag="Seen"), set()),
}


@pytest.fixture(scope="module")
def forbidding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forbidden]:
    """A run over accounts that may not do all that they are to do, and a second one."""
    require(dovecot_server.missing() or "Dovecot", not dovecot_server.missing())
    folder = tmp_path_factory.mktemp("forbidden")
    with Dovecot(folder, extra_config="mail_plugins = acl\nplugin {\n  acl = vfile\n}\n") as server:
        more = ""
        for name, (rights, after, *_) in RIGHTS.items():
            server.append(mail(name), user=f"{name}@example.com")
            (server.maildir(f"{name}@example.com") / "dovecot-acl").write_text(f"owner {rights}\n")
            more += (
                f'[account.{name}]\nhost = "127.0.0.1"\nport = {server.imap_port}\ntls = "none"\nafter = "{after}"\n'
                f'username = "{name}@example.com"\npassword = {{ file = "imap-password" }}\n'
            )
        site = Site(folder / "site", None, more=more)
        site.channel("dev")
        runs = [json.loads(site.run("fetch", "--json").stdout) for _ in range(2)]
        inboxes = {name: server.messages(user=f"{name}@example.com") for name in RIGHTS}
        yield Forbidden(runs, inboxes, [d.post.topic for d in site.deliveries() if d.state == "delivered"])


@dataclass
class Forbidden:
    """What two runs said, the inboxes afterwards, the subjects of what was posted."""

    runs: list[dict[str, Any]]
    inboxes: dict[str, dict[int, tuple[frozenset[str], bytes]]]
    posted: list[str]


@pytest.mark.parametrize("name", RIGHTS)
def test_what_an_access_list_forbids_is_said_and_the_mail_posted_once(forbidding: Forbidden, name: str) -> None:
    _, _, status, says, flags = RIGHTS[name]
    assert forbidding.posted.count(f"Mail {name}") == 1
    assert [set(found) for found, _ in forbidding.inboxes[name].values()] == [flags]
    for run, new in zip(forbidding.runs, (1, 0), strict=True):
        (account,) = [account for account in run["accounts"] if account["account"] == name]
        said = account["error"] if status else "".join(account["notes"])
        if new or "keyword" not in name:
            assert says in (said or "")
        assert bool(account["error"]) == bool(status)
        assert account["new"] == new


def test_a_folder_that_can_only_be_examined_is_polled(tmp_path: Path) -> None:
    raw = mail("scripted")
    answers = {
        "SELECT": b"%s NO [NOPERM] Permission denied\r\n",
        "UID SEARCH": (b"* SEARCH\r\n" + OK, b"* SEARCH\r\n" + OK, b"* SEARCH 9\r\n" + OK),
        "UID FETCH": (
            b'* 3 FETCH (UID 9 RFC822.SIZE %d INTERNALDATE "20-Nov-2026 09:00:00 +0000" BODY[HEADER.FIELDS (TO)] '
            b"{30}\r\nTo: username+dev@example.com\r\n)\r\n" % len(raw) + OK,
            b"* 3 FETCH (UID 9 BODY[] {%d}\r\n%b)\r\n" % (len(raw), raw) + OK,
        ),
    }
    with ScriptedImap(answers) as server:
        server.imap_port, server.user = server.port, "username@example.com"  # type: ignore[attr-defined]
        site = Site(tmp_path / "site", server)  # type: ignore[arg-type]
        site.channel("dev")
        runs = [site.run("fetch", "-v") for _ in range(2)]
    assert [run.returncode for run in runs] == [0, 0]
    assert all(f"account.main: {READ_ONLY}" in run.stdout for run in runs)
    assert [d.state for d in site.deliveries()] == ["delivered"]
    assert not {"UID STORE", "UID COPY"} & {line[:9] for line in server.commands}


def test_a_missing_folder_is_named_with_those_there_are_and_the_others_are_polled(
    servers: dict[str, Dovecot | PymapServer], tmp_path: Path
) -> None:
    site = Site(tmp_path / "site", servers["dovecot"], "missing@example.com", account='folders = ["Gone", "INBOX"]')
    site.channel("dev")
    site.append(mail("missing"))

    said = site.run("fetch")

    assert said.returncode == 78
    assert said.stderr.splitlines() == [
        f"mailpoll: account.main (localhost:{site.server.imap_port}): there is no folder 'Gone'. There are: INBOX."  # type: ignore[union-attr]
    ]
    assert [d.state for d in site.deliveries()] == ["delivered"]


@pytest.mark.parametrize("name", ["dovecot", "pymap"])
def test_old_mail_is_counted_before_it_is_taken(
    servers: dict[str, Dovecot | PymapServer], tmp_path: Path, name: str
) -> None:
    server, folder = servers[name], f"Old on {name}"
    user = server.user if name == "pymap" else "old@example.com"
    site = Site(tmp_path / "site", server, user, account=f'folders = ["{folder}"]')
    site.channel("dev")
    now = datetime.now(UTC)
    for days in (30, 20, 10, 0):
        site.append(mail(f"{days}.{name}"), folder=folder, internaldate=now - timedelta(days=days), flags=["\\Seen"])
    ago = (now - timedelta(days=25)).isoformat()
    state = site.inbox(folder)

    counted = [site.run("fetch", "--dry-run", *more).stdout for more in ((), ("--since", ago))]

    assert [re.findall(r": (\d) to take", said) for said in counted] == [["1"], ["3"]]
    assert site.inbox(folder) == state
    assert site.deliveries() == ()
    for more, posted in (((), 1), (("--since", ago), 3), (("--since", "all"), 4), (("--since", "all"), 4)):
        assert site.run("fetch", *more).stderr == ""
        assert len(site.deliveries()) == posted


def test_a_new_uidvalidity_doubles_nothing_whatever_comes_after(
    servers: dict[str, Dovecot | PymapServer], tmp_path: Path
) -> None:
    """As after a restore from a backup: all UIDs are new, and count from 1."""
    places = [(name, after) for name in ("dovecot", "copying") for after in AFTER]
    more = ""
    for name, after in places:
        more += (
            f'[account.{name}-{after}]\nhost = "localhost"\nport = {servers[name].imap_port}\ntls = "none"\n'
            f'username = "renumbered.{after}@example.com"\npassword = {{ file = "imap-password" }}\nafter = "{after}"\n'
        )
    site = Site(tmp_path / "site", None, more=more)
    site.channel("dev")

    def come(what: str) -> None:
        for name, after in places:
            servers[name].append(mail(f"{what}.{name}.{after}"), user=f"renumbered.{after}@example.com")

    come("first")
    assert site.run("fetch").stderr == ""
    for name, after in places:
        access = servers[name]
        assert isinstance(access, Dovecot)
        access.append(mail("private", to="username@example.com"), user=f"renumbered.{after}@example.com")
        access.new_uidvalidity(user=f"renumbered.{after}@example.com")
    come("second")
    for _ in range(2):
        assert site.run("fetch").stderr == ""
        posted = sorted(d.post.topic for d in site.deliveries() if d.state == "delivered")
        assert posted == sorted(f"Mail {what}.{name}.{after}" for what in ("first", "second") for name, after in places)
    for name, after in places:
        if after == "move":
            moved = servers[name].messages("Processed", user=f"renumbered.{after}@example.com")
            assert sorted(kind(raw) for _, raw in moved.values()) == ["first", "second"]


CUTS = ("UID COPY", "+FLAGS", "UID EXPUNGE")


def test_a_move_that_is_cut_off_is_ended_by_the_next_run_without_a_second_copy(
    servers: dict[str, Dovecot | PymapServer], tmp_path: Path
) -> None:
    server, more = servers["copying"], ""
    with ExitStack() as stack:
        proxies = {f"cut{n}": stack.enter_context(CountingProxy(server.imap_port)) for n in range(len(CUTS))}
        for (name, proxy), words in zip(proxies.items(), CUTS, strict=True):
            proxy.drop_at = words
            more += (
                f'[account.{name}]\nhost = "localhost"\nport = {proxy.port}\ntls = "none"\nafter = "move"\n'
                f'username = "{name}@example.com"\npassword = {{ file = "imap-password" }}\n'
            )
            for number in range(3):
                server.append(mail(f"{number}.{name}"), user=f"{name}@example.com")
        site = Site(tmp_path / "site", None, more=more)
        site.channel("dev")

        assert site.run("fetch").returncode == 69
        assert {proxy.drop_at for proxy in proxies.values()} == {""}
        assert site.run("fetch").returncode == 0

    for name in proxies:
        assert server.messages(user=f"{name}@example.com") == {}
        moved = server.messages("Processed", user=f"{name}@example.com")
        assert sorted(kind(raw) for _, raw in moved.values()) == ["0", "1", "2"]
    assert [d.state for d in site.deliveries()] == ["delivered"] * 9
