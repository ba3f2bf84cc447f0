"""The Click tree: names, one line of help each, and where the body is; with commands/ the only printing and exiting."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import click

from mailpoll import __version__
from mailpoll.commands import stopping
from mailpoll.errors import BUG, MailpollError, Unavailable

if TYPE_CHECKING:
    from mailpoll.idle import Glance

# Where each command lives: imported when it is used, so that `--help` and a run of cron load nothing they do not need.
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("mailpoll.commands.init", "Set up an inbox and a first channel, step by step."),
    "fetch": ("mailpoll.commands.fetch", "Fetch new mail and post it: what cron runs every minute."),
    "receive": ("mailpoll.commands.receive", "Take a mail from a file or a pipe instead of an inbox."),
    "channel": ("mailpoll.commands.channel", "Where mail goes: add, list, change, remove channels."),
    "address": ("mailpoll.commands.address", "The addresses of channels: add, list, rotate, import, remove."),
    "destination": ("mailpoll.commands.destination", "The services posts go to: add, list, check, resume, examples."),
    "messages": ("mailpoll.commands.messages", "What came in: list, show, export, retry, release, drop."),
    "posts": ("mailpoll.commands.posts", "What went out: list, show, retry, resend, drop."),
    "send-test": ("mailpoll.commands.send_test", "Send two test mails, and say what is wrong if they do not leave."),
    "status": ("mailpoll.commands.status", "When mail last came in and went out, and what waits."),
    "doctor": ("mailpoll.commands.doctor", "Look at everything that can be wrong, and say what to do."),
    "preview": ("mailpoll.commands.preview", "Show what mails would become, without writing anything."),
    "config": ("mailpoll.commands.config", "Show and check the configuration."),
    "install": ("mailpoll.commands.install", "Start a run every minute, from cron or systemd."),
    "demo": ("mailpoll.commands.demo", "See it work: a mail server of its own, real mails, the posts."),
}


STOPPED = "mailpoll: stopped; nothing is lost, the next run goes on."


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used; each module has its Click command as `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As Click does; a misspelt name is answered with the nearest one."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            import difflib

            if near := difflib.get_close_matches(name, COMMANDS):
                ctx.fail(f"No such command {name!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list for --help, from the table: nothing is imported for it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with `mailpoll demo`, then `mailpoll init`. Exit status: 0 all well, 2 wrong usage, 65-78 as in "
    "sysexits.h (docs/reference/exit-statuses.md).",
)
@click.option("--config", metavar="FILE", help="Configuration file.  [default: $MAILPOLL_CONFIG, "
              "~/.config/mailpoll/config.toml, /etc/mailpoll/config.toml]")  # fmt: skip
@click.version_option(__version__, "-V", "--version", prog_name="mailpoll")
@click.pass_context
def root(ctx: click.Context, config: str | None) -> None:
    """E-mail in, without MX records, open ports or a public IP.

    mailpoll logs into a plus-addressed IMAP inbox, takes the mail that is addressed to it
    (username+token@example.com), keeps only the text that is new, and posts it to chats (Zulip, Slack, Mattermost,
    Discord, Matrix, ntfy and more), web hooks, programs, or its own store.
    """
    from mailpoll.commands import crash, logs
    from mailpoll.commands.installation import Installation

    logs.install()
    # Only now: before the command is there, nothing is begun, and dying of the signal is the truth.
    signal.signal(signal.SIGTERM, _terminate)
    ctx.obj = Installation(config, glances=ctx.obj or {})
    crash.keep_in(ctx.obj.state_directory)


def main(glances: Mapping[str, Glance] | None = None) -> NoReturn:
    """Runs the command, says every error in one clear sentence, exits with its status; `glances` are what a quick look
    found of the accounts."""
    from mailpoll.commands import streams

    guarded = streams.guard()
    status = _status(glances or {})
    sys.stdout.flush()
    sys.stderr.flush()
    for stream in guarded:
        if stream.trouble is not None:
            click.echo(f"mailpoll: not all could be printed ({stream.trouble.strerror})", err=True)
            status = status or Unavailable.exit_status
    # All is closed and written: taking a hundred imported modules down costs as much as a whole idle run.
    os._exit(status)


def _terminate(_number: int, _frame: object) -> NoReturn:
    raise stopping.Terminated


def _status(glances: Mapping[str, Glance]) -> int:
    try:
        result: Any = root.main(prog_name="mailpoll", standalone_mode=False, obj=glances)
    except click.ClickException as problem:
        problem.show()
        return problem.exit_code
    except (click.Abort, KeyboardInterrupt) as stopped:
        click.echo(STOPPED, err=True)
        return stopping.status_of(stopped)
    except MailpollError as problem:
        from mailpoll.commands.output import say

        say(problem)
        return problem.exit_status
    except Exception as problem:
        from mailpoll.commands import crash

        click.echo(f"mailpoll: {crash.sentence(problem)}", err=True)
        return BUG
    return result if isinstance(result, int) else 0
