"""[destination.NAME] of kind slack."""

from typing import Annotated, Literal

from msgspec import Meta

from mailpoll.settings.values import Seconds, SecretRef, Section


class SlackSettings(Section, frozen=True, tag_field="kind", tag="slack"):
    """[destination.NAME] kind = "slack": a Slack app, with its bot token or with an incoming web hook."""

    token: Annotated[
        SecretRef | None, Meta(description="the app's bot token (xoxb-…)", examples=[{"file": "slack-token"}])
    ] = None
    webhook: Annotated[
        SecretRef | None,
        Meta(
            description="instead of a token: the URL of an incoming web hook, which is a secret",
            examples=[{"file": "slack-hook"}],
        ),
    ] = None
    channel: Annotated[
        str,
        Meta(
            description="where posts go whose `--to` names no place: a channel's name or id, a person's id",
            examples=["#ops"],
        ),
    ] = ""
    thread: Annotated[bool, Meta(description="post answers into the thread of what they answer (not by web hook)")] = (
        True
    )
    attachments: Annotated[bool, Meta(description="upload attachments, into the thread of the post")] = True
    overflow: Annotated[
        Literal["file", "cut"], Meta(description="what becomes of text that is too long: a file has it whole, or none")
    ] = "file"
    api: Annotated[str, Meta(description="where Slack's methods are; https://slack-gov.com/api for GovSlack")] = (
        "https://slack.com/api"
    )
    timeout: Annotated[Seconds, Meta(description="seconds to wait for the answer")] = 20
    on_uncertain: Annotated[
        Literal["repost", "hold"], Meta(description="what follows when the answer to a post is lost")
    ] = "repost"
    ca_file: Annotated[str | None, Meta(description="PEM file of the authorities to trust; relative")] = None
