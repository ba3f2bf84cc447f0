"""The corpora beside the project: read where they lie, never copied into it."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of the corpora: $MAILPOLL_CORPUS, or ../shared/corpus beside the project."""
    folder = Path(os.environ.get("MAILPOLL_CORPUS") or Path(__file__).parents[3] / "shared" / "corpus")
    if not folder.is_dir():
        pytest.skip(f"no corpora at {folder}; set MAILPOLL_CORPUS to read them")
    return folder
