#!/usr/bin/env python3
"""Loads the gateway for a long time with clients of all kinds and checks that it gives everything back.

Two gateways run at the same time: one for HTTP/1.1 and HTTP/2 without TLS, one for both over TLS. Their clients make
new connections all the time; many go away in the middle of a body, of a request or of a handshake.
"""

import argparse
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from common import dataset, program
from common.endpoint import make_certificate
from common.options import new_parser
from common.system import raise_descriptor_limit
from endurance.crowd import Crowd, process_context
from endurance.footprint import MEBIBYTE, Footprint, History, footprint
from endurance.tally import Count, Tally
from endurance.target import Target
from servers.gateway import Gateway
from servers.server import Server

WORKERS = 2
# Short, so that clients that stay away are noticed often, and soon after the load has ended.
TIMEOUT_SECONDS = 5
LIMITS = [f"--{name}-seconds={TIMEOUT_SECONDS}" for name in ("header", "idle", "stall")]
SAMPLE_SECONDS = 5
LINE_SECONDS = 30
SETTLE_SECONDS = 4 * TIMEOUT_SECONDS
MOST_WARM_UP_SECONDS = 60


class Soak:
    """The servers under load, by name, and the clients' counters."""

    def __init__(self, servers: dict[str, Server], targets: list[Target]):
        self._servers, self._targets = servers, targets
        self._context = process_context()
        self.tally = Tally(self._context)

    def warm_up(self, seconds: float) -> None:
        """The same load without judgement: caches are filled and memory grows to what the load needs."""
        self._load(seconds)
        time.sleep(SETTLE_SECONDS)

    def run(self, seconds: float) -> dict[str, History]:
        """What the servers held before, during and after the load."""
        start = self._footprints()
        loaded = self._load(seconds)
        time.sleep(SETTLE_SECONDS)
        end = self._footprints()
        return {name: History(start[name], [every[name] for every in loaded], end[name]) for name in self._servers}

    def _load(self, seconds: float) -> list[dict[str, Footprint]]:
        samples = []
        began = time.monotonic()
        next_line = began + LINE_SECONDS
        with Crowd(self._targets, self.tally, self._context, seconds) as crowd:
            while (now := time.monotonic()) < crowd.deadline:
                time.sleep(min(SAMPLE_SECONDS, crowd.deadline - now))
                samples.append(self._footprints())
                for message in self.tally.new_messages():
                    print(f"  error: {message}", flush=True)
                if time.monotonic() >= next_line:
                    next_line += LINE_SECONDS
                    self._print_line(time.monotonic() - began, samples[-1])
            crowd.finish()
        return samples

    def _footprints(self) -> dict[str, Footprint]:
        return {name: footprint(server) for name, server in self._servers.items()}

    def _print_line(self, seconds: float, footprints: dict[str, Footprint]) -> None:
        held = "; ".join(f"{name}: {sample}" for name, sample in footprints.items())
        requests, errors = self.tally[Count.REQUESTS], self.tally[Count.ERRORS]
        print(f"  {seconds / 60:4.1f} min  {held}; {requests:,} requests, {errors} errors", flush=True)


def report(name: str, history: History) -> None:
    slope = f"{history.descriptors_per_minute():+.2f} descriptors and {history.bytes_per_minute() / MEBIBYTE:+.3f} MiB"
    print(
        f"{name}:\n  at rest after warming up: {history.start}\n  at rest after the load:   {history.end}\n"
        f"  slope under load:         {slope} a minute",
        flush=True,
    )


def soak(options: argparse.Namespace, folder: Path) -> list[str]:
    """Runs everything; returns what is wrong."""
    data = dataset.make(folder / "root")
    certificate = make_certificate(folder)
    with ExitStack() as stack:
        servers: dict[str, Server] = {}
        for name, encrypted, more in (("without TLS", None, ["--h2c"]), ("with TLS", certificate, [])):
            server = Gateway(options.gateway, data.root, WORKERS, encrypted, folder / name, *LIMITS, *more)
            servers[name] = stack.enter_context(server)
        targets = [Target(endpoint, data) for server in servers.values() for endpoint in server.endpoints]
        run = Soak(servers, targets)
        warm_up_seconds = min(MOST_WARM_UP_SECONDS, 60 * options.minutes)
        print(f"Warming up for {warm_up_seconds:.0f} s:", flush=True)
        run.warm_up(warm_up_seconds)
        print(f"{options.minutes:g} minutes of load:", flush=True)
        histories = run.run(60 * options.minutes)
    for name, history in histories.items():
        report(name, history)
    print("clients: " + ", ".join(f"{run.tally[count]:,} {count.title}" for count in Count), flush=True)
    wrong = [f"{name}: {leak}" for name, history in histories.items() for leak in history.leaks()]
    return [*wrong, *([f"{run.tally[Count.ERRORS]} errors"] if run.tally[Count.ERRORS] else [])]


def arguments() -> argparse.Namespace:
    parser = new_parser(__doc__, can_be_nginx=False)
    parser.add_argument("--minutes", type=float, default=10, metavar="N", help="length of the load (default: 10)")
    options = parser.parse_args()
    if not options.minutes > 0:
        parser.error("--minutes has to be above 0")
    return options


def main() -> int:
    options = arguments()
    raise_descriptor_limit()
    wrong: list[str] = []
    code = program.run(lambda folder: wrong.extend(soak(options, folder)))
    for line in wrong:
        program.complain(line)
    return 1 if wrong else code


if __name__ == "__main__":
    sys.exit(main())
