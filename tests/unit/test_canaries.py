"""The search for secrets that every test is under: that it finds them, in any encoding, wherever they go."""

from __future__ import annotations

import subprocess
import sys
from base64 import b64encode
from urllib.parse import quote

import pytest
from support.canaries import CANARY, SMTP_PASSWORD, SMTP_TOKEN, check_files, found_in

TOKEN = "q7x2abcdefghijklmnopqrstuv"


@pytest.mark.parametrize("secret", [f"mail-{CANARY}", f"se cret:@/%{CANARY}", SMTP_PASSWORD, SMTP_TOKEN])
@pytest.mark.parametrize(
    "encoded",
    [
        str,
        str.upper,
        quote,
        lambda secret: repr(secret.encode()),
        lambda secret: secret.encode().hex(),
        *(lambda s, n=n: b64encode(b"x" * n + s.encode() + b"y" * 5).decode() for n in range(3)),
        lambda secret: b64encode(f"\0username@example.com\0{secret}".encode()).decode(),
    ],
    ids=["plain", "capitals", "url", "bytes", "hex", "base64", "base64 at 1", "base64 at 2", "AUTH PLAIN"],
)
def test_a_secret_is_found_in_any_encoding(secret: str, encoded: object) -> None:
    assert found_in(f"535 no {encoded(secret)}.")  # type: ignore[operator]


@pytest.mark.parametrize("line", [f"username+{TOKEN}@example.com", f"bot+oncall.{TOKEN}@x.example", f"token={TOKEN}"])
def test_an_address_is_found_unless_the_command_is_there_to_show_it(line: str) -> None:
    assert found_in(line, ["mailpoll", "posts", "show", "1"]) == [TOKEN]
    assert found_in(line, ["mailpoll", "address", "list"]) == []


def test_what_is_masked_is_no_leak() -> None:
    assert found_in("bot+oncall.…q7x2@example.com, password ***, 4f1c" + "a" * 60) == []


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("text", [True, False])
def test_a_command_that_leaks_fails_whatever_starts_it(stream: str, text: bool) -> None:
    leaks = f"import sys; sys.{stream}.write('mailpoll: bad password can' + 'ary5f2e')"
    with pytest.raises(AssertionError, match="a secret leaked"):
        subprocess.run([sys.executable, "-c", leaks], capture_output=True, text=text, check=False)
    started = subprocess.Popen([sys.executable, "-c", leaks], stdout=-1, stderr=-1, text=text)
    with pytest.raises(AssertionError, match="a secret leaked"):
        started.communicate()


def test_a_command_that_does_not_leak_passes() -> None:
    done = subprocess.run([sys.executable, "-c", "print('mailpoll: ***')"], capture_output=True, text=True, check=True)
    assert done.stdout == "mailpoll: ***\n"


@pytest.mark.parametrize("name", ["mailpoll-crash.txt", "state/mailpoll.state", "run.log"])
def test_a_file_that_holds_one_fails(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.mktemp("site")
    (folder / "imap-password").write_text(CANARY)
    (folder / "mailpoll.db").write_text(CANARY)
    check_files(folder)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(f"Traceback: {CANARY}")
    with pytest.raises(AssertionError, match="a secret leaked"):
        check_files(folder)
