"""[destination.NAME] of kind discord."""

from typing import Annotated, Literal

from msgspec import Meta

from mailpoll.settings.values import Octets, Seconds, SecretRef, Section


class DiscordSettings(Section, frozen=True, tag_field="kind", tag="discord"):
    """[destination.NAME] kind = "discord": a message in a Discord channel for each post, by a bot or a web hook."""

    token: Annotated[
        SecretRef | None, Meta(description="token of a bot", examples=[{"file": "discord-token"}])
    ] = None  # fmt: skip
    channel: Annotated[
        str | None,
        Meta(description="id of the bot's channel for posts without a place of their own",
             examples=["1234567890123456789"]),
    ] = None  # fmt: skip
    webhook: Annotated[
        SecretRef | None,
        Meta(description="the URL of a web hook, which is a secret, instead of a bot",
             examples=[{"file": "discord-webhook"}]),
    ] = None  # fmt: skip
    forum: Annotated[
        bool, Meta(description="the web hook's channel is a forum: each post opens a thread with its subject as title")
    ] = False
    silent: Annotated[bool, Meta(description="posts without a push notification")] = False
    embeds: Annotated[bool, Meta(description="lets Discord show previews of links")] = False
    attachments: Annotated[bool, Meta(description="sends attachments along, at most ten")] = True
    thread: Annotated[
        bool, Meta(description="posts answers as replies to what they answer, in a forum into its thread")
    ] = True
    overflow: Annotated[
        Literal["file", "cut"], Meta(description="what becomes of text that is too long: a file has it whole, or none")
    ] = "file"
    max_file: Annotated[
        Octets, Meta(description="octets of one file; servers with boosts take more than the default")
    ] = 20 * 1024 * 1024  # fmt: skip
    api: Annotated[str, Meta(description="where the bot's API is")] = "https://discord.com/api/v10"
    ca_file: Annotated[str | None, Meta(description="PEM file of the authorities to trust; relative")] = None
    timeout: Annotated[Seconds, Meta(description="seconds to wait for each answer")] = 20
    on_uncertain: Annotated[
        Literal["repost", "hold"], Meta(description="what follows when the answer to a post is lost")
    ] = "repost"
