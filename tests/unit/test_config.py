"""config.py: where the file is, what is said of every mistake, what is shown, where the state goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailpoll import config, places
from mailpoll.commands.installation import Installation
from mailpoll.errors import AccessDenied, ConfigError

CANARY = "cAnArY"
ACCOUNT = """
[account.main]
host = "imap.example.com"
username = "username@example.com"
password = { file = "imap-password" }
"""


def problems(folder: Path, text: str) -> tuple[str, ...]:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    try:
        config.load(path)
    except ConfigError as error:
        return error.problems
    return ()


def hook(lines: str) -> str:
    return f'[destination.h]\nkind = "webhook"\nurl = "https://h.example/in"\n{lines}'


# What stands in the file (after the account above, unless it makes one itself) · key path · advice
MISTAKES = [
    ("pasword = 1", "pasword", "is no setting"),
    ("[acount.main]", "acount", "Did you mean account?"),
    ("[fetch]\nlimits = 5", "fetch.limits", "Did you mean limit?"),
    ("[fetch]\nlimit = 0", "fetch.limit", "a whole number, 1 or more"),
    ('[fetch]\ndeadline = "50s"', "fetch.deadline", "a number over 0, not text"),
    ("[fetch]\ndeadline = 0", "fetch.deadline", "a number over 0"),
    ("[fetch]\nmax_text = true", "fetch.max_text", "a whole number"),
    ("fetch = 5", "fetch", "expected a table, not a number"),
    ('[unrouted]\naction = ""', "unrouted.action", '"hold"'),
    ('[reader]\nquotes = "none"', "reader.quotes", '"mailpoll", "email-reply-parser", "keep"'),
    ("[retention]\nraw = 7", "retention.raw", '"7d"'),
    ('[retention]\nraw = "a week"', "retention.raw", 'Write for example "7d"'),
    (hook('format = "mailgun"'), "destination.h.secret", "Add the webhook signing key"),
    (hook("raw_email = true"), "destination.h.raw_email", 'format = "rfc822"'),
    (hook('format = "rfc822"\ntemplate = { text = "x" }'), "destination.h.template", "cannot go with"),
    (hook('template = { text = "{url}" }'), "destination.h.template.text", "Write one of {topic}, {body}"),
    (hook('template = { a = [{ b = "{" }] }'), "destination.h.template.a[0].b", "Write {{ for"),
    (hook('mentions = "irc"'), "destination.h.mentions", '"telegram"'),
    ('[http]\ndeny_networks = ["10.0.0.1/8"]', "http.deny_networks[0]", "like 10.0.0.0/8"),
    ('[http]\nallow_networks = ["10.0.0.1"]', "http.allow_networks", 'Add deny_networks = ["private"]'),
    ('[http]\nproxy = "http://u:geheim@p:1"', "http.proxy", 'proxy = { file = "proxy-url" }'),
    ('[http]\nproxy = "socks5://p:1"', "http.proxy", 'or "none"'),
    ('[store]\nurl = "mysql://x/y"', "store.url", "sqlite:////absolute/path"),
    ('[store]\nurl = "postgresql://u:geheim@h/n"', "store.url", "holds a password. Write it without, and password = {"),
    ('[store]\nurl = "postgres://u@h/n?sslmode=disable&password=geheim"', "store.url", "holds a password"),
    ('[store]\nurl = "postgresql://u@h/"', "store.url", "names no database. Write postgresql://user@host/database"),
    ('[store]\nurl = "postgresql://u@h:x/n"', "store.url", "is no URL"),
    ('[store]\nurl = "postgresql://u@h/n#x"', "store.url", "holds a #"),
    ('[store]\nurl = "postgresqls://u@h/n"', "store.url", "is no store"),
    ('[store]\nurl = "sqlite:////x"\npassword = { file = "x" }', "store.password", "is of no use"),
    ('[store]\npassword = { file = "x" }', "store.password", "is of no use"),
    ('[store]\nurl = "sqlite:///mailpoll.db"', "store.url", "four slashes"),
    ('[store]\nurl = "sqlite+pysqlite:////s/m.db"', "store.url", "is no store"),
    ('[addresses]\npatterns = "a+%s@b"', "addresses.patterns", '["username+%s@example.com"]'),
    ('[addresses]\npatterns = ["a@b.example"]', "addresses.patterns[0]", "0 times; it must stand there once"),
    ('[addresses]\npatterns = ["%s+%s@b.example"]', "addresses.patterns[0]", "2 times"),
    ('[addresses]\npatterns = ["a@%s.example"]', "addresses.patterns[0]", "belongs before the @"),
    ('[addresses]\npatterns = ["a+%s"]', "addresses.patterns[0]", "is no address"),
    ('[addresses]\npatterns = ["a+%s@b\\u0000"]', "addresses.patterns[0]", "control characters"),
    ('[addresses]\nheaders = ["To:"]', "addresses.headers[0]", "Write for example Delivered-To"),
    ("[account.x]\nhsot = 'h'", "account.x.hsot", "Did you mean host?"),
    ("[account.x]", "account.x.host", 'Add for example host = "imap.example.com"'),
    ("[account.x]", "account.x.username", 'Add for example username = "username@example.com"'),
    ("[account.x]", "account.x.password", 'Add for example password = { file = "imap-password" }'),
    (f"[account.x]\npassword = '{CANARY}'", "account.x.password", '{ file = "imap-password" }'),
    ("[account.x]\npassword = {}", "account.x.password", "names 0 places"),
    ("[account.x]\npassword = { file = 'a', env = 'b' }", "account.x.password", "names 2 places"),
    ("[account.x]\npassword = { file = '' }", "account.x.password", "file is empty"),
    (f"[account.x]\npassword = {{ value = '{CANARY}' }}", "account.x.password.value", "file, command, credential"),
    (f"[account.x]\npassword = {{ command = '{CANARY}' }}", "account.x.password.command", "expected a list"),
    ("[account.x]\ntls = 'ssl'", "account.x.tls", '"implicit", "starttls", "none". Did you mean "implicit"?'),
    ("[account.x]\ntls = 'TLS'", "account.x.tls", 'Did you mean "implicit"?'),
    ("[account.x]\ntls = 'STARTTLS'", "account.x.tls", 'Did you mean "starttls"?'),
    ("[account.x]\nport = '993'", "account.x.port", "a whole number from 1 to 65535, not text"),
    ("[account.x]\nport = 70000", "account.x.port", "from 1 to 65535"),
    ("[account.x]\nport = 0", "account.x.port", "from 1 to 65535"),
    ("[account.x]\nfolders = 'INBOX'", "account.x.folders", '["INBOX"]'),
    ("[account.x]\nfolders = []", "account.x.folders", "not empty"),
    ("[account.x]\nfolders = ['a', 1]", "account.x.folders[1]", 'expected text in quotes, like "…", not a number'),
    ("[account.x]\nafter = 'remove'", "account.x.after", 'Did you mean "move"?'),
    ("[account.x]\nallow_plaintext = 'yes'", "account.x.allow_plaintext", "true or false, not text"),
    ("account = []", "account", "expected a table, not a list"),
    ("[destination.d]\nurl = 'x'", "destination.d.kind", 'is missing. Write one of "'),
    ("[destination.d]\nkind = 'webhok'", "destination.d.kind", 'Did you mean "webhook"?'),
    ("[destination.d]\nkind = 5", "destination.d.kind", 'none of the kinds there are. Write one of "'),
    ("[destination.d]\nkind = 'webhook'", "destination.d.url", "https://example.com/inbound"),
    ("[destination.d]\nkind = 'command'\ncommand = 'ls -l'", "destination.d.command", '["/usr/local/bin/ticket"'),
    ("[destination.d]\nkind = 'command'\ncommand = []", "destination.d.command", "not empty"),
    ("[destination.d]\nkind = 'command'\ncommand = ['./x']", "destination.d.command", "absolute path"),
    ("[destination.d]\nkind = 'command'\ncommand = ['']", "destination.d.command", "/usr/local/bin/ticket"),
    ("[destination.store]\nkind = 'command'\ncommand = ['ls']", "destination.store", "Write another name"),
    ("[destination.'a:b']\nkind = 'command'\ncommand = ['ls']", "destination.'a:b'", "letters, digits"),
    ("[destination.d]\nkind = 'webhook'\nurl = 'h.example'", "destination.d.url", "https://host/path"),
    ("[destination.d]\nkind = 'webhook'\nurl = 'https://[x'", "destination.d.url", "https://host/path"),
    (f"[destination.d]\nkind = 'webhook'\nurl = 'https://u:{CANARY}@h.example'", "destination.d.url", "username and"),
    (f"[destination.d]\nkind = 'webhook'\nurl = 'http://h.example/{CANARY}'", "destination.d.url", "allow_plaintext"),
    (hook("headers = { 'a b' = 'x' }"), "destination.h.headers", "control characters"),
    (hook(f'headers = {{ X = "{CANARY}\\r\\n" }}'), "destination.h.headers", "control characters"),
    (hook(f"headers = {{ Authorization = '{CANARY}' }}"), "destination.h.headers.Authorization", '{ file = "…" }'),
    (hook(f"headers = {{ X-Api-Key = '{CANARY}' }}"), "destination.h.headers.X-Api-Key", '{ file = "…" }'),
    (hook("headers = { X = { fil = 'a' } }"), "destination.h.headers.X.fil", "Did you mean file?"),
    (hook("headers = { X = 5 }"), "destination.h.headers.X", "expected text, or a table that says where the secret is"),
    ("[health]\nping_url = 5", "health.ping_url", "expected text, or a table that says where the secret is"),
    (hook("username = 'u'"), "destination.h.password", "both username and password"),
    (hook("username = 'a:b'\npassword = { env = 'X' }"), "destination.h.username", "colon"),
    (
        hook("username = 'u'\npassword = { env = 'X' }\nbearer = { env = 'X' }"),
        "destination.h.bearer",
        "Write one of them",
    ),
]

# Changes to the account: what is replaced or added · key path · advice
ACCOUNT_MISTAKES = [
    ('host = "imap.example.com"', 'host = "imap.example.com:993"', "account.main.host", "port = … beside it"),
    ('host = "imap.example.com"', 'host = "imaps://imap.example.com/"', "account.main.host", "the name alone"),
    ('host = "imap.example.com"', 'host = "a\\r\\nb"', "account.main.host", "is no host name"),
    ('host = "imap.example.com"', 'host = "[::1]"', "account.main.host", "is no host name"),
    ("username@example.com", "username", "addresses.patterns", 'patterns = ["username+%s@example.com"]'),
    ("username@example.com", "a\\r\\n@example.com", "account.main.username", "control characters"),
    ("\n[account.main]", '\n[account.main]\ntls = "none"', "account.main.tls", "allow_plaintext = true"),
    ("\n[account.main]", '\n[account.main]\nfolders = ["a\\nb"]', "account.main.folders", "control characters"),
    ("\n[account.main]", '\n[account.main]\nfolders = [""]', "account.main.folders", "is empty"),
    ("\n[account.main]", '\n[account.main]\nfolders = ["a", "a"]', "account.main.folders", "twice"),
    ("\n[account.main]", '\n[account.main]\nkeyword = "a b"', "account.main.keyword", "is no IMAP keyword"),
    ("\n[account.main]", '\n[account.main]\nafter = "move"\nmove_to = "INBOX"', "account.main.move_to", "another"),
    ("\n[account.main]", '\n[account.main]\nchannel = "ops"', "account.main.channel", 'scope = "all"'),
    ("account.main", "account.'a b'", "account.'a b'", "letters, digits"),
]


@pytest.mark.parametrize(("text", "path", "advice"), MISTAKES)
def test_a_mistake_is_named_with_its_key_path_and_what_to_write(
    tmp_path: Path, text: str, path: str, advice: str
) -> None:
    # A line without a section stands above the account's.
    found = problems(tmp_path, text + "\n" + ("" if "account" in text.split(".")[0] else ACCOUNT))
    assert any(problem.startswith(f"{path}: ") and advice in problem for problem in found), found
    assert CANARY not in " ".join(found)


@pytest.mark.parametrize(("old", "new", "path", "advice"), ACCOUNT_MISTAKES)
def test_a_mistake_in_an_account_is_named_too(tmp_path: Path, old: str, new: str, path: str, advice: str) -> None:
    assert old in ACCOUNT
    found = problems(tmp_path, ACCOUNT.replace(old, new))
    assert any(problem.startswith(f"{path}: ") and advice in problem for problem in found), found


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, "[store]\nurl = 5\n[account.a]\nhsot = 'x'\nport = 'y'\n[fetch]\nlimit = 0")
    assert {problem.split(":")[0] for problem in found} == {
        "store.url",
        "account.a.hsot",
        "account.a.host",
        "account.a.username",
        "account.a.password",
        "account.a.port",
        "fetch.limit",
    }


HALF = """
[smtp]
host = "smtp://smtp.example.com"
port = "587"
from = "nobody"
noreply = 5
[store]
url = "mysql://x/y"
[account.main]
username = "username"
hsot = "imap.example.com"
[account.other]
host = "imap.example.com"
username = "username@example.com"
password = { file = "imap-password", valeu = "x" }
keyword = "a b"
folders = ["a", 1]
[alerts]
to = "admin@"
"""


def test_what_is_wrong_between_settings_is_told_beside_what_has_the_wrong_shape(tmp_path: Path) -> None:
    found = [problem.split(":")[0] for problem in problems(tmp_path, HALF)]
    assert sorted(found) == [
        "account.main.host",
        "account.main.hsot",
        "account.main.password",
        "account.other.folders[1]",
        "account.other.keyword",
        "account.other.password.valeu",
        "smtp.from",
        "smtp.host",
        "smtp.noreply",
        "smtp.port",
        "store.url",
    ]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("[store]\nurl = 5\npassword = { file = 'p' }", "store.url"),
        ("[smtp]\nhost = 'h'\nusername = 5\npassword = { file = 'p' }", "smtp.username"),
        ("[smtp]\nhost = 'h'\nusername = 'u@example.com'\npassword = 5", "smtp.password"),
        ("[smtp]\nhost = 5\nfrom = 'a@example.com'", "smtp.host"),
        ("[smtp]\nhost = 'h'\nfrom = 'a@example.com'\ntls = 'none'\nallow_plaintext = 1", "smtp.allow_plaintext"),
        ("smtp = 5\n[alerts]\nto = 'a@example.com'", "smtp"),
        (ACCOUNT.replace("username@", "") + "scope = 'everything'\nchannel = 'ops'", "account.main.scope"),
        ("[destination.h]\nkind = 'webhook'\nurl = 'http://h.example/'\nallow_plaintext = 'yes'",
         "destination.h.allow_plaintext"),
        (ACCOUNT + "[addresses]\npatterns = 5\n[smtp]\nhost = 'h'\nfrom = 'a@example.com'\n[alerts]\n"
         "to = 'username+x@example.com'", "addresses.patterns"),
    ],
)  # fmt: skip
def test_what_only_follows_from_a_wrong_shape_is_not_told(tmp_path: Path, text: str, path: str) -> None:
    assert [problem.split(":")[0] for problem in problems(tmp_path, text)] == [path]


def test_one_problem_has_one_example(tmp_path: Path) -> None:
    text = "[account.x]\nfolders = 'INBOX'\n[smtp]\npassword = 'x'\naccess_token = {}\nhost = 5\n[alerts]\nto = 7"
    shown = "\n".join(problems(tmp_path, text))
    assert 'a table that says where the secret is, not text. Write for example { file = "smtp-password" }' in shown
    assert 'account.x.folders: expected a list that is not empty, not text. Write for example ["INBOX"]' in shown
    assert 'alerts.to: expected text, or a list of texts, not a number. Write for example "admin@example.com"' in shown
    assert 'Write for example { command = ["/usr/local/bin/print-access-token"] }' in shown
    assert shown.count("imap-password") == 1, "the account's"


ALERTS = "[smtp]\nhost = 'smtp.example.com'\nfrom = 'gw@example.com'\n[alerts]\nto = '{}'\n"
CATCH_ALL = "[addresses]\npatterns = ['%s@example.com']\n"


@pytest.mark.parametrize(
    "text",
    [
        ACCOUNT + ALERTS.format("username+x@example.com"),
        ACCOUNT + ALERTS.format("Admin <USERNAME+x@EXAMPLE.com>"),
        ACCOUNT + CATCH_ALL + ALERTS.format("admin@example.com"),
        ACCOUNT + 'scope = "all"\n' + ALERTS.format("username@example.com"),
    ],
)
def test_nobody_is_alerted_by_mail_that_comes_back(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text) == (
        "alerts.to: mail to it would come back to us. Write the address of a person, or name a channel",
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        ACCOUNT,
        ACCOUNT.replace("imap.example.com", "127.0.0.1") + 'tls = "none"',
        ACCOUNT.replace("imap.example.com", "::1") + 'tls = "none"',
        ACCOUNT.replace("imap.example.com", "LOCALHOST") + 'tls = "none"',
        ACCOUNT.replace("imap.example.com", "imap.localhost.") + 'tls = "none"',
        ACCOUNT + 'tls = "none"\nallow_plaintext = true',
        ACCOUNT.replace("username@example.com", "u") + 'scope = "all"\nchannel = "ops"',
        '[addresses]\npatterns = ["%s@example.com"]' + ACCOUNT.replace("username@example.com", "u"),
        hook("secret = { credential = 'c' }\nheaders = { X-Kind = 'mail', X-Api-Key = { env = 'K' } }"),
        "[destination.d]\nkind = 'webhook'\nurl = 'http://localhost:3000/inbound'",
        "[destination.d]\nkind = 'webhook'\nurl = 'http://app:3000/'\nallow_plaintext = true",
        "[destination.d]\nkind = 'command'\ncommand = ['/bin/cat']\non_uncertain = 'repost'",
        "\ufeff[fetch]\ndeadline = 30",
        f"{ACCOUNT}{ALERTS.format('username@example.com')}",
        f"{ACCOUNT}{ALERTS.format('Admin <admin@example.org>')}",
        "[alerts]\nto = ['ops', 'team']",
    ],
)
def test_what_is_right_is_taken(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text) == ()


def test_a_syntax_error_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[store]\nurl = "{CANARY}\n')
    with pytest.raises(ConfigError, match="line 2") as caught:
        config.load(path)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"), [(b"\xff\xfe", "not UTF-8"), (b"a = " + b"[" * 100_000, "nested too deeply")]
)
def test_what_is_no_text_is_said(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        config.load(path)


def test_a_missing_file_and_a_folder_are_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such file. Run mailpoll init"):
        config.load(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        config.load(tmp_path)


def test_a_file_that_everybody_may_change_is_refused(tmp_path: Path) -> None:
    """It may name programs to run."""
    path = tmp_path / "config.toml"
    path.touch()
    path.chmod(0o666)
    with pytest.raises(AccessDenied, match=r"everybody may change the configuration.*chmod o-w"):
        config.load(path)
    path.chmod(0o664)
    config.load(path)


def test_the_home_of_somebody_who_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        '[account.a]\nhost = "h"\nusername = "u@example.com"\n'
        'password = { file = "p" }\nca_file = "~no-such-user/ca.pem"\n'
    )
    with pytest.raises(ConfigError, match="there is no home folder for ~no-such-user"):
        config.load(path)


def test_the_file_is_looked_for_in_the_order_of_the_manual(tmp_path: Path) -> None:
    system, own = tmp_path / "etc" / "config.toml", tmp_path / "xdg" / "mailpoll" / "config.toml"
    env = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    assert places.find_config(None, env, system=system) is None
    for path in (system, own):
        path.parent.mkdir(parents=True)
        path.touch()
        assert places.find_config(None, env, system=system) == path
    assert places.find_config(None, {**env, "MAILPOLL_CONFIG": "/named/in/env"}, system=system) == Path("/named/in/env")
    assert places.find_config("/named", {**env, "MAILPOLL_CONFIG": "/x"}, system=system) == Path("/named")


@pytest.mark.skipif(places.SYSTEM_CONFIG.exists(), reason="this machine has a system configuration")
def test_without_a_configuration_the_error_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="mailpoll init"):
        config.find(None, {"HOME": str(tmp_path)})


def test_a_home_that_is_not_there_is_no_bug(tmp_path: Path) -> None:
    assert places.find_config("~nosuchuser/x.toml", {}) == Path("~nosuchuser/x.toml")
    named = Installation(None, {"HOME": str(tmp_path), "MAILPOLL_CONFIG": "~nosuchuser/x.toml"})
    assert named.named == "~nosuchuser/x.toml"
    with pytest.raises(ConfigError, match=r"no home folder for ~nosuchuser/x.toml. Write the absolute path"):
        named.settings  # noqa: B018  # reads it


def test_the_state_goes_where_the_manual_says(tmp_path: Path) -> None:
    own, system = tmp_path / "config.toml", places.SYSTEM_CONFIG
    env = {"HOME": "/home/u"}
    assert places.state_directory(own, env) == Path("/home/u/.local/state/mailpoll")
    assert places.state_directory(own, {**env, "XDG_STATE_HOME": "/s"}) == Path("/s/mailpoll")
    assert places.state_directory(own, {**env, "XDG_STATE_HOME": "relative"}) == Path("/home/u/.local/state/mailpoll")
    assert places.state_directory(system, env) == Path("/var/lib/mailpoll")
    assert places.state_directory(system, {"STATE_DIRECTORY": "/var/lib/private/m:/b"}) == Path("/var/lib/private/m")


def test_the_store_is_a_file_there_unless_set(tmp_path: Path) -> None:
    settings = config.load(written(tmp_path, ""))
    url = config.store_url(settings, tmp_path / "config.toml", {"STATE_DIRECTORY": "/s"})
    assert url == "sqlite:////s/mailpoll.db"
    settings = config.load(written(tmp_path, '[store]\nurl = "sqlite:////x/m.db"'))
    assert config.store_url(settings, tmp_path / "config.toml", {}) == "sqlite:////x/m.db"


@pytest.mark.parametrize("url", [
    "postgresql://mailpoll@db/mailpoll",
    "postgres://mailpoll@db/mailpoll",
    "postgresql://mailpoll@/mailpoll?host=/run/postgresql",
    "postgresql://mailpoll@db1,db2:5433/mailpoll?target_session_attrs=read-write",
    "postgresql://mailpoll@[::1]:5433/mailpoll",
])  # fmt: skip
def test_the_store_may_be_a_postgresql(tmp_path: Path, url: str) -> None:
    settings = config.load(written(tmp_path, f'[store]\nurl = "{url}"\npassword = {{ file = "pw" }}'))
    found = config.store_url(settings, tmp_path / "config.toml", {})
    assert found == url.replace("postgres://", "postgresql://")
    assert config.effective(settings)["store"] == {"url": url, "password": "***"}


def test_patterns_come_from_the_accounts_unless_set(tmp_path: Path) -> None:
    second = ACCOUNT.replace("account.main", "account.second")
    assert config.patterns(config.load(written(tmp_path, ACCOUNT + second))) == ("username+%s@example.com",)
    given = '[addresses]\npatterns = ["%s@in.example"]\n'
    assert config.patterns(config.load(written(tmp_path, given + ACCOUNT))) == ("%s@in.example",)


def test_ca_files_are_relative_to_the_configuration(tmp_path: Path) -> None:
    settings = config.load(written(tmp_path, ACCOUNT + 'ca_file = "own.pem"\n' + hook('ca_file = "/abs.pem"')))
    assert settings.account["main"].ca_file == str(tmp_path / "own.pem")
    assert settings.destination["h"].ca_file == "/abs.pem"  # type: ignore[union-attr]


def test_what_is_shown_has_every_default_and_no_secret(tmp_path: Path) -> None:
    text = (
        ACCOUNT
        + f"[destination.h]\nkind = 'webhook'\nurl = 'https://h.example/{CANARY}'\nheaders = {{ X = '{CANARY}' }}\n"
    )
    path = written(tmp_path, text + f"secret = {{ env = '{CANARY}' }}")
    shown = config.effective(config.load(path))
    assert CANARY not in repr(shown)
    assert shown["account"]["main"]["port"] == 993
    assert shown["account"]["main"]["password"] == "***"
    assert shown["addresses"]["patterns"] == ["username+%s@example.com"]
    assert shown["destination"]["h"]["url"] == "https://h.example/…"
    assert shown["destination"]["h"]["kind"] == "webhook"
    assert shown["destination"]["h"]["secret"] == "***"


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "what", "advice"),
    [
        ("[destination.NAME] # a\r\nkind = 'file'\n\n[ destination . NAME ]\n",
         "section [destination.NAME] stands twice, in lines 1 and 4",
         "Rename one of them, as [destination.ANOTHER-NAME], or delete it"),
        ("[smtp]\n[store]\n[smtp]\n", "section [smtp] stands twice, in lines 1 and 3",
         "Write the settings of both under one of them, and delete the other"),
        ("smtp = {}\n[smtp]\n", "section [smtp] stands twice, the second time in line 2", "Write the settings of both"),
        ("[store]\nurl = 'a'\nurl = 'b'\n", "setting in line 3 stands twice in its section", "Delete one of the two"),
    ],
)  # fmt: skip
def test_what_stands_twice_is_named_with_its_lines(tmp_path: Path, text: str, what: str, advice: str) -> None:
    (path := tmp_path / "c.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    assert caught.value.what.removeprefix("the ") == what
    assert caught.value.advice.startswith(advice)
