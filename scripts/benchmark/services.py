"""Posts into six services, one of them dead: whether the posts to the others leave later for it."""

from __future__ import annotations

import socket
import subprocess
from contextlib import ExitStack
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING

from servers import fake_discord, fake_matrix, mattermost
from servers.fake_discord import FakeDiscord
from servers.fake_matrix import FakeMatrix
from servers.http_receiver import SILENT, Receiver
from servers.mattermost import Mattermost
from servers.slack import Slack
from servers.zulip import Zulip

from benchmark import report
from benchmark.mailbag import kept
from benchmark.report import Row, Verdict
from benchmark.site import Site
from benchmark.timing import Command, Failed, Run, interleaved, median, ratio
from mailpoll.store import Store

if TYPE_CHECKING:
    from benchmark.rows import Place

CHANNELS = 60
MORTAL = "hook"  # the service that dies
# Name of the section → the place in it that its channels post to.
PLACES = {"zulip": "general", "slack": "", "mattermost": "team/ops", "matrix": fake_matrix.ALIAS,
          "discord": fake_discord.CHANNEL, MORTAL: ""}  # fmt: skip
LIVING = CHANNELS - CHANNELS // len(PLACES)
ALIVE, REFUSED, HANGING = "all alive", "one refuses connections", "one does not answer"
TIMEOUT_S = 3  # for an answer of the service that dies: a run takes at least that long when there is none
# Statuses of a run that did what could be done: one destination is away (EX_UNAVAILABLE, EX_TEMPFAIL).
WELL = (0, 69, 75)
_SECTIONS = """
[destination.zulip]
kind = "zulip"
zuliprc = "zuliprc"
[destination.slack]
kind = "slack"
webhook = {{ file = "slack" }}
[destination.mattermost]
kind = "mattermost"
server = "{mattermost}"
token = {{ file = "mattermost" }}
[destination.matrix]
kind = "matrix"
homeserver = "{matrix}"
token = {{ file = "matrix" }}
[destination.discord]
kind = "discord"
api = "{discord}/api/v10"
token = {{ file = "discord" }}
[destination.hook]
kind = "webhook"
timeout = {timeout}
url = "{hook}"
"""


def dead_service(place: Place) -> Row:
    """Runs that post into six services, of which one may be dead."""
    scale, inbox = place.scale, place.inbox()
    files = kept(place.folder / "mails", (_mail(number, inbox.user) for number in range(CHANNELS)))
    commands, sites = [], {}
    with ExitStack() as stack:
        services = Services(stack)
        inbox.empty()
        for state in (ALIVE, REFUSED, HANGING):
            sites[state] = site = Site(place.folder / state.replace(" ", "-"), place.server, inbox.user)
            services.configure(site, state)
            site.settle()
            site.keep()
            commands.append(site.command(state, fresh=lambda site=site: (site.restore(), inbox.refill(files))))
        runs = interleaved(commands, scale.rounds, lambda command: _until_the_last(command, sites[command.name]))
    lines = [(name, f"{median(own, 'wall') * 1e3:.0f}", f"{ratio(runs, name, ALIVE, 'wall'):.2f}")
             for name, own in runs.items()]  # fmt: skip
    verdicts = []
    for state in (REFUSED, HANGING):
        later = ratio(runs, state, ALIVE, "wall")
        verdicts.append(Verdict(f"time until the last post to the others, {state}", later, 1.1, judged=scale.judged))
    how = (
        f"A mail to each of {CHANNELS} channels, ten of which go to each of six services on loopback: Zulip, Slack, "
        "Mattermost, Matrix, Discord and a web hook, which dies. Counted is the time from the start of a run until the "
        f"last of the {LIVING} posts to the other five is recorded as taken; {scale.rounds} rounds."
    )
    return Row("A dead service", how, report.table(("the web hook", "ms", "× all alive"), lines), verdicts)


class Services:
    """The six services; they end with `stack`."""

    def __init__(self, stack: ExitStack) -> None:
        self._zulip = stack.enter_context(Zulip())
        self._slack = stack.enter_context(Slack())
        self._mattermost = stack.enter_context(Mattermost())
        self._matrix = stack.enter_context(FakeMatrix())
        self._discord = stack.enter_context(FakeDiscord())
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))  # and nobody listens
        self._hooks = {
            ALIVE: stack.enter_context(Receiver()).url,
            REFUSED: f"http://localhost:{listener.getsockname()[1]}",
            HANGING: stack.enter_context(Receiver(SILENT)).url,
        }

    def configure(self, site: Site, state: str) -> None:
        """Gives a site all six, the web hook in this state, and the channels."""
        secrets = {"zuliprc": self._zulip.zuliprc, "slack": self._slack.hook, "mattermost": mattermost.TOKEN,
                   "matrix": fake_matrix.TOKEN, "discord": fake_discord.TOKEN}  # fmt: skip
        urls = {"mattermost": self._mattermost.url, "matrix": self._matrix.url, "discord": self._discord.url}
        site.configure(_SECTIONS.format(**urls, hook=self._hooks[state], timeout=TIMEOUT_S), secrets)
        with Store(site.url) as store:
            for number in range(CHANNELS):
                name, place = list(PLACES.items())[number % len(PLACES)]
                store.channels.add(f"c{number}", [(name, place)], datetime.now(UTC), address=f"c{number}")


def _until_the_last(command: Command, site: Site) -> Run:
    """A run, timed until the last post to a living service is recorded as taken."""
    begun = datetime.now(UTC)
    done = subprocess.run(command.argv, env=dict(command.env), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)  # fmt: skip
    if done.returncode not in WELL:
        raise Failed(f"{command.name}: mailpoll ended with status {done.returncode}: {done.stderr[-500:]}")
    with Store(site.url) as store:
        taken = [each for each in store.outbox.list(states=("delivered",)) if each.post.destination != MORTAL]
    if len(taken) != LIVING:
        raise Failed(f"{command.name}: {len(taken)} of {LIVING} posts were taken: {done.stderr[-500:]}")
    return Run((max(each.changed_at for each in taken) - begun).total_seconds(), 0)


def _mail(number: int, user: str) -> bytes:
    local, _, domain = user.partition("@")
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"] = "Sender <sender@example.org>", f"{local}+c{number}@{domain}"
    made["Subject"], made["Message-ID"] = f"Report {number}", f"<services.{number}@bench.example.org>"
    made["Date"] = "Fri, 20 Nov 2026 09:00:00 +0000"
    made.set_content("The backup of the night ended with errors.\n")
    return made.as_bytes()
