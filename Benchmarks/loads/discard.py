"""Loads an endpoint with large responses whose bodies the kernel throws away (MSG_TRUNC of tcp(7)).

A client that copies what it receives needs more time for a large file than a server that sends it with sendfile, and
so measures itself. This one checks every head and counts every byte, but never touches a body.
"""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from clients import http1
from common.endpoint import Endpoint
from common.system import BenchmarkError
from loads.run import Run, run_clients
from loads.workload import Workload
from servers.server import Server

CHUNK_BYTES = 4 << 20


def run(server: Server, endpoint: Endpoint, workload: Workload, head_bytes: int, body_bytes: int, seconds: int) -> Run:
    """Loads a plain HTTP endpoint for some seconds, one thread a connection."""
    request = http1.request_head(endpoint.authority, workload.paths[0])

    def load_one(deadline: float) -> list[float]:
        with endpoint.connect() as connection:
            return list(_response_seconds(connection, request, head_bytes, body_bytes, deadline))

    threads = ThreadPoolExecutor(workload.connections)
    return run_clients(server, load_one, threads, workload.connections, seconds)


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
