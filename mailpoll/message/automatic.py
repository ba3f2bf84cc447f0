"""Header fields → whether a machine sent the mail, and of which kind (RFC 3834, RFC 3464, RFC 2919, RFC 2369)."""

from __future__ import annotations

from mailpoll.message.headers import Block
from mailpoll.message.parameters import parameters

# The mark on mail that mailpoll itself sends: what carries it came back to us.
OWN_MARK = "x-mailpoll"

_ANSWERING_MACHINES = ("x-autoreply", "x-autorespond")
_LIST_FIELDS = ("list-id", "list-post", "list-unsubscribe")
_PRECEDENCES = {"auto_reply": "auto-replied", "bulk": "bulk", "junk": "bulk", "list": "list"}


def automatic(head: Block) -> str:
    """ "" for mail a person sent, else "loop", "bounce", "auto-replied", "auto-generated", "list" or "bulk"."""
    names = {name.lower() for name, _ in head.fields}
    if OWN_MARK in names:
        return "loop"
    type_, values = parameters(head.first("content-type"))
    report = values.get("report-type", "").lower()
    if type_ == "multipart/report" and (head.first("return-path").strip() == "<>" or report == "delivery-status"):
        return "bounce"
    submitted = parameters(head.first("auto-submitted"))[0].partition("(")[0].strip()
    if submitted and submitted != "no":
        return "auto-replied" if submitted == "auto-replied" else "auto-generated"
    precedence = _PRECEDENCES.get(head.first("precedence").strip().lower(), "")
    if precedence == "auto-replied" or any(name in names for name in _ANSWERING_MACHINES):
        return "auto-replied"
    return "list" if any(name in names for name in _LIST_FIELDS) else precedence
