"""Outgoing e-mail over SMTP: made, sent step by step, and diagnosed where it was not."""

from mailpoll.outbound.cause import Cause, Role, Said
from mailpoll.outbound.causes import CAUSES
from mailpoll.outbound.diagnosis import Diagnosis
from mailpoll.outbound.mail import Mail, compose, tokenised
from mailpoll.outbound.sending import Letter, Probe, Report, Result, deliver, probe, send
from mailpoll.outbound.steps import Step, Watch

__all__ = [
    "CAUSES",
    "Cause",
    "Diagnosis",
    "Letter",
    "Mail",
    "Probe",
    "Report",
    "Result",
    "Role",
    "Said",
    "Step",
    "Watch",
    "compose",
    "deliver",
    "probe",
    "send",
    "tokenised",
]
