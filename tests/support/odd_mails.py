"""Mails of our own making that hold a little of everything a reader of mail must know."""

from __future__ import annotations

import base64

from support.site import mail

_HEAD = (
    b"Delivered-To: username+dev@example.com\r\nReceived: from mx.example.org by mx.example.com for "
    b"<username+dev@example.com>; Fri, 20 Nov 2026 09:00:00 +0000\r\nFrom: =?utf-8?q?J=C3=BCrgen?= <j@example.net>\r\n"
    b'To: "Dev, the channel" <username+dev@example.com>, (nobody) b@example.org\r\nMessage-ID: <odd@example.net>\r\n'
    b"Date: Fri, 20 Nov 2026 10:00:00 +0100\r\nSubject: =?iso-8859-1?B?R3L832U=?= =?utf-8?q?_again?=\r\n"
    b"MIME-Version: 1.0\r\n"
)


def _multipart(subtype: bytes, boundary: bytes, *parts: bytes) -> bytes:
    inside = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return (
        b"Content-Type: multipart/" + subtype + b'; boundary="' + boundary + b'"\r\n\r\n' + inside
        + b"--" + boundary + b"--\r\n"
    )  # fmt: skip


_PLAIN = (
    b"Content-Type: text/plain; charset=iso-8859-1; format=flowed\r\n\r\nGr\xfc\xdfe, \r\n"
    b"das ist neu.\r\n> alt\r\n-- \r\nJ\r\n"
)
_HTML = (
    b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b'<p>Gr=C3=BC=C3=9Fe <b>neu</b> <a href=3D"https://example.com/a?b=3Dc">example.org</a>=\r\n'
    b'<img src=3D"cid:i@x"><blockquote>alt</blockquote></p>\r\n'
)
_IMAGE = (
    b"Content-Type: image/png; name*0*=utf-8''b%C3%BC; name*1=ld.png\r\nContent-ID: <i@x>\r\n"
    b"Content-Disposition: inline\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(bytes(range(256)))
)
_FILE = (
    b'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="../../=?utf-8?b?w6QucGRm?="\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(b"%PDF" * 500)
)
_CALENDAR = (
    b"Content-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"
    b"SUMMARY:Talk\r\nDTSTART:20261120T090000Z\r\nORGANIZER:mailto:j@example.net\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
_STATUS = (
    b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n"
    b"Final-Recipient: rfc822; who@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n"
)
_UUENCODED = b"See this:\r\n\r\nbegin 644 a.txt\r\n#86)C\r\n`\r\nend\r\n\r\nand that.\r\n"
_JAPANESE = b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n\x1b$B$3$s$K$A$O\x1b(B\r\n"
_RELATED = _multipart(b"related", b"rel", _multipart(b"alternative", b"alt", _PLAIN, _HTML), _IMAGE)

MAILS = (
    mail(1),
    mail(2, size=2_000),
    mail(3, text="New.\n\nOn Friday, Bob <bob@example.org> wrote:\n> Old.\n\n-- \nAnna"),
    _HEAD + _multipart(b"mixed", b"mix", _RELATED, _FILE, _CALENDAR),
    _HEAD + _multipart(b'report; report-type="delivery-status"', b"rep", _PLAIN, _STATUS, b"Content-Type: "
                       b"message/rfc822\r\n\r\n" + mail(4)),
    _HEAD + _multipart(b'signed; micalg=sha-256; protocol="application/pgp-signature"', b"sig", _PLAIN,
                       b"Content-Type: application/pgp-signature\r\n\r\n-----BEGIN PGP SIGNATURE-----\r\n"),
    _HEAD + _multipart(b"digest", b"dig", b"\r\n" + mail(5), b"\r\n" + mail(6)),
    _HEAD + b"Content-Type: text/plain\r\n\r\n" + _UUENCODED,
    _HEAD + _JAPANESE,
    _HEAD + _HTML,
    _HEAD.replace(b"\r\n", b"\n") + b"Auto-Submitted: auto-replied\nList-Id: A list <list.example.net>\n\nAway.\n",
)  # fmt: skip
