"""The documentation against what is there: links, anchors, tests, TOML blocks, and every quoted `mailpoll` command."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
import tomllib
import unicodedata
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
PAGES = sorted([*TOP.glob("*.md"), *TOP.glob("docs/**/*.md")])
CRON_FILES = sorted(TOP.glob("cron.d/*"))

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`(mailpoll [^`\n]+)`(?!`)")
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
SHELL_LANGUAGES = {"", "sh", "bash", "console", "shell"}
# Where one command of a shell line ends and the next begins, and what comes before the command's own name.
SEPARATORS = re.compile(r"^(?:\|\|?|&&?|;|\()$")
REDIRECTION = re.compile(r"^\d?(?:>>?|<)&?$")
ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=")


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    found = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        plain = re.sub(r"[`*]", "", LINK.sub(lambda m: m[0][1 : m[0].index("]")], heading)).lower()
        kept = (c for c in plain if c in " -_" or unicodedata.category(c)[0] in "LN")
        found.add("".join(kept).replace(" ", "-"))
    return found


def link_problems(page: Path, text: str) -> Iterator[str]:
    """Links of `page` to files or anchors that are not there; the web is not asked."""
    for target in LINK.findall(FENCE.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists():
            yield f"link to {target}: no such file"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text()):
            yield f"link to {target}: no such heading"


def test_problems(text: str) -> Iterator[str]:
    """Tests that a page names and that are not there."""
    for file, name in TEST.findall(text):
        path = TOP / file
        if not path.exists() or not re.search(rf"def {name}\b", path.read_text()):
            yield f"{file}::{name}: no such test"


def toml_problems(text: str) -> Iterator[str]:
    """Quoted TOML that does not parse."""
    for language, block in FENCE.findall(text):
        if language == "toml":
            try:
                tomllib.loads(block)
            except tomllib.TOMLDecodeError as error:
                yield f"TOML block: {error}"


def shell_lines(text: str) -> Iterator[str]:
    """The command lines quoted in a page: its shell blocks, without their output."""
    for language, block in FENCE.findall(text):
        if language not in SHELL_LANGUAGES:
            continue
        lines = block.replace("\\\n", " ").splitlines()
        prompted = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        yield from prompted or lines


def mentions(text: str) -> Iterator[str]:
    """`mailpoll …` in running text; the name of a command alone is no command line, so --help stands for the rest."""
    for line in INLINE.findall(FENCE.sub("", text)):
        yield line if re.search(r" -|/|\d", line) else f"{line} --help"


def cron_lines(text: str) -> Iterator[str]:
    """The commands of a cron.d file: what follows the five times and the user."""
    for line in text.splitlines():
        fields = line.split(None, 6)
        if len(fields) == 7 and re.match(r"[*\d@]", line):
            yield fields[6]


def invocations(line: str) -> Iterator[list[str]]:
    """The arguments of each `mailpoll` in a shell line."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = "#"
    try:
        words = list(lexer)
    except ValueError:
        return  # prose, or the output of a command, with a lone quote
    command: list[str] = []
    for word in [*words, ";"]:
        if SEPARATORS.match(word):
            yield from own_arguments(command)
            command = []
        else:
            command.append(word)


def own_arguments(command: list[str]) -> Iterator[list[str]]:
    """`command` after the word mailpoll, when that is what it starts; VARIABLE=…, `sudo -u USER` may precede."""
    while command and (ASSIGNMENT.match(command[0]) or command[0] == "env"):
        command = command[1:]
    if command[:1] == ["sudo"]:
        command = command[3:] if command[1:2] == ["-u"] else command[1:]
    if command and Path(command[0]).name == "mailpoll":
        arguments = command[1:]
        cut = next((i for i, word in enumerate(arguments) if REDIRECTION.match(word)), len(arguments))
        yield arguments[:cut]


def command_problem(arguments: list[str]) -> str:
    """Why Click would refuse these arguments, empty when it takes them. No callback runs, no file is looked for."""
    import click

    from mailpoll.cli import root

    command: click.Command = root
    context = click.Context(command, info_name="mailpoll", **command.context_settings)
    while True:
        try:
            values, rest, _ = command.make_parser(context).parse_args(list(arguments))
        except click.UsageError as error:
            return error.format_message()
        own = arguments[: len(arguments) - len(rest)] if isinstance(command, click.Group) else arguments
        if {"-h", "--help", "-V", "--version"} & set(own):
            return ""
        for parameter in command.params:
            if parameter.required and not isinstance(values.get(parameter.name), str | tuple | list | int):
                return f"{context.command_path}: {parameter.name} is missing"
            value = values.get(parameter.name)
            if isinstance(parameter.type, click.Choice) and isinstance(value, str):
                try:
                    parameter.type.convert(value, parameter, context)
                except click.UsageError as error:
                    return error.format_message()
        if not isinstance(command, click.Group):
            return f"{context.command_path}: unexpected {' '.join(rest)}" if rest else ""
        if not rest:
            return "" if command.invoke_without_command else f"{context.command_path}: a command is missing"
        name, *arguments = rest
        try:
            found = command.get_command(context, name)
        except ModuleNotFoundError as error:
            return f"{context.command_path} {name}: {error}"
        if found is None:
            return f"{context.command_path}: no command {name}"
        command, context = found, click.Context(found, info_name=name, parent=context)


def command_problems(lines: Iterator[str]) -> Iterator[str]:
    """Quoted command lines that the program would refuse as misused; none while there is no program to ask."""
    if importlib.util.find_spec("mailpoll.cli") is None:
        return
    for line in lines:
        for arguments in invocations(line):
            if problem := command_problem(arguments):
                yield f"`{line.strip()}`: {problem}"


def outdated_reference() -> list[str]:
    """The generated pages that are behind the code."""
    if importlib.util.find_spec("mailpoll.cli") is None:
        return []
    from reference import outdated

    try:
        return outdated()
    except ModuleNotFoundError as error:
        return [f"commands.md ({error})"]


def problems() -> Iterator[str]:
    """Every problem of every page, after the name of its file."""
    for page in PAGES:
        text = page.read_text()
        commands = chain(shell_lines(text), mentions(text))
        checks = (link_problems(page, text), test_problems(text), toml_problems(text), command_problems(commands))
        for problem in chain.from_iterable(checks):
            yield f"{page.relative_to(TOP)}: {problem}"
    for name in outdated_reference():
        yield f"docs/reference/{name}: not what the code says; run .venv/bin/python scripts/reference.py"
    for file in CRON_FILES:
        text = file.read_text()
        for problem in command_problems(cron_lines(text)):
            yield f"{file.relative_to(TOP)}: {problem}"
        if not text.endswith("\n"):
            yield f"{file.relative_to(TOP)}: cron passes over a last line without a line end"


def main() -> int:
    found = list(problems())
    print(*found, f"{len(PAGES)} pages, {len(CRON_FILES)} cron files: {len(found) or 'no'} problems", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
