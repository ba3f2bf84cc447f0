"""[destination.NAME]: the services that posts go to, one class per kind, in a module of its own."""

from mailpoll.settings.destinations.apprise import AppriseSettings
from mailpoll.settings.destinations.command import CommandSettings
from mailpoll.settings.destinations.discord import DiscordSettings
from mailpoll.settings.destinations.file import FileSettings
from mailpoll.settings.destinations.maildir import MaildirSettings
from mailpoll.settings.destinations.matrix import MatrixSettings
from mailpoll.settings.destinations.mattermost import MattermostSettings
from mailpoll.settings.destinations.ntfy import NtfySettings
from mailpoll.settings.destinations.slack import SlackSettings
from mailpoll.settings.destinations.smtp import ForwardSettings
from mailpoll.settings.destinations.webhook import WebhookSettings
from mailpoll.settings.destinations.zulip import ZulipSettings

__all__ = [
    "AppriseSettings",
    "CommandSettings",
    "DestinationSettings",
    "DiscordSettings",
    "FileSettings",
    "ForwardSettings",
    "MaildirSettings",
    "MatrixSettings",
    "MattermostSettings",
    "NtfySettings",
    "SlackSettings",
    "WebhookSettings",
    "ZulipSettings",
]

DestinationSettings = (
    WebhookSettings
    | ZulipSettings
    | CommandSettings
    | MaildirSettings
    | FileSettings
    | ForwardSettings
    | AppriseSettings
    | MatrixSettings
    | DiscordSettings
    | NtfySettings
    | MattermostSettings
    | SlackSettings
)
