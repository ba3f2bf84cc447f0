"""Forms with files, as another parser reads them."""

from __future__ import annotations

from email import policy
from email.parser import BytesParser

from mailpoll.http import Form


def parsed(form: Form) -> list[tuple[str, str | None, str, bytes]]:
    """(name, file name, type, bytes) of each part."""
    head = f"Content-Type: {form.content_type}\r\n\r\n".encode()
    mail = BytesParser(policy=policy.HTTP).parsebytes(head + bytes(form.end()))
    assert not mail.defects
    return [
        (part.get_param("name", header="content-disposition"), part.get_filename(), part.get_content_type(),
         part.get_payload(decode=True))
        for part in mail.iter_parts()
    ]  # fmt: skip


def test_fields_and_files_come_out_as_they_went_in() -> None:
    form = Form()
    form.text("text", "Grüße")
    form.text("json", b"{}", "application/json")
    form.file("file", "a.bin", "image/png", [b"\x00\r\n", b"--", b""])
    assert parsed(form) == [
        ("text", None, "text/plain", "Grüße".encode()),
        ("json", None, "application/json", b"{}"),
        ("file", "a.bin", "image/png", b"\x00\r\n--"),
    ]


def test_what_strangers_name_their_files_ends_no_field() -> None:
    form = Form()
    form.file("file", 'a"; name="b\r\nX-Evil: 1\r\n\r\n.txt', "text/plain\r\nX-Evil: 1", [b"abc"])
    ((name, filename, _, data),) = parsed(form)
    assert (name, filename, data) == ("file", "a%22; name=%22b%0D%0AX-Evil: 1%0D%0A%0D%0A.txt", b"abc")
    assert b"\r\nX-Evil" not in form.body


def test_half_a_surrogate_pair_stops_no_form() -> None:
    form = Form()
    form.text("text", "a\udc80b")
    form.file("file", "\udc80.txt", "text/plain", [b""])
    assert [(filename, data) for _, filename, _, data in parsed(form)] == [(None, b"a?b"), ("?.txt", b"")]


def test_no_two_forms_have_the_same_boundary() -> None:
    assert Form().boundary != Form().boundary
