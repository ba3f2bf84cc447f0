"""Every mail of the torture corpus through the installed command: shown, taken, and read to a final state."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.site import CRON, MAILPOLL, Site

FINAL = {"read", "ignored", "held", "unrouted", "quarantined"}
# Domains that many of these mails are addressed to: their recipients are ours, whatever they are called.
CATCH_ALL = ["username+%s@example.com", "%s@example.com", "%s@example.org", "%s@example.net", "%s@gmail.com"]


@pytest.fixture(scope="module")
def files(corpus: Path) -> list[str]:
    """The path of every mail."""
    found = sorted(str(path) for path in (corpus / "torture").glob("*/*") if path.is_file())
    assert found, f"no mails under {corpus / 'torture'}"
    return found


def site_in(folder: Path) -> Site:
    """A site that takes all mail to some domains, and mail to the channel `dev`."""
    site = Site(folder, None)
    site.config.write_text(site.config.read_text().replace('["username+%s@example.com"]', json.dumps(CATCH_ALL)))
    site.channel("dev", options=("show-sender", "full"))
    site.channel("everything", tokens=("*",))
    return site


def checked(result: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """The objects of an output of JSON lines, from a run without trouble."""
    assert "Traceback" not in result.stderr
    assert (result.returncode, result.stderr) == (0, "")
    return [json.loads(line) for line in result.stdout.split("\n") if line]


TEXT = (str,)
MAYBE = (str, type(None))
RECIPIENT = {"header": TEXT, "address": TEXT, "token": MAYBE, "channel": MAYBE}
POST = {"channel": MAYBE, "destination": TEXT, "topic": TEXT, "body": TEXT, "attachments": (list,)}
ATTACHMENT = {"name": TEXT, "type": TEXT, "size": (int,)}
SHOWN = {"file": TEXT, "outcome": TEXT, "reason": TEXT, "recipients": (list,), "posts": (list,)}


def assert_shape(value: dict[str, Any], shape: dict[str, tuple[type, ...]]) -> None:
    """Exactly these keys, with values of these types."""
    assert value.keys() == shape.keys()
    for key, types in shape.items():
        assert isinstance(value[key], types), (key, value[key])


def assert_previews(shown: Sequence[dict[str, Any]], files: Sequence[str]) -> None:
    """One object per file, in their order, each as programs were promised."""
    assert [one["file"] for one in shown] == files
    for one in shown:
        assert_shape(one, SHOWN)
        assert one["outcome"] in {"posted", "ignored", "held", "unrouted", "quarantined"}
        assert bool(one["posts"]) == (one["outcome"] in {"posted", "held"})
        for recipient in one["recipients"]:
            assert_shape(recipient, RECIPIENT)
        for post in one["posts"]:
            assert_shape(post, POST)
            assert post["topic"]
            assert post["body"]
            for attachment in post["attachments"]:
                assert_shape(attachment, ATTACHMENT)


def test_preview_shows_every_mail_without_a_configuration(files: list[str], tmp_path: Path) -> None:
    nowhere = {**CRON, "HOME": str(tmp_path)}
    command = [str(MAILPOLL), "preview", "--json", *files]
    shown = checked(subprocess.run(command, env=nowhere, capture_output=True, text=True, timeout=120, check=False))
    assert_previews(shown, files)
    assert {post["channel"] for one in shown for post in one["posts"]} == {None}
    print(f"preview without a configuration: {dict(Counter(one['outcome'] for one in shown))}")


def test_preview_shows_where_every_mail_would_go(files: list[str], tmp_path: Path) -> None:
    site = site_in(tmp_path)
    shown = checked(site.run("preview", "--json", *files))
    assert_previews(shown, files)
    posted = [one for one in shown if one["outcome"] == "posted"]
    assert {post["channel"] for one in posted for post in one["posts"]} == {"everything"}
    assert len(posted) > 100
    assert site.messages() == ()
    print(f"preview with a configuration: {dict(Counter(one['outcome'] for one in shown))}")


@pytest.mark.parametrize("to", ["dev", ""])
def test_receive_brings_every_mail_to_a_final_state(files: list[str], tmp_path: Path, to: str) -> None:
    site = site_in(tmp_path)
    mails = [file for file in files if Path(file).stat().st_size]
    (report,) = checked(site.run("receive", "--json", *(["--to", to] if to else []), *mails))
    messages = site.messages()
    assert len(messages) == len(report["messages"]) == len(mails)
    states = Counter(message.state for message in messages)
    assert set(states) <= FINAL
    assert states["quarantined"] == 0
    assert {message.attempts for message in messages} == {1}
    deliveries = site.deliveries()
    assert {delivery.state for delivery in deliveries} <= {"delivered", "duplicate", "held"}
    assert {delivery.message_id for delivery in deliveries} == {m.id for m in messages if m.state in ("read", "held")}
    assert states["read"] > 100
    print(f"receive {to or '(no --to)'}: {dict(states)}, {dict(Counter(d.state for d in deliveries))}")


def test_a_file_that_is_no_mail_does_not_hold_up_the_others(files: list[str], tmp_path: Path) -> None:
    site = site_in(tmp_path / "site")
    empty = tmp_path / "empty.eml"
    empty.touch()
    result = site.run("receive", "--to", "dev", files[0], str(empty), str(tmp_path / "missing.eml"), files[1])
    assert result.returncode == 77
    assert result.stderr.splitlines() == [
        f"mailpoll: {empty}: there is no mail: not a single byte",
        f"mailpoll: {tmp_path / 'missing.eml'}: the mail cannot be read (No such file or directory)",
    ]
    assert [message.state for message in site.messages()] == ["read", "read"]
