"""[destination.NAME] of kind webhook."""

from typing import Annotated, Any, Literal

from msgspec import Meta, field

from mailpoll.settings.values import Count, MaybeSecret, Octets, Seconds, SecretRef, Section


class WebhookSettings(Section, frozen=True, tag_field="kind", tag="webhook"):
    """[destination.NAME] kind = "webhook": an HTTP POST for each post."""

    url: Annotated[
        str | SecretRef,
        Meta(
            description="where to POST; one that holds a key as { file = … }", examples=["https://example.com/inbound"]
        ),
    ]
    format: Annotated[
        Literal["mailpoll", "postmark", "mailgun", "rfc822"],
        Meta(
            description="the shape of the request: our own JSON; what the inbound hooks of Postmark, or the routes of "
            "Mailgun, send; or the mail as it came, as Rails' relay ingress wants it"
        ),
    ] = "mailpoll"
    template: Annotated[
        dict[str, Any],
        Meta(description="a JSON object of your own instead, with {topic}, {body} and the like in its texts"),
    ] = field(default_factory=dict)
    mentions: Annotated[
        Literal[
            "none", "zulip", "slack", "discord", "mattermost", "matrix", "rocketchat", "telegram", "teams", "googlechat"
        ],
        Meta(description="the chat behind the hook: what would ring for people there is made harmless"),
    ] = "none"
    markup: Annotated[
        Literal["markdown", "slack", "discord", "plain"], Meta(description="how the chat behind the hook writes bold")
    ] = "markdown"
    max_topic: Annotated[
        Count | None, Meta(description="characters of a topic; unset: no limit", examples=[200])
    ] = None  # fmt: skip
    max_body: Annotated[Count | None, Meta(description="characters of a body; unset: no limit", examples=[4000])] = None
    raw_email: Annotated[
        bool | None,
        Meta(
            description="postmark: the mail itself goes along as RawEmail; mailgun: as body-mime, instead of its "
            'parts; unset: with mailgun where the URL ends with "mime", as Mailgun has it',
            examples=[True],
        ),
    ] = None
    secret: Annotated[
        SecretRef | None,
        Meta(
            description="the key that signs each request; of mailgun the webhook signing key",
            examples=[{"file": "hook-key"}],
        ),
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
    attachments: Annotated[bool, Meta(description="send attachments along")] = True
    max_attachments: Annotated[
        Octets, Meta(description="octets of all attachments together; what is over is named only")
    ] = 25_000_000
    on_uncertain: Annotated[
        Literal["repost", "hold"], Meta(description="what follows when the answer to a post is lost")
    ] = "repost"
