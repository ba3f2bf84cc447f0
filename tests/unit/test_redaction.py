"""The one filter that all passes on its way out of the process: what was looked up is in nothing that is said."""

from __future__ import annotations

import base64
import io
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from mailpoll import redaction
from mailpoll.commands import crash, logs, output
from mailpoll.config import load
from mailpoll.errors import ConfigError, PermanentFailure
from mailpoll.redaction import hide, keys_of_service, know, know_url, parts_of_service
from mailpoll.secret import resolve
from mailpoll.settings import SecretRef

SECRET = 'cAnArY-7&"pXq=Zw9/ü\\'
BASIC = base64.b64encode(f"username@example.com:{SECRET}".encode()).decode()


@pytest.fixture
def known() -> None:
    know(SECRET)


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        SECRET.upper(),
        quote(SECRET),
        quote(SECRET, safe=""),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        repr(SECRET.encode()),
        SECRET.encode().hex(),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(b"\0user\0" + SECRET.encode()).decode(),
        f"Authorization: Basic {BASIC}",
        f"Bearer {SECRET}",
    ],
)
def test_every_form_of_a_secret_is_hidden(form: str) -> None:
    said = hide(f"the server said {form}, and closed")
    assert said.startswith("the server said ")
    assert said.endswith(", and closed")
    assert "***" in said
    for piece in (SECRET[:12].lower(), quote(SECRET)[:12].lower(), BASIC[-24:-4]):
        assert piece.lower() not in said.lower()


def test_a_weak_password_is_hidden_as_a_word_and_leaves_sentences_readable() -> None:
    know("pass", "abc", "")
    assert hide("account.main.password: pass is wrong; 'pass'; PASS; abc") == (
        "account.main.password: *** is wrong; '***'; PASS; abc"
    )


@pytest.mark.parametrize("word", ["wrong", "token", "Password", "localhost"])
def test_a_secret_that_is_a_word_of_our_sentences_makes_no_gap_in_them(word: str) -> None:
    sentence = f"Zulip says {word}: {word} is {word}, or expired; account.main.{word}: see http://{word}/x and --{word}"
    key = f'{{"{word}":"x"}}'
    know(word)
    assert hide(sentence) == sentence
    assert hide(key) == key
    told = (
        f'\'{word}\' `{word}` me:{word}@host ?key={word}& {{"x":"{word}"}} {base64.b64encode(word.encode()).decode()}'
    )
    assert hide(told) == '\'***\' `***` me:***@host ?key=***& {"x":"***"} ***'


def test_nothing_is_hidden_before_a_secret_is_known() -> None:
    assert hide(SECRET) == SECRET


@pytest.mark.parametrize(
    ("url", "hidden", "shown"),
    [
        ("https://hooks.example/services/T012345678/B0X9", ["T012345678"], ["hooks.example", "services"]),
        ("https://example.com/hook?token=kEyOfThisHook&v=1", ["kEyOfThisHook"], ["hook", "token"]),
        ("https://me:hunter22@example.com/mailpoll", ["hunter22"], ["mailpoll", "example.com"]),
        ("https://hc-ping.com/0f6c1b2e-5b1e-4a57-9a35-1f6f4a1c2d3e", ["0f6c1b2e-5b1e-4a57-9a35-1f6f4a1c2d3e"], []),
    ],
)
def test_the_key_in_a_url_is_hidden_and_its_words_are_not(url: str, hidden: list[str], shown: list[str]) -> None:
    know_url(url)
    said = hide(f"POST {url}")
    assert [key for key in hidden if key in said] == []
    assert [word for word in shown if word not in said] == []


@pytest.mark.parametrize(
    ("url", "keys", "words"),
    [
        ("json://localhost:3000/apprise", (), ("3000", "apprise")),
        ("json://relay01:8080/Hooks/abc123?format=Markdown", ("abc123",), ("Hooks",)),
        ("json://127.0.0.1/hook", (), ("hook",)),
        ("mailto://jane:pa%2Fss@mail01?smtp=smtp.gmail.com", ("pa%2Fss", "pa/ss"), ("jane",)),
        ("tgram://123456789:AAE8aZ_b-c9/12315544/", ("123456789", "AAE8aZ_b-c9", "12315544"), ()),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U", ("4174216298", "JHMHI8qBe7bk2ZwO5U"), ()),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlaz/#general", ("T1JJ3T3L2", "A1BRTD4JD", "TIiajkdnlaz"), ("general",)),
        ("pover://uX7mKe2FuLpQ9bS@aZ4kTok3n", ("uX7mKe2FuLpQ9bS", "aZ4kTok3n"), ()),
        ("sendgrid://SG.AbCd3.xYz:me@example.com", ("SG.AbCd3.xYz", "me"), ()),
        ("pbul://o.gn5kj6nfhv736jc3cj3qlriyhgl98b", ("o.gn5kj6nfhv736jc3cj3qlriyhgl98b",), ()),
        ("ntfy://topic", (), ("topic",)),
    ],
)
def test_of_a_url_of_apprise_the_keys_are_hidden_everywhere_and_words_in_what_it_says(
    url: str, keys: tuple[str, ...], words: tuple[str, ...]
) -> None:
    assert set(keys_of_service(url)) == set(keys)
    assert set(words) <= set(parts_of_service(url))
    hosts = {"localhost", "127.0.0.1", "relay01", "mail01", "smtp.gmail.com", "example.com"}
    assert not hosts & set(parts_of_service(url))


def test_whatever_is_looked_up_is_known_from_then_on(tmp_path: Path) -> None:
    (tmp_path / "word").write_text(SECRET)
    (tmp_path / "word").chmod(0o600)
    resolve(SecretRef(file="word"), base=tmp_path, env={}, about="x")
    assert hide(SECRET) == "***"


def test_the_keys_in_urls_of_a_configuration_are_known(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        '[store]\nurl = "postgresql://mailpoll@db/mailpoll"\n[health]\nping_url = "https://p.example/P1ngKey99"\n'
        '[destination.team]\nkind = "webhook"\nurl = "https://h.example/H00kKey99/mailpoll"\n'
    )
    path.chmod(0o600)
    load(path)
    assert hide("P1ngKey99 H00kKey99 mailpoll") == "*** *** mailpoll"


@pytest.mark.usefixtures("known")
def test_an_error_holds_no_secret_when_it_is_told_by_a_process_that_knows_none() -> None:
    error = PermanentFailure(f"the server said {SECRET}", advice=f"Do not write {SECRET}")
    problems = ConfigError("x", problems=(f"a: {SECRET}",)).problems
    redaction.forget()
    assert SECRET not in f"{error} {error.what} {error.args} {problems}"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What the root logger writes once mailpoll set logging up."""
    before, text = logging.getLogRecordFactory(), io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    logs.install()
    yield text
    root.removeHandler(handler)
    logging.setLogRecordFactory(before)


@pytest.mark.usefixtures("known")
def test_no_logger_of_any_library_writes_a_secret(logged: io.StringIO) -> None:
    library = logging.getLogger("some.library")
    library.warning('"POST /%s HTTP/1.1" 200', SECRET)
    library.warning({"password": SECRET})
    try:
        raise ValueError(SECRET)
    except ValueError:
        library.exception("it failed", stack_info=True)
    said = logged.getvalue()
    assert said.count("***") >= 3
    assert "ValueError: ***" in said
    assert "test_no_logger_of_any_library" in said
    assert SECRET not in said
    assert repr(SECRET)[1:-1] not in said


def test_what_a_stranger_writes_begins_no_line_of_the_log(logged: io.StringIO) -> None:
    logging.getLogger("mailpoll.x").warning("mail %s", "a\r\nmailpoll.x all is well\x1b[2K\u2028b\u202e")
    assert logged.getvalue() == "mailpoll.x mail a mailpoll.x all is well[2K b\n"


@pytest.mark.usefixtures("known")
def test_a_traceback_is_kept_without_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crash, "_folder", lambda: tmp_path)
    try:
        try:
            raise ValueError(f"caused by {SECRET}")
        except ValueError as cause:
            raise KeyError(BASIC) from cause
    except KeyError as error:
        sentence = crash.sentence(error)
    kept = (tmp_path / "mailpoll-crash.txt").read_text()
    assert "KeyError" in kept
    assert "caused by ***" in kept
    for text in (kept, sentence):
        assert BASIC[-20:] not in text


@pytest.mark.usefixtures("known")
def test_json_and_text_on_standard_output_hold_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_json({"error": f"said {SECRET}", "subject": "a\x1b[2K\x9b2J\u202eb é"})
    said = capsys.readouterr().out
    assert json.loads(said) == {"error": "said ***", "subject": "a\x1b[2K\x9b2J\u202eb é"}
    assert not set(said) & set("\x1b\x9b\u202e")


def test_secrets_without_end_take_no_time() -> None:
    know(*(f"secret-number-{number}-of-many" for number in range(50)), "a" * 4_000)
    hide("")
    start = time.process_time()
    hide("aaaa secret-number-" * 50_000)
    assert time.process_time() - start < 5
