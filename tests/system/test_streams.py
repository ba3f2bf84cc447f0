"""Output that cannot be encoded or written ends no run, and bugs leave their traceback where it is said to be."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest
from support.site import CRON, MAILPOLL, Site, mail


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site whose mails wait to be read: more than one, so that there is something to go on with."""
    site = Site(tmp_path, None)
    site.channel("dev")
    for number in (1, 2, 3):
        (tmp_path / f"{number}.eml").write_bytes(mail(number, subject="☃ is coming 😀"))
    return site


def shell(site: Site, line: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    """Runs a line of shell in which $MAILPOLL is the command with its configuration."""
    command = shlex.join([str(MAILPOLL), "--config", str(site.config)])
    return subprocess.run(
        ["/bin/bash", "-c", line.replace("$MAILPOLL", command)],
        cwd=site.folder, env={**CRON, **env}, capture_output=True, timeout=60, check=False,
    )  # fmt: skip


def test_characters_that_the_terminal_lacks_are_described(site: Site) -> None:
    done = shell(site, "$MAILPOLL receive -v 1.eml 2.eml 3.eml", PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"\u2603 is coming" in done.stdout
    assert len(site.deliveries()) == 3


def test_json_is_utf_8_whatever_the_terminal_takes(site: Site) -> None:
    done = shell(site, "$MAILPOLL receive --json 1.eml", PYTHONIOENCODING="latin-1")
    assert json.loads(done.stdout.decode())["messages"][0]["subject"] == "☃ is coming 😀"


@pytest.mark.parametrize("to", ["| head -c 1", ">&-", ">&- 2>&-", ">&- 2>&- <&-"])
def test_nobody_who_reads_what_is_printed_is_no_reason_to_stop(site: Site, to: str) -> None:
    done = shell(site, f"set -o pipefail; $MAILPOLL receive -v 1.eml 2.eml 3.eml {to}")
    assert (done.returncode, done.stderr) == (0, b"")
    assert [delivery.state for delivery in site.deliveries()] == ["delivered"] * 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_disk_that_is_full_of_output_is_told_once_all_is_done(site: Site) -> None:
    done = shell(site, "$MAILPOLL receive -v 1.eml 2.eml 3.eml > /dev/full")
    assert (done.returncode, done.stderr) == (69, b"mailpoll: not all could be printed (No space left on device)\n")
    assert len(site.deliveries()) == 3
