"""Hostile input of the stress generators costs time in proportion to its size."""

import gc
import importlib.util
import time

import pytest

from mailpoll.message import addresses, header_fields, parse, part
from mailpoll.reply import new_text
from mailpoll.subject import topic_of

# Twice this, and up to twice more, stays below the limit of header blocks.
SIZE = 20_000
# Doubled input may take 2.5 times as long; what is faster than this is noise.
RATIO, NOISE_S = 2.5, 0.03


@pytest.fixture(scope="module")
def inputs(corpus):
    path = corpus.parent / "stress" / "inputs.py"
    if not path.is_file():
        pytest.skip(f"no generators at {path}")
    spec = importlib.util.spec_from_file_location("stress_inputs", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_mail(raw):
    parse(raw)
    parse(raw, safe=True)
    part(raw, 1)
    for _, value in header_fields(raw):
        addresses(value)
        topic_of(value)


def seconds(function, given):
    """CPU time of one call, without the garbage collector, whose cost is that of everything pytest holds."""
    gc.disable()
    started = time.process_time()
    function(given)
    taken = time.process_time() - started
    gc.enable()
    return taken


def is_slow(function, once, twice):
    """Whether three measurements agree that twice the input takes more than 2.5 times as long."""
    for _ in range(3):
        after = seconds(function, twice)
        if after <= NOISE_S or after <= RATIO * seconds(function, once):
            return False
    return True


def grown(generator):
    n = 100
    while len(generator(n)) < SIZE:
        n *= 2
    return generator(n), generator(2 * n)


@pytest.mark.parametrize(
    ("family", "function"),
    [
        ("TEXT", new_text),
        ("HTML", lambda html: new_text(html, "html")),
        ("MIME", read_mail),
        ("HEADERS", read_mail),
    ],
    ids=["text", "html", "mime", "headers"],
)
def test_time_grows_no_faster_than_the_input(inputs, family, function):
    generators = getattr(inputs, family).items()
    assert [name for name, generator in generators if is_slow(function, *grown(generator))] == []
