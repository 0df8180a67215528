"""What one run of load achieved, and runs of clients in Python."""

import multiprocessing
import statistics
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass

from servers.server import Server

# A client of a run: works until the deadline (of time.monotonic) and returns how many seconds each response took.
Client = Callable[[float], list[float]]


@dataclass(frozen=True)
class Run:
    """What one run achieved; a response counts in parts when the run ended in the middle of it."""

    responses: float
    seconds: float
    cpu_seconds: float
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None

    @property
    def per_second(self) -> float:
        return self.responses / self.seconds

    @property
    def cpu_per_response(self) -> float:
        return self.cpu_seconds / self.responses


def percentiles(durations: list[float]) -> tuple[float, float]:
    """The 50th and the 99th percentile, in the unit of the durations."""
    ranked = statistics.quantiles(durations, n=100, method="inclusive") if len(durations) > 1 else durations * 99
    return ranked[49], ranked[98]


def run_clients(server: Server, client: Client, executor: Executor, count: int, seconds: int) -> Run:
    """Lets `count` clients load the server at the same time. Any error ends the benchmark."""
    cpu_before = server.cpu_seconds()
    began = time.monotonic()
    with executor:
        durations = [duration for every in executor.map(client, [began + seconds] * count) for duration in every]
    elapsed = time.monotonic() - began
    cpu_seconds = server.cpu_seconds() - cpu_before
    server.check_alive()
    middle, late = percentiles(durations)
    return Run(len(durations), elapsed, cpu_seconds, middle * 1e3, late * 1e3)


def processes(count: int) -> Executor:
    """For clients that compute much; a client has to be a function of a module then."""
    return ProcessPoolExecutor(count, multiprocessing.get_context("fork"))
