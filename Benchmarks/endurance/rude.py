"""Clients that go away in the middle of something."""

import contextlib
import random
import socket
import ssl

from clients import frames, http1, http2
from clients.frames import Setting
from common.dataset import SMALL_BYTES
from common.endpoint import client_context, reset
from endurance.polite import receive
from endurance.tally import Count, Tally
from endurance.target import Target, any_address

MOST_BODY_BYTES = 8 << 20
STREAMS = 4
MOST_BURSTS = 8
SERVER_FLIGHT_BYTES = 1 << 16


def abort_body(target: Target, tally: Tally) -> None:
    """Asks for large files and resets the connection in the middle of them."""
    missing = random.randrange(MOST_BODY_BYTES)
    if target.endpoint.speaks_http2:
        with http2.Connection(target.endpoint, any_address()) as connection:
            connection.start([target.large] * random.randint(1, STREAMS))
            while missing > 0:
                missing -= sum(frame.length for frame in connection.receive())
            connection.reset()
    else:
        with target.endpoint.connect(any_address()) as plain:
            plain.sendall(http1.request_head(target.endpoint.authority, target.large))
            while missing > 0 and (data := plain.recv(1 << 16)):
                missing -= len(data)
            reset(plain)
    tally.add(Count.ABORTED_BODIES)


def reset_streams(target: Target, tally: Tally) -> None:
    """Cancels large files of an HTTP/2 connection, which has to be of use afterwards."""
    with http2.Connection(target.endpoint, any_address()) as connection:
        for _ in range(random.randint(1, MOST_BURSTS)):
            streams = connection.start([target.large] * random.randint(1, STREAMS))
            for _ in range(random.randrange(20)):
                connection.receive()
            connection.cancel(streams)
            tally.add(Count.RESET_STREAMS, len(streams))
            receive(connection, {connection.start([target.small])[0]: SMALL_BYTES})
            tally.add(Count.REQUESTS)


def send_half_request(target: Target, tally: Tally) -> None:
    """Ends the connection before its first request is complete."""
    authority = target.endpoint.authority
    if target.endpoint.speaks_http2:
        scheme = "https" if target.endpoint.is_encrypted else "http"
        request = frames.PREFACE + frames.settings({Setting.ENABLE_PUSH: 0})
        request += frames.headers(1, frames.request_section(scheme, authority, target.large))
    else:
        request = http1.request_head(authority, target.large, {"Accept": "*/*"})
    with target.endpoint.connect(any_address()) as connection:
        connection.sendall(request[: random.randrange(len(request))])
        _leave(connection)
    tally.add(Count.HALF_REQUESTS)


def cut_handshake(target: Target, tally: Tally) -> None:
    """Ends the connection within the handshake of TLS: before the client's first message is whole, or after it."""
    with target.endpoint.connect_plainly(any_address()) as connection:
        hello = _client_hello()
        if random.random() < 0.5:
            connection.sendall(hello[: random.randrange(len(hello))])
        else:
            connection.sendall(hello)
            connection.recv(random.randint(1, SERVER_FLIGHT_BYTES))
        _leave(connection)
    tally.add(Count.CUT_HANDSHAKES)


def _client_hello() -> bytes:
    outgoing = ssl.MemoryBIO()
    client = client_context(random.choice([None, "h2"])).wrap_bio(ssl.MemoryBIO(), outgoing)
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def _leave(connection: socket.socket) -> None:
    """Lets the connection end with RST, or, when it is closed later, with FIN."""
    if random.random() < 0.5:
        reset(connection)
