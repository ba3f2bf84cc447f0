"""`mailpoll install`: what starts a run each minute, put where cron or systemd finds it."""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from mailpoll import places
from mailpoll.commands import install_cron, install_systemd, program
from mailpoll.commands.installation import Installation, home_of
from mailpoll.commands.output import safe_text
from mailpoll.doctor import files
from mailpoll.errors import AccessDenied, ConfigError, Unavailable

# The name of this folder says that systemd is what started the machine (sd_booted(3)).
RUNNING_SYSTEMD = Path("/run/systemd/system")

print_option: Callable[[Any], Any] = click.option(
    "--print", "only_print", is_flag=True, help="Print what would be installed; change nothing."
)


@click.group()
def command() -> None:
    """Have cron or systemd start `mailpoll fetch` every minute.

    Either is enough. With both, runs are twice as many, and still never two at once.
    """


@command.command()
@print_option
@click.option("--user", metavar="NAME", help="As root: who runs it.  [default: who the store belongs to, or mailpoll]")
@click.pass_obj
def cron(installation: Installation, only_print: bool, user: str | None) -> None:
    """Start a run every minute from cron.

    As root it writes /etc/cron.d/mailpoll. As anybody else it adds a line to your own crontab, or brings the line that
    is there up to date; the rest of the crontab stays as it is. A second time it changes nothing.

    \b
    Examples:
      mailpoll install cron
      mailpoll install cron --print
      sudo mailpoll --config /etc/mailpoll/config.toml install cron
    """
    if os.geteuid() == 0 or user or install_cron.of_machine(installation):
        if user:
            _refuse_unknown(user)
        user = user or install_cron.user_of(installation)
        text = install_cron.cron_file(install_cron.fetch_words(_as_started(installation, _home(user))), user)
        if only_print:
            click.echo(text, nl=False)
            return
        _refuse_unless_root("install cron")
        _refuse_unknown(user)
        path = install_cron.CRON_D / install_cron.FILE_NAME
        _say_written(path, written(path, text))
        click.echo(f"cron runs it every minute as {user}.")
        _say_how_to_check(installation, user)
    else:
        _into_crontab(_as_started(installation, _home("")), only_print=only_print)


@command.command()
@print_option
@click.option("--user", "of_user", is_flag=True, help="Units of your own, for your own manager (systemctl --user).")
@click.pass_obj
def systemd(installation: Installation, only_print: bool, of_user: bool) -> None:
    """Start a run every minute from systemd: a service and a timer.

    As root it writes them into /etc/systemd/system, for the user that the store belongs to; with --user into
    ~/.config/systemd/user. Where systemd is running, they are started at once. Each { credential = "NAME" } of the
    configuration becomes a LoadCredential= of the file NAME beside it.

    \b
    Examples:
      sudo mailpoll --config /etc/mailpoll/config.toml install systemd
      mailpoll install systemd --user
      mailpoll install systemd --print
    """
    user = "" if of_user else install_cron.user_of(installation)
    unit = install_systemd.unit_of(_as_started(installation, _home(user)), user)
    for line in install_systemd.out_of_sight(installation.settings, system=not of_user):
        click.echo(f"mailpoll: {line}", err=True)
    units = {
        install_systemd.SERVICE: install_systemd.service(unit),
        install_systemd.TIMER: install_systemd.timer(unit),
    }
    if only_print:
        for name, text in units.items():
            click.echo(f"# {name}\n{text}")
        return
    if not of_user:
        _refuse_unless_root("install systemd", "; with --user they are your own")
        _refuse_unknown(user)
        for state in unit.writable:
            if state != unit.state or _is_home_of(user, home_of(state)):
                _make_for(user, state)
    folder = places.user_units(installation.env) if of_user else install_systemd.SYSTEM_UNITS
    for name, text in units.items():
        _say_written(folder / name, written(folder / name, text))
    _start(installation, of_user=of_user)
    # `doctor --as-cron` would look for credentials that only a unit has.
    _say_how_to_check(installation, user, shlex.join([*_control(of_user), "start", install_systemd.SERVICE]))


def written(path: Path, text: str) -> bool:
    """Whether the file had to be written: whole or not at all, mode 0644. Raises Unavailable."""
    with suppress(OSError, UnicodeDecodeError):
        if path.read_text() == text and path.stat().st_mode & 0o777 == 0o644:
            return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # cron and systemd both pass over a name that begins with a dot.
        descriptor, name = tempfile.mkstemp(prefix=".mailpoll-", dir=path.parent)
        with open(descriptor, "w") as file:
            file.write(text)
            os.fchmod(descriptor, 0o644)
        Path(name).rename(path)
    except OSError as error:
        raise Unavailable(f"cannot be written: {error.strerror}", about=str(path)) from None
    return True


def _make_for(user: str, folder: Path) -> None:
    """Makes a folder that a run writes into, and those above it: the user's, for nobody else. ProtectSystem= would let
    no run make it. Raises Unavailable."""
    if folder.is_dir():
        return
    person = pwd.getpwnam(user)
    _make_for(user, folder.parent)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        os.chown(folder, person.pw_uid, person.pw_gid, follow_symlinks=False)
    except OSError as error:
        raise Unavailable(f"cannot be made: {error.strerror}", about=str(folder)) from None
    click.echo(f"Made for {user}: {folder}")


def _is_home_of(user: str, home: Path) -> bool:
    """Whether it is there, and the user's: that of many a system user is not (/nonexistent, /usr/sbin)."""
    with suppress(OSError):
        return home.stat().st_uid == pwd.getpwnam(user).pw_uid
    return False


def _home(user: str) -> str:
    """The home of a user; without a name, of whoever runs this."""
    try:
        return pwd.getpwnam(user).pw_dir if user else os.environ.get("HOME", "")
    except KeyError:
        return str(places.SYSTEM_STATE)


def _as_started(installation: Installation, home: str) -> Installation:
    """The installation for a starter that gives HOME and no other variable that says where things are.

    Raises ConfigError when it would have another store than this one.
    """
    started = Installation(str(installation.path.absolute()), {"HOME": home})
    if started.store_url != installation.store_url:
        raise ConfigError(
            f"a run would look for the store at {started.store_url}, and not at {installation.store_url}",
            about=str(installation.path),
            advice=f'Write it out: [store] url = "{installation.store_url}"',
        )
    return started


def _refuse_unknown(user: str) -> None:
    """A user that is not there lets cron ignore the file, and systemd refuse the unit."""
    try:
        pwd.getpwnam(user)
    except KeyError:
        advice = f"Make one: adduser --system --group --home {places.SYSTEM_STATE} {user}"
        raise ConfigError(f"there is no user {user}", advice=advice) from None


def _refuse_unless_root(what: str, otherwise: str = "") -> None:
    if os.geteuid() != 0:
        raise AccessDenied(
            "only root may write that", advice=f"Type it with sudo, or look at it: mailpoll {what} --print{otherwise}"
        )


def _into_crontab(installation: Installation, *, only_print: bool) -> None:
    """The line, put into the crontab of whoever runs this, or only printed."""
    if only_print:
        click.echo(install_cron.cron_line(installation))
        return
    crontab = _crontab()
    change = install_cron.with_line(crontab, install_cron.fetch_words(installation))
    if change.text == crontab:
        click.echo(f"Your crontab has it already; nothing changed:\n\n    {safe_text(change.line)}\n")
    else:
        _keep_crontab(change.text)
        for line in change.replaced:
            click.echo(f"Taken out of your crontab:\n\n    {safe_text(line)}\n")
        click.echo(f"In your crontab now:\n\n    {safe_text(change.line)}\n")
    _say_how_to_check(installation, "")


def _crontab() -> str:
    """The crontab of whoever runs this; empty when there is none. Octets that are not UTF-8 are kept as surrogates."""
    done = _called("crontab", "-l")
    if done.returncode and "no crontab" not in done.stderr:
        raise AccessDenied(f"crontab -l ended with status {done.returncode}: {safe_text(done.stderr.strip())}",
                           advice="The administrator says in cron.allow who may use cron")  # fmt: skip
    return "" if done.returncode else done.stdout


def _keep_crontab(text: str) -> None:
    done = _called("crontab", "-", given=text)
    if done.returncode:
        raise AccessDenied(f"crontab ended with status {done.returncode}: {safe_text(done.stderr.strip())}")


@dataclass(frozen=True, slots=True)
class Called:
    """How a program ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def _called(name: str, *arguments: str, given: str = "") -> Called:
    """A program of the system, its messages in English. Raises Unavailable when it is not there."""
    found = shutil.which(name)
    if found is None:
        raise Unavailable(f"there is no {name} on this machine", advice="Install cron, or use systemd: mailpoll install systemd")  # fmt: skip # noqa: E501
    env = {**os.environ, "LC_ALL": "C"}
    # No text=True: it would take the \r from lines that end in \r\n.
    octets = given.encode(errors="surrogateescape")
    done = subprocess.run([found, *arguments], input=octets, capture_output=True, env=env, check=False)
    said = (stream.decode(errors="surrogateescape") for stream in (done.stdout, done.stderr))
    return Called(done.returncode, *said)


def _start(installation: Installation, *, of_user: bool) -> None:
    """Has systemd read the units and start the timer, or says what to type where it is not running."""
    control = _control(of_user)
    steps = ([*control, "daemon-reload"], [*control, "enable", "--now", install_systemd.TIMER])
    running = RUNNING_SYSTEMD if not of_user else Path(installation.env.get("XDG_RUNTIME_DIR", "/nowhere"), "systemd")
    if not running.is_dir() or shutil.which("systemctl") is None:
        click.echo("systemd is not running here. Where it is:\n")
        for step in steps:
            click.echo(f"    {shlex.join(step)}")
    else:
        for step in steps:
            done = _called(*step)
            if done.returncode:
                raise Unavailable(
                    f"{shlex.join(step)} ended with status {done.returncode}: {safe_text(done.stderr.strip())}"
                )
        click.echo("The timer is running. Its last runs: " + shlex.join([*_journal(of_user), "-n", "20"]))
    if of_user:
        click.echo("It runs while you are logged in; for always: loginctl enable-linger")


def _control(of_user: bool) -> list[str]:
    return ["systemctl", *(["--user"] if of_user else [])]


def _journal(of_user: bool) -> list[str]:
    return ["journalctl", *(["--user"] if of_user else []), "-u", install_systemd.SERVICE]


def _say_written(path: Path, changed: bool) -> None:
    click.echo(f"Written: {path}" if changed else f"{path} is there already, and right.")


def _say_how_to_check(installation: Installation, user: str, one_run: str = "") -> None:
    """What to type to see whether it works, as the user that runs it; `one_run` starts one by hand."""
    named = shlex.join([*program.own_command(), "--config", str(installation.path.absolute())])
    prefix = f"sudo -u {user} " if user and user != files.owner(os.geteuid()) else ""
    one_run = one_run or f"{prefix}{named} doctor --as-cron"
    click.echo(f"\nWill it work there? {one_run}\nDoes it?            {prefix}{named} status")
