"""secret.py: five places, every way they fail, and the secret in none of the errors."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from mailpoll import secret
from mailpoll.errors import AccessDenied, ConfigError, RunError
from mailpoll.secret import resolve, store_in_keyring
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
    monkeypatch.setattr(secret, "_CONTAINER_SECRETS", tmp_path)
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


def test_a_missing_command_is_named() -> None:
    with pytest.raises(ConfigError, match="did not start: No such file"):
        found(SecretRef(command=("/nowhere/pass",)))


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


def test_a_locked_keyring_is_not_waited_for(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    over = threading.Event()
    monkeypatch.setattr(secret, "KEYRING_SECONDS", 0.1)
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
