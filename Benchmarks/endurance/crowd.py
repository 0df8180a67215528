"""Processes and threads of clients that do one thing after the other."""

import functools
import multiprocessing
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.context import BaseContext

from common.system import BenchmarkError
from endurance import polite, rude, slow
from endurance.tally import Count, Tally
from endurance.target import Target

PROCESSES = 2
# Threads of a process; slow clients have some of their own, because they would keep all of them busy waiting.
QUICK_CLIENTS = 8
SLOW_CLIENTS = 8
AFTER_ERROR_SECONDS = 0.2
# What the last clients may take to end, once the time is up.
END_SECONDS = 60

# What a client does with a connection of its own.
Behavior = Callable[[Target, Tally], None]


class Crowd:
    """All clients, at work from the beginning until the time is up; `with` ends them early."""

    def __init__(self, targets: list[Target], tally: Tally, context: BaseContext, seconds: float):
        self.deadline = time.monotonic() + seconds
        self._processes = [
            context.Process(target=_work, args=(targets, tally, self.deadline), daemon=True) for _ in range(PROCESSES)
        ]

    def __enter__(self) -> "Crowd":
        for process in self._processes:
            process.start()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()

    def finish(self) -> None:
        """Waits for the clients after the time is up."""
        for process in self._processes:
            process.join(max(0, self.deadline + END_SECONDS - time.monotonic()))
            if process.exitcode != 0:
                raise BenchmarkError(f"the clients did not end as they should: exit code {process.exitcode}")


def process_context() -> BaseContext:
    """How the processes of clients are made."""
    return multiprocessing.get_context("fork")


def behaviors(target: Target, is_slow: bool) -> list[Behavior]:
    """What clients of an endpoint do; what is named more often is done more often."""
    has_streams = target.endpoint.speaks_http2
    if is_slow:
        return [slow.read_slowly, slow.stay_idle, *([] if has_streams else [slow.stop_reading])]
    every: list[Behavior] = [polite.ask_in_turn] * 4 + [rude.abort_body, rude.send_half_request]
    if target.endpoint.is_encrypted:
        every.append(rude.cut_handshake)
    if has_streams:
        every += [polite.ask_at_once] * 2 + [rude.reset_streams]
    return every


def _work(targets: list[Target], tally: Tally, deadline: float) -> None:
    with ThreadPoolExecutor(QUICK_CLIENTS + SLOW_CLIENTS) as threads:
        clients = [functools.partial(_repeat, targets, tally, deadline, is_slow) for is_slow in (False, True)]
        done = [threads.submit(clients[0]) for _ in range(QUICK_CLIENTS)]
        done += [threads.submit(clients[1]) for _ in range(SLOW_CLIENTS)]
    for every in done:
        every.result()


def _repeat(targets: list[Target], tally: Tally, deadline: float, is_slow: bool) -> None:
    while time.monotonic() < deadline:
        target = random.choice(targets)
        behavior = random.choice(behaviors(target, is_slow))
        tally.add(Count.CONNECTIONS)
        try:
            behavior(target, tally)
        except (BenchmarkError, OSError) as error:
            tally.add_error(f"{behavior.__name__} ({target.endpoint.scheme}): {error or type(error).__name__}")
            time.sleep(AFTER_ERROR_SECONDS)
