"""The checks of `mailpoll doctor`: each looks at one thing and says ok, warn or fail, and what to do; none writes."""

from mailpoll.doctor.checks import Check, Job, age, fail, failed, ok, together, warn

__all__ = ["Check", "Job", "age", "fail", "failed", "ok", "together", "warn"]
