"""The relay ingress of Rails' Action Mailbox, as its controller documents it, on a real HTTP server on loopback.

actionmailbox/app/controllers/action_mailbox/ingresses/relay/inbound_emails_controller.rb: HTTP Basic with the name
`actionmailbox`, a body of type message/rfc822; 204, 401, 404 and 415.
"""

from __future__ import annotations

import base64
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

PATH = "/rails/action_mailbox/relay/inbound_emails"
USERNAME = "actionmailbox"
PASSWORD = "canary5f2e-rails"


class ActionMailbox:
    """A running ingress, as a context manager; `received` are the mails it took, byte for byte."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        outer = self

        class Ingress(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                status = outer._judged(self.path, self.headers, raw)
                self.send_response(status)
                self.send_header("Connection", "close")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Ingress)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def _judged(self, path: str, headers: Any, raw: bytes) -> int:
        wanted = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
        if path != PATH:
            return 404
        if headers.get("Authorization") != f"Basic {wanted}":
            return 401
        if headers.get_content_type() != "message/rfc822":
            return 415
        self.received.append(raw)
        return 204

    @property
    def url(self) -> str:
        return f"http://localhost:{self._server.server_address[1]}{PATH}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
