"""Loads an HTTP/2 endpoint as browsers do that open a page: a new connection, and all its files as a burst."""

import functools
import time

from clients import http2
from clients.frames import Kind
from common.endpoint import Endpoint
from common.system import BenchmarkError
from loads.run import Run, processes, run_clients
from servers.server import Server

# Receiving a page costs a client in Python a few times as much as the server.
CLIENTS_PER_WORKER = 3
# How many streams browsers open before they know the server's limit, which is not lower with any server compared.
STREAMS = 100


def run(server: Server, endpoint: Endpoint, paths: list[str], total_bytes: int, workers: int, seconds: int) -> Run:
    """Opens the page again and again, in some processes, for some seconds. Any error ends the benchmark."""
    count = CLIENTS_PER_WORKER * workers
    client = functools.partial(_open_pages, endpoint, paths, total_bytes)
    return run_clients(server, client, processes(count), count, seconds)


def _open_pages(endpoint: Endpoint, paths: list[str], total_bytes: int, deadline: float) -> list[float]:
    durations = []
    while (began := time.monotonic()) < deadline:
        open_page(endpoint, paths, total_bytes)
        durations.append(time.monotonic() - began)
    return durations


def open_page(endpoint: Endpoint, paths: list[str], total_bytes: int) -> None:
    """Opens a connection, receives all files and closes it."""
    connection = http2.Connection(endpoint)
    connection.start(paths[:STREAMS])
    started, ended, received = STREAMS, 0, 0
    while ended < len(paths):
        ended_before = ended
        for frame in connection.receive():
            if frame.kind == Kind.DATA:
                received += frame.length
            elif frame.kind == Kind.HEADERS and (status := connection.status(frame)) != 200:
                raise BenchmarkError(f"{endpoint.authority} answered a file of the page with status {status}")
            ended += frame.ends_stream
        if ended > ended_before and started < len(paths):
            connection.start(paths[started : started + ended - ended_before])
            started += ended - ended_before
    if received != total_bytes:
        raise BenchmarkError(f"{endpoint.authority} sent {received} bytes for a page of {total_bytes}")
    connection.reset()
