"""`mailpoll send-test` as a process: Ctrl-C, SIGTERM, pipes, a terminal."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from servers.scripted_smtp import ScriptedSmtp
from support.command_line import CommandLine
from support.site import CRON, MAILPOLL
from support.smtp_cases import GOOD, TO
from support.smtp_site import secrets_in, sending


def command(site: CommandLine, *words: str) -> list[str]:
    return [str(MAILPOLL), "--config", str(site.config), "send-test", *words]


def local(folder: Path, port: int, **settings: Any) -> CommandLine:
    return sending(folder, port, host="127.0.0.1", **settings)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("step", ["EHLO", "AUTH", "."])
def test_ctrl_c_ends_it_with_a_sentence(step: str, number: signal.Signals, status: int, tmp_path: Path) -> None:
    with ScriptedSmtp(replace(GOOD, silent_at=step)) as server:
        site = local(tmp_path, server.port, timeout=60)
        process = subprocess.Popen(
            command(site, TO),
            env=CRON,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        awaited = {"EHLO": lambda s: s.commands, "AUTH": lambda s: s.logins, ".": lambda s: s.mails}[step]
        server.wait_for(lambda s: bool(awaited(s)))
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert "QUIT" not in server.commands
    left = "what was not accepted by then is not sent" if step == "." else "nothing was sent"
    assert (process.returncode, f"mailpoll: stopped; {left}." in err) == (status, True)
    assert ("default sender gateway@example.com: sent, but no answer came" in err) == (step == ".")
    assert "Traceback" not in out + err
    assert secrets_in(out + err) == []


def test_output_to_a_pipe_is_plain_lines(tmp_path: Path) -> None:
    with ScriptedSmtp(GOOD) as server:
        done = subprocess.run(
            command(local(tmp_path, server.port), "-v", TO), env=CRON, capture_output=True, check=False, timeout=30
        )
    assert done.returncode == 0
    assert b"\r" not in done.stdout
    assert b"\x1b" not in done.stdout
    assert secrets_in((done.stdout + done.stderr).decode()) == []


def test_a_pipe_that_nobody_reads_is_no_reason_to_stop(tmp_path: Path) -> None:
    with ScriptedSmtp(GOOD) as server:
        line = " ".join(command(local(tmp_path, server.port), TO)) + " | true"
        done = subprocess.run(["/bin/bash", "-o", "pipefail", "-c", line], env=CRON, capture_output=True, check=False)
        assert len(server.mails) == 2
    assert (done.returncode, done.stderr) == (0, b"")


def test_at_a_terminal_a_step_is_named_before_it_ends(tmp_path: Path) -> None:
    released, slave = pty.openpty()
    try:
        with ScriptedSmtp(replace(GOOD, silent_at="EHLO")) as server:
            site = local(tmp_path, server.port, timeout=1)
            process = subprocess.Popen(command(site, TO), env=CRON, stdout=slave, stderr=subprocess.DEVNULL)
            os.close(slave)
            said = until(released, b"EHLO         \xe2\x80\xa6 ")
            assert b"\r\x1b[K" in said, "the line of the step before was written over"
            rest = until(released, b"EHLO         failed")
            assert process.wait(20) == 69
    finally:
        os.close(released)
    assert b"\r\x1b[K! EHLO" in rest


def test_at_a_terminal_v_shows_the_last_word_while_it_waits(tmp_path: Path) -> None:
    released, slave = pty.openpty()
    try:
        with ScriptedSmtp(replace(GOOD, silent_at="RCPT")) as server:
            process = subprocess.Popen(
                command(local(tmp_path, server.port), "-v", TO), env=CRON, stdout=slave, stderr=subprocess.DEVNULL
            )
            os.close(slave)
            until(released, b"    > RCPT TO:<a@example.net>\r\n  RCPT TO      \xe2\x80\xa6 ")
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
    finally:
        os.close(released)


def test_a_password_program_that_waits_is_named_and_ctrl_c_says_that_nothing_was_sent(tmp_path: Path) -> None:
    site = local(tmp_path, 9, password={"command": ["/bin/sleep", "30"]})
    released, slave = pty.openpty()
    try:
        process = subprocess.Popen(
            command(site, TO), env=CRON, stdout=slave, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        os.close(slave)
        until(released, "asking for smtp.password …".encode())
        process.send_signal(signal.SIGINT)
        err = process.communicate(timeout=20)[1]
    finally:
        os.close(released)
    assert (process.returncode, err.strip()) == (130, "mailpoll: stopped; nothing was sent.")


def until(descriptor: int, words: bytes) -> bytes:
    said = b""
    while words not in said:
        assert select.select([descriptor], [], [], 20)[0], said
        said += os.read(descriptor, 4096)
    return said
