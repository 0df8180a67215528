"""Loads an endpoint with large responses whose bodies the kernel throws away (MSG_TRUNC of tcp(7)).

A client that copies what it receives needs more time for a large file than a server that sends it with sendfile, and
so measures itself. This one checks every head and counts every byte, but never touches a body.
"""

import socket
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from load import Run, Workload
from servers import BenchmarkError, Endpoint, Server

CHUNK_BYTES = 4 << 20


def run(server: Server, endpoint: Endpoint, workload: Workload, head_bytes: int, body_bytes: int, seconds: int) -> Run:
    """Loads a plain HTTP endpoint for some seconds, one thread a connection. Any error ends the benchmark."""
    request = f"GET {workload.paths[0]} HTTP/1.1\r\nHost: {endpoint.authority}\r\n\r\n".encode()
    connections = [endpoint.connect() for _ in range(workload.connections)]
    cpu_before = server.cpu_seconds()
    began = time.monotonic()
    deadline = began + seconds

    def load_one(connection: socket.socket) -> list[float]:
        with connection:
            return list(_response_seconds(connection, request, head_bytes, body_bytes, deadline))

    with ThreadPoolExecutor(len(connections)) as pool:
        durations = [duration for every in pool.map(load_one, connections) for duration in every]
    elapsed = time.monotonic() - began
    cpu_seconds = server.cpu_seconds() - cpu_before
    server.check_alive()
    ranked = statistics.quantiles(durations, n=100, method="inclusive") if len(durations) > 1 else durations * 99
    return Run(len(durations), elapsed, cpu_seconds, ranked[49] * 1e3, ranked[98] * 1e3)


def _response_seconds(
    connection: socket.socket, request: bytes, head_bytes: int, body_bytes: int, deadline: float
) -> Iterator[float]:
    """Asks again and again until the deadline; every response is received to its end."""
    unused = bytearray(CHUNK_BYTES)
    while (began := time.monotonic()) < deadline:
        connection.sendall(request)
        head = connection.recv(head_bytes, socket.MSG_WAITALL)
        if not head.startswith(b"HTTP/1.1 200 ") or not head.endswith(b"\r\n\r\n"):
            raise BenchmarkError(f"an unexpected response: {head[:200]!r}")
        missing = body_bytes
        while missing:
            count = connection.recv_into(unused, min(missing, CHUNK_BYTES), socket.MSG_TRUNC)
            if count == 0:
                raise BenchmarkError(f"a connection was closed {missing} bytes before the end of a response")
            missing -= count
        yield time.monotonic() - began
