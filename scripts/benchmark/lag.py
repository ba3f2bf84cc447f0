"""A TCP proxy on loopback that makes the way to a server long: each direction takes half of the round trip.

lag.py TARGET_PORT MILLISECONDS: prints the port it listens on, and serves until it is killed.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

Piece = tuple[float, bytes]
HELD = 10_000  # pieces on their way in one direction; with fewer the proxy would limit what a second carries


@contextmanager
def distant(port: int, milliseconds: float) -> Iterator[int]:
    """The port of a proxy before `port`, in a process of its own."""
    command = [sys.executable, __file__, str(port), str(milliseconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as proxy:
        assert proxy.stdout is not None
        try:
            yield int(proxy.stdout.readline())
        finally:
            proxy.kill()


async def _receive(reader: asyncio.StreamReader, way: asyncio.Queue[Piece], delay: float) -> None:
    clock = asyncio.get_running_loop().time
    piece = b" "
    while piece:
        try:
            piece = await reader.read(1 << 16)
        except OSError:
            piece = b""
        await way.put((clock() + delay, piece))


async def _pass_on(way: asyncio.Queue[Piece], writer: asyncio.StreamWriter) -> None:
    clock = asyncio.get_running_loop().time
    while True:
        due, piece = await way.get()
        if (left := due - clock()) > 0:
            await asyncio.sleep(left)
        if not piece:
            break
        writer.write(piece)
        await writer.drain()
    writer.close()


async def _serve(target: int, delay: float) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2 * delay)  # SYN and its answer
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target)
        there: asyncio.Queue[Piece] = asyncio.Queue(HELD)
        back: asyncio.Queue[Piece] = asyncio.Queue(HELD)
        jobs = (
            _receive(reader, there, delay),
            _pass_on(there, far_writer),
            _receive(far_reader, back, delay),
            _pass_on(back, writer),
        )
        await asyncio.gather(*jobs, return_exceptions=True)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2]) / 2000))
