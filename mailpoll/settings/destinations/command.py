"""[destination.NAME] of kind command."""

from typing import Annotated, Literal

from msgspec import Meta

from mailpoll.settings.values import Seconds, Section


class CommandSettings(Section, frozen=True, tag_field="kind", tag="command"):
    """[destination.NAME] kind = "command": a program for each post, the raw mail on its standard input."""

    command: Annotated[
        tuple[str, ...],
        Meta(
            min_length=1, description="program and arguments; no shell", examples=[["/usr/local/bin/ticket", "--new"]]
        ),
    ]
    timeout: Annotated[Seconds, Meta(description="seconds before the program is ended", examples=[60])] = 60
    on_uncertain: Annotated[
        Literal["repost", "hold"], Meta(description="what follows when the program was ended by the timeout")
    ] = "hold"
