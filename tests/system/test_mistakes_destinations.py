"""What goes wrong with destinations: one clear sentence, the right status, and every post arrives once in the end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from servers import free_port, require
from servers.dovecot import Dovecot, missing
from servers.http_receiver import RESET_READ, SILENT, Answer, Receiver
from support.mishap import SECOND_PASSWORD, Mishap


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    require(missing() or "Dovecot", not missing())
    with Dovecot(tmp_path_factory.mktemp("dovecot"), extra_config=SECOND_PASSWORD) as server:
        yield server


def said(site: Mishap, status: int, sentence: str) -> None:
    """The next run says `sentence` (* stands for anything) and nothing else, and ends with `status`."""
    result = site.run("fetch")
    assert fnmatchcase(result.stderr, f"mailpoll: {sentence}\n"), result.stderr
    assert (result.stdout, result.stderr.count("\n"), result.returncode) == ("", 1, status)


def quiet(site: Mishap, status: int = 0) -> None:
    """The next run has nothing to say."""
    result = site.run("fetch")
    assert (result.stdout, result.stderr, result.returncode) == ("", "", status)


def works_again(site: Mishap, destination: str = "hook") -> None:
    """The next run says the end of what it said before."""
    said(site, 0, f"destination.{destination} works again, after * s (since *)")


def bodies(receiver: Receiver) -> list[str]:
    return [request.json["body"] for request in receiver.requests]


def keys(receiver: Receiver) -> list[str]:
    return [request.headers["idempotency-key"] for request in receiver.requests]


ONE, TWO = "This is mail 1.", "This is mail 2."


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (401, "answered 401: the receiver does not accept the key or password. Check its secret, bearer or password"),
        (403, "answered 403: the receiver forbids it. Check its secret, bearer or password, and what they may do"),
        (404, "answered 404: there is nothing at this url. Check its url"),
    ],
)
def test_a_web_hook_that_refuses_us_is_paused_and_told_once(
    answer: int, words: str, dovecot: Dovecot, tmp_path: Path
) -> None:
    with Receiver(answer, 200) as receiver:
        site = Mishap(tmp_path / str(answer), dovecot, "hook", hook=f"{receiver.url}/path")
        site.send()
        said(
            site,
            77,
            f"destination.hook ({receiver.url}/…) is paused, its posts wait: {words}; "
            "then: mailpoll destination resume hook",
        )
        assert set(site.states()) <= {"delayed", "pending"}
        quiet(site, 77)
        assert len(receiver.requests) == 1
        assert site.run("destination", "resume", "hook").returncode == 0
        works_again(site)
        assert bodies(receiver) == [ONE, ONE, TWO]
    site.assert_all_delivered_once()


def test_a_run_at_a_terminal_reminds_of_a_pause(dovecot: Dovecot, tmp_path: Path) -> None:
    with Receiver(401) as receiver:
        site = Mishap(tmp_path / "reminder", dovecot, "hook", hook=receiver.url)
        assert site.run("fetch").returncode == 77
        reminded = site.run("fetch", "-v")
    assert fnmatchcase(
        reminded.stderr,
        "mailpoll: since *, 1 post waiting: destination.hook (http://localhost:*) is paused, its posts wait: "
        "answered 401: *; then: mailpoll destination resume hook\n",
    )
    assert (reminded.stdout, reminded.returncode) == ("account.main: 0 new\n", 77)


def test_changed_settings_end_a_pause(dovecot: Dovecot, tmp_path: Path) -> None:
    with Receiver(404) as wrong, Receiver() as right:
        site = Mishap(tmp_path / "changed", dovecot, "hook", hook=wrong.url)
        assert site.run("fetch").returncode == 77
        site.hook_at(right.url)
        works_again(site)
        assert (bodies(wrong), bodies(right)) == ([ONE], [ONE])
    site.assert_all_delivered_once()


def test_a_missing_key_keeps_the_posts_waiting_until_it_is_there(dovecot: Dovecot, tmp_path: Path) -> None:
    """Not a pause: a vault that is down, a file that is rotated, come back by themselves."""
    with Receiver() as receiver:
        site = Mishap(tmp_path / "key", dovecot, "hook", hook=receiver.url)
        key = (site.folder / "hook-key").rename(site.folder / "elsewhere")
        said(
            site,
            78,
            f"destination.hook (secret): its posts wait: the file {site.folder}/hook-key does not exist. "
            "Write the secret into it; the coming runs try again.",
        )
        quiet(site, 78)
        assert [(d.state, d.attempts) for d in site.deliveries()] == [("delayed", 0)]
        key.rename(site.folder / "hook-key")
        works_again(site)
        assert bodies(receiver) == [ONE]
    site.assert_all_delivered_once()


def test_a_missing_ca_file_pauses_its_web_hook_and_nobody_elses(dovecot: Dovecot, tmp_path: Path) -> None:
    with Receiver() as alive:
        site = Mishap(tmp_path / "ca", dovecot, "hook", alive.url, hook="https://127.0.0.1:9/")
        site.config.write_text(
            site.config.read_text().replace(
                "[destination.hook]\n", '[destination.hook]\nca_file = "/nowhere/gone.pem"\n'
            )
        )
        said(
            site,
            77,
            "destination.hook is paused, its posts wait: ca_file gone.pem cannot be used. "
            "Name a PEM file that exists; then: mailpoll destination resume hook",
        )
        quiet(site, 77)
        assert bodies(alive) == [ONE]


def test_a_dead_web_hook_delays_its_posts_and_nobody_elses(dovecot: Dovecot, tmp_path: Path) -> None:
    with Receiver() as alive:
        site = Mishap(tmp_path / "dead", dovecot, "hook", alive.url, hook=f"http://127.0.0.1:{free_port()}/")
        site.send()
        said(
            site,
            75,
            "destination.hook (http://127.0.0.1:*): post 1 delayed: cannot be reached: connection refused. "
            "It is tried again by the coming runs.",
        )
        assert bodies(alive) == [ONE, TWO]
        with Receiver() as risen:
            site.hook_at(risen.url)
            site.make_due()
            works_again(site)
            quiet(site)
            assert bodies(risen) == [ONE, TWO]
        assert bodies(alive) == [ONE, TWO]
    assert site.states() == ["delivered"] * 4


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(500), "answered 500: the receiver is in trouble"),
        (Answer(429, {"Retry-After": "7200"}), "answered 429: the receiver gets too many posts"),
    ],
    ids=["500", "429"],
)
def test_a_web_hook_in_trouble_is_tried_again(answer: Answer, words: str, dovecot: Dovecot, tmp_path: Path) -> None:
    with Receiver(answer, 200) as receiver:
        site = Mishap(tmp_path / str(answer.status), dovecot, "hook", hook=receiver.url)
        said(
            site,
            75,
            f"destination.hook ({receiver.url}): post 1 delayed: {words}. It is tried again by the coming runs.",
        )
        quiet(site, 75)  # not yet
        [delivery] = site.deliveries()
        assert delivery.due_at
        wait = delivery.due_at - datetime.now(UTC)
        assert (wait > timedelta(seconds=7100)) == (answer.status == 429)
        site.make_due()
        works_again(site)
        assert bodies(receiver) == [ONE, ONE]
        assert len(set(keys(receiver))) == 1
    site.assert_all_delivered_once()


def test_a_post_that_is_refused_fails_and_the_next_one_goes_out(dovecot: Dovecot, tmp_path: Path) -> None:
    with Receiver(422, 200) as receiver:
        site = Mishap(tmp_path / "422", dovecot, "hook", hook=receiver.url)
        site.send()
        said(
            site,
            65,
            f"destination.hook ({receiver.url}): post 1 failed: answered 422: the receiver cannot process "
            "this post. When that is put right: mailpoll posts retry 1",
        )
        assert site.states() == ["failed", "delivered"]
        quiet(site)
        assert site.run("posts", "retry", "1").returncode == 0
        quiet(site)
        assert bodies(receiver) == [ONE, TWO, ONE]
    site.assert_all_delivered_once()


@pytest.mark.parametrize(
    ("answer", "words"),
    [(SILENT, "did not answer in time"), (RESET_READ, "broke off before it answered: connection *")],
)
def test_a_post_whose_answer_is_lost_is_posted_again_under_the_same_key(
    answer: str, words: str, dovecot: Dovecot, tmp_path: Path
) -> None:
    with Receiver(answer, 200) as receiver:
        site = Mishap(tmp_path / answer.replace(" ", "-"), dovecot, "hook", hook=receiver.url)
        said(
            site,
            75,
            f"destination.hook ({receiver.url}): post 1 may have arrived: {words}. "
            "It is posted again (webhook: at least once, doubles only after a lost answer; once, where the receiver "
            "honours Idempotency-Key).",
        )
        assert site.states() == ["uncertain"]
        quiet(site, 75)
        site.make_due()
        works_again(site)
        assert bodies(receiver) == [ONE, ONE]
        assert len(set(keys(receiver))) == 1
    site.assert_all_delivered_once()


def test_the_key_in_the_url_of_a_web_hook_is_not_shown(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Mishap(tmp_path / "url", dovecot, "https://127.0.0.1.invalid/canary5f2e?key=canary5f2e")
    said(
        site,
        75,
        "https://127.0.0.1.invalid/…#????: post 1 delayed: cannot be reached: its name is unknown. "
        "It is tried again by the coming runs.",
    )
    site.make_due()
    for flag in ("-v", "--json"):
        assert "https://127.0.0.1.invalid/…" in site.run("fetch", flag).stdout
        site.make_due()


COMMAND = '[destination.ticket]\nkind = "command"\ncommand = ["{program}"]\ntimeout = {timeout}\n'


class Program:
    """A program of the test's own; each run of it that is told to take a mail writes a line."""

    def __init__(self, folder: Path) -> None:
        self.path, self._taken = folder / "ticket", folder / "taken"

    def does(self, script: str) -> None:
        self.path.write_text(f"#!/bin/sh\n{script}\n")
        self.path.chmod(0o755)

    def works(self) -> None:
        self.does(f'echo "$MAILPOLL_KEY" >> {self._taken}')

    @property
    def taken(self) -> list[str]:
        return self._taken.read_text().split() if self._taken.exists() else []


def ticketing(folder: Path, dovecot: Dovecot, *, timeout: float = 10) -> tuple[Mishap, Program]:
    folder.mkdir()
    program = Program(folder)
    more = COMMAND.format(program=program.path, timeout=timeout)
    return Mishap(folder, dovecot, "ticket", more=more), program


def test_a_program_that_is_missing_pauses_its_destination(dovecot: Dovecot, tmp_path: Path) -> None:
    site, program = ticketing(tmp_path / "missing", dovecot)
    said(
        site,
        77,
        f"destination.ticket is paused, its posts wait: {program.path} did not start: no such file or "
        "directory. Check destination.ticket.command: an absolute path, executable, with its interpreter; "
        "then: mailpoll destination resume ticket",
    )
    program.works()
    quiet(site, 77)
    assert program.taken == []
    assert site.run("destination", "resume", "ticket").returncode == 0
    works_again(site, "ticket")
    assert program.taken == [site.deliveries()[0].post.key]
    site.assert_all_delivered_once()


def test_a_program_that_says_later_is_run_again(dovecot: Dovecot, tmp_path: Path) -> None:
    site, program = ticketing(tmp_path / "later", dovecot)
    program.does("echo 'the queue is full' >&2; exit 75")
    said(
        site,
        75,
        "destination.ticket: post 1 delayed: ended with status 75: the queue is full. "
        "It is tried again by the coming runs.",
    )
    program.works()
    site.make_due()
    works_again(site, "ticket")
    assert len(program.taken) == 1
    site.assert_all_delivered_once()


def test_a_program_that_says_never_fails_the_post(dovecot: Dovecot, tmp_path: Path) -> None:
    site, program = ticketing(tmp_path / "never", dovecot)
    program.does("exit 1")
    said(
        site,
        65,
        "destination.ticket: post 1 failed: ended with status 1. When that is put right: mailpoll posts retry 1",
    )
    program.works()
    assert site.run("posts", "retry", "1").returncode == 0
    quiet(site)
    assert len(program.taken) == 1
    site.assert_all_delivered_once()


def test_a_program_that_does_not_end_leaves_its_post_to_a_person(dovecot: Dovecot, tmp_path: Path) -> None:
    site, program = ticketing(tmp_path / "endless", dovecot, timeout=0.3)
    program.does("exec sleep 30")
    said(
        site,
        75,
        "destination.ticket: post 1 may have arrived: did not end within 0.3 seconds and was ended. "
        "It is held. If not: mailpoll posts retry 1; if so: mailpoll posts drop 1",
    )
    program.works()
    site.make_due()
    quiet(site)
    assert program.taken == []
    assert site.run("posts", "retry", "1").returncode == 0
    quiet(site)
    assert len(program.taken) == 1
    site.assert_all_delivered_once()


def test_a_mail_from_a_pipe_is_taken_even_if_it_cannot_be_posted_now(dovecot: Dovecot, tmp_path: Path) -> None:
    with Receiver(503, 200) as receiver:
        site = Mishap(tmp_path / "pipe", dovecot, "hook", hook=receiver.url)
        mail = next(raw for _, raw in site.inbox().values())
        (site.folder / "mail").write_bytes(mail)
        with (site.folder / "mail").open("rb") as pipe:
            result = site.run("receive", "-", stdin=pipe)
        assert result.returncode == 0  # or the mail server at its other end would send it back
        assert "post 1 delayed: answered 503" in result.stderr
        site.make_due()
        quiet(site)
        assert bodies(receiver) == [ONE, ONE]
    assert site.states() == ["delivered", "duplicate"]  # the inbox has it, too


def test_posts_of_a_destination_that_was_removed_wait_for_its_return(dovecot: Dovecot, tmp_path: Path) -> None:
    with Receiver() as receiver:
        site = Mishap(tmp_path / "removed", dovecot, "hook", hook=receiver.url)
        whole = site.config.read_text()
        site.config.write_text(whole.partition("[destination.hook]")[0])
        said(
            site,
            78,
            "destination.hook is paused, its posts wait: there is no destination 'hook'. "
            "There are store; or write an http(s):// URL; then: mailpoll destination resume hook",
        )
        site.config.write_text(whole)
        works_again(site)
        assert bodies(receiver) == [ONE]
    site.assert_all_delivered_once()
