"""What one setting alone cannot tell: the rules between settings, and the shapes that types do not know. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from mailpoll import strict_address
from mailpoll.settings import (
    AccountSettings,
    AttachmentSettings,
    HealthSettings,
    HttpSettings,
    PolicySettings,
    Settings,
    SmtpSettings,
)

# Character sets rather than expressions: compiling these would cost every idle run 3 ms.
_ALNUM = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_NAME = _ALNUM | frozenset("_.-")
_KEYWORD = frozenset(map(chr, range(0x21, 0x7F))) - frozenset('(){%*"\\]')  # RFC 9051 §9, flag-keyword
FIELD_NAME = _ALNUM | frozenset("!#$%&'*+.^_`|~-")  # RFC 9110 §5.1
SECRET_WORDS = ("authorization", "cookie", "key", "token", "secret", "password")  # at the end of a header's name
_RESERVED = frozenset({"store"})
_SECRET_OPTIONS = {"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"}  # libpq's


def problems_between(settings: Settings) -> Iterator[str]:
    """Every rule between settings that is broken, as sentences that name the key path and what to write instead."""
    yield from _names(settings)
    yield from _store(settings)
    yield from _patterns(settings)
    yield from _health(settings.health)
    if settings.http != HttpSettings():
        yield from _http(settings.http)
    if settings.smtp is not None:
        yield from _smtp(settings.smtp)
    yield from _alerts(settings)
    if settings.policy != PolicySettings() or settings.attachments != AttachmentSettings() or _has_own(settings):
        from mailpoll import crosscheck_policy  # takes what reads mail along: not for runs without policies

        yield from crosscheck_policy.problems(settings)
    for name, account in settings.account.items():
        yield from _account(f"account.{name}", account)
    if settings.destination:
        from mailpoll import crosscheck_destinations

        yield from crosscheck_destinations.problems(settings)


def _has_own(settings: Settings) -> bool:
    return any(account.authserv_id is not None for account in settings.account.values())


def derived_pattern(username: str) -> str | None:
    """The pattern an account's own address gives, None when its username is no address (RFC 5322 local-part@domain)."""
    local, at, domain = username.rpartition("@")
    return f"{local}+%s@{domain}" if local and at and domain and not local.startswith('"') else None


def is_loopback(host: str) -> bool:
    """Whether `host` (a name or an address, IPv6 with or without brackets) is this very computer."""
    bare = host.strip("[]").rstrip(".").lower()
    if bare == "localhost" or bare.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


def url_problem(url: str, *, allow_plaintext: bool) -> str | None:
    """What is wrong with the URL of a web hook, and what to write instead; None when nothing is."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no URL. Write https://host/path"
    if has_control(url) or " " in url or not url.isascii():
        return "holds spaces, control or non-ASCII characters. Write them percent-encoded"
    if parts.scheme not in ("http", "https") or not host:
        return "is no web address. Write https://host/path"
    if parts.username is not None:
        return "holds a user or password. Write them as username and password beside it"
    if parts.fragment:
        return "holds a # that no server gets to see. Leave that part out"
    if parts.scheme == "http" and not is_loopback(host) and not allow_plaintext:
        return "everybody on the way can read http. Write https, or allow_plaintext = true in its section"
    return None


def all_of(text: str, allowed: frozenset[str]) -> bool:
    """Whether a text is not empty, and of these characters only."""
    return bool(text) and allowed.issuperset(text)


def has_control(text: str) -> bool:
    """Whether `text` holds a character that would end or garble a line of a protocol."""
    return any(char < " " or char == "\x7f" for char in text)


def ping_problem(url: str, *, allow_plaintext: bool) -> str | None:
    """What is wrong with a URL to ping, and what to write instead; None when nothing is."""
    if problem := url_problem(url, allow_plaintext=allow_plaintext):
        return problem
    return "holds a ?, after which /start cannot be added. Write a URL without it" if "?" in url else None


def _health(health: HealthSettings) -> Iterator[str]:
    if isinstance(health.ping_url, str) and (
        reason := ping_problem(health.ping_url, allow_plaintext=health.allow_plaintext)
    ):
        yield f"health.ping_url: {reason}"


def _http(http: HttpSettings) -> Iterator[str]:
    from mailpoll import egress  # few write one down

    if isinstance(http.proxy, str) and http.proxy != egress.NO_PROXY and (reason := _proxy_problem(http.proxy)):
        yield f"http.proxy: {reason}"
    for key, networks in (("deny_networks", http.deny_networks), ("allow_networks", http.allow_networks)):
        for index, text in enumerate(networks):
            if problem := egress.network_problem(text):
                yield f"http.{key}[{index}]: {problem}"
    if http.allow_networks and not http.deny_networks:
        yield 'http.allow_networks: are exceptions from deny_networks, which is empty. Add deny_networks = ["private"]'


def _proxy_problem(url: str) -> str | None:
    """What is wrong with the URL of a proxy; what it holds is not repeated, it may be a password."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no URL. Write http://proxy.example.com:3128"
    if has_control(url) or " " in url or parts.scheme not in ("http", "https") or not host:
        return 'is no proxy. Write http://proxy.example.com:3128, or "none"'
    if parts.password is not None:
        return 'holds a password. Write proxy = { file = "proxy-url" }, and the URL into that file'
    return None


def _names(settings: Settings) -> Iterator[str]:
    for section, names in (("account", settings.account), ("destination", settings.destination)):
        for name in names:
            if not all_of(name, _NAME) or name[0] in ".-":
                yield f"{section}.{name!r}: is no name. Write letters, digits, - and _ only"
    for name in _RESERVED & set(settings.destination):
        yield f"destination.{name}: this name is taken by the built-in store. Write another name"


def _store(settings: Settings) -> Iterator[str]:
    url = settings.store.url or ""
    scheme, mark, rest = url.partition("://")
    is_postgres = bool(mark) and scheme in ("postgresql", "postgres")
    if settings.store.password is not None and not is_postgres:
        yield "store.password: is of no use without the URL of a PostgreSQL in store.url. Leave it out"
    if settings.store.url is None:
        return
    if is_postgres:
        if reason := _postgres_problem(url):
            yield f"store.url: {reason}"
    elif not mark or scheme != "sqlite":
        yield "store.url: is no store. Write sqlite:////absolute/path/mailpoll.db or postgresql://user@host/database"
    elif not rest.startswith("//"):
        yield "store.url: the path must be absolute, cron starts elsewhere. Write four slashes: sqlite:////var/lib/…"
    elif has_control(url):
        yield "store.url: holds control characters. Write it without"


def _postgres_problem(url: str) -> str | None:
    """What is wrong with the URL of a PostgreSQL; what it holds is not repeated, it may be a password."""
    try:
        parts = urlsplit(url)
        _ = parts.hostname, None if "," in parts.netloc else parts.port  # several hosts: each may have a port
    except ValueError:
        return "is no URL. Write postgresql://user@host/database"
    options = {key.lower() for key, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if parts.password is not None or options & _SECRET_OPTIONS:
        return 'holds a password. Write it without, and password = { file = "store-password" } below it'
    if has_control(url) or " " in url:
        return "holds spaces or control characters. Write them percent-encoded"
    if not parts.path.strip("/") or "/" in parts.path.strip("/"):
        return "names no database. Write postgresql://user@host/database"
    if parts.fragment:
        return "holds a # that PostgreSQL does not get to see. Write it as %23"
    return None


def _patterns(settings: Settings) -> Iterator[str]:
    for index, header in enumerate(settings.addresses.headers):
        if not all_of(header, FIELD_NAME):
            yield f"addresses.headers[{index}]: is no header field name. Write for example Delivered-To"
    for index, pattern in enumerate(settings.addresses.patterns):
        if reason := _pattern_problem(pattern):
            yield f"addresses.patterns[{index}]: {reason}. Write for example username+%s@example.com"
    if settings.addresses.patterns:
        return
    for name, account in settings.account.items():
        derived = derived_pattern(account.username)
        if derived is None and account.scope == "addressed":
            yield (
                f"addresses.patterns: is missing, and account.{name}.username is no address to derive it from. "
                'Add patterns = ["username+%s@example.com"] under [addresses]'
            )
        elif derived is not None and _pattern_problem(derived):
            yield f'account.{name}.username: gives no usable pattern. Add patterns = ["…+%s@…"] under [addresses]'


def _pattern_problem(pattern: str) -> str | None:
    local, at, domain = pattern.rpartition("@")
    if has_control(pattern) or " " in pattern:
        return "holds spaces or control characters"
    if not at or not local or not domain:
        return "is no address"
    if "%s" in domain:
        return "has %s in the domain; it belongs before the @"
    if local.count("%s") != 1:
        return f"has %s {local.count('%s')} times; it must stand there once"
    return None


def _account(path: str, account: AccountSettings) -> Iterator[str]:
    yield from _host(path, account)
    texts = {"username": (account.username,), "folders": account.folders, "move_to": (account.move_to,)}
    for key, values in texts.items():
        if not all(values):
            yield f"{path}.{key}: is empty. Write its name"
        if any(map(has_control, values)):
            yield f"{path}.{key}: holds control characters. Write it without"
    if not all_of(account.keyword, _KEYWORD):
        yield f"{path}.keyword: is no IMAP keyword. Write ASCII letters, digits, $, - and _ only"
    if len(set(account.folders)) != len(account.folders):
        yield f"{path}.folders: names a folder twice. Write each once"
    if account.after == "move" and account.move_to in account.folders:
        yield f"{path}.move_to: is one of the polled folders. Write another folder"
    if account.channel is not None and account.scope != "all":
        yield f'{path}.channel: works only with scope = "all". Add that, or leave channel out'


_SERVICE = {"acco": "imap", "smtp": "smtp"}  # by how the key path begins


def _host(path: str, section: AccountSettings | SmtpSettings) -> Iterator[str]:
    if not section.host or has_control(section.host) or set(section.host) & set(" /@[]"):
        yield f"{path}.host: is no host name. Write the name alone, like {_SERVICE[path[:4]]}.example.com"
    elif section.host.count(":") == 1:
        yield f"{path}.host: holds a port. Write the name alone, and port = … beside it"
    elif section.tls == "none" and not section.allow_plaintext and not is_loopback(section.host):
        yield (
            f'{path}.tls: "none" lets everybody on the way read the password. '
            'Write "implicit" or "starttls", or add allow_plaintext = true'
        )


def _smtp(smtp: SmtpSettings) -> Iterator[str]:
    if smtp.host is not None:
        yield from _host("smtp", smtp)
    elif smtp.file is None:
        yield 'smtp.host: is missing. Add host = "smtp.example.com", or file = "outgoing" to send nothing'
    secrets = {"password": smtp.password, "access_token": smtp.access_token}
    given = [name for name, secret in secrets.items() if secret is not None]
    if len(given) == 2:
        yield "smtp.access_token: cannot go with password. Write one of them"
    if given and smtp.username is None:
        yield f'smtp.username: is missing, but there is {_A[given[0]]}. Add username = "username@example.com"'
    if smtp.username is not None and not given and smtp.host is not None:
        yield 'smtp.password: is missing, but there is a username. Add password = { file = "smtp-password" }'
    if smtp.auth is not None and given and (smtp.auth in _BY_TOKEN) != ("access_token" in given):
        yield f'smtp.auth: "{smtp.auth}" does not go with {_A[given[0]]}. Leave it out, or write another'
    for key, value in (("username", smtp.username), ("helo", smtp.helo)):
        if value is not None and (not value or has_control(value)):
            yield f"smtp.{key}: is empty, or holds control characters. Write it without"
    if smtp.helo is not None and not (_NAME | {"[", "]", ":"}).issuperset(smtp.helo):
        yield "smtp.helo: is no host name. Write the name alone, like mail.example.com"
    yield from _senders(smtp)


_A = {"password": "a password", "access_token": "an access token"}
_BY_TOKEN = ("xoauth2", "oauthbearer")


def _senders(smtp: SmtpSettings) -> Iterator[str]:
    if not smtp.sender:
        yield 'smtp.from: is missing. Add from = "Gateway <gateway@example.com>"'
    elif smtp.from_ is None and strict_address.problem(smtp.sender):
        yield 'smtp.from: is missing, and username is no address. Add from = "Gateway <gateway@example.com>"'
    for key, value, example in (
        ("from", smtp.from_, strict_address.EXAMPLE),
        ("noreply", smtp.noreply, "noreply@example.com"),
    ):
        if value is not None and (reason := strict_address.problem(value, example)):
            yield f"smtp.{key}: {reason}"
        elif key == "noreply" and value and smtp.noreply_tokens and not _has_room_for_a_token(value):
            yield "smtp.noreply: is too long for a token behind it. Write a shorter one, or noreply_tokens = false"


def _has_room_for_a_token(address: str) -> bool:
    local = strict_address.parse(address).address.rpartition("@")[0]
    return len(local.encode()) + len("-abcdefghijklmnop") <= strict_address.MAX_LOCAL_PART


def _alerts(settings: Settings) -> Iterator[str]:
    to = settings.alerts.to
    for path, one in [("alerts.to", to)] if isinstance(to, str) else [(f"alerts.to[{i}]", o) for i, o in enumerate(to)]:
        if reason := _recipient_problem(one, settings):
            yield f"{path}: {reason}"


def _recipient_problem(one: str, settings: Settings) -> str | None:
    if "@" not in one:
        wrong = not one or has_control(one)
        return "is empty, or holds control characters. Write an address or the name of a channel" if wrong else None
    if reason := strict_address.problem(one, "admin@example.com"):
        return reason
    if settings.smtp is None:
        return "names an address, but there is no [smtp] to send mail with. Add it, or name a channel"
    if _is_ours(strict_address.parse(one).address, settings):
        return "mail to it would come back to us. Write the address of a person, or name a channel"
    return None


def _is_ours(address: str, settings: Settings) -> bool:
    """Whether one of our patterns matches, or it is that of an account that takes all mail."""
    from mailpoll import router  # few write down whom to alert

    derived = (derived_pattern(account.username) for account in settings.account.values())
    usable = (p for p in settings.addresses.patterns or derived if p and not _pattern_problem(p))
    dedicated = (account.username.lower() for account in settings.account.values() if account.scope == "all")
    return address.lower() in dedicated or any(router.pattern(p).detail(address) is not None for p in usable)
