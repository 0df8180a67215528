"""Asks for small files, one after the other, on an HTTP/2 connection that is busy with large ones."""

import time
from collections.abc import Iterator

from clients import http2
from clients.frames import Frame, Kind
from common.endpoint import Endpoint
from common.system import BenchmarkError
from loads.run import Run, percentiles
from servers.server import Server

LARGE_STREAMS = 4
# Until every buffer between server and client is full.
FILL_SECONDS = 0.3


class _Traffic:
    """The streams of one connection."""

    def __init__(self, connection: http2.Connection, small: str, large: str, large_bytes: int):
        self._connection, self._small, self._large, self._large_bytes = connection, small, large, large_bytes
        # Bytes received so far, by stream.
        self._received = dict.fromkeys(connection.start([large] * LARGE_STREAMS), 0)
        self._asked = 0.0
        self.is_waiting = False
        self.large_bytes_received = 0

    def ask(self) -> None:
        """Asks for the small file."""
        self._asked = time.monotonic()
        self._connection.start([self._small])
        self.is_waiting = True

    def small_file_seconds(self) -> Iterator[float]:
        """Receives once; yields how long the small file took if it is complete now."""
        for frame in self._connection.receive():
            if frame.kind == Kind.HEADERS and self._connection.status(frame) != 200:
                raise BenchmarkError(f"a file was answered with status {self._connection.status(frame)}")
            if frame.stream in self._received:
                self._count(frame)
            elif frame.ends_stream:
                self.is_waiting = False
                yield time.monotonic() - self._asked

    def _count(self, frame: Frame) -> None:
        """Counts a frame of a large file, and asks for the file again at its end."""
        if frame.kind == Kind.DATA:
            self._received[frame.stream] += frame.length
            self.large_bytes_received += frame.length
        if not frame.ends_stream:
            return
        if (received := self._received.pop(frame.stream)) != self._large_bytes:
            raise BenchmarkError(f"a file of {self._large_bytes} bytes came with {received}")
        self._received[self._connection.start([self._large])[0]] = 0


def run(server: Server, endpoint: Endpoint, small: str, large: str, large_bytes: int, seconds: int) -> Run:
    """Loads the endpoint for some seconds. Any error ends the benchmark.

    The latency is that of the small file, the responses are the large ones.
    """
    durations = []
    with http2.Connection(endpoint) as connection:
        traffic = _Traffic(connection, small, large, large_bytes)
        filled = time.monotonic() + FILL_SECONDS
        while time.monotonic() < filled:
            durations += traffic.small_file_seconds()
        before = traffic.large_bytes_received
        cpu_before = server.cpu_seconds()
        began = time.monotonic()
        while (now := time.monotonic()) < began + seconds or traffic.is_waiting:
            if not traffic.is_waiting:
                traffic.ask()
            durations += traffic.small_file_seconds()
        received = traffic.large_bytes_received - before
        cpu_seconds = server.cpu_seconds() - cpu_before
    server.check_alive()
    middle, late = percentiles(durations)
    return Run(received / large_bytes, now - began, cpu_seconds, middle * 1e3, late * 1e3)
