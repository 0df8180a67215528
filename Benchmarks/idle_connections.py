#!/usr/bin/env python3
"""Measures what idle connections cost: nginx first, then the gateway, one worker each.

Every connection has had one request answered. Memory is the growth of the server's resident memory; the kernel's
own memory for sockets is the same for both and not counted.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from clients import client
from common import dataset, program
from common.dataset import Dataset
from common.endpoint import PROTOCOLS, Endpoint, make_certificate
from common.options import add_number_option, new_parser
from common.system import BenchmarkError, raise_descriptor_limit
from servers.gateway import Gateway
from servers.nginx import Nginx
from servers.server import CRASH_SECONDS, Server

# An address and port of the client's side make a connection unique: some thousand for each address.
CONNECTIONS_PER_ADDRESS = 5000
# What Python, the server's own files and the probing client need besides the connections.
SPARE_DESCRIPTORS = 300
IDLE_SECONDS = 900
SETTLE_SECONDS = 2.0
CLIENT_THREADS = 8
NEW_CLIENTS = 50


@dataclass(frozen=True)
class Outcome:
    """What one server needed for the connections."""

    connections: int
    bytes_before: int
    bytes_open: int
    bytes_closed: int
    bytes_again: int
    descriptors_left: int
    new_client_seconds: list[float]

    @property
    def bytes_each(self) -> float:
        return (self.bytes_open - self.bytes_before) / self.connections


def open_connections(endpoint: Endpoint, path: str, size: int, count: int) -> list[client.Connection]:
    """Opens connections and has one request answered on each."""

    def open_one(number: int) -> client.Connection:
        connection = client.connect(endpoint, f"127.0.{1 + number // CONNECTIONS_PER_ADDRESS}.1")
        answer = connection.get(path)
        if answer.status != 200 or len(answer.body) != size:
            raise BenchmarkError(f"connection {number} was answered with status {answer.status}")
        return connection

    with ThreadPoolExecutor(CLIENT_THREADS) as pool:
        return list(pool.map(open_one, range(count)))


def close_connections(server: Server, connections: list[client.Connection], descriptors: int) -> int:
    """Closes all and waits until the server has noticed; returns how many descriptors it did not give back."""
    for connection in connections:
        connection.reset()
    connections.clear()
    deadline = time.monotonic() + 10
    while server.open_descriptors() > descriptors and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(SETTLE_SECONDS)
    return max(0, server.open_descriptors() - descriptors)


def new_client_seconds(endpoint: Endpoint, path: str) -> list[float]:
    """How long clients that come now wait, from connecting to the end of the answer."""
    times = []
    for _ in range(NEW_CLIENTS):
        began = time.monotonic()
        if client.get(endpoint, path).status != 200:
            raise BenchmarkError(f"a new client of {endpoint.url(path)} was refused")
        times.append(time.monotonic() - began)
    return times


def measure(server: Server, endpoint: Endpoint, data: Dataset, count: int) -> Outcome:
    path, size = data.small, dataset.SMALL_BYTES
    for _ in range(20):
        client.get(endpoint, path)
    time.sleep(SETTLE_SECONDS)
    before, descriptors = server.resident_bytes(), server.open_descriptors()

    connections = open_connections(endpoint, path, size, count)
    time.sleep(SETTLE_SECONDS)
    opened = server.resident_bytes()
    waits = new_client_seconds(endpoint, path)
    for connection in connections[:: max(1, count // NEW_CLIENTS)]:
        if connection.get(path).status != 200:
            raise BenchmarkError(f"an idle connection to {server.name} did not work any more")
    left = close_connections(server, connections, descriptors)
    closed = server.resident_bytes()

    connections = open_connections(endpoint, path, size, count)
    time.sleep(SETTLE_SECONDS)
    again = server.resident_bytes()
    close_connections(server, connections, descriptors)
    server.check_alive()
    return Outcome(count, before, opened, closed, again, left, waits)


def mebibytes(count: int) -> str:
    return f"{count / (1 << 20):.1f} MiB"


def report(name: str, outcome: Outcome) -> None:
    waits = [seconds * 1000 for seconds in outcome.new_client_seconds]
    print(
        f"  {name}: {outcome.bytes_each / 1024:.2f} KiB a connection "
        f"({mebibytes(outcome.bytes_before)} -> {mebibytes(outcome.bytes_open)})\n"
        f"    a new client is answered in {statistics.median(waits):.2f} ms (median), {max(waits):.2f} ms (longest)\n"
        f"    after closing all: {mebibytes(outcome.bytes_closed)}, {outcome.descriptors_left} descriptors not given "
        f"back; with as many again: {mebibytes(outcome.bytes_again)}",
        flush=True,
    )


def compare(options: argparse.Namespace, data: Dataset, scheme: str, certificate: Path | None, folder: Path) -> None:
    folder.mkdir()
    print(f"{options.n} idle connections, {PROTOCOLS[scheme]}:", flush=True)

    def start_nginx() -> Server:
        return Nginx(data.root, 1, certificate, folder / "nginx", IDLE_SECONDS)

    def start_gateway() -> Server:
        if options.gateway == "nginx":
            return Nginx(data.root, 1, certificate, folder / "second", IDLE_SECONDS)
        return Gateway(
            options.gateway, data.root, 1, certificate, folder / "gateway", "--idle-seconds", str(IDLE_SECONDS)
        )

    starts: dict[str, Callable[[], Server]] = {"nginx": start_nginx, "gateway": start_gateway}
    outcomes = {}
    for name, start in starts.items():
        with start() as server:
            try:
                outcomes[name] = measure(server, server.endpoints_for(scheme)[0], data, options.n)
            except (OSError, BenchmarkError):
                # A server that crashed says more than the client that noticed it.
                server.check_alive(CRASH_SECONDS)
                raise
        report(name, outcomes[name])
    ratio = outcomes["gateway"].bytes_each / outcomes["nginx"].bytes_each
    print(f"  ratio gateway/nginx: {ratio:.2f} (below 1 the gateway needs less)", flush=True)


def arguments() -> argparse.Namespace:
    parser = new_parser(__doc__, can_be_nginx=True)
    add_number_option(parser, "-n", 10_000, "connections")
    parser.add_argument("--tls", action="store_true", help="measure HTTP/1.1 over TLS too")
    parser.add_argument("--h2", action="store_true", help="measure HTTP/2 over TLS too")
    options = parser.parse_args()
    if options.n < 1:
        parser.error("-n begins at 1")
    return options


def measure_all(options: argparse.Namespace, folder: Path) -> None:
    data = dataset.make(folder / "root")
    compare(options, data, "http", None, folder / "http")
    certificate = make_certificate(folder) if options.tls or options.h2 else None
    if options.tls:
        compare(options, data, "https", certificate, folder / "https")
    if options.h2:
        compare(options, data, "h2", certificate, folder / "h2")


def main() -> int:
    options = arguments()
    possible = raise_descriptor_limit() - SPARE_DESCRIPTORS
    if options.n > possible:
        print(f"only {possible} connections: that is what the limit of open files (ulimit -Hn) allows", flush=True)
        options.n = possible
    return program.run(partial(measure_all, options))


if __name__ == "__main__":
    sys.exit(main())
