"""Names of files as people see them: no path, nothing invisible, not too long, no two the same."""

import pytest

from mailpoll.message import names, parse


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("report.pdf", "report.pdf"),
        ("Grüße 日本.pdf", "Grüße 日本.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\report.pdf", "report.pdf"),
        ("/etc/", ""),
        ("..", ""),
        (".htaccess", "htaccess"),
        ("  . a.txt . ", "a.txt"),
        ("a\r\nb\tc.txt", "abc.txt"),
        ("rep\u202efdp.exe", "repfdp.exe"),
        ("a\u200b\u2066b\u2069.txt", "ab.txt"),
        ("a\U000e0041\U000e007fb\ufe0f.txt", "ab.txt"),
        ("a\u3164\u00ad\ufeff.txt", "a.txt"),
        ("invoice.pdf          .exe", "invoice.pdf .exe"),
        ("CON", "CON_"),
        ("nul.txt", "nul_.txt"),
        ("com1.tar.gz", "com1_.tar.gz"),
        ("LPT¹", "LPT¹_"),
        ("console.txt", "console.txt"),
        ("x" * 300 + ".pdf", "x" * 93 + "....pdf"),
        ("x" * 300 + ".pdf.exe", "x" * 89 + "....pdf.exe"),
        ("x" * 300 + ".application", "x" * 85 + "....application"),
        ("x" * 300, "x" * 87 + "..." + "x" * 10),
        ("a." * 100_000 + "exe", ("a." * 50)[: 100 - 3 - 6] + "....a.exe"),
        ("x" * 100_000 + "/" + "y" * 100_000 + ".exe", "y" * 93 + "....exe"),
    ],
)
def test_names_are_cleaned(given, name):
    assert names.clean(given) == name
    assert len(names.clean(given)) <= names.MAX_NAME


@pytest.mark.parametrize(
    ("given", "unique"),
    [
        (["a.txt", "b.txt"], ["a.txt", "b.txt"]),
        (["a.txt", "a.txt", "a.txt"], ["a.txt", "a (2).txt", "a (3).txt"]),
        (["a.txt", "A.TXT"], ["a.txt", "A (2).TXT"]),
        (["a.txt", "a (2).txt", "a.txt"], ["a.txt", "a (2).txt", "a (3).txt"]),
        (["a", "a"], ["a", "a (2)"]),
        ([".x", ".x"], [".x", ".x (2)"]),
    ],
)
def test_equal_names_are_numbered(given, unique):
    assert names.unique(given) == unique


def test_long_equal_names_stay_within_the_limit():
    made = names.unique(["x" * 96 + ".pdf"] * 1_000)
    assert len(set(made)) == 1_000
    assert max(map(len, made)) <= names.MAX_NAME
    assert all(name.endswith(".pdf") for name in made)


def test_a_type_that_is_longer_than_types_may_be_says_nothing():
    """It would go into a header field of HTTP, where a server breaks off, and every attempt with it."""
    found = parse(b"Content-Type: application/" + b"x" * 90_000 + b"; name=a.bin\r\n\r\nabc")
    assert [(file.name, file.type) for file in found.attachments] == [("a.bin", "application/octet-stream")]
