"""A secret reference → the secret: from a file, a command, a systemd credential, the environment or the keyring."""

from __future__ import annotations

import os
import stat
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mailpoll.errors import AccessDenied, ConfigError
from mailpoll.settings import SecretRef

SERVICE = "mailpoll"  # under which the keyring keeps our secrets
COMMAND_SECONDS = 30
KEYRING_SECONDS = 20  # a locked collection may ask a question that nobody sees
MAX_OCTETS = 64 * 1024
_CONTAINER_SECRETS = Path("/run/secrets")  # Docker and Kubernetes mount them readable by everyone
_FORBIDDEN = ("\r", "\n", "\0")  # would end a line of IMAP, SMTP or HTTP and start another

# Back ends that keep secrets readable or not at all, by the module they live in, and what to say of them.
_USELESS_BACKENDS = {
    "keyring.backends.fail": "there is no keyring that this process can reach",
    "keyring.backends.null": "the null back end is chosen, which stores nothing",
    "keyrings.alt.file": "a back end of keyrings.alt is chosen, which keeps secrets in an open file",
    "keyrings.alt.file_base": "a back end of keyrings.alt is chosen, which keeps secrets in an open file",
}


def resolve(ref: SecretRef, *, base: Path, env: Mapping[str, str], about: str) -> str:
    """The secret that `ref` names, without its line end.

    Args:
        ref: where it is.
        base: the folder that relative files are relative to (that of the configuration file).
        env: the environment.
        about: the key path, for errors ("account.main.password").

    Raises:
        ConfigError: it is not there, empty, or not usable.
        AccessDenied: a file mode or a keyring keeps it from us, or everybody may read it.
    """
    if ref.file is not None:
        secret = _from_file(base / Path(ref.file).expanduser(), about)
    elif ref.command is not None:
        secret = _from_command(ref.command, env, about)
    elif ref.credential is not None:
        secret = _from_credential(ref.credential, env, about)
    elif ref.env is not None:
        secret = _from_environment(ref.env, env, about)
    else:
        secret = _from_keyring(ref.keyring or "", about)
    return _checked(secret, about)


def _checked(secret: str, about: str) -> str:
    if not secret:
        raise ConfigError("the secret is empty", about=about, advice="Put it where the setting says")
    if any(char in secret for char in _FORBIDDEN):
        raise ConfigError(
            "the secret holds more than one line, or a NUL", about=about, advice="Keep the secret alone on one line"
        )
    return secret


def _text(data: bytes, about: str) -> str:
    """The octets of a file or an output as text, without the one line end that editors and echo add."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise ConfigError("the secret is not UTF-8", about=about, advice="Save it as UTF-8") from None
    for end in ("\r\n", "\n"):
        if text.endswith(end):
            return text.removesuffix(end)
    return text


def _from_file(path: Path, about: str) -> str:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(MAX_OCTETS + 1)
    except FileNotFoundError:
        raise ConfigError(f"the file {path} does not exist", about=about, advice="Write the secret into it") from None
    except PermissionError:
        raise AccessDenied(
            f"the file {path} may not be read by this user",
            about=about,
            advice=f"Run as the user it belongs to, or type: chown $USER {path}",
        ) from None
    except OSError as error:
        raise ConfigError(f"the file {path} cannot be read: {error.strerror}", about=about) from None
    if stat.S_ISREG(mode) and mode & stat.S_IROTH and not path.absolute().is_relative_to(_CONTAINER_SECRETS):
        raise AccessDenied(f"everybody may read the file {path}", about=about, advice=f"Type: chmod 0600 {path}")
    if len(data) > MAX_OCTETS:
        raise ConfigError(f"the file {path} is too large for a secret", about=about, advice="Name the right file")
    return _text(data, about)


def _from_command(command: tuple[str, ...], env: Mapping[str, str], about: str) -> str:
    """What the program prints. It runs without a shell; its output is never shown."""
    if not command:
        raise ConfigError("the command is empty", about=about, advice='Write for example ["pass", "show", "imap"]')
    program = command[0]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(env),
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ConfigError(
            f"the command {program} took over {COMMAND_SECONDS} seconds",
            about=about,
            advice="Run it by hand to see why",
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it cannot be run"
        raise ConfigError(f"the command {program} did not start: {reason}", about=about) from None
    if done.returncode:
        raise ConfigError(
            f"the command {program} ended with status {done.returncode}",
            about=about,
            advice="Run it by hand to see why",
        )
    return _text(done.stdout, about)


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
    return _from_file(Path(folder) / name, about)


def _from_environment(name: str, env: Mapping[str, str], about: str) -> str:
    if name not in env:
        raise ConfigError(
            f"the environment variable {name} is not set",
            about=about,
            advice="Set it where mailpoll is started; cron passes almost nothing on",
        )
    return env[name]


def _from_keyring(name: str, about: str) -> str:
    def ask() -> str | None:
        import keyring

        _refuse_useless(keyring.get_keyring(), about)
        return keyring.get_password(SERVICE, name)

    secret = _in_time(ask, about)
    if secret is None:
        raise ConfigError(
            f"the keyring has no {name} under {SERVICE}", about=about, advice=f"Type: keyring set {SERVICE} {name}"
        )
    return secret


def store_in_keyring(name: str, secret: str) -> None:
    """Keep `secret` in the keyring under the service mailpoll, and prove that it can be read again.

    Raises:
        AccessDenied: there is no keyring, it keeps secrets in the open, or it did not answer.
    """
    about = f"keyring {name}"
    _checked(secret, about)

    def put() -> str | None:
        import keyring

        _refuse_useless(keyring.get_keyring(), about)
        keyring.set_password(SERVICE, name, secret)
        return keyring.get_password(SERVICE, name)

    if _in_time(put, about) != secret:
        raise AccessDenied("the keyring did not keep the secret", about=about, advice=_INSTEAD)


_INSTEAD = "Use file, credential or command instead; cron has no desktop session"


def _refuse_useless(backend: Any, about: str) -> None:
    """Name the back ends that would fail, forget, or keep the secret in the open."""
    members = list(getattr(backend, "backends", None) or [backend])  # the chainer holds several, best first
    chosen = type(members[0])
    reason = _USELESS_BACKENDS.get(chosen.__module__)
    if reason and "Encrypted" not in chosen.__name__:
        raise AccessDenied(reason, about=about, advice=_INSTEAD)


def _in_time(ask: Callable[[], str | None], about: str) -> str | None:
    """What `ask` returns, within KEYRING_SECONDS; every failure of the keyring library as AccessDenied."""
    answer: list[str | BaseException | None] = []

    def run() -> None:
        try:
            answer.append(ask())
        except Exception as error:  # back ends raise what they like: D-Bus, macOS and import errors
            answer.append(error)

    thread = threading.Thread(target=run, daemon=True, name="keyring")
    thread.start()
    thread.join(KEYRING_SECONDS)
    if not answer:
        what = f"the keyring did not answer within {KEYRING_SECONDS} seconds; it may be locked"
        raise AccessDenied(what, about=about, advice=_INSTEAD)
    result = answer[0]
    if isinstance(result, AccessDenied):
        raise result
    if isinstance(result, BaseException):
        what = f"the keyring cannot be used ({type(result).__name__})"
        raise AccessDenied(what, about=about, advice=_INSTEAD) from None
    return result
