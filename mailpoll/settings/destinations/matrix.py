"""[destination.NAME] of kind matrix."""

from typing import Annotated, Literal

from msgspec import Meta

from mailpoll.settings.values import Octets, Seconds, SecretRef, Section


class MatrixSettings(Section, frozen=True, tag_field="kind", tag="matrix"):
    """[destination.NAME] kind = "matrix": a message in a Matrix room for each post."""

    homeserver: Annotated[
        str, Meta(description="the URL of the homeserver's client API", examples=["https://matrix.example.org"])
    ]
    token: Annotated[
        SecretRef,
        Meta(description="access token of the account that posts; a new one forgets what was posted with the old one",
             examples=[{"file": "matrix-token"}]),
    ]  # fmt: skip
    room: Annotated[
        str | None,
        Meta(description="id or alias of the room for posts without a place of their own",
             examples=["#ops:example.org"]),
    ] = None  # fmt: skip
    msgtype: Annotated[
        Literal["m.notice", "m.text"], Meta(description="what a post is: a bot's notice, or like a person's message")
    ] = "m.notice"
    join: Annotated[bool, Meta(description="joins a room that it may join: one that is public, or invites it")] = True
    attachments: Annotated[bool, Meta(description="uploads attachments, each an event of its own")] = True
    thread: Annotated[bool, Meta(description="posts answers into the thread of what they answer")] = True
    overflow: Annotated[
        Literal["file", "cut"], Meta(description="what becomes of text that is too long: a file has it whole, or none")
    ] = "file"
    max_file: Annotated[
        Octets, Meta(description="octets of one file; the server may allow less, and is asked")
    ] = 50_000_000  # fmt: skip
    allow_plaintext: Annotated[bool, Meta(description="permits http:// to a host other than this one")] = False
    ca_file: Annotated[str | None, Meta(description="PEM file of the authorities to trust; relative")] = None
    timeout: Annotated[Seconds, Meta(description="seconds to wait for each answer")] = 20
