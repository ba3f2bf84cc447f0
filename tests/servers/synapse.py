"""A private Synapse (PyPI), the Matrix homeserver, on loopback with SQLite, from an environment of its own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from servers import READY_WITHIN, free_port

NAME = "localhost"
PASSWORD = "canary5f2e-matrix"
MAX_UPLOAD = 100_000  # octets

_MADE_BY_SCRIPTS = Path(__file__).resolve().parents[2] / ".venv-synapse/bin/python"
_SHARED_SECRET = "canary5f2e-registration"


def python() -> Path:
    """The interpreter that has Synapse: that of MAILPOLL_SYNAPSE_PYTHON, else of the environment of scripts/test."""
    return Path(os.environ.get("MAILPOLL_SYNAPSE_PYTHON") or _MADE_BY_SCRIPTS)


def missing() -> str:
    """Why Synapse cannot be started here; empty when it can."""
    return "" if python().exists() else "Synapse (scripts/test makes .venv-synapse)"


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, said: dict[str, Any]) -> None:
        super().__init__(f"{status} {said}")
        self.status, self.said = status, said


class Synapse:
    """A running homeserver, as a context manager; its log stays in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.admin = ""  # access token of an administrator
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def __enter__(self) -> Self:
        config = self._folder / "homeserver.json"
        config.write_text(json.dumps(self._settings()))  # JSON is YAML
        command = [python(), "-m", "synapse.app.homeserver", "--config-path", config]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._folder
            )
        try:
            self._wait()
            self.admin = self.register("admin")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server; once ended, calling it again does nothing."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def register(self, user: str) -> str:
        """Makes an account; its access token."""
        nonce = self.call("GET", "/_synapse/admin/v1/register")["nonce"]
        message = "\0".join((nonce, user, PASSWORD, "admin" if user == "admin" else "notadmin"))
        mac = hmac.new(_SHARED_SECRET.encode(), message.encode(), hashlib.sha1).hexdigest()
        account = {"nonce": nonce, "username": user, "password": PASSWORD, "mac": mac, "admin": user == "admin"}
        token: str = self.call("POST", "/_synapse/admin/v1/register", body=account)["access_token"]
        return token

    def login(self, user: str) -> str:
        """Another access token of an account."""
        login = {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": user}, "password": PASSWORD}
        token: str = self.call("POST", "/_matrix/client/v3/login", body=login)["access_token"]
        return token

    def room(self, token: str, alias: str, **given: Any) -> str:
        """Makes a room; its id."""
        room = {"room_alias_name": alias, "preset": "private_chat", **given}
        room_id: str = self.call("POST", "/_matrix/client/v3/createRoom", token, room)["room_id"]
        return room_id

    def messages(self, token: str, room_id: str) -> list[dict[str, Any]]:
        """The messages of a room, oldest first."""
        said = self.call("GET", f"/_matrix/client/v3/rooms/{quote(room_id)}/messages?dir=f&limit=1000", token)
        return [event for event in said["chunk"] if event["type"] == "m.room.message"]

    def call(self, method: str, path: str, token: str = "", body: Any = None) -> Any:
        """What the server answers, from JSON. Raises Refused for an error."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(error.code, json.loads(error.read() or b"{}")) from None

    @property
    def _log(self) -> Path:
        return self._folder / "synapse.log"

    def _settings(self) -> dict[str, Any]:
        plenty = {"per_second": 1000, "burst_count": 1000}
        seed = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        return {
            "server_name": NAME,
            "signing_key": f"ed25519 a_test {seed}",
            "listeners": [
                {"port": self.port, "type": "http", "tls": False, "bind_addresses": ["127.0.0.1"],
                 "resources": [{"names": ["client"]}]}
            ],
            "database": {"name": "sqlite3", "args": {"database": str(self._folder / "homeserver.db")}},
            "media_store_path": str(self._folder / "media"),
            "max_upload_size": f"{MAX_UPLOAD}",
            "registration_shared_secret": _SHARED_SECRET,
            "macaroon_secret_key": secrets.token_hex(),
            "form_secret": secrets.token_hex(),
            "report_stats": False,
            "trusted_key_servers": [],
            "suppress_key_server_warning": True,
            "federation_domain_whitelist": [],
            "presence": {"enabled": False},
            "bcrypt_rounds": 4,
            "rc_message": plenty,
            "rc_login": {"address": plenty, "account": plenty, "failed_attempts": plenty},
            "rc_joins": {"local": plenty, "remote": plenty},
            "rc_invites": {"per_room": plenty, "per_user": plenty, "per_issuer": plenty},
        }  # fmt: skip

    def _wait(self) -> None:
        until = time.monotonic() + 3 * READY_WITHIN
        while time.monotonic() < until:
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError(f"Synapse ended while starting: {self._log.read_text()[-2000:]}")
            try:
                self.call("GET", "/_matrix/client/versions")
            except (OSError, Refused):
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"Synapse did not answer: {self._log.read_text()[-2000:]}")
