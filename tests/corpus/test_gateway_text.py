"""Subjects, forwards and footers as the seed system treated them."""

import json

import pytest

from mailpoll.reply import is_forwarded, without_footer
from mailpoll.subject import topic_of


def cases(corpus, kind):
    lines = (corpus / "gateway" / "cases.jsonl").read_text("utf-8").splitlines()
    found = [case for case in map(json.loads, lines) if case["kind"] == kind]
    assert found, f"no cases of kind {kind}"
    return found


@pytest.mark.parametrize(
    ("kind", "given", "function"),
    [
        ("is_forwarded", "subject", is_forwarded),
        ("subject_strip", "subject", topic_of),
        ("filter_footer", "text", without_footer),
    ],
)
def test_as_the_seed_system(corpus, kind, given, function):
    wrong = [
        (case["id"], case[given], function(case[given]), case["expect"])
        for case in cases(corpus, kind)
        if function(case[given]) != case["expect"]
    ]
    assert wrong == []
