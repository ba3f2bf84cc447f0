"""[smtp]: outgoing mail."""

from typing import Annotated, Literal

from msgspec import Meta, field
from msgspec.structs import force_setattr

from mailpoll.settings.values import IMPLICIT_TLS_PORT, Port, Seconds, SecretRef, Section, Tls


class SmtpSettings(Section, frozen=True):
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
