"""Where things are: the configuration file, and the folder for store, lock and state; nothing is imported for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

SYSTEM_CONFIG = Path("/etc/mailpoll/config.toml")
SYSTEM_STATE = Path("/var/lib/mailpoll")
NO_HOME = Path("/nonexistent")  # as Debian's passwd(5) has it for users without one


def find_config(path: str | None, env: Mapping[str, str], *, system: Path = SYSTEM_CONFIG) -> Path | None:
    """The configuration file to use: `path` (from --config), $MAILPOLL_CONFIG, the user's, the system's, in this order.

    None when there is none. A file that was named is returned whether or not it exists: reading it tells.
    """
    named = path or env.get("MAILPOLL_CONFIG")
    if named:
        return expanded(named)
    return next((place for place in (user_config(env), system) if os.path.lexists(place)), None)


def expanded(text: str) -> Path:
    """A path that a person typed, absolute; as it is, where it begins with the ~ of somebody who has no home."""
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        return Path(text)
    except FileNotFoundError:  # the folder it is relative to was removed
        return NO_HOME / text


def user_config(env: Mapping[str, str]) -> Path:
    """Where the configuration of an ordinary user belongs (XDG Base Directory Specification)."""
    return _xdg(env, "XDG_CONFIG_HOME", ".config") / "mailpoll" / "config.toml"


def user_units(env: Mapping[str, str]) -> Path:
    """Where the systemd units of an ordinary user belong (systemd.unit(5))."""
    return _xdg(env, "XDG_CONFIG_HOME", ".config") / "systemd" / "user"


def state_directory(config_path: Path, env: Mapping[str, str], *, system: Path = SYSTEM_CONFIG) -> Path:
    """The folder for store, lock and state file; not made here."""
    given = env.get("STATE_DIRECTORY", "").split(":")[0]  # systemd separates several by colons
    if given:
        return Path(given)
    if config_path.absolute().is_relative_to(system.parent):
        return SYSTEM_STATE
    return _xdg(env, "XDG_STATE_HOME", ".local/state") / "mailpoll"


def is_missing(path: Path) -> bool:
    """Whether there is nothing at `path`. Where this user may not look there may be something, which is for whoever
    opens it to tell; Path.exists() raises then, or says that there is not, as Python's version has it."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def make_folder(folder: Path) -> None:
    """Makes a folder where it is missing, and those above it, all for nobody else (mode 0700, as the XDG specification
    asks; pathlib leaves those above to the umask). Raises OSError."""
    if not folder.is_dir():
        if folder.parent != folder:
            make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _xdg(env: Mapping[str, str], variable: str, default: str) -> Path:
    """A base directory; relative values are to be ignored, says the specification."""
    given = env.get(variable, "")
    return Path(given) if given.startswith("/") else _home(env) / default


def _home(env: Mapping[str, str]) -> Path:
    if env.get("HOME"):
        return Path(env["HOME"])
    try:
        return Path.home()
    except RuntimeError:  # a user that passwd(5) does not know, as containers have them
        return NO_HOME
