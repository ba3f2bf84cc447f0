"""[destination.NAME] of kind smtp."""

from typing import Annotated, Literal

from msgspec import Meta, field

from mailpoll.settings.values import Section


class ForwardSettings(Section, frozen=True, tag_field="kind", tag="smtp"):
    """[destination.NAME] kind = "smtp": each mail forwarded to an address, by way of [smtp]."""

    to: Annotated[
        str | None,
        Meta(description="where mail goes when --to NAME names no address", examples=["user@example.net"]),
    ] = None
    as_: Annotated[
        Literal["mail", "attachment"],
        Meta(
            description="mail: its bytes as they came, from its own author; attachment: inside a mail of ours, which "
            "passes DMARC",
            examples=["attachment"],
        ),
    ] = field(name="as", default="mail")
    sender: Annotated[
        str | None,
        Meta(
            description="who gets the bounces (the envelope sender); unset: `from` of [smtp]",
            examples=["bounces@example.com"],
        ),
    ] = None
    on_uncertain: Annotated[
        Literal["repost", "hold"], Meta(description="what follows when the server's answer to a mail is lost")
    ] = "repost"
