"""The cases that proxies are compared in, all in front of the same upstream."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from clients import http1
from common import dataset
from common.dataset import MOUNT, Dataset
from common.endpoint import Endpoint
from common.system import BenchmarkError
from comparison.bench import Bench
from comparison.cases import Case, RequestCase, Runner, Setup
from loads import wrk
from loads.run import Run
from loads.workload import Workload
from servers.gateway import Gateway
from servers.haproxy import HAProxy
from servers.nginx_proxy import NginxProxy
from servers.server import Server
from servers.upstream import DELIVERED, Upstream

EVENT_BYTES = 300
# The events of one viewer go on in their order, and so one after the other.
VIEWERS = 500
EVENTS = f"/{MOUNT}/_cellucid/events"


@dataclass(frozen=True)
class EventCase(Case):
    """Events of viewers, as pages send them while somebody works with them."""

    workload: Workload = Workload([EVENTS], 1)

    def prepare(self, setup: Setup, server: Server, endpoint: Endpoint) -> Runner:
        with http1.Connection(endpoint) as connection:
            answer = connection.post(EVENTS, self.workload.bodies[0].encode(), self.workload.fields)
        if answer.status != 200 or json.loads(answer.body) != DELIVERED:
            raise BenchmarkError(f"{server.name} answers an event with status {answer.status}: {answer.body[:200]!r}")
        size, folder = answer.total_bytes, setup.folder
        return lambda seconds: wrk.run(server, endpoint, self.workload, size, setup.workers, seconds, folder)


@dataclass(frozen=True)
class HopCase(Case):
    """What a proxy that has nothing else to do adds to the time of one small request.

    Each run is half a run without the proxy and half a run through it; its median latency is the difference.
    """

    path: str = ""
    upstream: Upstream | None = None

    @property
    def is_rated_by_latency(self) -> bool:
        return True

    def prepare(self, setup: Setup, server: Server, endpoint: Endpoint) -> Runner:
        if self.upstream is None:
            raise BenchmarkError("there is no upstream to compare with")
        lone = Workload([self.path], 1)
        direct = self._runner(lone, setup, self.upstream, self.upstream.endpoints[0])
        through = self._runner(lone, setup, server, endpoint)

        def run(seconds: int) -> Run:
            near, far = direct(max(1, seconds // 2)), through(max(1, seconds // 2))
            return replace(
                far,
                latency_p50_ms=_difference(far.latency_p50_ms, near.latency_p50_ms),
                latency_p99_ms=None,
            )

        return run

    def _runner(self, workload: Workload, setup: Setup, server: Server, endpoint: Endpoint) -> Callable[[int], Run]:
        return RequestCase(self.name, self.title, self.schemes, None, workload).prepare(
            replace(setup, workers=1), server, endpoint
        )


def cases(data: Dataset, upstream: Upstream) -> list[Case]:
    both = frozenset({"http", "https"})
    event = Workload([EVENTS], 64, {"Content-Type": "application/json"}, bodies=_events())
    return [
        RequestCase("small", "answer of 3 KiB", both, None, Workload([data.small], 64)),
        RequestCase("medium", "answer of 1 MiB", both, dataset.MEDIUM_BYTES, Workload([data.medium], 16)),
        RequestCase("large", "answer of 64 MiB", both, dataset.LARGE_BYTES, Workload([data.large], 8)),
        EventCase("events", "event of 300 bytes by POST", both, None, event),
        HopCase("hop", "added to one small request", both, None, data.small, upstream),
    ]


class ProxyBench(Bench):
    """The proxies with one number of workers, in front of one upstream."""

    upstream: Upstream

    def _start_rivals(self, start: Callable) -> None:
        root, workers, certificate = self._setup.data.root, self._setup.workers, self._certificate
        # As many workers as the proxies may have at most: the upstream is the same for all of them.
        self.upstream = start(Upstream(root, 2, self._folder / "upstream"))
        behind = self.upstream.endpoints[0]
        self.rivals = [start(NginxProxy(behind, workers, certificate, self._folder / "nginx"))]
        if self._plan.with_haproxy:
            self.rivals.append(start(HAProxy(behind, workers, certificate, self._folder / "haproxy")))

    def _start_candidates(self, start: Callable) -> None:
        workers, behind = self._setup.workers, self.upstream.endpoints[0]
        if self._plan.binary == "nginx":
            second = start(NginxProxy(behind, workers, self._certificate, self._folder / "second"))
            self._candidates = dict.fromkeys(self._plan.schemes, second)
            return
        empty = self._folder / "empty"
        empty.mkdir()
        for scheme in self._plan.schemes:
            certificate = self._certificate if scheme == "https" else None
            self._candidates[scheme] = start(self._gateway(empty, workers, certificate, scheme, behind))

    def _gateway(self, root: Path, workers: int, certificate: Path | None, name: str, behind: Endpoint) -> Gateway:
        flag = ["--upstream", f"{MOUNT}=http://{behind.authority}"]
        return Gateway(self._plan.binary, root, workers, certificate, self._folder / name, *flag)


def _events() -> list[str]:
    """Selections of many viewers, each of as many cells as make it the size that is wanted."""
    numbers = random.Random(1)
    texts = []
    for viewer in range(VIEWERS):
        event = {"type": "selection", "viewerId": f"{viewer:016x}", "viewerToken": "t" * 32, "source": "lasso", "cells": []}
        while len(_stringify(event)) < EVENT_BYTES - 8:
            event["cells"].append(numbers.randrange(dataset.CELLS))
        texts.append(_stringify(event).ljust(EVENT_BYTES))
    return texts


def _stringify(event: dict) -> str:
    """As JSON.stringify of a page writes it."""
    return json.dumps(event, separators=(",", ":"))


def _difference(far: float | None, near: float | None) -> float | None:
    """`None` also when other load on the machine has made it nonsense."""
    return far - near if far is not None and near is not None and far > near else None
