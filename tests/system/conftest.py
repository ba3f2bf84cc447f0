"""What tests of whole runs share."""

from __future__ import annotations

import pytest
from support import site


@pytest.fixture
def as_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run is one of the installed command in a fresh interpreter, where that is what the tests are about."""
    monkeypatch.setattr(site, "starts_alike", lambda *_: False)
