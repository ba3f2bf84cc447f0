"""A secret reference → the secret: from a file, a command, a systemd credential, the environment or the keyring."""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mailpoll import redaction
from mailpoll.errors import AccessDenied, ConfigError
from mailpoll.secret import desktop
from mailpoll.secret.desktop import SERVICE

if TYPE_CHECKING:  # what makes settings takes longer to import than a secret to find
    from mailpoll.settings import SecretRef

__all__ = ["SERVICE", "read_file", "resolve", "source", "store_in_keyring"]

COMMAND_SECONDS = 30
MAX_OCTETS = 64 * 1024
_CONTAINER_SECRETS = (Path("/run/secrets"), Path("/var/run/secrets"))  # mounted readable by everyone
_FORBIDDEN = ("\r", "\n", "\0")  # would end a line of IMAP, SMTP or HTTP and start another


def resolve(ref: SecretRef, *, base: Path, env: Mapping[str, str], about: str, seconds: float = COMMAND_SECONDS) -> str:
    """The secret that `ref` names, without its line end; from now on it is masked in all that is said.

    Args:
        ref: where it is.
        base: the folder that relative files are relative to (that of the configuration file).
        env: the environment.
        about: the key path, for errors ("account.main.password").
        seconds: how long a command or the keyring may take, where that is less than they may at all.

    Raises:
        ConfigError: it is not there, empty, or not usable.
        AccessDenied: a file mode or a keyring keeps it from us, or everybody may read it.
    """
    if ref.file is not None:
        secret = _from_file(_path(ref.file, base, about), about)
    elif ref.command is not None:
        secret = _from_command(ref.command, env, about, seconds)
    elif ref.credential is not None:
        secret = _from_credential(ref.credential, env, about)
    elif ref.env is not None:
        secret = _from_environment(ref.env, env, about)
    else:
        secret = desktop.ask(ref.keyring or "", about, seconds)
    secret = _checked(secret, about)
    redaction.know(secret)
    return secret


def read_file(path: Path, about: str, *, missing: str) -> str:
    """The text of a file that holds a secret among other things; `missing` is what to do where there is none.

    Raises:
        ConfigError: it is not there, or not text.
        AccessDenied: its mode keeps it from us, or everybody may read it.
    """
    return _from_file(path, about, missing)


def source(ref: SecretRef) -> str:
    """Where a reference looks, in words; never what it finds there."""
    if ref.file is not None:
        return f"the file {ref.file}"
    if ref.command is not None:
        return f"the command {ref.command[0] if ref.command else ''}"
    if ref.credential is not None:
        return f"the systemd credential {ref.credential}"
    if ref.env is not None:
        return f"the environment variable {ref.env}"
    return f"the keyring entry {ref.keyring}"


def _path(file: str, base: Path, about: str) -> Path:
    try:
        return base / Path(file).expanduser()
    except RuntimeError:  # ~somebody who is not there
        raise ConfigError(
            f"there is no home folder for {file}", about=about, advice="Write the absolute path of the file"
        ) from None


def _checked(secret: str, about: str) -> str:
    if not secret:
        raise ConfigError("the secret is empty", about=about, advice="Put it where the setting says")
    if any(char in secret for char in _FORBIDDEN):
        raise ConfigError(
            "the secret holds more than one line, or a NUL", about=about, advice="Keep the secret alone on one line"
        )
    try:
        secret.encode()
    except UnicodeEncodeError:  # Python's way to carry the octets of an environment in another encoding
        raise ConfigError("the secret is not UTF-8", about=about, advice="Write it in UTF-8") from None
    return secret


def _text(data: bytes, about: str) -> str:
    """The octets of a file or an output as text, without the one line end that editors and echo add."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ConfigError("the secret is UTF-16", about=about, advice="Save it as UTF-8")
    if data.startswith(codecs.BOM_UTF8):
        raise ConfigError(
            "the secret begins with a byte order mark", about=about, advice="Save it as UTF-8 without BOM"
        )
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise ConfigError("the secret is not UTF-8", about=about, advice="Save it as UTF-8") from None
    for end in ("\r\n", "\n"):
        if text.endswith(end):
            return text.removesuffix(end)
    return text


def _from_file(path: Path, about: str, missing: str = "Write the secret into it") -> str:
    try:
        mode, data = _read(path)
    except FileNotFoundError:
        raise ConfigError(f"the file {path} does not exist", about=about, advice=missing) from None
    except PermissionError:
        raise AccessDenied(
            f"the file {path} may not be read by this user",
            about=about,
            advice=f"Run as the user it belongs to, or type: chown $USER {path}",
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name holds a NUL"
        raise ConfigError(
            f"the file {path} cannot be read: {reason}", about=about, advice="Name a file that holds the secret"
        ) from None
    if mode & stat.S_IROTH and not any(path.absolute().is_relative_to(folder) for folder in _CONTAINER_SECRETS):
        raise AccessDenied(f"everybody may read the file {path}", about=about, advice=f"Type: chmod 0600 {path}")
    if len(data) > MAX_OCTETS:
        raise ConfigError(f"the file {path} is too large for a secret", about=about, advice="Name the right file")
    return _text(data, about)


def _read(path: Path) -> tuple[int, bytes]:
    """Mode and at most MAX_OCTETS + 1 octets of an ordinary file; OSError or ValueError when it is none. Never waits
    for somebody to write into a pipe."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise OSError(0, "Is a directory" if stat.S_ISDIR(mode) else "is no ordinary file")
        data = bytearray()
        while len(data) <= MAX_OCTETS and (piece := os.read(descriptor, MAX_OCTETS + 1 - len(data))):
            data += piece
        return mode, bytes(data)
    finally:
        os.close(descriptor)


def _from_command(command: tuple[str, ...], env: Mapping[str, str], about: str, seconds: float) -> str:
    """What the program prints. It runs without a shell; its output is never shown."""
    if not command:
        raise ConfigError("the command is empty", about=about, advice='Write for example ["pass", "show", "imap"]')
    from mailpoll.secret.command import run

    program, limit = command[0], min(COMMAND_SECONDS, seconds)
    try:
        status, output = run(command, env, seconds=limit, at_most=MAX_OCTETS)
    except TimeoutError:
        what = f"the command {program} took over {round(limit, 1)} seconds"
        raise ConfigError(what, about=about, advice="Run it by hand to see why") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it cannot be run"
        advice = (
            "Write its absolute path; the PATH of cron is short" if "/" not in program else "Check its path and mode"
        )
        raise ConfigError(f"the command {program} did not start: {reason}", about=about, advice=advice) from None
    if status:
        ended = f"ended with status {status}" if status > 0 else f"was ended by signal {-status}"
        raise ConfigError(f"the command {program} {ended}", about=about, advice="Run it by hand to see why")
    if len(output) > MAX_OCTETS:
        raise ConfigError(
            f"the command {program} prints too much for a secret", about=about, advice="It must print nothing else"
        )
    return _text(output, about)


def _from_credential(name: str, env: Mapping[str, str], about: str) -> str:
    """A systemd credential: a file of that name in $CREDENTIALS_DIRECTORY (systemd.exec(5))."""
    folder = env.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise ConfigError(
            "there are no systemd credentials: CREDENTIALS_DIRECTORY is not set",
            about=about,
            advice=f"Start mailpoll from a unit with LoadCredential={name}:/path, or use file",
        )
    if "/" in name or name in (".", ".."):
        raise ConfigError("the name of a credential holds no slash", about=about, advice="Write the name alone")
    return _from_file(Path(folder) / name, about, f"Add LoadCredential={name}:/path to the unit")


def _from_environment(name: str, env: Mapping[str, str], about: str) -> str:
    if name not in env:
        raise ConfigError(
            f"the environment variable {name} is not set",
            about=about,
            advice="Set it where mailpoll is started; cron passes almost nothing on",
        )
    return env[name]


def store_in_keyring(name: str, secret: str) -> None:
    """Keep `secret` in the keyring under the service mailpoll, and prove that it can be read again.

    Raises:
        ConfigError: it is empty or holds more than one line.
        AccessDenied: there is no keyring, it keeps secrets in the open, or it did not answer.
    """
    about = f"keyring {name}"
    redaction.know(secret)
    desktop.put(name, _checked(secret, about), about)
