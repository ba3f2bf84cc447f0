"""What mailpoll costs: whole processes, interleaved with raw imaplib on the same private Dovecot, as medians of ratios.

A ratio of two runs that follow each other survives a busy machine; milliseconds do not, and are printed only for scale.
The floor (bench_floor.py) does the IMAP commands and throws the mail away: no store, no parsing, no posts.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path.append(str(TOP / "tests"))  # mailpoll itself runs as the installed command

from servers.dovecot import Dovecot, missing  # noqa: E402

MAILPOLL = Path(sys.executable).with_name("mailpoll")
FLOOR = "imaplib"
# The most that a run may cost, as a multiple of the floor. That of the backlog is meant for this many mails: with
# fewer, the start of the process is what is measured.
IDLE_CPU = 2.6
BACKLOG_WALL = 4.5
BACKLOG_MAILS = 1000

ATTACHMENT = 560_000  # octets before base64

CONFIG = """\
[account.bench]
host = "{host}"
port = {port}
username = "{user}"
password = {{ file = "password" }}
ca_file = "{ca_file}"
"""


@dataclass(frozen=True)
class Run:
    """One run: seconds, seconds of processor time with the children's, MB of the largest process."""

    wall: float
    cpu: float
    rss: float


Commands = dict[str, list[str]]


class Failed(Exception):
    """A run that did not do its work, so that its time means nothing."""


# Starts a command from a small process of its own and tells what it took: a child's peak of memory begins with that of
# its parent, and this program's is larger than what it measures.
STOPWATCH = """
import json, os, sys, time
said = os.open(sys.argv[1], os.O_WRONLY)
begun = time.perf_counter()
files = [(os.POSIX_SPAWN_DUP2, said, 1), (os.POSIX_SPAWN_DUP2, said, 2)]
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ, file_actions=files)
_, status, usage = os.wait4(child, 0)
wall = time.perf_counter() - begun
cpu = usage.ru_utime + usage.ru_stime
print(json.dumps([os.waitstatus_to_exitcode(status), wall, cpu, usage.ru_maxrss]))
"""


def timed(argv: list[str], env: dict[str, str]) -> Run:
    """One run of `argv`, silent; Failed when its exit status is not 0."""
    with tempfile.NamedTemporaryFile("r", errors="replace") as said:
        watch = [sys.executable, "-I", "-S", "-c", STOPWATCH, said.name, *argv]
        told = subprocess.run(watch, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout
        status, wall, cpu, peak = json.loads(told)
        if status:
            raise Failed(f"{' '.join(argv[:2])} ended with {status}: {said.read().strip()[-500:]}")
    return Run(wall, cpu, peak * (1 if sys.platform == "darwin" else 1024) / 1e6)


def interleaved(
    commands: Commands, rounds: int, env: dict[str, str], before: Callable[[], None], after: Callable[[str], None]
) -> dict[str, list[Run]]:
    """`rounds` runs of each command, in turn, in changing order; the first round warms up and is not counted."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name in sorted(commands, reverse=bool(number % 2)):
            before()
            run = timed(commands[name], env)
            after(name)
            if number:
                runs[name].append(run)
    return runs


def mails(count: int, user: str, seed: str) -> Iterator[bytes]:
    """`count` mails to one address of ours: two in three plain replies with a quote, the rest HTML only, every tenth
    with an attachment of 560 KB: 79 KB a mail."""
    chance = random.Random(seed)
    local, _, domain = user.partition("@")
    for number in range(count):
        words = " ".join(
            chance.choices(("backup", "of", "the", "night", "ended", "with", "errors", "on", "host"), k=120)
        )
        mail = EmailMessage(policy=SMTP)
        mail["From"] = f"Sender {number} <sender{number}@example.org>"
        mail["To"] = f"{local}+bench@{domain}"
        mail["Subject"] = f"Re: report {seed} {number}"
        mail["Date"] = "Fri, 20 Nov 2026 09:00:00 +0000"
        mail["Message-ID"] = f"<{seed}.{number}@bench.example.org>"
        if number % 3:
            quote = "\n".join(f"> {words[i : i + 60]}" for i in range(0, len(words), 60))
            mail.set_content(f"{words}\n\nOn Thu, 19 Nov 2026 at 10:00, Gateway <g@example.com> wrote:\n{quote}\n")
        else:
            rows = "".join(f"<tr><td>{n}</td><td>{words[:40]}</td></tr>" for n in range(20))
            mail.set_content(f"<html><body><p>{words}</p><table>{rows}</table></body></html>", subtype="html")
        if number % 10 == 0:
            mail.add_attachment(
                chance.randbytes(ATTACHMENT), maintype="application", subtype="octet-stream", filename="log.bin"
            )
        yield mail.as_bytes()


def unseen(server: Dovecot) -> int:
    """How many mails of the inbox nobody has taken."""
    with server.client() as client:
        client.select("INBOX", readonly=True)
        return len(client.search(None, "UNSEEN")[1][0].split())


def empty(server: Dovecot) -> None:
    """Remove every mail."""
    with server.client() as client:
        if client.select("INBOX")[1] == [b"0"]:
            return
        client.store("1:*", "+FLAGS.SILENT", r"(\Deleted)")
        client.expunge()


def fill(server: Dovecot, count: int, seed: str, flags: str = "") -> None:
    """Put `count` fresh mails into the inbox."""
    with server.client() as client:
        for raw in mails(count, server.user, seed):
            client.append("INBOX", flags, None, raw)


def configured(server: Dovecot, folder: Path) -> dict[str, str]:
    """The environment of a mailpoll that polls `server` and has one channel, whose posts stay in its store."""
    config = folder / "config.toml"
    (folder / "password").write_text(server.password)
    config.write_text(CONFIG.format(host=server.host, port=server.imaps_port, user=server.user, ca_file=server.ca_file))
    for file in (config, folder / "password"):
        file.chmod(0o600)
    state = folder / "state"
    state.mkdir(mode=0o700)
    env = {**os.environ, "MAILPOLL_CONFIG": str(config), "STATE_DIRECTORY": str(state)}
    for command in (["channel", "add", "bench", "--token", "bench"], ["fetch"]):
        timed([str(MAILPOLL), *command], env)
    return env


def idle(server: Dovecot, commands: Commands, env: dict[str, str], rounds: int, read: int) -> dict[str, list[Run]]:
    """Runs with nothing to do: `read` mails in the inbox, none of them new."""
    empty(server)
    fill(server, read, "read", r"(\Seen)")
    timed(commands["mailpoll"], env)  # the mails it has not seen yet are decided here
    return interleaved(commands, rounds, env, lambda: None, lambda name: None)


def backlog(server: Dovecot, commands: Commands, env: dict[str, str], rounds: int, count: int) -> dict[str, list[Run]]:
    """Runs that each find `count` new mails, fresh ones every time, and must leave none unseen."""
    seeds = iter(range(1_000_000))

    def before() -> None:
        empty(server)
        fill(server, count, f"round{next(seeds)}")

    def after(name: str) -> None:
        if left := unseen(server):
            raise Failed(f"{name} left {left} of {count} mails unseen")

    return interleaved(commands, rounds, env, before, after)


def ratio(runs: dict[str, list[Run]], name: str, what: str) -> float:
    """The median of the ratios, round by round, of `name` to the floor."""
    pairs = zip(runs[name], runs[FLOOR], strict=True)
    return statistics.median(getattr(run, what) / getattr(floor, what) for run, floor in pairs)


def median(runs: list[Run], what: str) -> float:
    return statistics.median(getattr(run, what) for run in runs)


def table(title: str, runs: dict[str, list[Run]]) -> str:
    """A Markdown table of one comparison."""
    lines = [
        f"## {title}",
        "",
        f"| command | wall ms | cpu ms | RSS MB | wall x {FLOOR} | cpu x {FLOOR} |",
        "|---|---|---|---|---|---|",
    ]
    for name, own in runs.items():
        scale = f"{median(own, 'wall') * 1e3:.0f} | {median(own, 'cpu') * 1e3:.0f} | {median(own, 'rss'):.0f}"
        lines.append(f"| {name} | {scale} | {ratio(runs, name, 'wall'):.2f} | {ratio(runs, name, 'cpu'):.2f} |")
    return "\n".join(lines)


def verdict(runs: dict[str, list[Run]], what: str, most: float) -> str:
    """A sentence about the budget."""
    got = ratio(runs, "mailpoll", what)
    return f"Budget: {what} at most {most} x {FLOOR}; measured {got:.2f}: {'kept' if got <= most else 'MISSED'}."


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="rounds of the idle poll (default: 15)")
    parser.add_argument("--backlog-rounds", type=int, default=5, help="rounds of the backlog (default: 5)")
    parser.add_argument("--mails", type=int, default=200, help="mails in the backlog (default: 200)")
    parser.add_argument("--read", type=int, default=1000, help="read mails in the idle inbox (default: 1000)")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md too")
    return parser.parse_args()


def measured(options: argparse.Namespace, folder: Path) -> str:
    """The whole report, in Markdown."""
    server_folder, own_folder = folder / "server", folder / "mailpoll"
    server_folder.mkdir()
    own_folder.mkdir(mode=0o700)
    with Dovecot(server_folder) as server:
        env = configured(server, own_folder)
        address = [server.host, str(server.imaps_port), str(server.ca_file), server.user, server.password]
        commands = {
            FLOOR: [sys.executable, str(TOP / "scripts" / "bench_floor.py"), *address],
            "mailpoll": [str(MAILPOLL), "fetch"],
        }
        nothing = idle(server, commands, env, options.rounds, options.read)
        much = backlog(server, commands, env, options.backlog_rounds, options.mails)
    machine = f"Python {platform.python_version()}, {os.cpu_count()} processors, Dovecot on loopback, TLS, SQLite"
    judged = verdict(much, "wall", BACKLOG_WALL)
    if options.mails < BACKLOG_MAILS:
        judged = f"Not judged: the budget ({BACKLOG_WALL} x {FLOOR}) is for --mails {BACKLOG_MAILS}."
    return "\n\n".join(
        [
            f"# Performance\n\nWritten by `scripts/bench --write`: medians, and medians of ratios by round. {machine}",
            table(f"Idle poll ({options.read} read mails, {options.rounds} rounds)", nothing),
            verdict(nothing, "cpu", IDLE_CPU),
            table(f"Backlog of {options.mails} mails ({options.backlog_rounds} rounds)", much),
            judged,
        ]
    )


def main() -> int:
    options = arguments()
    if reason := missing():
        print(f"bench: needs {reason}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="mailpoll-bench") as folder:
        try:
            report = measured(options, Path(folder))
        except Failed as failure:
            print(f"bench: {failure}", file=sys.stderr)
            return 1
    print(report)
    if options.write:
        (TOP / "docs" / "performance.md").write_text(report + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
