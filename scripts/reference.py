"""Writes the pages of docs/reference that are made from the code; scripts/check says when they are out of date.

Run as `.venv/bin/python scripts/reference.py` after scripts/check has made the environment.
"""

from __future__ import annotations

import inspect
import json
import types
import typing
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from mailpoll import errors, outbound, rate, settings
from mailpoll.cli import root
from mailpoll.destinations import KINDS, kind_of
from mailpoll.outbound.steps import TITLES

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
MADE = "\n<!-- Made by scripts/reference.py from the code; changes belong there. -->\n"

KIND_SETTINGS = typing.get_args(settings.DestinationSettings)

SECTIONS = (
    ("[account.NAME]", settings.AccountSettings),
    *((f'[destination.NAME] kind = "{each.__struct_config__.tag}"', each) for each in KIND_SETTINGS),
    ("[addresses]", settings.AddressSettings),
    ("[fetch]", settings.FetchSettings),
    ("[reader]", settings.ReaderSettings),
    ("[unrouted]", settings.UnroutedSettings),
    ("[policy]", settings.PolicySettings),
    ("[attachments]", settings.AttachmentSettings),
    ("[retention]", settings.RetentionSettings),
    ("[health]", settings.HealthSettings),
    ("[http]", settings.HttpSettings),
    ("[smtp]", settings.SmtpSettings),
    ("[alerts]", settings.AlertSettings),
    ("[store]", settings.StoreSettings),
    ("A secret", settings.SecretRef),
)


def settings_page() -> str:
    """Every key of every section, with its default."""
    parts = [
        "# Settings",
        MADE,
        "`mailpoll config show` prints those in force; `mailpoll config check` finds mistakes.\n",
    ]
    for title, struct in SECTIONS:
        summary = (inspect.getdoc(struct) or "").partition(": ")[2].partition(" (DESIGN")[0].rstrip(".")
        parts += [f"## `{title}`" if title.startswith("[") else f"## {title}", ""]
        parts += [f"{summary[:1].upper()}{summary[1:]}.", ""] if summary else []
        parts += ["| key | type | default | meaning |", "|---|---|---|---|"]
        hints = typing.get_type_hints(struct, include_extras=True)
        for field in msgspec.structs.fields(struct):
            meaning, kind = described(hints[field.name])
            row = (f"`{field.encode_name}`", kind, default_of(field), meaning)
            parts.append("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
        parts.append("")
    return "\n".join(parts)


def described(hint: object) -> tuple[str, str]:
    """(description, type in TOML's words) of an annotation; the outermost description wins."""
    meanings = []
    while typing.get_origin(hint) is typing.Annotated:
        hint, *metas = typing.get_args(hint)
        meanings += [m.description for m in reversed(metas) if isinstance(m, msgspec.Meta) and m.description]
    return (meanings[0] if meanings else ""), toml_type(hint)


def toml_type(hint: object) -> str:
    """What is written in TOML for a value of this type."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return toml_type(arguments[0])
    if origin is typing.Literal:
        return ", ".join(f"`{json.dumps(value)}`" for value in arguments)
    if origin in (typing.Union, types.UnionType):
        return toml_type(next(a for a in arguments if a is not type(None)))
    if origin is tuple:
        return f"list of {toml_type(arguments[0])}s"
    if origin is dict:
        return "table"
    names = {str: "string", int: "integer", float: "number", bool: "`true`, `false`"}
    names |= {settings.Duration: "duration", settings.SecretRef: "[secret](#a-secret)"}
    return names[typing.cast(type, hint)]


def default_of(field: msgspec.structs.FieldInfo) -> str:
    """The default as TOML would have it; "required" without one, "unset" for None."""
    if field.default is not msgspec.NODEFAULT:
        value = field.default
    elif field.default_factory is not msgspec.NODEFAULT:
        value = field.default_factory()
    else:
        return "required"
    if value is None:
        return "unset"
    if field.name == "port" and value == 0:
        return "by `tls`"
    return f"`{json.dumps(list(value) if isinstance(value, tuple) else value)}`"


# Which kinds of trouble end with a status, in words, and what follows.
STATUSES = {
    0: ("all well, or another run is at work", "nothing"),
    2: ("wrong usage of the command line", "the message says what is possible; so does `--help`"),
    65: ("a post that its destination will never take, or a mail that cannot be read", "a person looks at it"),
    69: ("a server, a disk or the store cannot be reached or used now", "the next run tries again"),
    70: ("a bug in mailpoll; the traceback is kept in the state folder", "please report it"),
    75: ("a post was not taken now, or its answer was lost", "tried again by itself, for five days"),
    76: ("a server does not speak as its RFC says", "a person looks whether it is the right server"),
    77: ("a password, a key, a certificate or a file mode", "a person puts it right"),
    78: ("a setting is wrong or missing", "a person changes it; the message names its key path"),
    130: ("stopped by Ctrl-C", "the next run goes on"),
    143: ("stopped by SIGTERM", "the next run goes on"),
}


def destinations_page() -> str:
    """What each kind of destination states of itself."""
    rows = [kind_of(name) for name in KINDS]
    parts = [
        "# Destinations",
        MADE,
        "What a channel may post to, and how often a post arrives there. `store` is always there: exactly once.\n",
        "| kind | promise | takes | `--to NAME:PLACE` | topic | body | files | threads | at most, unless set |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for kind in rows:
        limits = kind.limits
        cells = (
            f"`{kind.name}`", kind.promise, kind.takes, kind.place or "–", said_limit(limits.topic),
            said_limit(limits.body, "octets" if limits.octets else "characters"),
            "yes" if limits.files else "no", "yes" if kind.threads else "no",
            ", ".join(map(rate.in_words, kind.rate)) or "–",
        )  # fmt: skip
        parts.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    for kind in rows:
        parts += ["", f"## `{kind.name}`", "", "```toml", kind.example.rstrip().replace("NAME", kind.name), "```"]
    return "\n".join([*parts, ""])


def said_limit(limit: int | None, of: str = "characters") -> str:
    return "any" if limit is None else "none" if limit == 0 else f"{limit:,} {of}".replace(",", " ")


def exit_statuses_page() -> str:
    """The statuses of errors.py with their kinds of error, and the order in which they win."""
    kinds: dict[int, list[str]] = {status: [] for status in STATUSES}
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.MailpollError) and "exit_status" in vars(kind):
            kinds[kind.exit_status] += [f"`{kind.__name__}`"] if kind is not errors.MailpollError else []
    rows = "\n".join(
        f"| {status} | {meaning} | {then} | {', '.join(kinds[status])} |"
        for status, (meaning, then) in STATUSES.items()
    )
    order = ", ".join(map(str, errors.PRECEDENCE))
    return (
        f"# Exit statuses\n{MADE}\n"
        "As in sysexits.h. What mailpoll says on standard error tells what happened, to what, and "
        "what to do\nnext; [when something is wrong](../how-to/when-something-is-wrong.md) has the sentences.\n\n"
        f"| status | what it is about | what follows | error |\n|---|---|---|---|\n{rows}\n\n"
        f"When several troubles meet, the run ends with the one that most needs a person, in this order: {order}.\n"
        "What is wrong with one account, mail or destination does not keep the others from being served.\n\n"
        "A run has the status of what is wrong, whether or not it says it again: a destination that is paused while\n"
        "posts wait makes every run end with 77, a post that waits for its next attempt with 75, a login that is left\n"
        "alone with 77. [What it says, and when](../how-to/cron.md#what-it-says-and-when).\n\n"
        "`mailpoll receive` with a mail on standard input, as a mail server starts it, knows two: 75 until the mail\n"
        "is stored, whatever is wrong, and 0 from then on. At others a mail server sends the mail back to its author.\n"
    )


def commands_page() -> str:
    """The --help of every command."""
    parts = ["# Commands", MADE]
    for context, command in walk(root, shown(root, "mailpoll", None)):
        parts += [f"## {context.command_path}", "", "```text", command.get_help(context).rstrip(), "```", ""]
    return "\n".join(parts)


def walk(command: click.Command, context: click.Context) -> Iterator[tuple[click.Context, click.Command]]:
    """`command` and all below it, each with its context."""
    yield context, command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from walk(below, shown(below, name, context))


def shown(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    """The context in which the help of `command` looks the same on every terminal."""
    return click.Context(command, info_name=name, parent=parent, **{**command.context_settings, "terminal_width": 100})


# Where the rows of the table of causes stand under a heading of their own: the first cause of each part.
PARTS = {
    "no-such-name": "On the way to the server",
    "tls-first": "TLS",
    "not-smtp": "The conversation",
    "token-refused": "What one provider says",
    "too-many-logins": "Not now",
    "starttls-first": "The login",
    "too-large": "The mail, its sender, its recipients",
    "later": "All else",
}
# What stands for the placeholders of the table.
EXAMPLE = {
    "host": "smtp.example.com",
    "port": "587",
    "sender": "gateway@example.com",
    "sender_domain": "example.com",
    "about": "user@example.net",
    "detail": "…",
    "words": "…",
}
INTRODUCTION = """
`mailpoll send-test user@example.com` takes the steps of sending a mail one by one, and names what goes wrong by one of
the words below. The same words stand in `--json` as `cause`, and in the log.

What fails tells where to look: *name lookup* and *TCP*, the network; *TLS*, `tls` and `port`; *AUTH*, `username` and
`password`; *MAIL FROM* and *RCPT TO*, who may send to whom; what comes after *DATA* is about this very mail. Postfix
tells at RCPT TO what it has against a sender; Amazon SES, SendGrid and Microsoft tell it after the mail. Of several
causes that fit, the one that stands first here is named.

The number is the [exit status](exit-statuses.md). *Said* are the words of servers by which the cause is known, as their
documentation or reports of their users have them.
"""


def troubleshooting_page() -> str:
    """The causes of `send-test`, from the table that it looks them up in."""
    unknown = PARTS.keys() - {cause.name for cause in outbound.CAUSES}
    if unknown:
        raise SystemExit(f"there are no causes {', '.join(sorted(unknown))}: change PARTS")
    parts = ["# What is wrong with outgoing mail", MADE, INTRODUCTION.strip("\n"), ""]
    for cause in outbound.CAUSES:
        if cause.name in PARTS:
            parts += [f"## {PARTS[cause.name]}", ""]
        what, advice = (text.format(**EXAMPLE) for text in (cause.what, cause.advice))
        begin = what if "." in what.split()[0] else f"{what[:1].upper()}{what[1:]}"  # a host name stays as it is
        parts += [f"### {cause.name}", "", f"{begin}. ({cause.status})", ""]
        parts += [f"**Do:** {advice}.", ""]
        parts += [f"- Said by {said.server}, at {TITLES[said.stage]}: `` {said.line} ``" for said in cause.says]
        parts += [""] if cause.says else []
    return "\n".join(parts)


PAGES = {
    "settings.md": settings_page,
    "destinations.md": destinations_page,
    "exit-statuses.md": exit_statuses_page,
    "commands.md": commands_page,
    "troubleshooting-smtp.md": troubleshooting_page,
}


def outdated() -> list[str]:
    """The pages that do not say what the code says."""
    return [
        name for name, page in PAGES.items() if not (FOLDER / name).exists() or (FOLDER / name).read_text() != page()
    ]


if __name__ == "__main__":
    for page_name, make in PAGES.items():
        (FOLDER / page_name).write_text(make())
