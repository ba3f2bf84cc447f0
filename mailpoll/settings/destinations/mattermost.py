"""[destination.NAME] of kind mattermost."""

from typing import Annotated, Literal

from msgspec import Meta

from mailpoll.settings.values import Seconds, SecretRef, Section


class MattermostSettings(Section, frozen=True, tag_field="kind", tag="mattermost"):
    """[destination.NAME] kind = "mattermost": a Mattermost server, with a bot's token or an incoming web hook."""

    server: Annotated[
        str | None, Meta(description="the server's URL, with token", examples=["https://chat.example.com"])
    ] = None
    token: Annotated[
        SecretRef | None,
        Meta(description="a bot's token, or a personal access token", examples=[{"file": "mattermost-token"}]),
    ] = None
    webhook: Annotated[
        SecretRef | None,
        Meta(
            description="instead of server and token: the URL of an incoming web hook, which is a secret",
            examples=[{"file": "mattermost-hook"}],
        ),
    ] = None
    channel: Annotated[
        str,
        Meta(
            description="where posts go whose `--to` names no place: team/channel, a channel's id, or @name; of a web "
            "hook: a channel of its team, or @name",
            examples=["team/ops"],
        ),
    ] = ""
    thread: Annotated[bool, Meta(description="post answers into the thread of what they answer (not by web hook)")] = (
        True
    )
    attachments: Annotated[bool, Meta(description="upload attachments, at most ten for a post")] = True
    overflow: Annotated[
        Literal["file", "cut"], Meta(description="what becomes of text that is too long: a file has it whole, or none")
    ] = "file"
    limit: Annotated[
        int, Meta(ge=1000, description="characters of one post; 4000 where the database is older than version 5")
    ] = 16_383
    allow_plaintext: Annotated[bool, Meta(description="permits http:// to a host other than this one")] = False
    timeout: Annotated[Seconds, Meta(description="seconds to wait for the answer")] = 20
    on_uncertain: Annotated[
        Literal["repost", "hold"], Meta(description="what follows when the answer to a post is lost")
    ] = "repost"
    ca_file: Annotated[str | None, Meta(description="PEM file of the authorities to trust; relative")] = None
