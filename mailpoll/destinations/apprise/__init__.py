"""Posts by way of Apprise: any of its services, one URL for each destination."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

from mailpoll import redaction
from mailpoll.destinations.apprise import service as services
from mailpoll.destinations.apprise.sending import Sending, keep_log
from mailpoll.destinations.kind import CHAT_RATE, Kind, Question, Way
from mailpoll.errors import (
    DestinationRefused,
    Later,
    MessageError,
    TemporaryFailure,
    Unanswered,
    Unreadable,
)
from mailpoll.model import WHOLE_TEXT, Attachment, Finding, Limits, Post, Receipt
from mailpoll.settings import AppriseSettings, SecretRef

_INSTALL = (
    "Installed by pipx, type in your clone: pipx install --force '.[apprise]'; in an environment of your own: "
    "pip install '.[apprise]'"
)
_CONNECT = 10.0  # seconds
_SAID = 300


class Parts(Protocol):
    """Where the bytes of attachments come from."""

    def part(self, number: int) -> Iterator[bytes]: ...


class AppriseDestination:
    """A service that Apprise knows.

    Apprise says of a post only whether it went well. What its log adds tells a service that answered from one that
    could not be reached; a wrong key and a busy server look alike, so that nothing here pauses the destination for good
    but a URL that cannot be used. TLS is verified and no redirect followed, whatever the URL says.
    """

    kind: ClassVar[Kind] = Kind(
        name="apprise",
        promise="at least once: Apprise does not tell a wrong key from a busy server, and every failure is tried again",
        service="any other service that the Apprise library knows",
        takes="text, and attachments where the service takes them, through the Apprise library",
        limits=Limits(topic=services.TOPIC, body=services.BODY),
        rate=CHAT_RATE,
        example="""\
# in your clone: pipx install --force '.[apprise]'
[destination.NAME]
kind = "apprise"
url = { file = "pushover-url" }        # a file with one line: pover://user@token
service = "pover"                      # what the URL begins with
""",
        ways=(
            Way(
                "url",
                "Apprise's URL of the service",
                (
                    Question("url", "Apprise's URL of the service (scheme://…)", secret=True),
                    Question("service", "What that URL begins with, before ://", scheme_of="url"),
                ),
            ),
        ),
    )
    askable = False

    def __init__(self, name: str, settings: AppriseSettings, secret: Callable[[SecretRef, str], str]) -> None:
        self.name = name
        self.on_uncertain: Literal["repost", "hold"] = settings.on_uncertain
        self._settings = settings
        url = secret(settings.url, f"{self._about}.url").strip()
        redaction.know(url, *redaction.keys_of_service(url))
        self._mask = redaction.Mask(*redaction.parts_of_service(url))
        if (begins := url.partition("://")[0].lower()) != settings.service:
            what = f"the URL does not begin with {settings.service}://"
            raise DestinationRefused(what, about=self._about, advice=f'Write service = "{_shown(begins, 30)}"')
        self._service = self._instantiated(url)
        self.limits = services.limits_of(self._service, settings)

    @classmethod
    def limits_of(cls, settings: AppriseSettings) -> Limits:
        """What the service takes, as far as it can be known without its URL."""
        try:
            plugin = import_module("apprise.manager_plugins").NotificationManager()[settings.service]
        except Exception:  # not installed, not known to it, or broken: it may be put right before the post leaves
            plugin = None
        return services.limits_of(plugin, settings)

    def post(self, post: Post, content: Parts) -> Receipt:
        """An empty receipt: Apprise hands on none. Raises as delivery.Destination says."""
        with self._files(post, content) as files:
            sending = Sending(lambda: self._send(post, files))
            sending.wait(self._settings.timeout)
        if not sending.went_well and (refusal := sending.watch.refusal(self._about)) is not None:
            raise refusal
        if sending.is_under_way:
            raise Unanswered(f"did not answer within {self._settings.timeout:g} seconds", about=self._about)
        if not sending.went_well:
            raise self._failure(sending)
        return Receipt()

    def find(self, post: Post, since: datetime, taken: Callable[[str], bool]) -> Receipt | None:
        """None: Apprise cannot be asked."""
        return None

    def check(self) -> tuple[Finding, ...]:
        """Whether Apprise understands the URL, which it does by now; nobody is asked."""
        what = f"{self.name}: Apprise understands its URL ({self._service.service_name})"
        return (Finding("ok", f"{what}; whether the key in it is right, only a post can tell"),)

    @property
    def _about(self) -> str:
        return f"destination.{self.name}"

    def _instantiated(self, url: str) -> Any:
        """The service of a URL. Raises DestinationRefused."""
        try:
            apprise = import_module("apprise")
            keep_log()
            asset = apprise.AppriseAsset(async_mode=False, secure_logging=True, app_id="mailpoll")
            service = apprise.Apprise.instantiate(url, asset=asset)
        except ImportError:
            raise DestinationRefused("Apprise is not installed", about=self._about, advice=_INSTALL) from None
        except Exception as error:  # of a module of a service, which may be anything
            what = f"Apprise cannot be used: {type(error).__name__}: {self._said(str(error))}"
            raise DestinationRefused(what, about=self._about, advice="Install it anew") from None
        if service is None:
            advice = f"Compare it with Apprise's page about {self._settings.service}://"
            raise DestinationRefused("Apprise does not understand the URL", about=f"{self._about}.url", advice=advice)
        service.request_rate_per_sec = 0  # when a post may leave is for us to say; Apprise sleeps up to 5 seconds
        service.redirects = False
        service.verify_certificate = True
        service.retry = 0
        service.socket_connect_timeout = min(_CONNECT, self._settings.timeout)
        service.socket_read_timeout = self._settings.timeout
        return service

    def _said(self, text: str) -> str:
        """What Apprise says, on one line, without any part of the URL, also such as would be words elsewhere."""
        return _shown(self._mask.hide(text), _SAID)

    def _send(self, post: Post, files: list[tuple[Path, str]]) -> bool:
        apprise = import_module("apprise")
        attach_file = import_module("apprise.attachment.file").AttachFile
        everyone = apprise.Apprise(asset=self._service.asset)
        everyone.add(self._service)
        attached = apprise.AppriseAttachment(asset=self._service.asset)
        for path, name in files:
            attached.add(attach_file(str(path), name=name, asset=self._service.asset))
        return bool(
            everyone.notify(
                body=_cut(post.body, self.limits.body),
                title=_cut(post.topic, self.limits.topic),
                body_format=apprise.NotifyFormat(services.text_format(self._service)),
                attach=attached if files else None,
            )
        )

    @contextmanager
    def _files(self, post: Post, content: Parts) -> Iterator[list[tuple[Path, str]]]:
        """Attachments as files, since Apprise takes no others; those that cannot be read are left out."""
        wanted = [*([Attachment(0, WHOLE_TEXT, "text/plain", 0)] if post.whole_text else []), *post.attachments]
        if not (wanted and self.limits.files):
            yield []
            return
        try:
            folder = tempfile.TemporaryDirectory(prefix="mailpoll-", ignore_cleanup_errors=True)
        except OSError as error:
            raise self._unspooled(error) from None
        with folder:
            yield [(path, each.name) for each in wanted if (path := self._spooled(each, Path(folder.name), content))]

    def _spooled(self, attachment: Attachment, folder: Path, content: Parts) -> Path | None:
        path = folder / f"{attachment.part}{_ending(attachment.name)}"
        try:
            pieces = content.part(attachment.part)
        except Unreadable:
            return None
        try:
            with path.open("xb") as file:
                file.writelines(pieces)
        except OSError as error:
            raise self._unspooled(error) from None
        return path

    def _unspooled(self, error: OSError) -> TemporaryFailure:
        return TemporaryFailure(f"the attachments cannot be spooled: {error.strerror}", about=self._about)

    def _failure(self, sending: Sending) -> MessageError:
        """The error for a post that did not go well, with what Apprise's log says of it."""
        said = "; ".join(dict.fromkeys(map(self._said, sending.warnings())))
        what = f"Apprise could not post: {said or 'it does not say why'}"
        kind = sending.failure()
        advice = "Compare the key in its URL; if it is right, the service may be busy" if kind is Later else ""
        return kind(what, about=self._about, advice=advice)


def _cut(text: str, limit: int | None) -> str:
    return text if limit is None or len(text) <= limit else text[: max(limit - 1, 0)] + "…"[:limit]


def _ending(name: str) -> str:
    """The ending by which services tell what a file is; nothing else of its name gets onto the disk."""
    ending = Path(name).suffix if "\0" not in name else ""
    return ending if re.fullmatch(r"\.[A-Za-z0-9]{1,10}", ending) else ""


def _shown(text: str, limit: int) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return redaction.hide(line)[:limit]
