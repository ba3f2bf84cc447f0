"""The lines for cron and the units for systemd, as cron, sh and systemd read them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from servers import require

from mailpoll.commands import install_cron, install_systemd
from mailpoll.commands.install_cron import cron_command, cron_file, with_line
from mailpoll.commands.install_systemd import Unit, service, timer
from mailpoll.commands.installation import Installation
from mailpoll.errors import ConfigError

TOP = Path(__file__).resolve().parents[2]
SHIPPED_WORDS = ("/usr/local/bin/mailpoll", "--config", "/etc/mailpoll/config.toml", "fetch")
SHIPPED_UNIT = Unit(
    SHIPPED_WORDS, "mailpoll", credentials=(("imap-password", Path("/etc/mailpoll/imap-password")),)
)  # fmt: skip
SHOWN_BY_INSTALL = "write it anew from mailpoll.commands.install_cron and install_systemd"
ODD_PATHS = ["/opt/my mail/mailpoll", "/opt/100%/mailpoll", "/opt/o'hara/mailpoll", '/opt/"x"/mailpoll', "/opt/$HOME/m"]

CRON_FIELD = re.compile(r"\*(/\d+)?|\d+(-\d+)?(,\d+(-\d+)?)*")


def cron_entries(text: str) -> list[tuple[str, str]]:
    """User and command, as sh gets it, of a file for /etc/cron.d; AssertionError for what cron would not take.

    crontab(5): blank lines, comments, NAME=value, and entries of five times, a user and a command, each line ended.
    """
    assert text.endswith("\n"), "cron passes over a file whose last line has no end"
    found = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#") or re.fullmatch(r"[A-Z]+=\S*", line):
            continue
        *times, user, command = line.split(None, 6)
        assert len(times) == 5, line
        assert all(CRON_FIELD.fullmatch(field) for field in times), line
        assert re.fullmatch(r"[a-z_][a-z0-9_-]*", user), line
        assert not re.search(r"(?<!\\)%", command), "what follows a % is standard input"
        assert len(command) < 999
        found.append((user, command.replace("\\%", "%")))
    return found


def test_the_cron_file_in_the_tree_is_the_one_that_install_writes() -> None:
    shipped = (TOP / "cron.d/email-mirror").read_text()
    assert shipped == cron_file(SHIPPED_WORDS, "mailpoll"), SHOWN_BY_INSTALL
    assert cron_entries(shipped) == [("mailpoll", shlex.join(SHIPPED_WORDS))]


def test_cron_passes_over_neither_name_nor_mode() -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]+", install_cron.FILE_NAME)  # run-parts(8)
    assert (TOP / "cron.d/email-mirror").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("path", ODD_PATHS)
def test_a_path_reaches_the_program_through_cron_and_sh(path: str) -> None:
    [(_, command)] = cron_entries(cron_file((path, "fetch"), "you"))
    words = subprocess.run(["/bin/sh", "-c", f"printf '%s\\n' {command}"], capture_output=True, text=True, check=True)
    assert words.stdout.splitlines() == [path, "fetch"]


@pytest.mark.parametrize("path", ["/opt/back\\slash", "/opt/new\nline", "/opt/" + "x" * 1000])
def test_what_cron_cannot_say_is_refused(path: str) -> None:
    with pytest.raises(ConfigError):
        cron_command((path, "fetch"))


@pytest.mark.parametrize("path", ODD_PATHS)
def test_cron_itself_takes_the_line(path: str, tmp_path: Path) -> None:
    crontab = shutil.which("crontab")
    dry_run = next((flag for flag in ("-n", "-T") if crontab and flag in _usage(crontab)), "")
    require("a crontab that checks without installing", bool(dry_run))
    file = tmp_path / "crontab"
    file.write_text(with_line("", (path, "fetch")).text)
    done = subprocess.run([str(crontab), dry_run, file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _usage(crontab: str) -> str:
    return subprocess.run([crontab, "-h"], capture_output=True, text=True, check=False).stderr


# --- a crontab with other things in it ---------------------------------------------------------------------------

NEW = ("/new/mailpoll", "fetch")
LINE = "* * * * * /new/mailpoll fetch"
RARELY = "*/5 * * * * /new/mailpoll fetch"
OTHERS = (
    "# mine\nMAILTO=me\n0 5 * * * /usr/bin/backup 'a b' >/dev/null\n* * * * * /other/mailpoll --config /x.toml fetch\n"
)


@pytest.mark.parametrize(
    ("before", "after", "replaced"),
    [
        pytest.param("", f"{LINE}\n", 0, id="an empty one"),
        pytest.param(OTHERS, f"{OTHERS}{LINE}\n", 0, id="other lines stay, another configuration's too"),
        pytest.param("# no end of line", f"# no end of line\n{LINE}\n", 0, id="a last line without an end"),
        pytest.param(f"{LINE}\n{OTHERS}", f"{LINE}\n{OTHERS}", 0, id="there already"),
        pytest.param("* * * * * /old/mailpoll fetch\n", f"{LINE}\n", 1, id="the program has moved"),
        pytest.param("*/5 * * * * /old/mailpoll fetch\n", f"{RARELY}\n", 1, id="the times of an old one stay"),
        pytest.param(f"{RARELY} # rare\n", f"{RARELY} # rare\n", 0, id="what a person changed stays"),
        pytest.param(f"{LINE}\n{LINE}\n", f"{LINE}\n", 1, id="twice"),
        pytest.param(f"* * * * * mailpoll fetch\n{LINE}\n", f"{LINE}\n", 1, id="an old one and a right one"),
        pytest.param("@hourly mailpoll fetch\n", "@hourly /new/mailpoll fetch\n", 1, id="times in a word"),
        pytest.param("#* * * * * mailpoll fetch\n", f"#* * * * * mailpoll fetch\n{LINE}\n", 0, id="a line that is off"),
        pytest.param("* * * * * mailpoll 'fetch\n", f"* * * * * mailpoll 'fetch\n{LINE}\n", 0, id="an open quote"),
    ],
)  # fmt: skip
def test_one_line_starts_it_and_the_rest_stays(before: str, after: str, replaced: int) -> None:
    change = with_line(before, NEW)
    assert change.text == after
    assert len(change.replaced) == replaced
    assert with_line(change.text, NEW).text == change.text


def test_each_configuration_has_a_line_of_its_own() -> None:
    first = with_line("", ("/a/mailpoll", "--config", "/1.toml", "fetch")).text
    both = with_line(first, ("/b/mailpoll", "--config", "/2 %.toml", "fetch")).text
    assert both == first + "* * * * * /b/mailpoll --config '/2 \\%.toml' fetch\n"
    assert with_line(both, ("/b/mailpoll", "--config", "/2 %.toml", "fetch")).text == both


# --- who runs it -------------------------------------------------------------------------------------------------


def installation(folder: Path, more: str = "", home: str = "/nonexistent") -> Installation:
    """A configuration whose store is beside it."""
    path = folder / "config.toml"
    path.write_text(f'[store]\nurl = "sqlite:///{folder}/mailpoll.db"\n{more}')
    return Installation(str(path), {"HOME": home})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_owner_of_the_store_runs_it(tmp_path: Path) -> None:
    ours = installation(tmp_path)
    assert install_cron.user_of(ours) == "root"
    (tmp_path / "config.toml").chmod(0o640)
    os.chown(tmp_path / "config.toml", 1, 1)
    assert install_cron.user_of(ours) == "daemon"
    (tmp_path / "mailpoll.db").touch()
    assert install_cron.user_of(ours) == "root"
    os.chown(tmp_path / "mailpoll.db", 65534, 65534)
    assert install_cron.user_of(ours) == "nobody"


# --- systemd -----------------------------------------------------------------------------------------------------


def verified(folder: Path, unit: Unit) -> None:
    """Fails when systemd says anything about the units; the program of the service must be there."""
    require("systemd-analyze", shutil.which("systemd-analyze") is not None)
    units = {install_systemd.SERVICE: service(unit), install_systemd.TIMER: timer(unit)}
    for name, text in units.items():
        (folder / name).write_text(text)
    manager = [] if unit.user else ["--user"]
    env = {**os.environ, "XDG_RUNTIME_DIR": str(folder)}
    words = ["systemd-analyze", "verify", "--man=no", *manager, *(folder / name for name in units)]
    done = subprocess.run(words, capture_output=True, text=True, env=env, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def program(folder: Path) -> str:
    """The path of a program in that folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "mailpoll"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("name", [install_systemd.SERVICE, install_systemd.TIMER])
def test_the_units_in_the_tree_are_the_ones_that_install_writes(name: str) -> None:
    made = {install_systemd.SERVICE: service(SHIPPED_UNIT), install_systemd.TIMER: timer(SHIPPED_UNIT)}
    assert (TOP / "systemd" / name).read_text() == made[name], SHOWN_BY_INSTALL


@pytest.mark.parametrize("user", ["daemon", ""])
@pytest.mark.parametrize("folder", ["plain", "my mail", "100%", "o'hara", '"x"', "$HOME", "back\\slash"])
def test_systemd_takes_the_units(folder: str, user: str, tmp_path: Path) -> None:
    words = (program(tmp_path / "100% $HOME"), "--config", str(tmp_path / folder / "config.toml"), "fetch")
    credentials = (("imap-password", tmp_path / folder / "imap-password"),)
    verified(tmp_path, Unit(words, user, credentials=credentials, writable=(tmp_path / folder,)))


@pytest.mark.parametrize("path", ["/opt/o'hara/mailpoll", '/opt/"x"/mailpoll', "/opt/back\\slash/mailpoll"])
def test_a_program_that_systemd_would_not_start_is_refused(path: str) -> None:
    with pytest.raises(ConfigError):
        service(Unit((path, "fetch"), "you"))


def test_every_credential_of_the_configuration_is_loaded(tmp_path: Path) -> None:
    account = 'host = "imap.example.com"\nusername = "u@example.com"\npassword = {{ credential = "{}" }}\n'
    more = "".join(f"[account.{name}]\n{account.format(f'{name}-password')}" for name in ("one", "two"))
    more += '[destination.hook]\nkind = "webhook"\nurl = "https://example.com/"\nbearer = { credential = "hook" }\n'
    text = service(install_systemd.unit_of(installation(tmp_path, more), "nobody"))
    assert re.findall(r"^LoadCredential=(.*)$", text, re.MULTILINE) == [
        f"hook:{tmp_path}/hook",
        f"one-password:{tmp_path}/one-password",
        f"two-password:{tmp_path}/two-password",
    ]


def test_a_store_elsewhere_may_be_written(tmp_path: Path) -> None:
    text = service(install_systemd.unit_of(installation(tmp_path), "nobody"))
    assert f" -{tmp_path}" in next(line for line in text.splitlines() if line.startswith("ReadWritePaths="))
    assert "StateDirectory=" not in text, "it would move the state of this installation to /var/lib/mailpoll"


ACCOUNT = '[account.main]\nhost = "imap.example.com"\nusername = "u@example.com"\n'
HOOK = '[destination.hook]\nkind = "webhook"\nurl = "https://example.com/home/you/x"\n'
PROGRAM = '[destination.program]\nkind = "command"\n'


def lines(text: str, *names: str) -> list[str]:
    """The lines of a unit that set one of these."""
    return [line for line in text.splitlines() if line.partition("=")[0] in names]


def named(folder: Path, more: str, home: str = "/var/lib/mailpoll") -> set[Path]:
    """The files that a configuration in /etc/mailpoll with these sections names."""
    return set(install_systemd.named_files(installation(folder, more).settings, Path("/etc/mailpoll"), Path(home)))


@pytest.mark.parametrize(
    ("more", "home"),
    [
        pytest.param("", "yes", id="nothing"),
        pytest.param(ACCOUNT + 'password = { file = "/etc/imap-password" }\n', "yes", id="a file elsewhere"),
        pytest.param(ACCOUNT + 'password = { file = "/home/you/imap-password" }\n', "read-only", id="a secret"),
        pytest.param(ACCOUNT + 'password = { file = "a" }\nca_file = "/root/ca.pem"\n', "read-only", id="a ca_file"),
        pytest.param(ACCOUNT + 'password = { command = ["/home/you/bin/pass"] }\n', "read-only", id="a program"),
        pytest.param(ACCOUNT + 'password = { command = ["age", "-i", "/home/you/k"] }\n', "read-only", id="its file"),
        pytest.param(ACCOUNT + 'password = { command = ["age", "--i=/home/you/k"] }\n', "read-only", id="an option"),
        pytest.param(HOOK, "yes", id="a URL is no path"),
        pytest.param(HOOK + 'secret = { file = "/home/you/key" }\n', "read-only", id="a key"),
        pytest.param(HOOK + 'headers = { X-Key = { file = "/home/you/key" } }\n', "read-only", id="a header field"),
        pytest.param(HOOK + 'headers = { X-Path = "/home/you" }\n', "yes", id="a header field that is no file"),
        pytest.param(PROGRAM + 'command = ["/home/you/bin/ticket"]\n', "read-only", id="a destination"),
        pytest.param(PROGRAM + 'command = ["/usr/bin/ticket"]\n', "yes", id="a destination elsewhere"),
        pytest.param(PROGRAM + 'command = ["sh", "-c", "exec </home/you/x"]\n', "read-only", id="a line for sh"),
    ],
)
def test_what_the_configuration_names_in_a_home_is_not_hidden(more: str, home: str, tmp_path: Path) -> None:
    assert install_systemd.hidden_from(named(tmp_path, more)) == (home, "yes")


def test_the_service_sees_all_that_a_run_reads(tmp_path: Path) -> None:
    more = ACCOUNT + 'password = { file = "/home/you/imap-password" }\nca_file = "ca.pem"\n'
    ours = installation(tmp_path, more)
    read = {Path("/home/you/imap-password"), tmp_path / "ca.pem", tmp_path, Path(sys.prefix)}
    assert read <= install_systemd.needed(ours)
    assert lines(service(install_systemd.unit_of(ours, "nobody")), "ProtectHome") == ["ProtectHome=read-only"]


def test_a_program_may_look_into_the_home_of_who_runs_it(tmp_path: Path) -> None:
    text = ACCOUNT + 'password = { command = ["pass", "show", "imap"] }\n'
    assert install_systemd.hidden_from(named(tmp_path, text, home="/home/you")) == ("read-only", "yes")
    assert install_systemd.hidden_from(named(tmp_path, text)) == ("yes", "yes")


def test_a_link_into_a_home_is_followed(tmp_path: Path) -> None:
    (tmp_path / "key").symlink_to("/home/you/key")
    assert install_systemd.hidden_from({tmp_path / "key"})[0] == "read-only"


@pytest.mark.parametrize("path", ["/opt/mailpoll/bin", "/srv/home/you", "/etc/mailpoll", "/homes/x", "/tmpx"])
def test_what_is_needed_elsewhere_opens_neither_homes_nor_tmp(path: str) -> None:
    assert install_systemd.hidden_from({Path(path)}) == ("yes", "yes")


@pytest.mark.parametrize(
    ("more", "home", "writable"),
    [
        pytest.param("", "/home/you", "-/home/you/.local/state/mailpoll", id="in a home"),
        pytest.param("", "/var/lib/mailpoll", "-/var/lib/mailpoll/.local/state/mailpoll", id="in a home that is there"),
        pytest.param('[store]\nurl = "sqlite:////var/lib/mailpoll/mailpoll.db"\n', "/home/you",
                     "-/home/you/.local/state/mailpoll -/var/lib/mailpoll", id="a configuration of one's own"),
    ],
)  # fmt: skip
def test_a_store_outside_of_the_state_directory_may_be_written(
    more: str, home: str, writable: str, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text(more)
    started = Installation(str(tmp_path / "config.toml"), {"HOME": home})
    text = service(install_systemd.unit_of(started, "mailpoll"))
    assert [line.removesuffix(" -/tmp -/var/tmp") for line in lines(text, "StateDirectory", "ReadWritePaths")] == [
        f"ReadWritePaths={writable}"
    ]


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("postgresql://mailpoll@db.example.com/mailpoll", "yes"),
        ("postgresql://mailpoll@/mailpoll?host=/run/postgresql", "yes"),
        ("postgresql://mailpoll@/mailpoll?host=/tmp", "no"),
        ("postgresql://mailpoll@%2Ftmp/mailpoll", "no"),
        ("postgresql://mailpoll@/mailpoll", "no"),
    ],
)
def test_the_socket_of_a_database_in_tmp_is_seen(url: str, private: str) -> None:
    assert install_systemd.hidden_from(set(install_systemd.sockets(url))) == ("yes", private)


def test_a_tmp_that_is_shared_may_be_written() -> None:
    text = service(Unit(SHIPPED_WORDS, "mailpoll", private_tmp="no"))
    assert lines(text, "PrivateTmp", "ReadWritePaths") == ["PrivateTmp=no", "ReadWritePaths=-/tmp -/var/tmp"]


@pytest.mark.parametrize(
    ("reference", "system", "said"),
    [
        ('{ file = "imap-password" }', True, []),
        ('{ credential = "imap-password" }', True, []),
        ('{ keyring = "main" }', True, ["account.main.password is in the keyring of a desktop, which a service of the "
                                        "machine does not see. Use { credential = … } or { file = … }"]),
        ('{ keyring = "main" }', False, []),
        ('{ env = "WORD" }', True, ["account.main.password: the service does not get WORD from this shell. Put it into "
                                    "a file that only root can read, and EnvironmentFile= with its path under [Service]"
                                    " of: systemctl edit mailpoll.service"]),
    ],
)  # fmt: skip
def test_a_secret_that_the_service_does_not_see_is_told(
    reference: str, system: bool, said: list[str], tmp_path: Path
) -> None:
    settings = installation(tmp_path, f"{ACCOUNT}password = {reference}\n").settings
    assert list(install_systemd.out_of_sight(settings, system=system)) == said


def test_a_run_may_take_longer_than_its_deadline_before_it_is_stopped(tmp_path: Path) -> None:
    text = service(install_systemd.unit_of(installation(tmp_path, "[fetch]\ndeadline = 300\n"), "nobody"))
    assert "TimeoutStartSec=360s" in text


def test_the_memory_of_the_unit_is_above_that_of_its_reader(tmp_path: Path) -> None:
    text = service(install_systemd.unit_of(installation(tmp_path, "[reader]\nmemory = 2_000_000_000\n"), "nobody"))
    assert "MemoryMax=2500000000" in text


def test_the_units_of_a_user_ask_for_nothing_that_needs_root(tmp_path: Path) -> None:
    text = service(install_systemd.unit_of(installation(tmp_path), ""))
    for word in ("User=", "StateDirectory=", "ProtectSystem=", "CapabilityBoundingSet=", "network-online"):
        assert word not in text


def test_a_control_character_is_refused() -> None:
    with pytest.raises(ConfigError):
        service(Unit(("/opt/new\nline/mailpoll", "fetch"), "you"))
