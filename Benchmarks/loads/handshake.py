"""Loads an endpoint with TLS handshakes, full ones or resumed ones.

Every connection also has one small request answered: only then has the server finished its part for certain.
"""

import functools
import ssl
import time

from clients import http1
from common.endpoint import Endpoint, reset
from common.system import BenchmarkError
from loads.run import Run, processes, run_clients
from servers.server import Server

# A handshake costs a client in Python a few times as much as the server.
CLIENTS_PER_WORKER = 3


def run(server: Server, endpoint: Endpoint, path: str, is_resumed: bool, workers: int, seconds: int) -> Run:
    """Does handshakes one after the other, in some processes, for some seconds.

    The latency is that of connecting, without the request. Any error ends the benchmark, and so does a handshake that
    is full where it ought to be resumed, or the other way round.
    """
    count = CLIENTS_PER_WORKER * workers
    client = functools.partial(_shake_hands, endpoint, path, is_resumed)
    return run_clients(server, client, processes(count), count, seconds)


def _shake_hands(endpoint: Endpoint, path: str, is_resumed: bool, deadline: float) -> list[float]:
    request = http1.request_head(endpoint.authority, path)
    session = _connect(endpoint, request, None)[1] if is_resumed else None
    durations = []
    while time.monotonic() < deadline:
        duration, following = _connect(endpoint, request, session)
        durations.append(duration)
        # Tickets of TLS 1.3 are meant to be used once.
        session = following if is_resumed else None
    return durations


def _connect(endpoint: Endpoint, request: bytes, session: ssl.SSLSession | None) -> tuple[float, ssl.SSLSession | None]:
    """How long a connection took, and the session to resume next."""
    began = time.monotonic()
    connection = endpoint.connect(session=session)
    duration = time.monotonic() - began
    connection.sendall(request)
    answer = connection.recv(1 << 16)
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise BenchmarkError(f"an unexpected response after a handshake: {answer[:200]!r}")
    if connection.session_reused != (session is not None):
        kind = "resumed" if connection.session_reused else "full"
        raise BenchmarkError(f"{endpoint.authority} made a {kind} handshake where the other kind was asked for")
    following = connection.session
    reset(connection)
    return duration, following
