"""The settings: frozen structs, one per section of the configuration, and the only place where a default is written.

Each field carries its description (with the unit) and examples as msgspec.Meta: the error messages of config.py and
the settings reference are made from them. Only the shape is checked here; what spans fields is config.py's.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import force_setattr

Tls = Literal["implicit", "starttls", "none"]

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class Duration(str):
    """A length of time as it is written: a whole number and one of s, m, h, d, w ("90s", "7d").

    Raises:
        ValueError: when the text has another shape.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Duration:
        if not isinstance(text, str) or not re.fullmatch(r"[0-9]{1,9}[smhdw]", text):
            raise ValueError('expected a length of time like "90s", "5m", "2h", "7d" or "2w"')
        return super().__new__(cls, text)

    @property
    def seconds(self) -> int:
        """The length in seconds."""
        return int(self[:-1]) * _SECONDS[self[-1]]


class _Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all sections have in common: frozen, no unknown keys, no positional arguments."""


class SecretRef(_Section, frozen=True):
    """Where a secret is to be found; exactly one of the five. The secret itself never stands in the configuration."""

    file: Annotated[str | None, Meta(description="a file that holds it; relative to the configuration")] = None
    command: Annotated[tuple[str, ...] | None, Meta(description="a program and its arguments that print it")] = None
    credential: Annotated[str | None, Meta(description="name of a systemd credential (LoadCredential=)")] = None
    env: Annotated[str | None, Meta(description="name of an environment variable")] = None
    keyring: Annotated[str | None, Meta(description="name in the desktop keyring, service mailpoll")] = None

    def __post_init__(self) -> None:
        named = [name for name in self.__struct_fields__ if getattr(self, name) is not None]
        if len(named) != 1:
            raise ValueError(f"names {len(named)} places for the secret, expected one of file, command, credential, "
                             "env and keyring")  # fmt: skip
        if not getattr(self, named[0]):
            raise ValueError(f"{named[0]} is empty, expected a name")


_SECRET = Meta(
    description="where the secret is to be found; never the secret itself",
    examples=[{"file": "imap-password"}],
)
Secret = Annotated[SecretRef, _SECRET]
MaybeSecret = Annotated[SecretRef | None, _SECRET]
Port = Annotated[int, Meta(ge=1, le=65535, description="TCP port; unset: the usual one for `tls`", examples=[993])]
# RFC 8314 §3.3: submissions, TLS from the start.
IMPLICIT_TLS_PORT = 465
Seconds = Annotated[float, Meta(gt=0, description="seconds", examples=[30])]
Count = Annotated[int, Meta(ge=1)]
Octets = Annotated[int, Meta(ge=1, description="octets", examples=[50_000_000])]


class StoreSettings(_Section, frozen=True):
    """[store]: the database."""

    url: Annotated[
        str | None,
        Meta(
            description="sqlite:////absolute/path or postgresql://user@host/database; unset: a file in the state"
            " folder",
            examples=["sqlite:////var/lib/mailpoll/mailpoll.db"],
        ),
    ] = None
    password: MaybeSecret = None


class AddressSettings(_Section, frozen=True):
    """[addresses]: which addresses are ours (DESIGN.md §5)."""

    patterns: Annotated[
        tuple[str, ...],
        Meta(
            description="addresses with one %s where the detail stands; empty: user+%s@domain of every account",
            examples=[["username+%s@example.com"]],
        ),
    ] = ()
    headers: Annotated[
        tuple[str, ...],
        Meta(
            description="header fields that name recipients, most trusted first; Received means its `for` clause",
            examples=[["Delivered-To", "To", "Cc"]],
        ),
    ] = (
        "X-Gm-Original-To",
        "Delivered-To",
        "X-Original-To",
        "Envelope-To",
        "X-Envelope-To",
        "X-Delivered-To",
        "X-Forwarded-To",
        "Resent-To",
        "Resent-Cc",
        "To",
        "Cc",
        "Received",
    )
    separators: Annotated[
        str,
        Meta(min_length=1, description="characters that part name, token, options and tag; the first is written"),
    ] = ".+"


class FetchSettings(_Section, frozen=True):
    """[fetch]: one run."""

    max_message_size: Annotated[Octets, Meta(description="octets; of a larger mail only the headers are taken")] = (
        50_000_000
    )
    deadline: Annotated[Seconds, Meta(description="seconds after which a run stops; the rest waits for the next")] = 50
    limit: Annotated[Count | None, Meta(description="mails per account and run; unset: all", examples=[500])] = None
    alert_after: Annotated[
        Count,
        Meta(description="runs in a row after which a trouble that may pass by itself (69, 75) is told under cron"),
    ] = 5
    max_text: Annotated[Octets, Meta(description="octets of text per mail; more is cut and goes along as a file")] = (
        1_000_000
    )


class ReaderSettings(_Section, frozen=True):
    """[reader]: what the child process that reads mail may use, per mail."""

    cpu_seconds: Annotated[int, Meta(ge=1, description="seconds of processor time per mail")] = 5
    wall_seconds: Annotated[Seconds, Meta(description="seconds of waiting per mail before the child is ended")] = 20
    memory: Annotated[Octets, Meta(description="octets of address space (not on macOS)")] = 1_000_000_000
    quotes: Annotated[
        Literal["mailpoll", "email-reply-parser", "keep"],
        Meta(description="who finds the new text of a reply; a channel's own `--quotes` wins"),
    ] = "mailpoll"


class UnroutedSettings(_Section, frozen=True):
    """[unrouted]: mail to an address of ours that no channel has."""

    action: Annotated[
        str, Meta(min_length=1, description='"hold", "ignore", or the name of a channel', examples=["hold"])
    ] = "hold"


class RetentionSettings(_Section, frozen=True):
    """[retention]: how long the bytes of mails are kept. What was posted, and which mails were taken, stays."""

    raw: Annotated[Duration, Meta(description="after the last post of a mail was delivered", examples=["7d"])] = (
        Duration("7d")
    )
    unfinished: Annotated[
        Duration, Meta(description="of held, unrouted, quarantined, failed and uncertain mail", examples=["30d"])
    ] = Duration("30d")


class HealthSettings(_Section, frozen=True):
    """[health]: a monitor that is told of every run, as healthchecks.io wants it."""

    ping_url: Annotated[
        str | SecretRef | None,
        Meta(
            description="fetched when a run begins (with /start), ends well (as it is) or needs a person (with /fail); "
            "a URL, or { file = … } and the like",
            examples=["https://hc-ping.com/your-uuid"],
        ),
    ] = None
    allow_plaintext: Annotated[bool, Meta(description="permits http:// to a host other than this one")] = False


class SmtpSettings(_Section, frozen=True):
    """[smtp]: outgoing mail: what `mailpoll send-test` tries and [alerts] use."""

    host: Annotated[str | None, Meta(description="name of the SMTP server", examples=["smtp.example.com"])] = None
    port: Annotated[Port, Meta(examples=[587])] = 0  # 0 never leaves this class: see __post_init__
    tls: Annotated[
        Tls | None,
        Meta(description="how the connection is encrypted; unset: implicit on port 465, else starttls"),
    ] = None
    allow_plaintext: Annotated[
        bool, Meta(description='permits tls = "none" to a host other than this one: everybody on the way can read it')
    ] = False
    ca_file: Annotated[
        str | None, Meta(description="PEM file of the authorities to trust instead of the system's; relative to the "
                                     "configuration", examples=["/etc/ssl/own-ca.pem"]),
    ] = None  # fmt: skip
    username: Annotated[
        str | None, Meta(description="name to log in with; unset: no login", examples=["username@example.com"])
    ] = None
    password: Annotated[
        SecretRef | None,
        Meta(description="where the password is to be found; never the password itself",
             examples=[{"file": "smtp-password"}]),
    ] = None  # fmt: skip
    access_token: Annotated[
        SecretRef | None,
        Meta(description="where an OAuth 2.0 access token is to be found, instead of a password",
             examples=[{"command": ["/usr/local/bin/print-access-token"]}]),
    ] = None  # fmt: skip
    auth: Annotated[
        Literal["plain", "login", "xoauth2", "oauthbearer"] | None,
        Meta(description="how to log in; unset: the first of these that the server offers and the secret is for"),
    ] = None
    from_: Annotated[
        str | None,
        Meta(description="the sender of our mail; unset: `username`", examples=["Gateway <gateway@example.com>"]),
    ] = field(name="from", default=None)
    noreply: Annotated[
        str | None, Meta(description="sender of mail that nobody should answer", examples=["noreply@example.com"])
    ] = None
    noreply_tokens: Annotated[
        bool, Meta(description="noreply-<random>@ for each mail, so that nobody can guess an address that answers")
    ] = True
    helo: Annotated[
        str | None,
        Meta(description="the name we greet the server with; unset: this machine's", examples=["mail.example.com"]),
    ] = None
    timeout: Annotated[Seconds, Meta(description="seconds for each step up to the login", examples=[10])] = 10
    file: Annotated[
        str | None,
        Meta(description="a folder: nothing is sent, each mail is written into it as a file; relative to the "
                         "configuration", examples=["outgoing"]),
    ] = None  # fmt: skip

    def __post_init__(self) -> None:
        if self.tls is None:
            force_setattr(self, "tls", "implicit" if self.port == IMPLICIT_TLS_PORT else "starttls")
        if not self.port:
            force_setattr(self, "port", {"implicit": IMPLICIT_TLS_PORT, "none": 25}.get(self.tls or "", 587))

    @property
    def sender(self) -> str:
        """The sender of our mail, as it is written; empty where nothing tells."""
        return self.from_ or self.username or ""


class AlertSettings(_Section, frozen=True):
    """[alerts]: who is told, besides cron, when a trouble begins and when it ends."""

    to: Annotated[
        str | tuple[str, ...],
        Meta(
            description="a mail address (by way of [smtp], from its `from`) or the name of a channel; or a list of "
            "them, all of which are told",
            examples=["admin@example.com"],
        ),
    ] = ()

    @property
    def recipients(self) -> tuple[str, ...]:
        """Addresses and channels, each once."""
        return tuple(dict.fromkeys((self.to,) if isinstance(self.to, str) else self.to))


class AccountSettings(_Section, frozen=True):
    """[account.NAME]: an inbox to poll."""

    host: Annotated[str, Meta(description="name of the IMAP server", examples=["imap.example.com"])]
    username: Annotated[str, Meta(description="name to log in with", examples=["username@example.com"])]
    password: Secret
    tls: Annotated[Tls, Meta(description="how the connection is encrypted")] = "implicit"
    port: Port = 0  # 0 never leaves this class: see __post_init__
    allow_plaintext: Annotated[
        bool, Meta(description='permits tls = "none" to a host other than this one: everybody on the way can read it')
    ] = False
    ca_file: Annotated[
        str | None, Meta(description="PEM file of the authorities to trust instead of the system's; relative to the "
                                     "configuration", examples=["/etc/ssl/own-ca.pem"]),
    ] = None  # fmt: skip
    timeout: Annotated[Seconds, Meta(description="seconds of silence before the server counts as gone")] = 30
    folders: Annotated[tuple[str, ...], Meta(min_length=1, description="folders to poll", examples=[["INBOX"]])] = (
        "INBOX",
    )
    take: Annotated[
        Literal["new", "unseen"],
        Meta(description="new: what came since the last run or is unseen; unseen: the flag alone"),
    ] = "new"
    after: Annotated[
        Literal["seen", "keyword", "move", "delete", "leave"],
        Meta(description="what is done on the server with mail taken"),
    ] = "seen"
    keyword: Annotated[str, Meta(description='the flag that after = "keyword" sets', examples=["mailpoll"])] = (
        "mailpoll"
    )
    move_to: Annotated[str, Meta(description='the folder that after = "move" moves to', examples=["Processed"])] = (
        "Processed"
    )
    scope: Annotated[
        Literal["addressed", "all"],
        Meta(description="addressed: only mail to our patterns; all: everything, for an inbox nobody else reads"),
    ] = "addressed"
    channel: Annotated[
        str | None,
        Meta(
            description='with scope = "all", the channel of mail without a token; unset: as [unrouted]',
            examples=["ops"],
        ),
    ] = None

    def __post_init__(self) -> None:
        if not self.port:
            force_setattr(self, "port", 993 if self.tls == "implicit" else 143)


class WebhookSettings(_Section, frozen=True, tag_field="kind", tag="webhook"):
    """[destination.NAME] kind = "webhook": an HTTP POST for each post."""

    url: Annotated[str, Meta(description="where to POST", examples=["https://example.com/inbound"])]
    format: Annotated[Literal["mailpoll"], Meta(description="the shape of the request")] = "mailpoll"
    secret: Annotated[
        SecretRef | None, Meta(description="the key that signs each request", examples=[{"file": "hook-key"}])
    ] = None
    bearer: Annotated[
        SecretRef | None, Meta(description="access token for Authorization: Bearer", examples=[{"file": "hook-token"}])
    ] = None
    username: Annotated[str | None, Meta(description="name for HTTP Basic authentication")] = None
    password: MaybeSecret = None
    headers: Annotated[
        dict[str, str | SecretRef], Meta(description="more header fields; a secret one as { file = … }")
    ] = field(default_factory=dict)
    allow_plaintext: Annotated[bool, Meta(description="permits http:// to a host other than this one")] = False
    ca_file: Annotated[str | None, Meta(description="PEM file of the authorities to trust; relative")] = None
    timeout: Annotated[Seconds, Meta(description="seconds to wait for the answer")] = 20
    attachments: Annotated[bool, Meta(description="send attachments along, base64 in the JSON")] = True
    max_attachments: Annotated[
        Octets, Meta(description="octets of all attachments together; what is over is named only")
    ] = 25_000_000
    on_uncertain: Annotated[
        Literal["repost", "hold"], Meta(description="what follows when the answer to a post is lost")
    ] = "repost"


class CommandSettings(_Section, frozen=True, tag_field="kind", tag="command"):
    """[destination.NAME] kind = "command": a program for each post, the raw mail on its standard input."""

    command: Annotated[
        tuple[str, ...],
        Meta(
            min_length=1, description="program and arguments; no shell", examples=[["/usr/local/bin/ticket", "--new"]]
        ),
    ]
    timeout: Annotated[Seconds, Meta(description="seconds before the program is ended", examples=[60])] = 60
    on_uncertain: Annotated[
        Literal["repost", "hold"], Meta(description="what follows when the program was ended by the timeout")
    ] = "hold"


DestinationSettings = WebhookSettings | CommandSettings


class Settings(_Section, frozen=True):
    """The whole configuration."""

    store: StoreSettings = StoreSettings()
    addresses: AddressSettings = AddressSettings()
    fetch: FetchSettings = FetchSettings()
    reader: ReaderSettings = ReaderSettings()
    unrouted: UnroutedSettings = UnroutedSettings()
    retention: RetentionSettings = RetentionSettings()
    health: HealthSettings = HealthSettings()
    smtp: SmtpSettings | None = None
    alerts: AlertSettings = AlertSettings()
    account: dict[str, AccountSettings] = field(default_factory=dict)
    destination: dict[str, DestinationSettings] = field(default_factory=dict)


def from_builtin(kind: type[Any], value: Any) -> Any:
    """`value` as `kind`: msgspec's dec_hook for the one type of ours that it does not know."""
    if kind is Duration:
        return Duration(value)
    raise NotImplementedError(kind)


def to_builtin(value: Any) -> Any:
    """The plain form of a value of ours: msgspec's enc_hook."""
    if isinstance(value, Duration):
        return str(value)
    raise NotImplementedError(type(value))


def fingerprint(name: str, section: Struct) -> str:
    """64 hex digits that change when a section does; the contents of its secrets are not part of them."""
    import hashlib

    return hashlib.sha256(msgspec.json.encode([name, section], order="sorted")).hexdigest()


def mask_url(url: str) -> str:
    """What may be shown of `url`: scheme, host and port. Path, query and user part of a web hook are often its key."""
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]{0,20})://(?:[^/?#]*@)?([A-Za-z0-9._:\[\]-]*)(.?)", url, re.DOTALL)
    if not match:
        return "…"
    scheme, place, rest = match.groups()
    return f"{scheme}://{place}{'/…' if rest else ''}"
