"""Hostile mails and large ones in the real reader child: what they cost, in processor time and memory."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from support import hostile

from mailpoll.model import Job, Limits, Reading, Route, Target
from mailpoll.reader import Limits as ReaderLimits
from mailpoll.reader import Reader

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "hostile.py"
ROUTE = Route("dev", (Target("store"), Target("chat", limits=Limits(topic=60, body=10_000))))

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the memory of a process")


@linux_only
def test_hostile_mails_cost_little_and_the_next_one_is_read() -> None:
    """Each of a megabyte takes less than a fifth of what a mail may, where nothing else runs."""
    command = [sys.executable, str(SCRIPT), hostile.__file__, "--sizes", "1", "--groups", "MIME", "--jobs", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(hostile.MIME)} mails, 0 over" in done.stdout


def held(pid: int) -> float:
    """MiB that a process held at most so far."""
    told = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert told
    return int(told[1]) / 1024


@linux_only
def test_a_large_mail_is_in_the_reader_once_and_its_attachment_never() -> None:
    data = os.urandom(57 << 14)
    attachment = base64.encodebytes(data) * 19
    raw = hostile.mixed(hostile.TEXT, b"Content-Type: x/y\nContent-Transfer-Encoding: base64\n\n" + attachment)
    chunks = [raw[at : at + (1 << 20)] for at in range(0, len(raw), 1 << 20)]
    job = Job(lambda: chunks, len(raw), (ROUTE,))
    with closing(Reader(ReaderLimits())) as reader:
        reader.posts(Job(lambda: [hostile.HEAD], len(hostile.HEAD), (ROUTE,)))
        assert reader._child
        pid = reader._child._process.pid
        idle = held(pid)
        for _ in range(2):
            reading = reader.posts(job)
            assert isinstance(reading, Reading)
            pieces = list(reader.part(chunks, len(raw), 1, ROUTE))
            assert b"".join(pieces) == data * 19
            assert max(map(len, pieces)) <= 1 << 20
        assert reader._child._process.pid == pid
        assert held(pid) - idle < len(raw) / (1 << 20) + 15
