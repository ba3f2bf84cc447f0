"""[destination.NAME] of kind file."""

from typing import Annotated, Literal

from msgspec import Meta

from mailpoll.settings.destinations.maildir import FileMode
from mailpoll.settings.values import Section


class FileSettings(Section, frozen=True, tag_field="kind", tag="file"):
    """[destination.NAME] kind = "file": a file for each post, for programs that watch a folder."""

    path: Annotated[
        str,
        Meta(
            min_length=1,
            description="the folder; made when missing, in a folder that is there; relative to the configuration",
            examples=["/srv/inbound"],
        ),
    ]
    format: Annotated[
        Literal["json", "text", "eml"],
        Meta(description="json: all facts, as web hooks get them; text: topic and body; eml: the mail as it came"),
    ] = "json"
    attachments: Annotated[bool, Meta(description='with format = "json": attachments along, in base64')] = True
    mode: Annotated[FileMode, Meta(description="who may read the files: 0640, the group too", examples=["0640"])] = (
        "0600"
    )
