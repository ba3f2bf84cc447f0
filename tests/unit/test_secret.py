"""secret.py: five places, every way they fail, and the secret in none of the errors."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import tracemalloc
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from mailpoll import secret
from mailpoll.errors import AccessDenied, ConfigError, RunError
from mailpoll.secret import desktop, resolve, source, store_in_keyring
from mailpoll.settings import SecretRef

CANARY = "cAnArY"


def found(ref: SecretRef, base: Path = Path("/"), env: dict[str, str] | None = None) -> str:
    return resolve(ref, base=base, env=env or {}, about="account.main.password")


def written(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"word", "word"),
        (b"word\n", "word"),
        (b"word\r\n", "word"),
        (b" w o r d \n", " w o r d "),
        ("wörd\n".encode(), "wörd"),
    ],
)
def test_a_file_holds_the_secret_and_one_line_end(tmp_path: Path, content: bytes, text: str) -> None:
    written(tmp_path / "word", content)
    assert found(SecretRef(file="word"), tmp_path) == text
    assert found(SecretRef(file=str(tmp_path / "word"))) == text


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o660])
def test_the_group_may_read_it(tmp_path: Path, mode: int) -> None:
    written(tmp_path / "word", b"word", mode)
    assert found(SecretRef(file="word"), tmp_path) == "word"


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o666])
def test_a_file_everybody_may_read_is_refused_with_the_line_to_type(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path / "word", CANARY.encode(), mode)
    with pytest.raises(AccessDenied, match=f"account.main.password: everybody .* chmod 0600 {path}") as caught:
        found(SecretRef(file="word"), tmp_path)
    assert CANARY not in str(caught.value)


def test_container_secrets_are_exempt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret, "_CONTAINER_SECRETS", (Path("/run/secrets"), tmp_path))
    written(tmp_path / "word", b"word", 0o444)
    assert found(SecretRef(file="word"), tmp_path) == "word"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (f"{CANARY}\n\n".encode(), "more than one line"),
        (f"a\n{CANARY}".encode(), "more than one line"),
        (f"a\r{CANARY}".encode(), "more than one line"),
        (f"a\0{CANARY}".encode(), "or a NUL"),
        (CANARY.encode() + b"\xff", "not UTF-8"),
        (CANARY.encode() * 20_000, "too large"),
        (b"\xef\xbb\xbf" + CANARY.encode(), "begins with a byte order mark. Save it as UTF-8 without BOM"),
        (CANARY.encode("utf-16"), "is UTF-16. Save it as UTF-8"),
        (CANARY.encode("utf-16-be"), "or a NUL"),
        ("cAnArYß".encode("latin-1"), "not UTF-8"),
        (f"{CANARY}\r".encode(), "more than one line"),
        (f"{CANARY}\n\r\n".encode(), "more than one line"),
    ],
)
def test_a_secret_that_cannot_be_one_is_refused_unseen(tmp_path: Path, content: bytes, words: str) -> None:
    written(tmp_path / "word", content)
    with pytest.raises(ConfigError, match=words) as caught:
        found(SecretRef(file="word"), tmp_path)
    assert CANARY not in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"{tmp_path}/none does not exist"):
        found(SecretRef(file="none"), tmp_path)
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        found(SecretRef(file="."), tmp_path)


def test_what_is_no_ordinary_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    os.symlink("loop", tmp_path / "loop")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "socket"))
    listener.close()
    for name, words in (
        ("pipe", "is no ordinary file"),
        ("/dev/null", "is no ordinary file"),
        ("socket", "cannot be read: "),
        ("loop", "Too many levels of symbolic links"),
        ("a\0b", "its name holds a NUL"),
        ("~nobody-of-this-name/x", "there is no home folder for ~nobody-of-this-name/x"),
    ):
        with pytest.raises(ConfigError, match=words):
            found(SecretRef(file=name), tmp_path)


def test_a_symbolic_link_is_followed_and_its_target_judged(tmp_path: Path) -> None:
    target = written(tmp_path / "target", b"word")
    (tmp_path / "link").symlink_to("target")
    assert found(SecretRef(file="link"), tmp_path) == "word"
    target.chmod(0o644)
    with pytest.raises(AccessDenied, match="everybody may read"):
        found(SecretRef(file="link"), tmp_path)


def test_of_a_huge_file_only_the_beginning_is_read(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 30)
    (tmp_path / "huge").chmod(0o600)
    tracemalloc.start()
    with pytest.raises(ConfigError, match="too large"):
        found(SecretRef(file="huge"), tmp_path)
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def test_a_command_prints_the_secret() -> None:
    assert found(SecretRef(command=python("print('word')"))) == "word"
    env = {"X": "word"}
    assert found(SecretRef(command=python("import os; print(os.environ['X'], end='')")), env=env) == "word"


def test_a_command_gets_no_shell() -> None:
    assert found(SecretRef(command=("echo", "$HOME;id")), env={"PATH": "/usr/bin:/bin"}) == "$HOME;id"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (f"import sys; print('{CANARY}'); sys.exit(3)", "ended with status 3"),
        ("pass", "is empty"),
        (f"print('{CANARY}'); print('x')", "more than one line"),
    ],
)
def test_a_failing_command_is_told_without_its_output(code: str, words: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        found(SecretRef(command=python(code)))
    assert CANARY not in str(caught.value) + "".join(capfd.readouterr())


def test_a_hanging_command_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret, "COMMAND_SECONDS", 0.3)
    with pytest.raises(ConfigError, match=r"took over 0.3 seconds"):
        found(SecretRef(command=python(f"import time; print('{CANARY}', flush=True); time.sleep(60)")))


def test_a_missing_command_is_named_and_so_is_the_path_of_cron(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"/nowhere/pass did not start: No such file .* Check its path and mode"):
        found(SecretRef(command=("/nowhere/pass",)))
    written(tmp_path / "pass", b"#!/bin/sh\necho word\n", 0o700)
    assert found(SecretRef(command=("pass",)), env={"PATH": f"/bin:{tmp_path}"}) == "word"
    with pytest.raises(ConfigError, match=r"pass did not start: .* Write its absolute path; the PATH of cron is short"):
        found(SecretRef(command=("pass",)), env={"PATH": "/usr/bin:/bin"})
    (tmp_path / "pass").chmod(0o600)
    with pytest.raises(ConfigError, match="did not start: Permission denied"):
        found(SecretRef(command=(str(tmp_path / "pass"),)))
    with pytest.raises(ConfigError, match="did not start: it cannot be run"):
        found(SecretRef(command=("a\0b",)))


def test_what_a_command_leaves_running_is_not_waited_for() -> None:
    started = time.monotonic()
    assert found(SecretRef(command=("/bin/sh", "-c", "sleep 20 & echo word"))) == "word"
    assert time.monotonic() - started < 10


def test_a_hanging_command_is_ended_with_all_that_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret, "COMMAND_SECONDS", 1.0)
    code = f"echo $$ > {tmp_path}/leader; sleep 60 & echo $! > {tmp_path}/child; wait"
    with pytest.raises(ConfigError, match=r"took over 1\.0 seconds"):
        found(SecretRef(command=("/bin/sh", "-c", code)), env={"PATH": "/usr/bin:/bin"})
    for name in ("leader", "child"):
        assert not is_running(int((tmp_path / name).read_text()))


def is_running(number: int) -> bool:
    """Whether there is a process of this number that has not ended; a killed one may wait for its parent."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(number)], capture_output=True, text=True, check=False).stdout
    return bool(state) and not state.startswith("Z")


def test_a_command_that_prints_without_end_is_ended() -> None:
    with pytest.raises(ConfigError, match="prints too much"):
        found(SecretRef(command=("yes", CANARY)), env={"PATH": "/usr/bin:/bin"})


def test_a_command_that_closes_its_output_and_goes_on_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret, "COMMAND_SECONDS", 0.3)
    with pytest.raises(ConfigError, match="took over"):
        found(SecretRef(command=("/bin/sh", "-c", "exec >&-; sleep 60")), env={"PATH": "/usr/bin:/bin"})


def test_a_command_ended_by_a_signal_is_told() -> None:
    with pytest.raises(ConfigError, match="was ended by signal 9"):
        found(SecretRef(command=("/bin/sh", "-c", f"echo {CANARY}; kill -9 $$")))


def test_a_systemd_credential_is_a_file_in_its_folder(tmp_path: Path) -> None:
    written(tmp_path / "imap", b"word\n", 0o400)
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert found(SecretRef(credential="imap"), env=env) == "word"
    with pytest.raises(ConfigError, match="CREDENTIALS_DIRECTORY is not set"):
        found(SecretRef(credential="imap"))
    with pytest.raises(ConfigError, match="no slash"):
        found(SecretRef(credential="../imap"), env=env)


def test_an_environment_variable() -> None:
    assert found(SecretRef(env="WORD"), env={"WORD": "word"}) == "word"
    with pytest.raises(ConfigError, match="WORD is not set"):
        found(SecretRef(env="WORD"))
    with pytest.raises(ConfigError, match="is empty"):
        found(SecretRef(env="WORD"), env={"WORD": ""})
    with pytest.raises(ConfigError, match="is not UTF-8"):
        found(SecretRef(env="WORD"), env={"WORD": "\udcfc"})


def test_a_missing_credential_says_what_the_unit_lacks(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Add LoadCredential=imap:/path to the unit"):
        found(SecretRef(credential="imap"), env={"CREDENTIALS_DIRECTORY": str(tmp_path)})


@pytest.mark.parametrize(
    ("ref", "words"),
    [
        (SecretRef(file="word"), "the file word"),
        (SecretRef(command=("pass", "show", CANARY)), "the command pass"),
        (SecretRef(credential="imap"), "the systemd credential imap"),
        (SecretRef(env="WORD"), "the environment variable WORD"),
        (SecretRef(keyring="main"), "the keyring entry main"),
    ],
)
def test_a_source_is_named_without_arguments(ref: SecretRef, words: str) -> None:
    assert source(ref) == words


class Backend:
    """A keyring back end in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}


Install = Callable[..., Backend]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a keyring library in place whose back end lives in the module called `home`."""

    def put(home: str = "keyring.backends.SecretService", get: Callable[[], str] | None = None) -> Backend:
        backend = type("Keyring", (Backend,), {"__module__": home})()
        library = types.ModuleType("keyring")
        library.get_keyring = lambda: backend  # type: ignore[attr-defined]
        library.set_password = lambda *at: backend.kept.__setitem__(at[:2], at[2])  # type: ignore[attr-defined]
        library.get_password = lambda *at: get() if get else backend.kept.get(at)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "keyring", library)
        return backend

    return put


def test_the_keyring_keeps_a_secret_under_our_name(install: Install) -> None:
    backend = install()
    store_in_keyring("main", "word")
    assert backend.kept == {("mailpoll", "main"): "word"}
    assert found(SecretRef(keyring="main")) == "word"


def test_a_name_the_keyring_lacks_says_what_to_type(install: Install) -> None:
    install()
    with pytest.raises(ConfigError, match="keyring set mailpoll main"):
        found(SecretRef(keyring="main"))


@pytest.mark.parametrize(
    ("home", "words"),
    [
        ("keyring.backends.null", "null back end"),
        ("keyring.backends.fail", "no keyring that this process can reach"),
        ("keyrings.alt.file", "open file"),
    ],
)
def test_back_ends_that_keep_nothing_or_in_the_open_are_named(install: Install, home: str, words: str) -> None:
    backend = install(home)
    with pytest.raises(AccessDenied, match=words):
        found(SecretRef(keyring="main"))
    with pytest.raises(AccessDenied, match=words):
        store_in_keyring("main", CANARY)
    assert backend.kept == {}


def test_whatever_a_back_end_raises_is_access_denied(install: Install) -> None:
    def broken() -> str:
        raise ModuleNotFoundError(CANARY)

    install(get=broken)
    with pytest.raises(AccessDenied, match="ModuleNotFoundError") as caught:
        found(SecretRef(keyring="main"))
    assert CANARY not in str(caught.value)


class KeyringLocked(Exception):
    """As keyring.errors has it."""


class Panic(BaseException):
    """As Rust's libraries panic."""


@pytest.mark.parametrize(
    ("trouble", "words"),
    [(KeyringLocked(CANARY), "the keyring is locked"), (Panic(CANARY), r"cannot be used \(Panic\)")],
)
def test_what_a_back_end_raises_is_told_in_our_words(trouble: BaseException, words: str, install: Install) -> None:
    def broken() -> str:
        raise trouble

    install(get=broken)
    with pytest.raises(AccessDenied, match=words) as caught:
        found(SecretRef(keyring="main"))
    assert CANARY not in str(caught.value)


def test_a_back_end_that_gives_no_text_is_told(install: Install) -> None:
    install(get=lambda: b"word")  # type: ignore[arg-type,return-value]
    with pytest.raises(AccessDenied, match="no text"):
        found(SecretRef(keyring="main"))


def test_a_locked_keyring_is_not_waited_for(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    over = threading.Event()
    monkeypatch.setattr(desktop, "KEYRING_SECONDS", 0.1)
    install(get=lambda: str(over.wait(10)))
    with pytest.raises(AccessDenied, match="may be locked"):
        found(SecretRef(keyring="main"))
    over.set()


def test_the_real_library_without_a_desktop_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("keyring")
    import keyring
    from keyring.backends import fail

    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    try:
        with pytest.raises(RunError, match="no keyring that this process can reach"):
            found(SecretRef(keyring="main"))
    finally:
        keyring.set_keyring(before)
