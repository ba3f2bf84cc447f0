"""The one door to urllib3: time limits, proxies, failures in our words, and no secret of a URL in any of them."""

from mailpoll.http.answers import UNTOLD, Response, classify, foreign, nothing_shown, retry_after, wait_of
from mailpoll.http.client import Http, basic, probe, proxy_for
from mailpoll.http.multipart import Form

__all__ = [
    "UNTOLD",
    "Form",
    "Http",
    "Response",
    "basic",
    "classify",
    "foreign",
    "nothing_shown",
    "probe",
    "proxy_for",
    "retry_after",
    "wait_of",
]
