"""When what failed is tried again: a post, a destination that takes nothing, a refused login. Pure."""

from __future__ import annotations

from datetime import timedelta

# Seconds before attempt 2, 3, …; the last is repeated until GIVE_UP_S after the post was made (DESIGN.md §8).
RETRY_AFTER_S = (60, 300, 600, 600, 600, 900, 1800, 3600, 7200, 21600)
GIVE_UP_S = 5 * 86400
# How long a destination is left alone after so many runs in a row in which it took nothing (the last is repeated): one
# that hangs costs a run its time limit once in a while, not once for every post that waits.
REST_S = (0, 60, 300, 600)
# How many posts in a row a destination may decline in one run: a few it chokes on must not keep the others back.
DECLINES = 5
JITTER = 0.1
# A clock that was wrong for a while must not close a destination for years.
LONGEST_REST = timedelta(days=1)

# Seconds before a login is tried again after so many refused ones in a row (the last is repeated): providers lock
# accounts that hammer at them.
LOGIN_AFTER_S = (60, 300, 900, 3600)
LONGEST_LOGIN_DELAY = timedelta(seconds=LOGIN_AFTER_S[-1])


def retry_delay(attempts: int, retry_after: float | None, jitter: float) -> timedelta:
    """How long to wait after the attempt numbered `attempts` (from 1): the schedule, spread by `jitter` (-1 … 1) so
    that many posts do not come back at once, or what the destination asked for, if that is longer."""
    scheduled = RETRY_AFTER_S[min(attempts, len(RETRY_AFTER_S)) - 1] * (1 + JITTER * jitter)
    return timedelta(seconds=max(scheduled, min(retry_after or 0.0, 86400.0)))


def rest_time(failures: int, retry_after: float | None, jitter: float) -> timedelta:
    """How long a destination is left alone after `failures` runs in a row (from 1) in which it gave no answer, or what
    it asked for, if that is longer."""
    scheduled = REST_S[min(failures, len(REST_S)) - 1] * (1 + JITTER * jitter)
    return timedelta(seconds=max(scheduled, min(retry_after or 0.0, LONGEST_REST.total_seconds())))


def login_delay(refused: int) -> timedelta:
    """How long an account is left alone after `refused` logins in a row (from 1)."""
    return timedelta(seconds=LOGIN_AFTER_S[min(refused, len(LOGIN_AFTER_S)) - 1])
