"""`mailpoll preview`: what mails would become. Nothing is written."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from mailpoll import places, router
from mailpoll.commands import assembly
from mailpoll.commands.facts import shown_destination
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.output import json_option, one_line, print_json, safe_text
from mailpoll.errors import AccessDenied, ConfigError, worst
from mailpoll.interpret import Channels, Interpretation, Interpreter, Mail, Rules
from mailpoll.model import Cut, Facts, KnownAddress, Limits, Post, Reading, Recipient, Route
from mailpoll.reader import Limits as ReaderLimits
from mailpoll.reader import Reader, ReaderDied
from mailpoll.settings import ReaderSettings
from mailpoll.store import Store

NO_CONFIGURATION = "there is no configuration: shown as a channel without options would get it"

_KINDS_OF_MAIL = ("auto_replies", "bounces", "notifications", "verification_mail", "loops")


class NoChannels:
    """Stands for a store that was not made yet."""

    def lookup(self, tokens: frozenset[str]) -> Mapping[str, KnownAddress]:
        """Nothing."""
        return {}

    def as_address(self, name: str) -> KnownAddress | None:
        """No channel of any name."""
        return None


class AnyChannel:
    """Stands for a channel where there is no configuration: every mail goes to it, whatever it is addressed to."""

    def lookup(self, tokens: frozenset[str]) -> Mapping[str, KnownAddress]:
        """Nothing."""
        return {}

    def as_address(self, name: str) -> KnownAddress | None:
        """A channel with neither name nor options, which takes whatever there is."""
        known = KnownAddress("", "", True, True, None, (), (), (), None, "", (("store", ""),))
        return replace(known, policy=dict.fromkeys(_KINDS_OF_MAIL, "post"))


class Previewer:
    """Shows what mails would become, one after another, with one reader child; `cuts`: with what posts leave out."""

    def __init__(self, channels: Channels, child: Reader, rules: Rules, *, as_json: bool, configured: bool) -> None:
        self._interpreter = Interpreter(channels, child, rules, now)
        self._child = child
        self._separators = rules.separators
        self._as_json = as_json
        self.cuts = not as_json  # the shape of the JSON is fixed: they are there for who asks
        self._configured = configured

    def show(self, name: str, mail: Mail) -> None:
        """Prints one mail's preview."""
        interpretation = self._interpret(mail)
        facts = _facts(name, interpretation, self._separators, configured=self._configured)
        for shown, post in zip(
            facts["posts"], _shown_posts(interpretation.reading) if self.cuts else (), strict=self.cuts
        ):
            shown["cuts"] = [{"kind": cut.kind, "text": cut.text} for cut in self._cuts(mail, post)]
        if self._as_json:
            print_json(facts)
        else:
            _print(facts, interpretation.reading)

    def _cuts(self, mail: Mail, post: Post) -> tuple[Cut, ...]:
        """What a post leaves out; none where only the safe mode could read the mail."""
        route = Route(post.channel, (), options=post.options, quotes=post.quotes)
        try:
            return () if mail.oversize_of else self._child.cuts(mail.chunks(), mail.size, route)
        except ReaderDied:
            return ()

    def _interpret(self, mail: Mail) -> Interpretation:
        try:
            return self._interpreter.interpret(mail)
        except ReaderDied:
            pass
        try:
            return self._interpreter.interpret(mail, safe=True)
        except ReaderDied as problem:
            return Interpretation(Reading("quarantined", str(problem), Facts()), (), {})


def _facts(name: str, interpretation: Interpretation, separators: str, *, configured: bool) -> dict[str, Any]:
    reading, known = interpretation.reading, interpretation.known
    unconfigured = not configured and reading.outcome == "posted"
    return {
        "file": name,
        "outcome": reading.outcome,
        "reason": NO_CONFIGURATION if unconfigured else reading.reason,
        "recipients": [_recipient(recipient, known, separators) for recipient in interpretation.recipients],
        "posts": [_post(post) for post in _shown_posts(reading)],
    }


def _shown_posts(reading: Reading) -> tuple[Post, ...]:
    """The posts that would leave; those that would wait for a person, where none would leave."""
    return tuple(post for post in reading.posts if not post.held or reading.outcome == "held")


def _recipient(recipient: Recipient, known: Mapping[str, KnownAddress], separators: str) -> dict[str, Any]:
    parts = (part.lower() for part in router.parts(recipient.detail, separators))
    token = next((part for part in parts if part in known and part != router.ANY), None)
    channel = known[token].channel if token is not None else None
    return {"header": recipient.header, "address": recipient.address, "token": token, "channel": channel}


def _post(post: Post) -> dict[str, Any]:
    return {
        "channel": post.channel or None,
        "destination": shown_destination(post.destination),
        "topic": post.topic,
        "body": post.body,
        "attachments": [{"name": a.name, "type": a.type, "size": a.size} for a in post.attachments],
    }


def _print(facts: dict[str, Any], reading: Reading) -> None:
    reason = f" ({one_line(facts['reason'], 500)})" if facts["reason"] else ""
    click.echo(f"{safe_text(facts['file'])}: {facts['outcome']}{reason}")
    for recipient in facts["recipients"]:
        where = f" → {recipient['channel']}" if recipient["channel"] else ""
        click.echo(f"  {one_line(recipient['header'])}: {one_line(recipient['address'], 120)}{where}")
    for post in facts["posts"]:
        click.echo(f"  post to {post['channel'] or 'a channel'} ({post['destination']})")
        click.echo(f"    topic: {one_line(post['topic'], 200)}")
        for line in safe_text(post["body"]).splitlines():
            click.echo(f"    │ {line}".rstrip())
        for cut in post["cuts"]:
            click.echo(f"    left out ({cut['kind']}): {_shown(cut['text'])}")
        for file in post["attachments"]:
            click.echo(f"    file: {one_line(file['name'])} ({one_line(file['type'])}, {file['size']} octets)")
    for defect in reading.facts.defects:
        click.echo(f"  note: {one_line(defect, 500)}")


def _shown(cut: str) -> str:
    """The first line of what was left out, and how many more there are."""
    lines = [line for line in cut.splitlines() if line.strip()]
    more = f" … and {len(lines) - 1} more line{'s' * (len(lines) > 2)}" if len(lines) > 1 else ""
    return one_line(lines[0], 80) + more


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--to", metavar="ADDRESS|CHANNEL", default="", help="As if the mail were addressed there.")
@click.option("--cuts", is_flag=True, help="With --json: what each post leaves out, too, by kind.")
@json_option
@click.pass_obj
def command(installation: Installation, files: tuple[str, ...], to: str, cuts: bool, as_json: bool) -> int:
    """Show what mails would become: where they would go, and the posts.

    Nothing is written. Without a configuration every mail is shown as a channel without options would get it. With
    --json one object per file is printed, one per line.

    \b
    Examples:
      mailpoll preview mail.eml
      mailpoll preview --json *.eml
    """
    statuses = []
    with ExitStack() as stack:
        previewer = _previewer(installation, stack, as_json=as_json)
        previewer.cuts = cuts or not as_json
        for name in files:
            try:
                data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
            except OSError as problem:
                error = AccessDenied(f"the mail cannot be read ({problem.strerror})", about=name)
                click.echo(f"mailpoll: {error}", err=True)
                statuses.append(error.exit_status)
                continue
            previewer.show(name, _mail_of(data, to))
    return worst(statuses)


def _mail_of(data: bytes, to: str) -> Mail:
    return Mail(lambda: iter((data,)), len(data), sent_to=to, reference="this message")


def _previewer(installation: Installation, stack: ExitStack, *, as_json: bool) -> Previewer:
    """With the rules and the store of the configuration; where there is none, with a channel that takes everything."""
    if not _is_configured(installation):
        child = stack.enter_context(closing(Reader(ReaderLimits(memory=ReaderSettings().memory))))
        rules = Rules((), (), lambda _: Limits(), unrouted="-")
        return Previewer(AnyChannel(), child, rules, as_json=as_json, configured=False)
    return configured(installation, stack, existing_store(installation, stack), as_json=as_json)


def configured(installation: Installation, stack: ExitStack, store: Store | None, *, as_json: bool) -> Previewer:
    """With the rules of the configuration and the channels of its store."""
    child = stack.enter_context(closing(assembly.reader(installation)))
    channels = NoChannels() if store is None else store.channels
    return Previewer(channels, child, assembly.rules(installation), as_json=as_json, configured=True)


def _is_configured(installation: Installation) -> bool:
    """Whether there is a configuration; one that is there but wrong is an error, not a missing one."""
    try:
        installation.path  # noqa: B018  # looks for the file
    except ConfigError:
        return False
    installation.settings  # noqa: B018  # reads it
    return True


def existing_store(installation: Installation, stack: ExitStack) -> Store | None:
    """The store, closed when `stack` is; None when it was not made yet."""
    path = installation.sqlite_file
    if path is not None and places.is_missing(path):
        return None
    return stack.enter_context(installation.store(only_read=True))
