"""Reaching a server again within a run, where what is wrong may be over in seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from mailpoll.errors import RunError
from mailpoll.imap.troubles import Passing
from mailpoll.wire import Line

# Counted from the first attempt: what takes longer to be over is for the next run, a minute later.
PATIENCE_S = 15.0
# Waits of 1 to 2, then 3 to 4 seconds: accounts that one server turned away together do not come back together.
FIRST_WAIT_S = 1.0
GROWTH = 3.0
JITTER_S = 1.0

_Reached = TypeVar("_Reached")


def patiently(attempt: Callable[[], _Reached], line: Line) -> _Reached:
    """What `attempt` gives; a Passing failure is followed by another attempt, so many as it says and PATIENCE_S
    allows, with growing waits between.

    Raises:
        RunError: whatever ended it. Where that is the cutting of `line`, which ends a wait as well, it is what the
            last attempt before failed for: that the time was up would tell nobody why.
    """
    begun = time.monotonic()
    try:
        return attempt()
    except Passing as problem:
        return again(attempt, line, problem, PATIENCE_S - (time.monotonic() - begun))


def again(attempt: Callable[[], _Reached], line: Line, first: Passing, patience_s: float = PATIENCE_S) -> _Reached:
    """As patiently(), after a first attempt that failed for `first`."""
    # Imported only when something failed: it takes as long as a whole idle run may.
    from tenacity import RetryCallState, Retrying, stop_before_delay, wait_exponential_jitter

    last: RunError = first

    def worth_it(state: RetryCallState) -> bool:
        problem = state.outcome.exception() if state.outcome else None
        return isinstance(problem, Passing) and state.attempt_number < problem.tries and not line.aborted

    def attempted() -> _Reached:
        nonlocal last
        # tenacity was not there when the first attempt was made: it is told how that ended.
        if retrying.statistics["attempt_number"] == 1 or line.aborted:
            raise last
        try:
            return attempt()
        except RunError as problem:
            if not line.aborted:
                last = problem
            raise last from None

    retrying = Retrying(
        retry=worth_it,
        wait=wait_exponential_jitter(multiplier=FIRST_WAIT_S, exp_base=GROWTH, jitter=JITTER_S),
        stop=stop_before_delay(max(patience_s, 0.0)),
        sleep=line.pause,
        reraise=True,
    )
    return retrying(attempted)
