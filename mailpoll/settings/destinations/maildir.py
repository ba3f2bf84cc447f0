"""[destination.NAME] of kind maildir."""

from typing import Annotated, Literal

from msgspec import Meta, field

from mailpoll.settings.values import Section

FileMode = Literal["0600", "0640", "0660", "0644"]


class MaildirSettings(Section, frozen=True, tag_field="kind", tag="maildir"):
    """[destination.NAME] kind = "maildir": each mail into a Maildir, to be read by a mail program or an IMAP server."""

    path: Annotated[
        str,
        Meta(
            min_length=1,
            description="the Maildir; made when missing, in a folder that is there; relative to the configuration",
            examples=["/srv/mail/archive"],
        ),
    ]
    as_: Annotated[
        Literal["mail", "post"],
        Meta(description="mail: the bytes that came in; post: what a chat would get, as a mail", examples=["mail"]),
    ] = field(name="as", default="mail")
    mode: Annotated[FileMode, Meta(description="who may read the files: 0640, the group too", examples=["0640"])] = (
        "0600"
    )
