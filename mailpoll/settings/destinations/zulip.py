"""[destination.NAME] of kind zulip."""

from typing import Annotated, Literal

from msgspec import Meta

from mailpoll.settings.values import Seconds, SecretRef, Section


class ZulipSettings(Section, frozen=True, tag_field="kind", tag="zulip"):
    """[destination.NAME] kind = "zulip": a message in Zulip for each post, by a bot."""

    zuliprc: Annotated[
        str | None,
        Meta(
            description="the file that Zulip offers for a bot, with site, email and key; relative",
            examples=["zuliprc"],
        ),
    ] = None
    site: Annotated[
        str | None,
        Meta(description="where the organisation is, instead of a zuliprc", examples=["https://example.zulipchat.com"]),
    ] = None
    email: Annotated[str | None, Meta(description="the bot's address", examples=["mail-bot@example.zulipchat.com"])] = (
        None
    )
    key: Annotated[SecretRef | None, Meta(description="the bot's API key", examples=[{"file": "zulip-key"}])] = None
    channel: Annotated[
        str | None,
        Meta(description="channel, or @people, of posts without a place of their own", examples=["general"]),
    ] = None
    attachments: Annotated[bool, Meta(description="uploads attachments and links them")] = True
    thread: Annotated[
        bool, Meta(description="an answer goes into the topic of the post that it answers, whatever its subject")
    ] = True
    overflow: Annotated[
        Literal["file", "cut"], Meta(description="text that is too long goes along whole as a file, or is only cut")
    ] = "file"
    allow_plaintext: Annotated[bool, Meta(description="permits http:// to a host other than this one")] = False
    ca_file: Annotated[str | None, Meta(description="PEM file of the authorities to trust; relative")] = None
    timeout: Annotated[Seconds, Meta(description="seconds to wait for each answer")] = 20
    on_uncertain: Annotated[
        Literal["repost", "hold"],
        Meta(description="what follows when an answer is lost, and Zulip does not let the bot look for its post"),
    ] = "repost"
