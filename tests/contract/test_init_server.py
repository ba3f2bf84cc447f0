"""A person at a terminal who takes every default: what is proposed where a server speaks no TLS."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from servers.scripted_imap import ScriptedImap

from mailpoll.commands.init_ask import Asker
from mailpoll.commands.init_server import Server, ask_server, corrected_server, what_to_change
from mailpoll.errors import AccessDenied, ConfigError, MailpollError
from mailpoll.settings import Tls


@dataclass(frozen=True, slots=True)
class Agreeing(Asker):
    """Takes each default, and gives up after some."""

    seen: list[str] = field(default_factory=list)

    def choice(self, question: str, choices: tuple[str, ...], default: str) -> str:
        self.seen.append(f"{question} {default}")
        assert len(self.seen) < 9, self.seen
        return default

    def trouble(self, problem: MailpollError) -> None:
        self.seen.append(problem.advice)


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_a_server_on_this_machine_without_tls_is_reached_by_the_defaults_alone(tls: Tls) -> None:
    person = Agreeing(terminal=True)
    with ScriptedImap() as server:
        found = ask_server(
            person, "me", host="127.0.0.1", port=server.port, tls=tls, folder="INBOX", ca_file=None
        )  # fmt: skip
    assert (found.tls, found.port) == ("none", server.port)
    assert person.seen[-3].endswith("no encryption is needed: give tls none")
    proposed = [seen for seen in person.seen if seen.startswith("TLS ")]
    assert proposed == ["TLS starttls", "TLS none"][-len(proposed) :]


NO_STARTTLS = AccessDenied("no STARTTLS on this port", advice='Set tls = "implicit" and the port for it, usually 993.')
NO_TLS = ConfigError("does not speak TLS from the start", advice='Set tls = "starttls", usual on port 143.')


def test_elsewhere_a_port_without_tls_is_left_for_another_and_none_is_never_proposed() -> None:
    person, server = Agreeing(terminal=True), Server("imap.example.com", 1143, "implicit", "INBOX")
    what, server = what_to_change(person, NO_TLS, ("host", "port", "tls"), server)
    server = corrected_server(person, what, server)
    assert (server.tls, server.untried) == ("starttls", ("starttls",))
    what, server = what_to_change(person, NO_STARTTLS, ("host", "port", "tls"), server)
    assert what == "port"
    assert "give port the one on which the server speaks TLS, usually 993" in person.seen[-2]
    assert not any("none" in seen for seen in person.seen)
