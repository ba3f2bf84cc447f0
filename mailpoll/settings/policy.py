"""[policy] and [attachments]: whose mail is posted, how much of it, and which files."""

from typing import Annotated, Literal

from msgspec import Meta

from mailpoll.settings.values import Octets, Section

Refused = Literal["hold", "mark", "ignore"]
Disposition = Literal["post", "hold", "ignore"]
# mailpoll.rate takes it apart.
Rate = Annotated[
    str,
    Meta(
        description="how many posts leave in how long, as several limits that all hold; none: no limit. What is over "
        "waits, and nothing is lost",
        examples=["50/1m 120/5m 600/1h"],
    ),
]


class PolicySettings(Section, frozen=True):
    """[policy]: whose mail is posted, and what becomes of mail that no person wrote. A channel's own policy wins."""

    authserv_id: Annotated[
        str | tuple[str, ...] | None,
        Meta(
            description="the name that the receiving mail server gives itself in Authentication-Results; unset: the "
            "account's own, or none",
            examples=["mx.google.com"],
        ),
    ] = None
    require: Annotated[
        tuple[Literal["dmarc", "dkim", "spf"], ...],
        Meta(description="what the receiving server must have found to pass", examples=[["dmarc"]]),
    ] = ()
    allow_from: Annotated[
        tuple[str, ...],
        Meta(
            description="whose mail is posted: addresses, domains, globs; empty: everybody's",
            examples=[["example.com", "*@example.org"]],
        ),
    ] = ()
    deny_from: Annotated[
        tuple[str, ...], Meta(description="whose mail is not posted", examples=[["spammer@example.net"]])
    ] = ()
    refused: Annotated[
        Refused, Meta(description="what follows when the sender may not write, or is not who they say they are")
    ] = "hold"
    auto_replies: Annotated[Disposition, Meta(description="what is done with answering machines' mail")] = "hold"
    bounces: Annotated[Disposition, Meta(description="what is done with reports that mail was not delivered")] = "hold"
    notifications: Annotated[
        Disposition, Meta(description="what is done with other mail that a program or a mailing list sent")
    ] = "post"
    hold_verification_mail: Annotated[
        bool,
        Meta(description="hold sign-in codes, confirmation and password links: somebody may have signed up elsewhere "
                         "with a channel's address to read them"),
    ] = False  # fmt: skip
    identity_domains: Annotated[
        tuple[str, ...],
        Meta(description="domains whose addresses let people sign in somewhere; `doctor` warns when an inbox is on one",
             examples=[["example.com"]]),
    ] = ()  # fmt: skip
    rate: Annotated[
        Rate | None, Meta(description="posts of one channel to one destination; unset: as the kind says")
    ] = None
    gateway_rate: Annotated[Rate | None, Meta(description="posts of all channels together; unset: no limit")] = None


class AttachmentSettings(Section, frozen=True):
    """[attachments]: which files go along with posts. What does not is named in the post, and stays in the mail."""

    max_size: Annotated[Octets, Meta(description="octets of one file")] = 25_000_000
    max_total: Annotated[Octets, Meta(description="octets of all files of a mail together")] = 50_000_000
    allow: Annotated[
        tuple[str, ...],
        Meta(description="globs of file names or types that may go along; empty: all", examples=[["*.pdf", "image/*"]]),
    ] = ()
    deny: Annotated[
        tuple[str, ...], Meta(description="globs of file names or types that may not", examples=[["*.exe", "*.js"]])
    ] = ()
