"""What holds for every test: no secret is printed or left in a file; property tests keep no database beside the code,
and try the same examples in CI; what takes long begins first."""

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings
from support import canaries

from mailpoll import redaction

# Files that take longest: begun last, one of them would keep a single worker busy while the others are done.
SLOW_FIRST = (
    "test_wire_faults.py",
    "test_store_faults.py",
    "test_kill.py",
    "test_random_kill.py",
    "test_speaks.py",
    "test_drain.py",
    "test_torture_end_to_end.py",
    "test_alerts.py",
    "test_doctor.py",
    "test_after.py",
    "test_postgres.py",
    "test_linear.py",
    "test_run_killed.py",
    "test_accounts.py",
)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Shells start what is in the background like this, and the commands that tests interrupt would be deaf to it, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("mailpoll", database=None, deadline=None, derandomize="CI" in os.environ)
settings.load_profile("mailpoll")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow files first, all else as it was found."""
    order = {name: place for place, name in enumerate(SLOW_FIRST)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))


@pytest.fixture(autouse=True)
def _no_secret_is_known() -> Iterator[None]:
    """A process of the tests outlives many commands, each of which would mask the passwords of those before it."""
    yield
    redaction.forget()


@pytest.fixture(autouse=True, scope="session")
def _whatever_is_printed_is_searched_for_secrets() -> Iterator[None]:
    with canaries.watching():
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A test that leaves a secret in a file has failed, whatever it is about."""
    yield
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if folder is not None:
        canaries.check_files(folder)
