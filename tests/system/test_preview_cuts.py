"""`mailpoll preview` shows what a post leaves out of a mail, and as what."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import CommandLine

MAIL = """\
Message-ID: <1@x.example>
In-Reply-To: <0@x.example>
To: username+tdev@example.com
Subject: Re: lunch

Yes.

Kind regards,
Jane Roe
Tel. +44 20 7946 0000

On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:
> Lunch?
"""


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    found = CommandLine(tmp_path)
    found.ok("channel", "add", "dev", "--token", "tdev", "--option", "hide-sender")
    (tmp_path / "mail.eml").write_text(MAIL)
    return found


def test_what_is_left_out_is_shown_by_kind(line: CommandLine, tmp_path: Path) -> None:
    out = line.ok("preview", str(tmp_path / "mail.eml")).out
    assert "    left out (signature): Kind regards, … and 2 more lines\n" in out
    assert "    left out (attribution): On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:\n" in out
    assert "    left out (quote): > Lunch?\n" in out


def test_its_whole_text_is_in_the_json(line: CommandLine, tmp_path: Path) -> None:
    (post,) = line.ok("preview", "--json", "--cuts", str(tmp_path / "mail.eml")).json["posts"]
    assert post["body"] == "Yes."
    assert [cut["kind"] for cut in post["cuts"]] == ["signature", "attribution", "quote"]
    assert post["cuts"][0]["text"] == "Kind regards,\nJane Roe\nTel. +44 20 7946 0000"


def test_what_an_address_asks_to_keep_is_not_left_out(line: CommandLine, tmp_path: Path) -> None:
    said = line.ok("preview", "--json", "--cuts", "--to", "username+tdev.full@example.com", str(tmp_path / "mail.eml"))
    assert [post["cuts"] for post in said.json["posts"]] == [[]]
