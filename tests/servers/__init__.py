"""Real servers for the tests: each one private, on loopback, ended by the process that started it."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable

import pytest

READY_WITHIN = 20.0


def require(what: str, available: bool) -> None:
    """Skip the running test when `what` is missing, or fail it where MAILPOLL_REQUIRE_SERVERS=1 (CI) promised it."""
    if available:
        return
    if os.environ.get("MAILPOLL_REQUIRE_SERVERS") == "1":
        pytest.fail(f"{what} is missing, and MAILPOLL_REQUIRE_SERVERS=1 says that it must be here")
    pytest.skip(f"{what} is not available here")


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_for_greeting(port: int, greeting: bytes, gone: Callable[[], str]) -> None:
    """Return once 127.0.0.1:port says `greeting`; RuntimeError with what `gone` tells when the server ended first."""
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until:
        if reason := gone():
            raise RuntimeError(f"the server ended while starting: {reason}")
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as probe:
                if probe.recv(64).startswith(greeting):
                    return
        except OSError:
            pass
        time.sleep(0.01)
    raise RuntimeError(f"the server on port {port} did not answer within {READY_WITHIN:.0f} s")
