"""What holds for every test: property tests keep no database beside the code, and try the same examples in CI."""

import os

from hypothesis import settings

settings.register_profile("mailpoll", database=None, deadline=None, derandomize="CI" in os.environ)
settings.load_profile("mailpoll")
