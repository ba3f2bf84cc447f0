"""[destination.NAME] of kind apprise."""

from typing import Annotated, Literal

from msgspec import Meta

from mailpoll.settings.values import Seconds, SecretRef, Section


class AppriseSettings(Section, frozen=True, tag_field="kind", tag="apprise"):
    """[destination.NAME] kind = "apprise": any service that the Apprise library knows."""

    url: Annotated[
        SecretRef,
        Meta(
            description="where Apprise's URL for one service is to be found; it holds keys, so never the URL itself",
            examples=[{"file": "pushover-url"}],
        ),
    ]
    service: Annotated[
        str,
        Meta(
            pattern="^[a-z][a-z0-9+.-]{0,30}$",
            description="what its URL begins with, before ://; limits and mentions go by it",
            examples=["pover"],
        ),
    ]
    attachments: Annotated[bool, Meta(description="send attachments along, where the service takes files")] = True
    timeout: Annotated[Seconds, Meta(description="seconds for a post, all its requests together")] = 30
    on_uncertain: Annotated[
        Literal["repost", "hold"], Meta(description="what follows when nobody knows whether a post arrived")
    ] = "repost"
