"""What is true of the new text of every mail of the reply corpus and of the torture corpus."""

import json

from mailpoll.message import parse
from mailpoll.reader import new_text_of
from mailpoll.reply import new_text, of_message


def visible(text):
    return [line.rstrip() for line in text.split("\n") if line.strip()]


def is_subsequence(some, of):
    left = iter(of)
    return all(line in left for line in some)


def cases(corpus):
    for path in sorted((corpus / "replies").glob("*.jsonl")):
        yield from map(json.loads, path.read_text("utf-8").splitlines())


def test_the_new_text_of_new_text_is_the_same(corpus):
    texts = [new_text_of(case["input"], case["kind"]) for case in cases(corpus)]
    same = sum(new_text(text) == text for text in texts)
    print(f"\nextracting twice changes nothing in {same} of {len(texts)} ({same / len(texts):.2%})")
    assert same >= 0.99 * len(texts)


def test_the_new_text_of_plain_replies_is_made_of_their_lines(corpus):
    wrong = []
    for case in cases(corpus):
        text = case["input"].replace("\r\n", "\n").replace("\r", "\n")
        new = visible(new_text(text))
        if case["kind"] == "plain" and not is_subsequence(new, visible(text)):
            wrong.append(case["id"])
    # An answer that shares its line with an attribution is the one thing that is cut out of a line.
    assert all("wrote:" in case["input"] for case in cases(corpus) if case["id"] in wrong)
    assert len(wrong) <= 3


def test_no_mail_with_words_is_left_without(corpus):
    wrong, count = [], 0
    for path in sorted(path for path in (corpus / "torture").rglob("*") if path.is_file()):
        mail = parse(path.read_bytes())
        count += 1
        if mail.text.strip() and not of_message(mail).text.strip():
            wrong.append(str(path))
    assert count > 900
    assert wrong == []
