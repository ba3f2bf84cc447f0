"""systemd's units: a service that is one run, and a timer that starts it a minute after the last one ended."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Struct

from mailpoll import places
from mailpoll.commands.config import secrets_in
from mailpoll.commands.install_cron import fetch_words
from mailpoll.commands.installation import Installation
from mailpoll.errors import ConfigError
from mailpoll.settings import CommandSettings, Settings

SYSTEM_UNITS = Path("/etc/systemd/system")
SERVICE = "mailpoll.service"
TIMER = "mailpoll.timer"
# A run ends by itself at its deadline; so many seconds later it hangs.
GRACE_S = 60
# What a run takes besides its reader, in octets; measured: 100 MB.
BESIDES_THE_READER = 500_000_000
HOMES = (Path("/home"), Path("/root"), Path("/run/user"))  # what ProtectHome= hides
TEMPORARY = (Path("/tmp"), Path("/var/tmp"))  # what PrivateTmp= hides

# Exit statuses: docs/reference/exit-statuses.md.
_SERVICE = """\
# Written by `mailpoll install systemd`, which writes it anew: changes of yours belong into `{edit} {name}`.

[Unit]
Description=mailpoll: fetch new mail and post it
{after}
[Service]
Type=oneshot
ExecStart={start}
{identity}# Troubles that pass: the next run tries again, and mailpoll itself says when they last. Every other
# status needs a person, and leaves the unit failed; the timer goes on all the same.
SuccessExitStatus=69 75
# A run ends by itself after {deadline:g} seconds (fetch.deadline).
TimeoutStartSec={timeout}
# Only the run is told to stop: it stops its reader itself, and blames no mail for that.
KillMode=mixed
# Above the reader's own limit (reader.memory): a bad mail ends its reader, not the run.
MemoryMax={memory}
OOMPolicy=continue
{credentials}
# What it cannot do, because it need not. A destination of kind "command" runs inside the same walls.
UMask=0077
NoNewPrivileges=yes
{walls}LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
"""

# These need root, or a name space that the manager of a user often may not make.
_WALLS = """\
CapabilityBoundingSet=
PrivateDevices=yes
PrivateTmp={private_tmp}
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome={home}
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
"""

_TIMER = """\
# Written by `mailpoll install systemd`, which writes it anew: changes of yours belong into `{edit} {name}`.

[Unit]
Description=mailpoll: fetch new mail every minute

[Timer]
OnBootSec=1min
# From the end of a run: two never meet, and a long one is followed by a pause.
OnUnitInactiveSec=1min
AccuracySec=1s

[Install]
WantedBy=timers.target
"""


@dataclass(frozen=True, slots=True)
class Unit:
    """What a service is made from. Without `user` it is one for the manager of the user who installs it."""

    words: tuple[str, ...]
    user: str = ""
    state: Path = places.SYSTEM_STATE
    credentials: tuple[tuple[str, Path], ...] = ()
    writable: tuple[Path, ...] = ()
    deadline_s: float = 50
    reader_memory: int = 512_000_000
    home: str = "yes"  # ProtectHome=
    private_tmp: str = "yes"


def unit_of(installation: Installation, user: str) -> Unit:
    """The service that runs this installation; `user` as in Unit. Raises ConfigError."""
    settings, state, words = installation.settings, installation.state_directory(), fetch_words(installation)
    database = installation.sqlite_file
    written = {state, *([database.parent] if database else [])}
    if state == places.SYSTEM_STATE:  # StateDirectory= makes it, and lets it be written
        written = {path for path in written if not path.is_relative_to(state)}
    folder = installation.path.absolute().parent
    protect_home, private_tmp = hidden_from(needed(installation) | written)
    return Unit(
        words=words,
        user=user,
        state=state,
        credentials=tuple((name, folder / name) for name in sorted(_credentials(settings))),
        writable=tuple(sorted(written)),
        deadline_s=settings.fetch.deadline,
        reader_memory=settings.reader.memory,
        home=protect_home,
        private_tmp=private_tmp,
    )


def needed(installation: Installation) -> set[Path]:
    """What a run reads: the program, the configuration, the files that it names, the sockets of its database."""
    folder = installation.path.absolute().parent
    home = Path(installation.env.get("HOME") or places.NO_HOME)
    started = (Path(word) for word in fetch_words(installation) if word.startswith("/"))
    named = named_files(installation.settings, folder, home)
    return {Path(sys.prefix), Path(sys.base_prefix), folder, *started, *named, *sockets(installation.store_url)}


def out_of_sight(settings: Settings, *, system: bool) -> Iterator[str]:
    """What is to be said of secrets that a service does not get by itself."""
    edit = f"systemctl {'' if system else '--user '}edit {SERVICE}"
    for about, reference in secrets_in(settings):
        if reference.keyring is not None and system:
            yield (
                f"{about} is in the keyring of a desktop, which a service of the machine does not see. "
                "Use { credential = … } or { file = … }"
            )
        elif reference.env is not None:
            yield (
                f"{about}: the service does not get {reference.env} from this shell. Put it into a file that only root "
                f"can read, and EnvironmentFile= with its path under [Service] of: {edit}"
            )


def _credentials(settings: Settings) -> set[str]:
    """The names of the systemd credentials that settings refer to, wherever they stand."""
    return {reference.credential for _, reference in secrets_in(settings) if reference.credential}


def hidden_from(used: set[Path]) -> tuple[str, str]:
    """ProtectHome= and PrivateTmp= of a service that needs these files."""
    return "read-only" if _any_below(HOMES, used) else "yes", "no" if _any_below(TEMPORARY, used) else "yes"


def _any_below(folders: tuple[Path, ...], paths: set[Path]) -> bool:
    """Whether one of the paths, or what a link there leads to, is in one of the folders."""
    return any(each.is_relative_to(folder) for path in paths for each in (path, path.resolve()) for folder in folders)


# An absolute path in a word of a command, perhaps behind an equals sign, or one of several in a line for sh -c.
_PATH = re.compile(r"(?:^|(?<=[\s=:,;&|(<>'\"]))(~?/[^\s:,;&|()<>'\"]+)")


def named_files(settings: Settings, base: Path, home: Path) -> Iterator[Path]:
    """The files that settings name: of secrets, certificates, programs and their arguments. `base` is the folder of the
    configuration, `home` that of who runs the service."""
    for text in _texts(settings):
        for path in _PATH.findall(text):
            yield home / path[2:] if path.startswith("~") else Path(path)
    for _, reference in secrets_in(settings):
        if reference.file is not None and not reference.file.startswith("~"):
            yield base / reference.file
    if any(True for _ in _commands(settings)):  # programs look into the home of who runs them: ~/.password-store
        yield home


def _commands(settings: Settings) -> Iterator[tuple[str, ...]]:
    yield from (reference.command for _, reference in secrets_in(settings) if reference.command)
    yield from (each.command for each in settings.destination.values() if isinstance(each, CommandSettings))


def _texts(value: Any, name: str = "") -> Iterator[str]:
    """The texts in which a path may stand: of every setting but URLs and header fields, which hold others."""
    if isinstance(value, Struct):
        for each in value.__struct_fields__:
            yield from _texts(getattr(value, each), each)
    elif isinstance(value, dict):
        for each, item in value.items():
            yield from _texts(item, "" if name in ("account", "destination") else each)
    elif isinstance(value, tuple):
        yield from (text for item in value for text in _texts(item, name))
    elif isinstance(value, str) and name in ("file", "ca_file", "command"):
        yield value


def sockets(url: str) -> Iterator[Path]:
    """The folders in which a PostgreSQL on this machine may have its socket (libpq, 34.1.1.2)."""
    if url.startswith("sqlite:"):
        return
    parts = urlsplit(url)
    hosts = [unquote(parts.netloc.rpartition("@")[2]), *parse_qs(parts.query).get("host", ())]
    named = [host for text in hosts for host in text.split(",") if host]
    yield from (Path(host.partition(":")[0]) for host in named if host.startswith("/"))
    if not named:  # libpq's own place for it, unless a distribution has set another
        yield Path("/tmp")


def service(unit: Unit) -> str:
    """The text of mailpoll.service (systemd.service(5), systemd.exec(5))."""
    system = bool(unit.user)
    deadline = unit.deadline_s
    return _SERVICE.format(
        edit="systemctl edit" if system else "systemctl --user edit",
        name=SERVICE,
        # The manager of a user knows no network-online.target.
        after="Wants=network-online.target\nAfter=network-online.target\n" if system else "",
        start=_command(unit.words),
        identity=_identity(unit) if system else "",
        deadline=deadline,
        timeout=f"{round(deadline) + GRACE_S}s",
        memory=unit.reader_memory + BESIDES_THE_READER,
        credentials="".join(f"LoadCredential={_specified(f'{name}:{path}')}\n" for name, path in unit.credentials),
        walls=_walls(unit) if system else "",
    )


def timer(unit: Unit) -> str:
    """The text of mailpoll.timer (systemd.timer(5))."""
    return _TIMER.format(edit="systemctl edit" if unit.user else "systemctl --user edit", name=TIMER)


def _identity(unit: Unit) -> str:
    lines = f"User={_specified(unit.user)}\n"
    if unit.state == places.SYSTEM_STATE:
        lines += f"StateDirectory={places.SYSTEM_STATE.name}\nStateDirectoryMode=0700\n"
    return lines


def _walls(unit: Unit) -> str:
    # The minus: one that is not there (yet) is passed over, and does not stop the whole unit.
    shared = TEMPORARY if unit.private_tmp == "no" else ()  # programs want to write there; ProtectSystem= forbids it
    paths = " ".join(_quoted(f"-{path}") for path in (*unit.writable, *shared))
    return _WALLS.format(home=unit.home, private_tmp=unit.private_tmp) + (f"ReadWritePaths={paths}\n" if paths else "")


def _command(words: tuple[str, ...]) -> str:
    """A command line as systemd.service(5) reads it; the colon says that a $ is only a $. Raises ConfigError."""
    if any(character in words[0] for character in "\"'\\"):
        raise ConfigError("systemd starts no program with a quote or a backslash in its path", about=words[0],
                          advice="Move it, or make a link to it")  # fmt: skip
    colon = ":" if any("$" in word for word in words) else ""
    return colon + " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    """One word: in quotes where it holds blanks or quotes."""
    if not any(character in word for character in " \t\"'\\;"):
        return _specified(word)
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_specified(escaped)}"'


def _specified(text: str) -> str:
    """Text in which % means itself. Raises ConfigError when it would not stay on its line."""
    if not text.isprintable():
        raise ConfigError("a control character cannot stand in a unit", about=repr(text), advice="Rename the file")
    return text.replace("%", "%%")
