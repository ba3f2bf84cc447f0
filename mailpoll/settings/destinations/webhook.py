"""[destination.NAME] of kind webhook."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from mailpoll.settings.values import MaybeSecret, Octets, Seconds, SecretRef, Section


class WebhookSettings(Section, frozen=True, tag_field="kind", tag="webhook"):
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
