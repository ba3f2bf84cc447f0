"""`mailpoll init` as it is typed: by flags, at a terminal, with a first mail, and with everything that goes wrong."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import stat
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from servers import dovecot as dovecot_server
from servers import pymap_server, require
from servers.mail import PASSWORD, USER, MailAccess
from servers.zulip import Zulip

from mailpoll import config
from mailpoll.commands import init_providers
from mailpoll.commands.init_server import in_our_words
from mailpoll.commands.install_cron import cron_line
from mailpoll.commands.installation import Installation
from mailpoll.errors import AccessDenied

SCRIPT = Path(sys.executable).with_name("mailpoll")
ADDRESS = re.compile(r"^    (\S+@example\.com)$", re.MULTILINE)
WITHIN = 60


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dovecot_server.Dovecot]:
    require(dovecot_server.missing() or "Dovecot", not dovecot_server.missing())
    with dovecot_server.Dovecot(tmp_path_factory.mktemp("dovecot")) as server:
        yield server


@pytest.fixture(scope="module")
def pymap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pymap_server.PymapServer]:
    require("pymap (PyPI)", not pymap_server.missing())
    with pymap_server.PymapServer(tmp_path_factory.mktemp("pymap")) as server:
        yield server


class Home:
    """A home folder with nothing in it, and mailpoll started in it without a terminal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / ".config/mailpoll/config.toml"
        self.env = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }

    def run(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SCRIPT, *arguments],
            env=self.env,
            cwd=self.folder,
            input=typed,
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
        )

    def password_file(self, password: str = PASSWORD) -> str:
        path = self.folder / "secret"
        path.touch(mode=0o600)
        path.write_text(f"{password}\n")
        return str(path)

    def settings(self) -> config.Settings:
        return config.load(self.config)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    require("the console script mailpoll", SCRIPT.is_file())
    return Home(tmp_path)


def plaintext(server: MailAccess, user: str) -> tuple[str, ...]:
    return "--username", user, "--host", "127.0.0.1", "--port", str(server.imap_port), "--tls", "none"


def mail_to(address: str, text: str = "Hello, mailpoll.") -> bytes:
    lines = ("From: Ann <ann@example.org>", f"To: {address}", "Subject: The first mail",
             f"Message-ID: <{time.monotonic_ns()}@example.org>",
             "Date: Fri, 20 Nov 2026 09:00:00 +0000", "", text, "")  # fmt: skip
    return "\r\n".join(lines).encode()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# --- by flags --------------------------------------------------------------------------------------------------


def test_flags_alone_set_everything_up(home: Home, dovecot: dovecot_server.Dovecot) -> None:
    done = home.run("init", *plaintext(dovecot, "flags@example.com"), "--password-file", home.password_file())
    assert (done.returncode, done.stderr) == (0, "")
    (address,) = ADDRESS.findall(done.stdout)
    assert re.fullmatch(r"flags\+mail\.[a-z2-7]{26}@example\.com", address)
    assert f"* * * * * {SCRIPT} fetch" in done.stdout.splitlines()
    account = home.settings().account["main"]
    assert (account.username, account.scope, account.after) == ("flags@example.com", "addressed", "seen")
    assert home.run("fetch").returncode == 0


def test_the_first_mail_is_posted_while_init_waits(home: Home, dovecot: dovecot_server.Dovecot) -> None:
    shown = _init_and_mail(home, dovecot, "first@example.com", "--host", "localhost", "--port",
                           str(dovecot.imaps_port), "--ca-file", str(dovecot.ca_file))  # fmt: skip
    assert "It came. Channel mail, topic: The first mail" in shown
    assert "   Hello, mailpoll." in shown
    assert "crontab -e" in shown
    ((flags, _),) = dovecot.messages(user="first@example.com").values()
    assert flags == {"\\Seen"}


def test_the_same_on_pymap_with_starttls(home: Home, pymap: pymap_server.PymapServer) -> None:
    shown = _init_and_mail(home, pymap, USER, "--host", "localhost", "--port", str(pymap.imap_port), "--tls",
                           "starttls", "--ca-file", str(pymap.ca_file))  # fmt: skip
    assert "It came. Channel mail" in shown


def _init_and_mail(home: Home, server: MailAccess, user: str, *flags: str) -> str:
    """What init prints when a mail to its address is put into the inbox while it waits."""
    arguments = [SCRIPT, "init", "--username", user, *flags, "--password-file", home.password_file(), "--wait", "40"]
    shown: list[str] = []
    with subprocess.Popen(arguments, env=home.env, stdout=subprocess.PIPE, text=True) as process:
        ending = threading.Timer(WITHIN, process.kill)
        ending.start()
        assert process.stdout
        for line in process.stdout:
            shown.append(line)
            if line.startswith("Send a mail to it now"):
                (address,) = ADDRESS.findall("".join(shown))
                sender = threading.Thread(target=server.append, args=(mail_to(address),), kwargs={"user": user})
                sender.start()
        ending.cancel()
        sender.join()
    assert process.returncode == 0, shown
    return "".join(shown)


def test_mail_in_another_folder_is_found_and_named(home: Home, dovecot: dovecot_server.Dovecot) -> None:
    user = "spam@example.com"
    dovecot.append(mail_to("spam+guess@example.com"), folder="Junk", user=user)
    dovecot.append(mail_to(user), user=user)
    done = home.run("init", *plaintext(dovecot, user), "--password-file", home.password_file(), "--wait", "1")
    assert done.returncode == 0
    assert "No mail to that address came." in done.stdout
    assert "A mail to another address of yours lies in the folder 'Junk'" in done.stdout
    assert "1 other new mail did come, without a +detail" in done.stdout
    assert "What to check:" in done.stdout
    ((flags, _),) = dovecot.messages("Junk", user=user).values()
    assert flags == set()


def test_a_mail_to_the_new_address_in_another_folder_is_told_from_others(
    home: Home, dovecot: dovecot_server.Dovecot
) -> None:
    user = "junk@example.com"
    flags = [*plaintext(dovecot, user), "--password-file", home.password_file()]
    (address,) = ADDRESS.findall(home.run("init", *flags).stdout)
    dovecot.append(mail_to(address), folder="Junk", user=user)
    done = home.run("init", *flags, "--force", "--wait", "1")
    assert "But a mail to it lies in the folder 'Junk'. Move it to the inbox" in done.stdout
    assert "What to check:" not in done.stdout


def test_when_none_comes_it_says_what_to_check(home: Home, dovecot: dovecot_server.Dovecot) -> None:
    user = "none@example.com"
    done = home.run("init", *plaintext(dovecot, user), "--password-file", home.password_file(), "--wait", "1")
    assert done.returncode == 0
    for word in ("plus addressing", "spam", "on its way"):
        assert word in done.stdout


def test_a_password_from_stdin_is_kept_beside_the_configuration(home: Home, dovecot: dovecot_server.Dovecot) -> None:
    done = home.run("init", *plaintext(dovecot, "stdin@example.com"), "--password-stdin", typed=f"{PASSWORD}\n")
    assert done.returncode == 0
    kept = home.config.with_name("imap-password")
    assert kept.read_text() == f"{PASSWORD}\n"
    assert (mode(kept), mode(home.config), mode(home.config.parent)) == (0o600, 0o600, 0o700)
    assert PASSWORD not in done.stdout + done.stderr + home.config.read_text()
    assert home.run("fetch").returncode == 0


def test_a_dedicated_inbox_is_taken_whole(home: Home, dovecot: dovecot_server.Dovecot) -> None:
    user = "dedicated@example.com"
    home.run("init", *plaintext(dovecot, user), "--password-file", home.password_file(), "--dedicated-inbox",
             "--channel", "ops")  # fmt: skip
    dovecot.append(mail_to(user, "To the plain address."), user=user)
    assert home.run("fetch").returncode == 0
    posts = home.run("posts", "list", "--json").stdout
    assert "The first mail" in posts
    assert home.settings().account["main"].channel == "ops"


def test_a_command_may_give_the_password(home: Home, dovecot: dovecot_server.Dovecot) -> None:
    path = home.password_file()
    done = home.run("init", *plaintext(dovecot, "command@example.com"), "--password-command", f"cat '{path}'")
    assert done.returncode == 0
    assert home.settings().account["main"].password.command == ("cat", path)


def test_a_configuration_elsewhere_has_its_store_beside_it(home: Home, dovecot: dovecot_server.Dovecot) -> None:
    place = home.folder / "a place" / "100%.toml"
    done = home.run("--config", str(place), "init", *plaintext(dovecot, "else@example.com"), "--password-file",
                    home.password_file())  # fmt: skip
    assert done.returncode == 0
    assert (place.parent / "mailpoll.db").is_file()
    assert f"* * * * * {SCRIPT} --config '{home.folder}/a place/100\\%.toml' fetch" in done.stdout


# --- what goes wrong -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "missing"),
    [
        ((), "--username is missing"),
        (("--username", "you@nowhere.invalid"), "--host is missing"),
        (("--username", "you@gmail.com"), "--password-file (or --password-keyring, --password-command) is missing"),
        (("--username", "you", "--host", "127.0.0.1", "--password-command", "echo x", "--tls", "none", "--port", "1"),
         "nothing listens there"),
    ],
)  # fmt: skip
def test_without_a_terminal_one_sentence_names_the_flag(home: Home, flags: Sequence[str], missing: str) -> None:
    done = home.run("init", *flags)
    assert done.returncode != 0
    assert missing in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert not home.config.exists()


def test_a_wrong_password_leaves_nothing_behind(home: Home, dovecot: dovecot_server.Dovecot) -> None:
    done = home.run("init", *plaintext(dovecot, "wrong@example.com"), "--password-file", home.password_file("no"))
    assert done.returncode == 77
    assert "refused the login" in done.stderr
    assert not home.config.exists()


def test_an_unknown_host_is_named(home: Home) -> None:
    done = home.run("init", "--username", "you@example.com", "--host", "imap.nowhere.invalid", "--password-file",
                    home.password_file())  # fmt: skip
    assert done.returncode == 69
    assert "imap.nowhere.invalid:993: " in done.stderr


def test_a_missing_folder_is_named_with_those_there_are(home: Home, dovecot: dovecot_server.Dovecot) -> None:
    done = home.run("init", *plaintext(dovecot, "folder@example.com"), "--password-file", home.password_file(),
                    "--folder", "Nowhere")  # fmt: skip
    assert done.returncode == 78
    assert "INBOX" in done.stderr


def test_microsoft_is_refused_before_anything_is_asked(home: Home) -> None:
    done = home.run("init", "--username", "you@outlook.com")
    assert done.returncode == 78
    assert "OAuth only" in done.stderr
    assert "redirect to the new address" in done.stderr
    assert "docs/" not in done.stderr


def test_plaintext_goes_to_this_machine_only(home: Home) -> None:
    done = home.run("init", "--username", "you@example.com", "--host", "imap.example.com", "--tls", "none",
                    "--password-file", home.password_file())  # fmt: skip
    assert done.returncode == 78


def test_a_configuration_is_not_overwritten(home: Home) -> None:
    assert home.run("init", "--no-mailbox").returncode == 0
    before = home.config.read_bytes()
    done = home.run("init", "--no-mailbox")
    assert done.returncode == 78
    assert "--force" in done.stderr
    assert home.config.read_bytes() == before


def test_force_keeps_a_backup_and_the_addresses(home: Home) -> None:
    first = home.run("init", "--no-mailbox").stdout
    home.config.write_text("# mine\n" + home.config.read_text())
    done = home.run("init", "--no-mailbox", "--force")
    assert done.returncode == 0
    (backup,) = home.config.parent.glob("config.toml.*.bak")
    assert backup.read_text().startswith("# mine\n")
    address = re.search(r"its address is (\S+)\.\n", first)
    assert address
    assert address[1] in done.stdout


@pytest.mark.parametrize(
    "kept", ["", '\n[destination.hook]  # mine\nkind = "webhook"\nurl = "https://example.org/hook"\n']
)
def test_an_account_is_added_to_a_configuration_without_one(
    home: Home, dovecot: dovecot_server.Dovecot, kept: str
) -> None:
    assert home.run("init", "--no-mailbox").returncode == 0
    home.config.write_text("# mine\n" + home.config.read_text() + kept)
    home.config.chmod(0o640)
    before, text = home.settings(), home.config.read_text()
    done = home.run("init", *plaintext(dovecot, "added@example.com"), "--password-file", home.password_file())
    assert (done.returncode, done.stderr) == (0, "")
    (address,) = ADDRESS.findall(done.stdout)
    assert address.startswith("added+mail.")
    after = home.settings()
    assert (after.store, after.destination) == (before.store, before.destination)
    assert after.addresses.patterns == (*before.addresses.patterns, "added+%s@example.com")
    assert list(after.account) == ["main"]
    assert home.config.read_text().startswith("# mine\n")
    assert mode(home.config) == 0o640
    assert "# No inbox" not in home.config.read_text()
    (backup,) = home.config.parent.glob("config.toml.*.bak")
    assert backup.read_text() == text
    assert {"dev", "mail"} <= {line.split()[0] for line in home.run("channel", "list").stdout.splitlines() if line}
    dovecot.append(mail_to(address), user="added@example.com")
    assert home.run("fetch").returncode == 0
    assert "The first mail" in home.run("posts", "list").stdout


def test_a_second_account_has_a_name_and_a_password_of_its_own(home: Home, dovecot: dovecot_server.Dovecot) -> None:
    flags = ["--password-stdin", "--channel", "mail"]
    home.run("init", *plaintext(dovecot, "one@example.com"), *flags, typed=f"{PASSWORD}\n")
    second = [*plaintext(dovecot, "two@example.com"), *flags]
    refused = home.run("init", *second, typed=f"{PASSWORD}\n")
    assert refused.returncode == 78
    assert "there is an account main already" in refused.stderr
    assert "--account NAME adds another account" in refused.stderr
    done = home.run("init", *second, "--account", "work", typed=f"{PASSWORD}\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert ADDRESS.findall(done.stdout)[0].startswith("two+mail.")
    assert home.settings().account["work"].password.file == "imap-password-work"
    assert set(home.settings().account) == {"main", "work"}
    assert home.run("fetch").returncode == 0


def test_an_inbox_that_is_added_can_post_to_what_is_configured(home: Home, dovecot: dovecot_server.Dovecot) -> None:
    home.run("init", *plaintext(dovecot, "three@example.com"), "--password-stdin", typed=f"{PASSWORD}\n")
    with Zulip() as zulip:
        rc = home.config.with_name("zuliprc")
        rc.write_text(zulip.zuliprc)
        rc.chmod(0o600)
        home.config.write_text(f'{home.config.read_text()}\n[destination.team]\nkind = "zulip"\nzuliprc = "zuliprc"\n')
        second = [*plaintext(dovecot, "four@example.com"), "--password-stdin", "--account", "work", "--channel", "ops"]
        refused = home.run("init", *second, "--to", "team:gone", typed=f"{PASSWORD}\n")
        assert (refused.returncode, "'gone' does not exist" in refused.stderr) == (78, True)
        done = home.run("init", *second, "--to", "team:general", typed=f"{PASSWORD}\n")
        assert (done.returncode, done.stderr) == (0, "")
        assert home.run("channel", "test", "ops").returncode == 0
    assert [message["subject"] for message in zulip.messages] == ["Test of channel ops"]
    third = [*plaintext(dovecot, "five@example.com"), "--password-stdin", "--account", "third", "--channel", "phones"]
    new = ["--to", "ntfy:alerts", "--secret-file", "token=ntfy-token", "--no-check"]
    assert home.run("init", *third, *new, typed=f"{PASSWORD}\n").returncode == 0
    settings = home.settings()
    assert (set(settings.account), set(settings.destination)) == ({"main", "work", "third"}, {"team", "ntfy"})
    assert "ntfy:alerts" in home.run("channel", "show", "phones").stdout


@pytest.mark.parametrize(
    "text",
    [
        'account = {}\n[addresses]\npatterns = ["old+%s@example.com"]\n',
        'addresses = { patterns = ["old+%s@example.com"] }\n',
        "this is no TOML",
    ],
)
def test_what_cannot_be_added_to_is_left_as_it_is(home: Home, dovecot: dovecot_server.Dovecot, text: str) -> None:
    home.config.parent.mkdir(parents=True)
    home.config.write_text(text)
    done = home.run("init", *plaintext(dovecot, "odd@example.com"), "--password-file", home.password_file())
    assert done.returncode == 78
    assert home.config.read_text() == text
    assert list(home.config.parent.iterdir()) == [home.config]


# --- without an inbox ------------------------------------------------------------------------------------------


def test_without_a_mailbox_receive_works_at_once(home: Home) -> None:
    done = home.run("init", "--no-mailbox")
    assert (done.returncode, done.stderr) == (0, "")
    (home.folder / "mail.eml").write_bytes(mail_to("anybody@example.com"))
    assert "receive mail.eml --to dev" in done.stdout
    assert home.run("receive", "mail.eml", "--to", "dev").returncode == 0
    assert "The first mail" in home.run("posts", "list").stdout


def test_without_a_mailbox_mail_to_the_printed_address_is_routed(home: Home) -> None:
    shown = home.run("init", "--no-mailbox", "--pattern", "in+%s@here.example", "--channel", "tickets").stdout
    address = re.search(r"in\+tickets\.[a-z2-7]{26}@here\.example", shown)
    assert address
    assert home.run("receive", "-", typed=mail_to(address[0]).decode()).returncode == 0
    assert "tickets" in home.run("posts", "list").stdout


@pytest.mark.parametrize(
    ("flags", "status", "sentence"),
    [
        (["--to", "http://elsewhere.example/hook"], 78, "--to: everybody on the way can read http"),
        (
            ["--to", "teams"],
            78,
            "--to: there is no destination teams. Write store, an http(s) URL, or one of the kinds",
        ),
        (["--to", "ntfy"], 2, "--setting topic=VALUE is missing"),
        (["--to", "file", "--setting", "path=/nowhere/at/all"], 69, "the folder that it is in is missing"),
        (["--setting", "path=/tmp"], 2, "give --to KIND as well"),
    ],
)
def test_where_posts_go_is_checked_before_anything_is_written(
    home: Home, flags: Sequence[str], status: int, sentence: str
) -> None:
    done = home.run("init", "--no-mailbox", *flags)
    assert (done.returncode, sentence in done.stderr) == (status, True), done.stderr
    assert not home.config.exists()


# --- at a terminal ---------------------------------------------------------------------------------------------


class Terminal:
    """mailpoll at a pseudo-terminal: what it shows, and a person who waits for a question before answering it."""

    def __init__(self, home: Home, *arguments: str) -> None:
        self.shown = ""
        self._place = 0
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [SCRIPT, *arguments], env=home.env | {"TERM": "dumb"}, stdin=theirs, stdout=theirs, stderr=theirs,
            start_new_session=True,
        )  # fmt: skip
        os.close(theirs)

    def read(self, until: str | None) -> str:
        """What is shown up to and with `until`, or to the end."""
        end = time.monotonic() + WITHIN
        while until is None or until not in self.shown[self._place :]:
            assert time.monotonic() < end, self.shown
            if not select.select([self._ours], [], [], 0.5)[0]:
                continue
            try:
                data = os.read(self._ours, 4096)
            except OSError:  # Linux: the other side is closed
                data = b""
            if not data:
                assert until is None, f"no {until!r} in: {self.shown}"
                break
            self.shown += data.decode().replace("\r\n", "\n")
        self._place = len(self.shown) if until is None else self.shown.index(until, self._place) + len(until)
        return self.shown

    def answer(self, question: str, answer: str) -> None:
        self.read(question)
        os.write(self._ours, f"{answer}\n".encode())

    def interrupt(self) -> None:
        """Ctrl-C as a terminal says it: to every process of the group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def close(self) -> int:
        self.read(None)
        os.close(self._ours)
        return self.process.wait(WITHIN)


@pytest.fixture
def at_terminal(home: Home) -> Iterator[list[Terminal]]:
    terminals: list[Terminal] = []
    yield terminals
    for terminal in terminals:
        if terminal.process.poll() is None:
            terminal.process.kill()
            terminal.process.wait()


def test_a_person_answers_corrects_passwords_and_keys_and_is_shown_the_first_mail(
    home: Home, dovecot: dovecot_server.Dovecot, at_terminal: list[Terminal]
) -> None:
    flags = ["--host", "127.0.0.1", "--port", str(dovecot.imap_port), "--tls", "none"]
    person = Terminal(home, "init", *flags)
    at_terminal.append(person)
    with Zulip() as zulip:
        person.answer("E-mail address (or user name) of the inbox: ", "person@example.com")
        person.answer("Password (not shown): ", "mistyped")
        person.answer("Keep it in a file or in the keyring?", "")
        person.answer("What is to be changed?", "password")
        person.answer("Password (not shown): ", PASSWORD)
        person.answer("Do people, or other programs, read this inbox, too? [Y/n]: ", "")
        person.answer("Name of the first channel [mail]: ", "help desk")
        person.answer("Where do its posts go? [store]: ", "teams")
        person.read("one of the kinds that there are: ")
        person.answer("Where do its posts go? [store]: ", "zulip")
        person.answer("By which? (zuliprc, key) [zuliprc]: ", "key")
        person.answer("URL of the Zulip server: ", "chat.example.com")
        person.answer("site: is no web address. Write https://host/path\nURL of the Zulip server: ", zulip.site)
        person.answer("The bot's address: ", zulip.email)
        person.answer("The bot's API key (not shown): ", "mistyped")
        person.answer("Channel, or @people: ", "gone")
        person.read("Zulip does not accept the key.")
        person.answer("What is to be changed? (site, email, key, channel, other, keep, quit) [key]: ", "")
        person.answer("The bot's API key (not shown): ", zulip.key)
        person.read("Channel 'gone' does not exist.")
        person.answer("[channel]: ", "")
        person.answer("Channel, or @people [gone]: ", "general")
        shown = person.read("Ctrl-C ends the waiting only.")
        (address,) = ADDRESS.findall(shown)
        dovecot.append(mail_to(address), user="person@example.com")
        assert person.close() == 0
        assert [message["subject"] for message in zulip.messages] == ["The first mail"]
    assert "It came. Channel help desk, topic: The first mail" in person.shown
    assert not any(each in person.shown for each in ("mistyped", PASSWORD, zulip.key))
    assert home.config.with_name("imap-password").read_text() == f"{PASSWORD}\n"
    assert home.config.with_name("zulip-key").read_text() == f"{zulip.key}\n"
    assert mode(home.config.with_name("zulip-key")) == 0o600


def test_a_keyring_that_is_not_there_and_an_authority_nobody_knows_are_got_over(
    home: Home, dovecot: dovecot_server.Dovecot, at_terminal: list[Terminal]
) -> None:
    person = Terminal(home, "init", "--username", "keys@example.com", "--shared-inbox", "--channel", "x", "--to",
                      "store", "--no-wait")  # fmt: skip
    at_terminal.append(person)
    person.answer("IMAP server [imap.example.com]: ", f"localhost:{dovecot.imap_port}")
    person.answer("quit) [tls]: ", "")
    person.answer("TLS (implicit, starttls, none) [starttls]: ", "")
    person.answer("quit) [ca-file]: ", "")
    person.answer("PEM file of the authority to trust: ", str(dovecot.ca_file))
    person.answer("Password (not shown): ", PASSWORD)
    person.answer("Keep it in a file or in the keyring?", "keyring")
    assert person.close() == 0, person.shown
    assert "Give tls starttls, usual on port 143" in person.shown
    assert "unknown authority. Give ca-file the certificate of that authority." in person.shown
    assert "The password goes into a file" in person.shown
    account = home.settings().account["main"]
    assert (account.tls, account.port, account.ca_file) == ("starttls", dovecot.imap_port, str(dovecot.ca_file))
    assert account.password.file == "imap-password"
    assert home.run("fetch").returncode == 0


def test_a_wrong_server_is_noticed_before_the_password_and_empty_answers_are_explained(
    home: Home, dovecot: dovecot_server.Dovecot, at_terminal: list[Terminal]
) -> None:
    person = Terminal(home, "init", "--tls", "none", "--channel", "x", "--to", "store", "--shared-inbox", "--no-wait")
    at_terminal.append(person)
    person.answer("E-mail address (or user name) of the inbox: ", "")
    person.answer("cannot be empty. (Ctrl-C stops.)\nE-mail address (or user name) of the inbox: ", "port@example.com")
    person.answer("IMAP server [imap.example.com]: ", "localhost:99999")
    person.answer(
        "'99999' is no port. Write a number, mostly 993 or 143\nIMAP server [imap.example.com]: ", "127.0.0.1"
    )
    person.answer("(host, port, tls, ca-file, quit) [host]: ", "port")
    person.answer("Port [143]: ", str(dovecot.imap_port))
    person.answer("Password (not shown): ", "")
    person.answer("cannot be empty. (Ctrl-C stops.)\nPassword (not shown): ", "wrong")
    person.answer("Keep it in a file or in the keyring?", "")
    person.answer("(host, port, tls, user, password, folder, ca-file, quit) [password]: ", "")
    person.answer("Password (not shown): ", PASSWORD)
    assert person.close() == 0, person.shown
    assert "INBOX holds 0 mails." in person.shown


@pytest.mark.parametrize("flags", [(), ("--no-mailbox",)])
def test_ctrl_c_among_the_questions_says_that_nothing_was_written(
    home: Home, at_terminal: list[Terminal], flags: Sequence[str]
) -> None:
    person = Terminal(home, "init", *flags)
    at_terminal.append(person)
    person.read(": ")
    while person.process.poll() is None:  # Python's input() misses one that comes just before it begins to read
        person.interrupt()
        with suppress(subprocess.TimeoutExpired):
            person.process.wait(2)
    assert person.close() == 130
    assert "mailpoll: stopped; nothing was written." in person.shown
    assert "next run" not in person.shown
    assert not home.config.parent.exists()


def test_ctrl_c_ends_the_waiting_and_keeps_the_set_up(
    home: Home, dovecot: dovecot_server.Dovecot, at_terminal: list[Terminal]
) -> None:
    person = Terminal(home, "init", *plaintext(dovecot, "stop@example.com"), "--password-file", home.password_file(),
                      "--yes")  # fmt: skip
    at_terminal.append(person)
    person.read("Ctrl-C ends the waiting only.")
    person.interrupt()
    assert person.close() == 0, person.shown
    assert "the set-up is complete" in person.shown
    assert "Traceback" not in person.shown
    assert "crontab -e" in person.shown
    assert home.run("fetch").returncode == 0


# --- tables ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("you@gmail.com", "imap.gmail.com"),
        ("You@GoogleMail.com", "imap.gmail.com"),
        ("you@yahoo.co.uk", "imap.mail.yahoo.com"),
        ("you@me.com", "imap.mail.me.com"),
        ("you@web.de", "imap.web.de"),
        ("you@posteo.net", "posteo.de"),
        ("you@tenant.onmicrosoft.com", "outlook.office365.com"),
    ],
)
def test_providers_are_known_by_the_domain(address: str, host: str) -> None:
    provider = init_providers.of_address(address)
    assert provider
    assert provider.host == host


@pytest.mark.parametrize("address", ["you@example.com", "you@notgmail.com", "you", ""])
def test_other_domains_are_not_guessed_to_be_a_provider(address: str) -> None:
    assert init_providers.of_address(address) is None


def test_the_cron_line_needs_no_config_for_the_usual_place(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path)}
    usual = tmp_path / ".config/mailpoll/config.toml"
    assert "--config" not in cron_line(Installation(str(usual), env))
    assert "--config /etc/other.toml" in cron_line(Installation("/etc/other.toml", env))


def test_what_is_to_be_typed_works_from_every_folder(home: Home) -> None:
    done = subprocess.run([SCRIPT.name, "init", "--no-mailbox"], executable=SCRIPT, env=home.env, cwd=SCRIPT.parent,
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert f"    {SCRIPT} receive mail.eml" in done.stdout


@pytest.mark.parametrize(
    ("advice", "flags", "meant", "likely"),
    [
        ("Set ca_file to a copy of it if this is the right server.", False,
         "Give ca-file a copy of it if this is the right server.", "ca-file"),
        ("Set host to a name that the certificate bears.", True,
         "Give --host a name that the certificate bears.", "host"),
        ('If this port speaks TLS from the start, as 993 does, set tls = "implicit".', True,
         "If this port speaks TLS from the start, as 993 does, give --tls implicit.", "tls"),
        ('Set tls = "implicit" or "starttls"; allow_plaintext = true would send the password for all to read.', False,
         "Give tls implicit or starttls", "tls"),
        ("Check username and password.", False, "Check username and password.", "password"),
    ],
)  # fmt: skip
def test_the_advice_of_imap_errors_is_given_in_words_of_init(advice: str, flags: bool, meant: str, likely: str) -> None:
    problem = AccessDenied("no", advice=advice)
    assert in_our_words(problem, flags=flags) == likely
    assert problem.advice == meant


def test_the_written_configuration_is_toml_with_a_comment_for_what_is_not_plain(home: Home) -> None:
    home.run("init", "--no-mailbox")
    text = home.config.read_text()
    assert tomllib.loads(text)
    assert text.count("#") >= 8
