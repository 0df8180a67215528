"""Clients that let the server wait, and then go away."""

import random
import socket
import time
from collections.abc import Callable

from clients import http1, http2
from endurance.tally import Count, Tally
from endurance.target import Target, any_address

RECEIVE_BUFFER_BYTES = 1 << 14
PIECE_BYTES = 1 << 13
MOST_PIECES = 40
PAUSE_SECONDS = 0.05
# Longer than the server waits, and shorter.
MOST_IDLE_SECONDS = 10


def read_slowly(target: Target, tally: Tally) -> None:
    """Reads some of a large file in small pieces."""
    if target.endpoint.speaks_http2:
        with http2.Connection(target.endpoint, any_address()) as connection:
            connection.start([target.large] * 2)
            _read_pieces(connection.receive)
            connection.reset()
    else:
        with target.endpoint.connect(any_address()) as plain:
            _ask_for_large_file(plain, target)
            _read_pieces(lambda: plain.recv(PIECE_BYTES))
    tally.add(Count.SLOW_READERS)


def stop_reading(target: Target, tally: Tally) -> None:
    """Asks for a large file and reads nothing of it, perhaps for longer than the server puts up with."""
    with target.endpoint.connect(any_address()) as plain:
        _ask_for_large_file(plain, target)
        time.sleep(random.uniform(0, MOST_IDLE_SECONDS))
    tally.add(Count.SLOW_READERS)


def stay_idle(target: Target, tally: Tally) -> None:
    """Has a request answered and sends no other, perhaps for longer than the server keeps the connection."""
    with target.connect() as connection:
        connection.get(target.small)
        tally.add(Count.REQUESTS)
        time.sleep(random.uniform(0, MOST_IDLE_SECONDS))
    tally.add(Count.IDLE_CLIENTS)


def _ask_for_large_file(connection: socket.socket, target: Target) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    connection.sendall(http1.request_head(target.endpoint.authority, target.large))


def _read_pieces(read: Callable[[], object]) -> None:
    for _ in range(random.randint(1, MOST_PIECES)):
        read()
        time.sleep(PAUSE_SECONDS)
