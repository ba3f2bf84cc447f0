"""The settings: frozen structs, one per section of the configuration, and the only place where a default is written.

Each field carries its description (with the unit) and examples as msgspec.Meta: the error messages of config.py and
the settings reference are made from them. Only the shape is checked here; what spans fields is config.py's.

Annotations are no strings in this package (no `from __future__ import annotations`): msgspec would compile three
hundred of them in every run.
"""

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import force_setattr

from mailpoll.settings.destinations import (
    AppriseSettings,
    CommandSettings,
    DestinationSettings,
    DiscordSettings,
    FileSettings,
    ForwardSettings,
    MaildirSettings,
    MatrixSettings,
    MattermostSettings,
    NtfySettings,
    SlackSettings,
    WebhookSettings,
    ZulipSettings,
)
from mailpoll.settings.http import HttpSettings
from mailpoll.settings.policy import AttachmentSettings, PolicySettings
from mailpoll.settings.smtp import SmtpSettings
from mailpoll.settings.values import (
    IMPLICIT_TLS_PORT,
    Count,
    Duration,
    MaybeSecret,
    Octets,
    Port,
    Seconds,
    Secret,
    SecretRef,
    Section,
    Tls,
)

__all__ = [
    "IMPLICIT_TLS_PORT",
    "AccountSettings",
    "AddressSettings",
    "AlertSettings",
    "AppriseSettings",
    "AttachmentSettings",
    "CommandSettings",
    "DestinationSettings",
    "DiscordSettings",
    "Duration",
    "FetchSettings",
    "FileSettings",
    "ForwardSettings",
    "HealthSettings",
    "HttpSettings",
    "MaildirSettings",
    "MatrixSettings",
    "MattermostSettings",
    "NtfySettings",
    "PolicySettings",
    "ReaderSettings",
    "RetentionSettings",
    "SecretRef",
    "Section",
    "Settings",
    "SlackSettings",
    "SmtpSettings",
    "StoreSettings",
    "Tls",
    "UnroutedSettings",
    "WebhookSettings",
    "ZulipSettings",
    "fingerprint",
    "from_builtin",
    "mask_url",
    "to_builtin",
]


class StoreSettings(Section, frozen=True):
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


class AddressSettings(Section, frozen=True):
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


class FetchSettings(Section, frozen=True):
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


class ReaderSettings(Section, frozen=True):
    """[reader]: what the child process that reads mail may use, per mail."""

    cpu_seconds: Annotated[int, Meta(ge=1, description="seconds of processor time per mail")] = 5
    wall_seconds: Annotated[Seconds, Meta(description="seconds of waiting per mail before the child is ended")] = 20
    memory: Annotated[Octets, Meta(description="octets of address space (not on macOS)")] = 512_000_000
    quotes: Annotated[
        Literal["mailpoll", "email-reply-parser", "keep"],
        Meta(description="who finds the new text of a reply; a channel's own `--quotes` wins"),
    ] = "mailpoll"


class UnroutedSettings(Section, frozen=True):
    """[unrouted]: mail to an address of ours that no channel has."""

    action: Annotated[
        str, Meta(min_length=1, description='"hold", "ignore", or the name of a channel', examples=["hold"])
    ] = "hold"


class RetentionSettings(Section, frozen=True):
    """[retention]: how long the bytes of mails are kept. What was posted, and which mails were taken, stays."""

    raw: Annotated[Duration, Meta(description="after the last post of a mail was delivered", examples=["7d"])] = (
        Duration("7d")
    )
    unfinished: Annotated[
        Duration, Meta(description="of held, unrouted, quarantined, failed and uncertain mail", examples=["30d"])
    ] = Duration("30d")


class HealthSettings(Section, frozen=True):
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


class AlertSettings(Section, frozen=True):
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


class AccountSettings(Section, frozen=True):
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
    authserv_id: Annotated[
        str | tuple[str, ...] | None,
        Meta(
            description="the name this server gives itself in Authentication-Results; unset: that of [policy]",
            examples=["mx.google.com"],
        ),
    ] = None
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


class Settings(Section, frozen=True):
    """The whole configuration."""

    store: StoreSettings = StoreSettings()
    addresses: AddressSettings = AddressSettings()
    fetch: FetchSettings = FetchSettings()
    reader: ReaderSettings = ReaderSettings()
    unrouted: UnroutedSettings = UnroutedSettings()
    policy: PolicySettings = PolicySettings()
    attachments: AttachmentSettings = AttachmentSettings()
    retention: RetentionSettings = RetentionSettings()
    health: HealthSettings = HealthSettings()
    http: HttpSettings = HttpSettings()
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
