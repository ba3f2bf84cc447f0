"""Mails made to cost time or memory: functions of about how many octets one is to have. Also for scripts/hostile.py."""

from __future__ import annotations

from collections.abc import Callable

HEAD = b"From: Anna <anna@example.net>\nSubject: Hello\n"
TEXT = b"Content-Type: text/plain\n\nThe text.\n"


def mixed(*parts: bytes, head: bytes = HEAD) -> bytes:
    """A mail of these parts."""
    return head + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"".join(b"--b\n" + p + b"\n" for p in parts)


# Each makes a mail of about so many octets on which a reader may waste its time.
SHAPES: dict[str, Callable[[int], bytes]] = {
    "lines of dashes": lambda n: HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--\n" * (n // 3),
    "almost the boundary": lambda n: mixed(TEXT) + b"--bx\n" * (n // 5),
    "different lines of dashes": lambda n: mixed(TEXT) + b"".join(b"--%x\n" % at for at in range(n // 8)),
    "a header without an end": lambda n: mixed(TEXT, b"a:\n" * (n // 3)),
    "no header, no blank line": lambda n: mixed(TEXT, b"a\n" * (n // 2)),
    "parts of headers": lambda n: mixed(TEXT, *[b"a:\n" * 30_000] * (n // 90_000)),
    "nested to the limit, again and again": lambda n: mixed(
        *[b"".join(b"Content-Type: multipart/mixed; boundary=n%d\n\n--n%d\n" % (k, k) for k in range(99))]
        * (n // 5_000)
    ),
    "padding everywhere": lambda n: HEAD + b"Content-Transfer-Encoding: base64\n\n" + b"QQ==\n" * (n // 5),
    "padding in a file": lambda n: mixed(
        TEXT, b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n" + b"QQ==" * (n // 4)
    ),
    "escapes without a line end": lambda n: (
        HEAD + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"= \t=" * (n // 4)
    ),
    "blanks after dashes": lambda n: mixed(TEXT) + (b"--b" + b" " * 2_000 + b"x\n") * (n // 2_004),
    "addresses without names": lambda n: b"To: " + b"<@" * (n // 2) + b"\n\nx\n",
    "quotes that never close": lambda n: b"From: " + b'\\"("' * (n // 4) + b"\n\nx\n",
    "words of many charsets": lambda n: b"Subject: " + b"=?utf-7?q?+AAA?= =?hz?b?fnt+e357?= " * (n // 36) + b"\n\nx\n",
    "parameters in pieces": lambda n: b"Content-Type: text/plain" + b"; a*9999*=''%" * (n // 13) + b"\n\nx\n",
    "a file in slices": lambda n: mixed(
        TEXT,
        b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n" + (b"QUJD" * 19 + b"\n") * (n // 77),
    ),
}

# What scripts/hostile.py looks for in a file of generators.
MIME = SHAPES
HEADERS: dict[str, Callable[[int], bytes]] = {}
