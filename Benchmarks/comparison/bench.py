"""Runs a case with two servers in turns."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from common.dataset import Dataset
from common.endpoint import Endpoint, check_cipher
from common.pairs import in_turns
from common.system import BenchmarkError
from comparison.cases import Case, Runner, Setup
from loads.run import Run
from servers.gateway import Gateway
from servers.h2o import H2o
from servers.nginx import Nginx
from servers.server import CRASH_SECONDS, Server

PROBE_SECONDS = 1


class CaseSkipped(Exception):
    """A case that the second yardstick cannot do."""


@dataclass(frozen=True)
class Plan:
    """How to measure; the binary `nginx` is nginx in the gateway's place."""

    binary: str
    schemes: list[str]
    seconds: int
    pairs: int
    with_h2o: bool = False
    with_haproxy: bool = False


@dataclass(frozen=True)
class Comparison:
    """What the pairs of one case gave, under one protocol and number of workers."""

    case: Case
    scheme: str
    workers: int
    rival: str
    rival_setting: str
    gateway_runs: list[Run]
    rival_runs: list[Run]

    def throughput_ratios(self) -> list[float]:
        """Responses a second, gateway through rival: above 1 the gateway is faster."""
        return [ours.per_second / theirs.per_second for ours, theirs in self._pairs()]

    def cpu_ratios(self) -> list[float]:
        """CPU time of the server a response, rival through gateway: above 1 the gateway needs less."""
        return [theirs.cpu_per_response / ours.cpu_per_response for ours, theirs in self._pairs()]

    def latency_ratios(self, latency: str) -> list[float]:
        """A latency of `Run`, rival through gateway: above 1 the gateway is faster; empty if it was not measured."""
        pairs = [(getattr(ours, latency), getattr(theirs, latency)) for ours, theirs in self._pairs()]
        return [theirs / ours for ours, theirs in pairs if ours and theirs]

    def _pairs(self) -> Iterator[tuple[Run, Run]]:
        return zip(self.gateway_runs, self.rival_runs, strict=True)


class Bench:
    """The servers with one number of workers, and how to load them."""

    def __init__(self, data: Dataset, certificate: Path, folder: Path, plan: Plan, workers: int):
        self._plan, self._certificate, self._folder = plan, certificate, folder / f"workers-{workers}"
        self._setup = Setup(data, workers, folder)
        self._stack = ExitStack()
        self._candidates: dict[str, Server] = {}
        self.rivals: list[Server] = []

    def __enter__(self) -> "Bench":
        self._folder.mkdir()
        start = self._stack.enter_context
        with self._stack:
            self._start_rivals(start)
            self._start_candidates(start)
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def cipher(self, scheme: str) -> str:
        """The version of TLS and the cipher suite that all servers choose."""
        return check_cipher([server.endpoints_for(scheme)[0] for server in (*self.rivals, self._candidates[scheme])])

    def compare(self, case: Case, scheme: str, rival: Server) -> Comparison:
        try:
            return self._compare(case, scheme, rival)
        except (OSError, BenchmarkError):
            # A server that crashed says more than the client that noticed it.
            rival.check_alive()
            self._candidates[scheme].check_alive(CRASH_SECONDS)
            raise

    def _start_rivals(self, start) -> None:
        """The servers to compare with."""
        root, workers = self._setup.data.root, self._setup.workers
        self.rivals = [start(Nginx(root, workers, self._certificate, self._folder / "nginx"))]
        if self._plan.with_h2o:
            self.rivals.append(start(H2o(root, workers, self._certificate, self._folder / "h2o")))

    def _start_candidates(self, start) -> None:
        """The server under test: one process for all protocols of a port."""
        root, workers = self._setup.data.root, self._setup.workers
        if self._plan.binary == "nginx":
            second = start(Nginx(root, workers, self._certificate, self._folder / "second"))
            self._candidates = dict.fromkeys(self._plan.schemes, second)
            return
        for certificate, schemes in ((None, {"http"}), (self._certificate, {"https", "h2"})):
            if wanted := schemes.intersection(self._plan.schemes):
                folder = self._folder / ("encrypted" if certificate else "plain")
                server = start(Gateway(self._plan.binary, root, workers, certificate, folder))
                self._candidates |= dict.fromkeys(wanted, server)

    def _compare(self, case: Case, scheme: str, rival: Server) -> Comparison:
        candidate = self._candidates[scheme]
        theirs = self._best_endpoint(case, rival, scheme)
        same_setting = [end for end in candidate.endpoints_for(scheme) if end.setting == theirs.setting]
        ours = (same_setting or candidate.endpoints_for(scheme))[0]
        runners = [case.prepare(self._setup, server, end) for server, end in ((candidate, ours), (rival, theirs))]
        # The rival is warm from the search for its best endpoint.
        runners[0](PROBE_SECONDS)
        runs = in_turns(self._plan.pairs, *(partial(runner, self._plan.seconds) for runner in runners))
        return Comparison(case, scheme, self._setup.workers, rival.name, theirs.setting, *runs)

    def _best_endpoint(self, case: Case, rival: Server, scheme: str) -> Endpoint:
        """The rival's endpoint whose setting is the fastest for this case, by two short runs each."""
        endpoints = rival.endpoints_for(scheme)
        try:
            runners: list[Runner] = [case.prepare(self._setup, rival, endpoint) for endpoint in endpoints]
            totals = [0.0] * len(runners)
            for order in (range(len(runners)), reversed(range(len(runners)))):
                for index in order:
                    totals[index] += runners[index](PROBE_SECONDS).per_second
        except BenchmarkError as error:
            if rival.is_optional:
                raise CaseSkipped(str(error)) from error
            raise
        return endpoints[totals.index(max(totals))]
