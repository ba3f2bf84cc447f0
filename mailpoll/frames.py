"""What the reader child and its parent say to each other: limits, calls and answers, in frames on two pipes."""

import struct
from typing import BinaryIO, Literal

import msgspec

from mailpoll.model import Cut, FileRules, Original, Reading, Recipient, Route

LENGTH = struct.Struct(">Q")
READY = b"mailpoll reader"


class Limits(msgspec.Struct, frozen=True):
    """What one mail may cost: seconds of CPU, seconds by the clock, octets of address space (0: no limit), how many
    characters of text are read, and which of its files go along (None: all)."""

    cpu_seconds: int = 5
    wall_seconds: float = 20.0
    memory: int = 0
    max_text: int = 1_000_000
    files: FileRules | None = None


class Call(msgspec.Struct, frozen=True, omit_defaults=True):
    """A question to the child; `size` octets of mail follow its frame."""

    kind: Literal["recipients", "posts", "part", "cuts", "original", "seven bit"]
    size: int
    patterns: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    safe: bool = False
    oversize_of: int = 0
    reference: str = ""
    number: int = 0


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the child found, or why it could not. With `more` another answer to the same call follows."""

    failure: str = ""
    recipients: tuple[Recipient, ...] = ()
    reading: Reading | None = None
    part: bytes = b""
    cuts: tuple[Cut, ...] = ()
    original: Original | None = None
    more: bool = False


_encoder = msgspec.msgpack.Encoder()
_limits = msgspec.msgpack.Decoder(Limits)
_calls = msgspec.msgpack.Decoder(Call)
_answers = msgspec.msgpack.Decoder(Answer)


class Nonsense(Exception):
    """A frame that holds something else than was expected."""


def framed(value: Limits | Call | Answer) -> bytes:
    """A value in its frame: its length, then itself."""
    data = _encoder.encode(value)
    return LENGTH.pack(len(data)) + data


def answer_of(data: bytes | memoryview) -> Answer:
    """The answer in a frame. Raises Nonsense."""
    try:
        return _answers.decode(data)
    except msgspec.MsgspecError as problem:
        raise Nonsense from problem


def limits_from(pipe: BinaryIO) -> Limits:
    """The limits, which the child hears first. Raises EOFError."""
    return _limits.decode(_frame(pipe))


def call_from(pipe: BinaryIO) -> tuple[Call, bytes]:
    """The next call, and the mail that belongs to it. Raises EOFError."""
    call = _calls.decode(_frame(pipe))
    return call, _read(pipe, call.size)


def write(pipe: BinaryIO, data: bytes) -> None:
    """Writes what is framed already, at once."""
    pipe.write(data)
    pipe.flush()


def _frame(pipe: BinaryIO) -> bytes:
    return _read(pipe, LENGTH.unpack(_read(pipe, LENGTH.size))[0])


def _read(pipe: BinaryIO, size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return data
