"""Clients that behave well; what they get has to be right."""

import random

from clients import http2
from clients.client import Connection
from clients.frames import Kind
from common.system import BenchmarkError
from endurance.tally import Count, Tally
from endurance.target import Target, any_address

MOST_REQUESTS = 40
MOST_STREAMS = 30
MOST_BURSTS = 10


def ask_in_turn(target: Target, tally: Tally) -> None:
    """Requests one after the other on a connection, whose answers are compared with the files."""
    connection = target.connect()
    for _ in range(random.randint(1, MOST_REQUESTS)):
        request = target.any_request()
        request.check(connection.get(request.path, request.fields))
        tally.add(Count.REQUESTS)
    _close(connection)


def ask_at_once(target: Target, tally: Tally) -> None:
    """Bursts of requests for small files on an HTTP/2 connection."""
    connection = http2.Connection(target.endpoint, any_address())
    for _ in range(random.randint(1, MOST_BURSTS)):
        requests = [target.any_small_file() for _ in range(random.randint(2, MOST_STREAMS))]
        streams = connection.start([request.path for request in requests])
        sizes = [len(request.body or b"") for request in requests]
        receive(connection, dict(zip(streams, sizes, strict=True)))
        tally.add(Count.REQUESTS, len(requests))
    _close(connection)


def receive(connection: http2.Connection, expected: dict[int, int]) -> None:
    """Receives whole files on some streams, each of so many bytes; frames of other streams are ignored."""
    missing = dict(expected)
    while missing:
        for frame in connection.receive():
            if frame.stream not in missing:
                continue
            if frame.kind == Kind.HEADERS and (status := connection.status(frame)) != 200:
                raise BenchmarkError(f"a file was answered with status {status}")
            if frame.kind == Kind.DATA:
                missing[frame.stream] -= frame.length
            if frame.ends_stream and (difference := missing.pop(frame.stream)):
                size = expected[frame.stream]
                raise BenchmarkError(f"a file of {size} bytes came with {size - difference}")


def _close(connection: Connection) -> None:
    """Closes the connection as some clients do and as others do."""
    if random.random() < 0.5:
        connection.reset()
    else:
        connection.close()
