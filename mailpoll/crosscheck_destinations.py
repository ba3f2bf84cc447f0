"""The rules of [destination.NAME] that types do not know, a function for each kind. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mailpoll import strict_address
from mailpoll.crosscheck import FIELD_NAME, SECRET_WORDS, all_of, has_control, url_problem
from mailpoll.settings import (
    AppriseSettings,
    CommandSettings,
    DiscordSettings,
    FileSettings,
    ForwardSettings,
    MaildirSettings,
    MatrixSettings,
    MattermostSettings,
    NtfySettings,
    Settings,
    SlackSettings,
    WebhookSettings,
    ZulipSettings,
)

_NTFY_TOPIC = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")

_BOUNCES = "bounces@example.com"


def problems(settings: Settings) -> Iterator[str]:
    """Every rule that is broken, as sentences that name the key path and what to write instead."""
    for name, section in settings.destination.items():
        yield from _RULES[type(section)](f"destination.{name}", section)
        if isinstance(section, ForwardSettings) and settings.smtp is None:
            yield f"destination.{name}.kind: there is no [smtp] to send mail with. Add it, with host, username and from"


def _webhook(path: str, hook: WebhookSettings) -> Iterator[str]:
    if isinstance(hook.url, str) and (reason := url_problem(hook.url, allow_plaintext=hook.allow_plaintext)):
        yield f"{path}.url: {reason}"
    yield from _format(path, hook)
    if hook.bearer is not None and hook.username is not None:
        yield f"{path}.bearer: cannot go with username, both are the Authorization header. Write one of them"
    if (hook.username is None) != (hook.password is None):
        missing = "username" if hook.username is None else "password"
        yield f"{path}.{missing}: is missing. HTTP Basic takes both username and password"
    if hook.username is not None and (has_control(hook.username) or ":" in hook.username):
        yield f"{path}.username: holds a colon or control characters, which HTTP Basic cannot carry. Write another"
    for name, value in hook.headers.items():
        text = value if isinstance(value, str) else ""
        if not all_of(name, FIELD_NAME) or has_control(text):
            yield f"{path}.headers: {name!r} cannot be sent. Write header names and values without control characters"
        elif text and name.lower().endswith(SECRET_WORDS):
            yield f'{path}.headers.{name}: looks like a secret. Write {{ file = "…" }}, not the secret itself'


def _format(path: str, hook: WebhookSettings) -> Iterator[str]:
    if hook.format == "mailgun" and hook.secret is None:
        yield f'{path}.secret: is missing, and Mailgun signs. Add the webhook signing key, secret = {{ file = "…" }}'
    if hook.raw_email and hook.format not in ("postmark", "mailgun"):
        yield f'{path}.raw_email: is of "postmark" and "mailgun" only. Leave it out, or write format = "rfc822"'
    if hook.template and hook.format != "mailpoll":
        yield f'{path}.template: cannot go with format = "{hook.format}". Leave one of them out'
    if hook.template:
        from mailpoll import template  # few write one

        yield from template.problems(hook.template, f"{path}.template")


def _command(path: str, command: CommandSettings) -> Iterator[str]:
    program = command.command[0]
    if not program or "\0" in "".join(command.command):
        yield f'{path}.command: is no program. Write for example ["/usr/local/bin/ticket", "--new"]'
    elif "/" in program and not program.startswith("/"):
        yield f"{path}.command: {program!r} is relative, cron starts elsewhere. Write the absolute path"


def _slack(path: str, slack: SlackSettings) -> Iterator[str]:
    if (slack.token is None) == (slack.webhook is None):
        yield f'{path}.token: write a bot token, or instead webhook = {{ file = "…" }}: one of them'
    if slack.webhook is not None and slack.channel:
        yield f"{path}.channel: a web hook of Slack has its own. Leave it out"
    if reason := url_problem(slack.api, allow_plaintext=False):
        yield f"{path}.api: {reason}"


def _mattermost(path: str, mattermost: MattermostSettings) -> Iterator[str]:
    if (mattermost.token is None) == (mattermost.webhook is None):
        yield f'{path}.token: write server and token, or instead webhook = {{ file = "…" }}: one of them'
    if mattermost.token is not None and mattermost.server is None:
        yield f"{path}.server: is missing. Write the server's URL, https://chat.example.com"
    if mattermost.server is not None and mattermost.webhook is not None:
        yield f"{path}.server: stands in the web hook's URL already. Leave it out"
    if mattermost.server is not None and (
        reason := url_problem(mattermost.server, allow_plaintext=mattermost.allow_plaintext)
    ):
        yield f"{path}.server: {reason}"
    if mattermost.server is not None and "?" in mattermost.server:
        yield f"{path}.server: holds a ?. Write the server's URL alone, https://chat.example.com"
    if mattermost.token is not None and mattermost.channel and not _is_mattermost_place(mattermost.channel):
        yield f"{path}.channel: is no place of Mattermost. Write team/channel, a channel's id, or @name"


def _is_mattermost_place(text: str) -> bool:
    return text.count("/") == 1 or (len(text) == 26 and text.isalnum()) or (text[0] == "@" and text[1:].isprintable())


def _matrix(path: str, matrix: MatrixSettings) -> Iterator[str]:
    if reason := url_problem(matrix.homeserver, allow_plaintext=matrix.allow_plaintext):
        yield f"{path}.homeserver: {reason}"
    elif "/_matrix" in matrix.homeserver or "?" in matrix.homeserver:
        yield f"{path}.homeserver: holds more than the server. Write it without /_matrix and what follows"
    if matrix.room is not None and not matrix.room.startswith(("#", "!")):
        yield f"{path}.room: {matrix.room!r} is neither id nor alias. Write for example #ops:example.org"


def _discord(path: str, discord: DiscordSettings) -> Iterator[str]:
    if (discord.token is None) == (discord.webhook is None):
        wrong = "is missing" if discord.token is None else "cannot go with webhook"
        yield f'{path}.token: {wrong}. Write token = {{ file = "…" }} of a bot, or webhook = {{ file = "…" }}'
    if discord.channel is not None and not (discord.channel.isascii() and discord.channel.isdigit()):
        yield f"{path}.channel: is no id. Write the number that Copy Channel ID gives, in quotation marks"
    elif discord.channel is not None and discord.webhook is not None:
        yield f"{path}.channel: does not go with webhook, which has a channel of its own. Leave it out"
    if discord.forum and discord.webhook is None:
        yield f"{path}.forum: works with a web hook only. Leave it out"
    if reason := url_problem(discord.api, allow_plaintext=False):
        yield f"{path}.api: {reason}"


def _ntfy(path: str, ntfy: NtfySettings) -> Iterator[str]:
    if reason := url_problem(ntfy.url, allow_plaintext=ntfy.allow_plaintext):
        yield f"{path}.url: {reason}"
    if ntfy.topic is not None and not (all_of(ntfy.topic, _NTFY_TOPIC) and len(ntfy.topic) <= 64):
        yield f"{path}.topic: {ntfy.topic!r} is no topic. Write letters, digits, - and _, at most 64"
    if ntfy.token is not None and ntfy.username is not None:
        yield f"{path}.token: cannot go with username, both are the Authorization header. Write one of them"
    if (ntfy.username is None) != (ntfy.password is None):
        missing = "username" if ntfy.username is None else "password"
        yield f"{path}.{missing}: is missing. HTTP Basic takes both username and password"
    if any(not tag or "," in tag or has_control(tag) for tag in ntfy.tags):
        yield f"{path}.tags: holds an empty one, commas or control characters. Write each tag by itself"


def _forward(path: str, forward: ForwardSettings) -> Iterator[str]:
    for key, address, example in (("to", forward.to, "user@example.net"), ("sender", forward.sender, _BOUNCES)):
        if address is not None and (reason := strict_address.problem(address, example)):
            yield f"{path}.{key}: {reason}"


def _apprise(path: str, apprise: AppriseSettings) -> Iterator[str]:
    if apprise.service in ("http", "https"):
        yield f"{path}.service: says nothing of the service. Write the URL as Apprise's page about it does, like slack://…"


def _anything(path: str, section: object) -> Iterator[str]:
    """No rules but those of types."""
    return iter(())


def _zulip(path: str, zulip: ZulipSettings) -> Iterator[str]:
    own = {"site": zulip.site, "email": zulip.email, "key": zulip.key}
    given = [name for name, value in own.items() if value is not None]
    if zulip.zuliprc is not None and given:
        yield f"{path}.{given[0]}: stands in the zuliprc already. Write the one or the other"
    elif zulip.zuliprc is None:
        for name in (name for name in own if name not in given):
            yield f'{path}.{name}: is missing. Write site, email and key, or zuliprc = "zuliprc", which holds all three'
    if zulip.zuliprc == "":
        yield f"{path}.zuliprc: is empty. Write the path of the file"
    if zulip.site is not None and (reason := url_problem(zulip.site, allow_plaintext=zulip.allow_plaintext)):
        yield f"{path}.site: {reason}"
    if zulip.email is not None and ("@" not in zulip.email or ":" in zulip.email or has_control(zulip.email)):
        yield f"{path}.email: is no address. Write that of the bot, like mail-bot@example.zulipchat.com"
    if zulip.channel is not None and (not zulip.channel.strip("#@ ") or has_control(zulip.channel)):
        yield f"{path}.channel: names none. Write its name, or people like @ann@example.com"


_RULES: dict[type, Callable[[str, Any], Iterator[str]]] = {
    WebhookSettings: _webhook,
    ZulipSettings: _zulip,
    CommandSettings: _command,
    MatrixSettings: _matrix,
    DiscordSettings: _discord,
    NtfySettings: _ntfy,
    SlackSettings: _slack,
    MattermostSettings: _mattermost,
    MaildirSettings: _anything,
    FileSettings: _anything,
    ForwardSettings: _forward,
    AppriseSettings: _apprise,
}
