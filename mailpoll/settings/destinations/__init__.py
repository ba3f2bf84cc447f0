"""[destination.NAME]: the services that posts go to, one class per kind, in a module of its own."""

from __future__ import annotations

from mailpoll.settings.destinations.command import CommandSettings
from mailpoll.settings.destinations.mattermost import MattermostSettings
from mailpoll.settings.destinations.slack import SlackSettings
from mailpoll.settings.destinations.webhook import WebhookSettings

__all__ = ["CommandSettings", "DestinationSettings", "MattermostSettings", "SlackSettings", "WebhookSettings"]

DestinationSettings = WebhookSettings | CommandSettings | MattermostSettings | SlackSettings
