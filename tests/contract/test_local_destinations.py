"""Maildirs and folders of files: what is in them after each post, each failure, each kill."""

from __future__ import annotations

import email
import email.policy
import errno
import json
import mailbox
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.hindered import bound_by_file_modes

from mailpoll import config
from mailpoll.delivery import Destination, KnowsPlaces
from mailpoll.destinations import make
from mailpoll.errors import DestinationRefused, MessageError, PermanentFailure, TemporaryFailure, Unanswered, Unreadable
from mailpoll.model import Attachment, Finding, Post, Receipt
from mailpoll.settings import FileSettings, MaildirSettings, SecretRef, Settings

START = datetime(2026, 11, 1, tzinfo=UTC)
RAW = b"From: ann@example.com\r\nSubject: disk full\r\n\r\nGr\xfc\xdfe\r\n"
FILES = (Attachment(1, "Grüße.pdf", "application/pdf", 6), Attachment(2, "../../etc/passwd", "message/rfc822", 3))
KINDS = ["maildir", "file"]


class Content:
    """The bytes behind a post; a part that is None cannot be read."""

    def __init__(self, *parts: bytes | None, raw: bytes = RAW) -> None:
        self._parts, self._raw = parts, raw

    def raw(self) -> Iterator[bytes]:
        return (self._raw[at : at + 7] for at in range(0, len(self._raw), 7))

    def part(self, number: int) -> Iterator[bytes]:
        data = self._parts[number]
        if data is None:
            raise Unreadable("it took more memory than allowed")
        return (data[at : at + 2] for at in range(0, len(data), 2))


def a_post(**changes: Any) -> Post:
    given: dict[str, Any] = {
        "channel": "ops",
        "destination": "here",
        "place": "",
        "topic": "Disk full",
        "body": "Grüße, **bold**\nFrom here on",
        "subject": "Re: Disk full",
        "sender": "Ann <ann@example.com>",
        "date": datetime(2026, 11, 6, 8, 49, 37, tzinfo=UTC),
        "key": "0123456789abcdef0123456789abcdef",
    }
    return Post(**{**given, **changes})


def no_secret(ref: SecretRef, about: str) -> str:
    raise AssertionError("there is none")


def here(kind: str, path: Path | str, **given: Any) -> Destination:
    section = MaildirSettings if kind == "maildir" else FileSettings
    made: Destination = make("here", Settings(destination={"here": section(path=str(path), **given)}), no_secret)
    return made


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def mode_of(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


# -- what is written --------------------------------------------------------------------------------------------------


def test_a_maildir_is_made_and_holds_the_bytes_that_came(tmp_path: Path) -> None:
    place = tmp_path / "archive"
    receipt = here("maildir", place).post(a_post(), Content())
    assert files_in(place) == [f"new/{receipt.id}"]
    assert (place / "new" / receipt.id).read_bytes() == RAW
    assert {mode_of(place / part) for part in (".", "cur", "new", "tmp")} == {"0o700"}
    assert mode_of(place / "new" / receipt.id) == "0o600"
    [mail] = mailbox.Maildir(place, create=False)
    assert mail["Subject"] == "disk full"


def test_a_place_is_a_folder_that_imap_servers_show(tmp_path: Path) -> None:
    made = here("maildir", tmp_path / "m")
    made.post(a_post(place="support/2026"), Content())
    assert mailbox.Maildir(tmp_path / "m", create=False).list_folders() == ["support.2026"]
    assert (tmp_path / "m" / ".support.2026" / "maildirfolder").read_bytes() == b""
    assert len(mailbox.Maildir(tmp_path / "m").get_folder("support.2026")) == 1


def test_a_post_as_a_mail_can_be_read_with_its_files(tmp_path: Path) -> None:
    made = here("maildir", tmp_path / "m", as_="post")
    post = a_post(attachments=FILES, whole_text=True)
    name = made.post(post, Content("whöle".encode(), b"%PDF-1", b"raw")).id
    mail = email.message_from_bytes((tmp_path / "m/new" / name).read_bytes(), policy=email.policy.default)
    assert mail.defects == []
    assert (mail["From"], mail["Subject"]) == ("Ann <ann@example.com>", "Disk full")
    assert mail["Date"].datetime == post.date
    text, *attached = mail.iter_parts()
    assert text.get_content().rstrip("\n") == post.body
    assert [(part.get_filename(), part.get_content_type(), part.get_payload(decode=True)) for part in attached] == [
        ("whole-text.txt", "text/plain", "whöle".encode()),
        ("Grüße.pdf", "application/pdf", b"%PDF-1"),
        ("../../etc/passwd", "application/octet-stream", b"raw"),
    ]
    assert mail["X-Mailpoll"] == "post"  # a gateway that comes to see it knows it for ours


@pytest.mark.parametrize(
    ("sender", "shown"),
    [
        ("Ann <ann@example.com>", ("Ann", "ann@example.com")),
        ("ann@example.com", ("", "ann@example.com")),
        ("Bcc: a\r\nX: y <ann@example.com>", ("Bcc: a X: y", "ann@example.com")),
        ("Mallory <a@b> <evil", ("Mallory <a@b> <evil", "unverified@mailpoll.invalid")),
        ("", ("", "unverified@mailpoll.invalid")),
        ("Jürgen 日本 <j@example.com>", ("Jürgen 日本", "j@example.com")),
    ],
)
def test_no_sender_writes_a_header_field_of_their_own(tmp_path: Path, sender: str, shown: tuple[str, str]) -> None:
    name = here("maildir", tmp_path / "m", as_="post").post(a_post(sender=sender, subject="", topic=""), Content()).id
    mail = email.message_from_bytes((tmp_path / "m/new" / name).read_bytes(), policy=email.policy.default)
    [address] = mail["From"].addresses
    assert (address.display_name, address.addr_spec) == shown
    assert set(mail.keys()).isdisjoint({"Bcc", "X"})


@pytest.mark.parametrize(("form", "ending"), [("json", ".json"), ("text", ".txt"), ("eml", ".eml")])
def test_a_file_is_named_after_its_key(tmp_path: Path, form: str, ending: str) -> None:
    made = here("file", tmp_path / "in", format=form, mode="0640")
    receipt = made.post(a_post(place="a/b"), Content())
    name = f"{a_post().key}{ending}"
    assert receipt == Receipt(id=f"a/b/{name}")
    assert files_in(tmp_path / "in") == [f"a/b/{name}"]
    assert mode_of(tmp_path / "in/a/b" / name) == "0o640"
    data = (tmp_path / "in/a/b" / name).read_bytes()
    assert (data == RAW) == (form == "eml")
    if form == "text":
        assert data.decode() == "Disk full\n\nGrüße, **bold**\nFrom here on\n"


def test_json_has_what_web_hooks_get(tmp_path: Path) -> None:
    made = here("file", tmp_path / "in")
    post = a_post(attachments=FILES, whole_text=True, body="half \ud800")
    made.post(post, Content(b"whole", b"%PDF-1", None))
    said = json.loads((tmp_path / "in" / f"{post.key}.json").read_bytes())
    assert (said["version"], said["key"], said["topic"], said["body"]) == (1, post.key, "Disk full", "half ?")
    assert (said["date"], said["whole_text"]) == ("2026-11-06T08:49:37+00:00", "whole")
    pdf, other = said["attachments"]
    assert pdf == {"name": "Grüße.pdf", "type": "application/pdf", "size": 6, "content_id": "", "content": "JVBERi0x"}
    assert (other["omitted"], other["reason"]) == (True, "it took more memory than allowed")
    left_out = here("file", tmp_path / "out", attachments=False)
    left_out.post(post, Content(b"whole", b"%PDF-1", b"x"))
    said = json.loads((tmp_path / "out" / f"{post.key}.json").read_bytes())
    assert all(each["omitted"] and "content" not in each for each in said["attachments"])


def test_paths_are_relative_to_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('[destination.d]\nkind = "file"\npath = "inbound"\n')
    section = config.load(tmp_path / "c.toml").destination["d"]
    assert isinstance(section, FileSettings)
    assert section.path == str(tmp_path / "inbound")


# -- once -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_delivery_finds_the_first(tmp_path: Path, kind: str) -> None:
    made, post = here(kind, tmp_path / "d"), a_post(place="sub")
    assert made.find(post, START, lambda _: False) is None
    receipt = made.post(post, Content())
    assert made.find(post, START, lambda _: False) == receipt
    before = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in (tmp_path / "d").rglob("*.*")}
    assert made.post(post, Content(raw=b"other bytes")) == receipt
    assert {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in (tmp_path / "d").rglob("*.*")} == before
    assert made.find(a_post(place="sub", key="f" * 32), START, lambda _: False) is None


@pytest.mark.parametrize("flags", [":2,", ":2,RS", ",S=57,W=59:2,S", ""])
def test_a_mail_that_was_read_is_found(tmp_path: Path, flags: str) -> None:
    made, post = here("maildir", tmp_path / "m"), a_post()
    receipt = made.post(post, Content())
    (tmp_path / "m/new" / receipt.id).rename(tmp_path / "m/cur" / f"{receipt.id}{flags}")
    assert made.find(post, START, lambda _: False) == receipt


# Ends the process before call number argv[2] of those that change a disk, counted from 1; exit 9 then, 0 when it came
# through. One process for all of them: an interpreter takes longer to start than all the rest.
_KILLED = """
import os, sys
sys.path.insert(0, {tests!r})
from contract.test_local_destinations import Content, a_post, here
CALLS = {{"open", "mkdir", "write", "fchmod", "fsync", "rename", "close"}}
def dying(number):
    left = [number]
    def watch(frame, event, called):
        if event == "c_call" and called.__name__ in CALLS and "durable" in frame.f_code.co_filename:
            left[0] -= 1
            if not left[0]:
                os._exit(9)
    return watch
number, status = 0, 9
while status:
    number += 1
    made = here({kind!r}, f"{path}/{{number}}", **{given!r})
    child = os.fork()
    if not child:
        sys.setprofile(dying(number))
        made.post(a_post(place="sub"), Content())
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 9), status
print(number)
"""


@pytest.mark.parametrize(("kind", "given"), [("maildir", {}), ("maildir", {"as_": "post"}), ("file", {})])
def test_a_kill_at_any_step_leaves_one_whole_file(tmp_path: Path, kind: str, given: dict[str, Any]) -> None:
    code = _KILLED.format(tests=str(Path(__file__).parents[1]), kind=kind, path=tmp_path, given=given)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    steps = int(done.stdout)
    assert steps > 10
    found = 0
    for number in range(1, steps + 1):
        made, post = here(kind, tmp_path / str(number), **given), a_post(place="sub")
        arrived = made.find(post, START, lambda _: False)  # as the next run asks before it posts again
        found += arrived is not None
        receipt = arrived or made.post(post, Content())
        [name] = [each for each in files_in(tmp_path / str(number)) if not each.endswith("maildirfolder")]
        assert name.endswith(receipt.id.rpartition("/")[2])
        whole = (tmp_path / str(number) / name).read_bytes()
        assert whole == RAW or whole.endswith((b"From here on\n", b"]}\n", b"From here on\n\n"))
    assert 0 < found < steps


# -- what can go wrong ------------------------------------------------------------------------------------------------


def failing(made: Destination, **changes: Any) -> MessageError:
    with pytest.raises(MessageError) as caught:
        made.post(a_post(**changes), Content(raw=RAW * 40000))
    return caught.value


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_parent_pauses_and_nothing_is_made(tmp_path: Path, kind: str) -> None:
    problem = failing(here(kind, tmp_path / "not mounted" / "d"))
    assert type(problem) is DestinationRefused
    assert "the folder that it is in is missing" in problem.what
    assert problem.advice == "Make that folder, or mount what it is on"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_folder_is_named(tmp_path: Path, kind: str) -> None:
    (tmp_path / "d").write_text("a file")
    problem = failing(here(kind, tmp_path / "d"))
    assert type(problem) is DestinationRefused
    assert str(problem) == (
        f"destination.here: {tmp_path}/d cannot be used: it is no folder. "
        "Name a folder, one that is there or can be made"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_is_waited_for(tmp_path: Path, kind: str, small_disk: Path) -> None:
    made = here(kind, small_disk / "d", **({} if kind == "maildir" else {"format": "eml"}))
    problem = failing(made)
    assert type(problem) is TemporaryFailure
    assert "the disk is full" in problem.what
    assert problem.advice == "Make room"
    assert files_in(small_disk) == []  # what was begun does not fill it
    assert made.post(a_post(), Content()).id


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


_POSTED = """
import sys
sys.path.insert(0, {tests!r})
from contract.test_local_destinations import failing, here
made = here({kind!r}, {path!r})
print(made.check()[0].level, type(failing(made)).__name__, failing(made).what)
"""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("made_before", [True, False])
def test_a_folder_that_may_not_be_written_pauses(tmp_path: Path, kind: str, made_before: bool) -> None:
    folder = tmp_path / "d"
    if made_before:
        folder.mkdir(0o500)
    else:
        tmp_path.chmod(0o500)
    code = _POSTED.format(tests=str(Path(__file__).parents[1]), kind=kind, path=str(folder))
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, preexec_fn=bound_by_file_modes
    ).stdout
    tmp_path.chmod(0o700)
    assert said.startswith("fail DestinationRefused ")
    assert "this user may not write there" in said


@pytest.mark.parametrize("kind", KINDS)
def test_a_disk_that_breaks_off_is_tried_again(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    made = here(kind, tmp_path / "d")
    made.post(a_post(key="0" * 32), Content())
    for number, outcome in ((errno.EIO, TemporaryFailure), (errno.ESTALE, TemporaryFailure)):
        with monkeypatch.context() as broken:
            broken.setattr(os, "fsync", _raising(number))
            assert type(failing(made)) is outcome
    assert len(files_in(tmp_path / "d")) == 1


def _raising(number: int, after: int = 0) -> Callable[[int], None]:
    """An fsync that fails from the call `after` on: no file system here does that."""
    done = [0]

    def fsync(fd: int) -> None:
        done[0] += 1
        if done[0] > after:
            raise OSError(number, os.strerror(number))

    return fsync


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_that_cannot_be_synced_leaves_it_open_whether_the_file_stays(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = here(kind, tmp_path / "d")
    made.post(a_post(key="0" * 32), Content())
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", _raising(errno.EIO, after=1))
        assert type(failing(made)) is Unanswered
    assert made.find(a_post(), START, lambda _: False) is not None
    with monkeypatch.context() as cifs:
        cifs.setattr(os, "fsync", _raising(errno.EINVAL, after=1))  # folders are not synced there
        assert made.post(a_post(key="1" * 32), Content()).id


# -- places -----------------------------------------------------------------------------------------------------------

OUTSIDE = ["..", "../x", "a/../../x", "/etc", "a//b", "a/", ".hidden", "a/.b", "x" * 300, "a\nb", "a\0b", "\udcff"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", OUTSIDE)
def test_a_place_never_leads_outside(tmp_path: Path, kind: str, place: str) -> None:
    made = here(kind, tmp_path / "inside" / "d")
    (tmp_path / "inside").mkdir()
    assert isinstance(made, KnowsPlaces)
    finding = made.check_place(place)
    assert finding is not None
    assert (finding.level, finding.advice[:5]) == ("fail", "Write")
    # About this post alone: other channels go on.
    assert type(failing(made, place=place)) is PermanentFailure
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", ["", "support", "support/2026"])
def test_a_place_that_can_be_one_is_not_complained_of(tmp_path: Path, kind: str, place: str) -> None:
    made = here(kind, tmp_path)
    assert isinstance(made, KnowsPlaces)
    assert made.check_place(place) is None


def test_a_folder_of_a_maildir_has_no_dot_and_no_letter_that_imap_writes_otherwise(tmp_path: Path) -> None:
    for place in ("a.b", "Entwürfe"):
        assert type(failing(here("maildir", tmp_path / "m"), place=place)) is PermanentFailure


def test_a_link_in_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "d/sub").symlink_to(tmp_path / "elsewhere")
    problem = failing(here("file", tmp_path / "d"), place="sub")
    assert type(problem) is PermanentFailure
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_check_says_what_is_there_and_makes_nothing(tmp_path: Path, kind: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "d").mkdir()
    places = ("d", "new", "file", "missing/d")
    found = [here(kind, tmp_path / name).check()[0] for name in places]
    assert [finding.level for finding in found] == ["ok", "ok", "fail", "fail"]
    assert found[1] == Finding("ok", f"here: {tmp_path}/new will be made with the first post")
    assert "missing" in found[3].what
    assert not (tmp_path / "new").exists()
