"""[destination.NAME] of kind ntfy."""

from typing import Annotated, Literal

from msgspec import Meta

from mailpoll.settings.values import MaybeSecret, Octets, Seconds, SecretRef, Section


class NtfySettings(Section, frozen=True, tag_field="kind", tag="ntfy"):
    """[destination.NAME] kind = "ntfy": a notification to a topic of ntfy for each post."""

    url: Annotated[str, Meta(description="the ntfy server", examples=["https://ntfy.example.org"])] = "https://ntfy.sh"
    topic: Annotated[
        str | None,
        Meta(description="the topic for posts without a place of their own; on a public server a name that nobody "
                         "guesses", examples=["alerts"]),
    ] = None  # fmt: skip
    token: Annotated[
        SecretRef | None, Meta(description="access token, tk_…", examples=[{"file": "ntfy-token"}])
    ] = None  # fmt: skip
    username: Annotated[str | None, Meta(description="name to log in with, instead of a token")] = None
    password: MaybeSecret = None
    priority: Annotated[
        Annotated[int, Meta(ge=1, le=5)] | None,
        Meta(description="1 (silent) to 5 (rings until seen); unset: 3, by ntfy", examples=[4]),
    ] = None
    tags: Annotated[tuple[str, ...], Meta(description="tags, some of which ntfy shows as emoji",
                                          examples=[["email"]])] = ()  # fmt: skip
    markdown: Annotated[
        bool,
        Meta(description="sends Markdown, which the web app and newer Android apps show as such, and iOS and pop-ups "
                         "with all its marks; otherwise plain text"),
    ] = False  # fmt: skip
    attachments: Annotated[bool, Meta(description="sends the first attachment along; ntfy takes one")] = True
    overflow: Annotated[
        Literal["file", "cut"], Meta(description="what becomes of text that is too long: a file has it whole, or none")
    ] = "file"
    max_file: Annotated[Octets, Meta(description="octets of a file")] = 15_000_000
    allow_plaintext: Annotated[bool, Meta(description="permits http:// to a host other than this one")] = False
    ca_file: Annotated[str | None, Meta(description="PEM file of the authorities to trust; relative")] = None
    timeout: Annotated[Seconds, Meta(description="seconds to wait for the answer")] = 20
    on_uncertain: Annotated[
        Literal["repost", "hold"], Meta(description="what follows when the answer to a post is lost")
    ] = "repost"
