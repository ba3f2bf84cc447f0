"""What a service that Apprise knows takes, and how it shows text."""

from __future__ import annotations

from typing import Any

from mailpoll.model import Limits
from mailpoll.settings import AppriseSettings

# What mentions people there, by what the URL begins with: known before the library is.
_DIALECTS = {
    "slack": "slack",
    "discord": "discord",
    "mmost": "mattermost",
    "mmosts": "mattermost",
    "zulip": "zulip",
    "matrix": "matrix",
    "matrixs": "matrix",
    "rocket": "rocketchat",
    "rockets": "rocketchat",
    "tgram": "telegram",
    "msteams": "teams",
    "workflow": "teams",
    "workflows": "teams",
    "gchat": "googlechat",
}
# Services that show Markdown which they are given as text.
_SHOW_MARKDOWN = {"mattermost", "zulip", "rocketchat"}
# Of services that tell it only of a URL, or when there is no library to ask.
BODY, TOPIC = 1000, 250


def limits_of(plugin: Any, settings: AppriseSettings) -> Limits:
    """The limits of a service, or of a class of services."""
    dialect = _DIALECTS.get(settings.service, "none")
    topic, body = (
        value if isinstance(value := getattr(plugin, name, None), int) else unknown
        for name, unknown in (("title_maxlen", TOPIC), ("body_maxlen", BODY))
    )
    markdown = dialect in _SHOW_MARKDOWN or (plugin is not None and text_format(plugin) == "markdown")
    markup = dialect if dialect in ("discord", "zulip") else "markdown" if markdown else "plain"
    return Limits(
        topic=max(topic, 0),
        body=max(body, 1),
        files=settings.attachments and bool(getattr(plugin, "attachment_support", False)),
        mentions=dialect,
        markup=markup,
    )


def text_format(plugin: Any) -> str:
    """What we say our text is, so that Apprise changes nothing in it but what a page of HTML needs."""
    said = plugin.notify_format
    formats = [str(getattr(each, "value", each)) for each in (said if isinstance(said, tuple | list) else (said,))]
    return "text" if "text" in formats or formats[0] == "html" else formats[0]
