#!/usr/bin/env python3
"""Compares the gateway with nginx: the same files, cores, certificate and load, in turns.

Every case runs in pairs (gateway, nginx; then nginx, gateway; ...) and is judged by the ratios within the pairs,
which other load on the machine disturbs far less than it does the absolute numbers.
"""

import argparse
import fnmatch
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import dataset
import discard
import load
import message
from dataset import Dataset
from load import Run, Workload
from servers import (
    CRASH_SECONDS,
    BenchmarkError,
    Endpoint,
    Gateway,
    Nginx,
    Server,
    exit_on_sigterm,
    make_certificate,
    tool,
)

SCHEMES = {"http": "HTTP", "https": "TLS 1.3"}
PROBE_SECONDS = 1


@dataclass(frozen=True)
class Case:
    """A kind of request. Each server gets its own validator, everything else is the same for both."""

    name: str
    title: str
    workload: Workload
    status: int = 200
    is_conditional: bool = False
    is_rated_in_bytes: bool = False

    def workload_for(self, endpoint: Endpoint) -> Workload:
        if not self.is_conditional:
            return self.workload
        tag = message.get(endpoint, self.workload.paths[0]).fields["etag"]
        return Workload(self.workload.paths, self.workload.connections, {"If-None-Match": tag})


@dataclass(frozen=True)
class Comparison:
    """What the pairs of one case gave, under one protocol and number of workers."""

    case: Case
    scheme: str
    workers: int
    nginx_setting: str
    gateway_runs: list[Run]
    nginx_runs: list[Run]

    def throughput_ratios(self) -> list[float]:
        """Responses a second, gateway through nginx: above 1 the gateway is faster."""
        return [ours.per_second / theirs.per_second for ours, theirs in self._pairs()]

    def cpu_ratios(self) -> list[float]:
        """CPU time of the server a response, nginx through gateway: above 1 the gateway needs less."""
        return [theirs.cpu_per_response / ours.cpu_per_response for ours, theirs in self._pairs()]

    def _pairs(self) -> Iterator[tuple[Run, Run]]:
        return zip(self.gateway_runs, self.nginx_runs, strict=True)


def cases(data: Dataset) -> list[Case]:
    start, end = dataset.SHORT_RANGE.start, dataset.SHORT_RANGE.stop - 1
    return [
        Case("small", "JSON file, 3 KiB", Workload([data.small], 64)),
        Case("genes", "2,000 gene files of 2.8 kB in turn", Workload(data.genes, 64)),
        Case("medium", "file of 1 MiB", Workload([data.medium], 16), is_rated_in_bytes=True),
        Case("large", "file of 64 MiB", Workload([data.large], 8), is_rated_in_bytes=True),
        Case("range", "1,000 bytes of 64 MiB", Workload([data.large], 64, {"Range": f"bytes={start}-{end}"}), 206),
        Case("not-modified", "304, JSON file", Workload([data.small], 64), 304, is_conditional=True),
    ]


# MARK: Checking


def expected_body(case: Case, data: Dataset, path: str) -> bytes:
    if case.status == 304:
        return b""
    content = data.content(path)
    return content[dataset.SHORT_RANGE.start : dataset.SHORT_RANGE.stop] if case.status == 206 else content


def checked_size(case: Case, data: Dataset, server: Server, endpoint: Endpoint) -> int:
    """Asks for every path once and compares the answers with the files.

    Returns the size of a response with its head.
    """
    workload = case.workload_for(endpoint)
    sizes = []
    with message.Connection(endpoint) as connection:
        for path in workload.paths:
            answer = connection.get(path, workload.fields)
            if answer.status != case.status or answer.body != expected_body(case, data, path):
                raise BenchmarkError(
                    f"{server.name} answers {endpoint.url(path)} ({case.name}) with status {answer.status} and "
                    f"{len(answer.body)} bytes, expected were {case.status} and the bytes of the file"
                )
            sizes.append(answer.total_bytes)
    return round(statistics.mean(sizes))


def check_same_cipher(endpoints: list[Endpoint]) -> str:
    """The TLS version and cipher suite, which must not be a difference between the servers."""
    suites = set()
    for endpoint in endpoints:
        with endpoint.connect() as connection:
            version, (cipher, _, _) = connection.version(), connection.cipher()
            suites.add(f"{version}, {cipher}")
    if len(suites) != 1:
        raise BenchmarkError(f"the servers chose different cipher suites: {' and '.join(sorted(suites))}")
    return suites.pop()


# MARK: Measuring


class Bench:
    """The two servers with one number of workers, and how to load them."""

    def __init__(self, data: Dataset, folder: Path, options: argparse.Namespace, workers: int):
        self._data, self._folder, self._options, self._workers = data, folder, options, workers
        self._stack = ExitStack()
        self._nginx: Nginx
        self._candidates: dict[str, Server] = {}

    def __enter__(self) -> "Bench":
        certificate = self._folder / "both.pem"
        folder = self._folder / f"workers-{self._workers}"
        folder.mkdir()
        start = self._stack.enter_context
        with self._stack:
            self._nginx = start(Nginx(self._data.root, self._workers, certificate, folder / "nginx"))
            if self._options.gateway == "nginx":
                second = start(Nginx(self._data.root, self._workers, certificate, folder / "second"))
                self._candidates = {"http": second, "https": second}
            else:
                for scheme, own in {"http": None, "https": certificate}.items():
                    if scheme in self._options.schemes:
                        self._candidates[scheme] = start(
                            Gateway(self._options.gateway, self._data.root, self._workers, own, folder / scheme)
                        )
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def cipher(self) -> str:
        endpoints = [server.endpoints_for("https")[0] for server in (self._nginx, self._candidates["https"])]
        return check_same_cipher(endpoints)

    def compare(self, case: Case, scheme: str) -> Comparison:
        try:
            return self._compare(case, scheme)
        except (OSError, BenchmarkError):
            # A server that crashed says more than the client that noticed it.
            self._nginx.check_alive()
            self._candidates[scheme].check_alive(CRASH_SECONDS)
            raise

    def _compare(self, case: Case, scheme: str) -> Comparison:
        nginx, candidate = self._nginx, self._candidates[scheme]
        theirs = self._best_endpoint(case, nginx.endpoints_for(scheme))
        same_setting = [end for end in candidate.endpoints_for(scheme) if end.setting == theirs.setting]
        ours = (same_setting or candidate.endpoints_for(scheme))[0]
        runners = [self._runner(case, candidate, ours), self._runner(case, nginx, theirs)]
        for runner in runners:
            runner(PROBE_SECONDS)
        runs: list[list[Run]] = [[], []]
        for pair in range(self._options.pairs):
            for index in (0, 1) if pair % 2 == 0 else (1, 0):
                runs[index].append(runners[index](self._options.seconds))
        return Comparison(case, scheme, self._workers, theirs.setting, runs[0], runs[1])

    def _runner(self, case: Case, server: Server, endpoint: Endpoint) -> Callable[[int], Run]:
        size = checked_size(case, self._data, server, endpoint)
        workload = case.workload_for(endpoint)
        if case.is_rated_in_bytes and endpoint.scheme == "http":
            body = len(self._data.content(workload.paths[0]))
            return lambda seconds: discard.run(server, endpoint, workload, size - body, body, seconds)
        return lambda seconds: load.run(server, endpoint, workload, size, self._workers, seconds, self._folder)

    def _best_endpoint(self, case: Case, endpoints: list[Endpoint]) -> Endpoint:
        """The endpoint whose setting is the fastest for this case, by two short runs each."""
        runners = [self._runner(case, self._nginx, endpoint) for endpoint in endpoints]
        totals = [0.0] * len(runners)
        for order in (range(len(runners)), reversed(range(len(runners)))):
            for index in order:
                totals[index] += runners[index](PROBE_SECONDS).per_second
        return endpoints[totals.index(max(totals))]


# MARK: Reporting


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def rate(case: Case, runs: list[Run]) -> str:
    """The median rate, in the unit that suits the case."""
    per_second = statistics.median(run.per_second for run in runs)
    if case.is_rated_in_bytes:
        size = dataset.LARGE_BYTES if case.name == "large" else dataset.MEDIUM_BYTES
        return f"{per_second * size / (1 << 20):,.0f} MiB/s"
    return f"{per_second:,.0f}/s"


def cpu_time(runs: list[Run]) -> str:
    return f"{statistics.median(run.cpu_per_response for run in runs) * 1e6:,.1f} µs"


def busy(runs: list[Run], workers: int) -> str:
    """How much of its workers' time a server computed."""
    return f"{statistics.median(run.cpu_seconds / run.seconds for run in runs) / workers:.0%}"


COLUMNS = [
    "case", "protocol", "workers", "throughput, gateway/nginx", "CPU, nginx/gateway",
    "gateway", "nginx", "CPU a response, gateway : nginx", "busy, gateway : nginx", "nginx with",
]  # fmt: skip


def row(comparison: Comparison) -> list[str]:
    ours, theirs = comparison.gateway_runs, comparison.nginx_runs
    return [
        comparison.case.title,
        SCHEMES[comparison.scheme],
        str(comparison.workers),
        spread(comparison.throughput_ratios()),
        spread(comparison.cpu_ratios()),
        rate(comparison.case, ours),
        rate(comparison.case, theirs),
        f"{cpu_time(ours)} : {cpu_time(theirs)}",
        f"{busy(ours, comparison.workers)} : {busy(theirs, comparison.workers)}",
        comparison.nginx_setting,
    ]


def line(comparison: Comparison) -> str:
    """The gist of a row, for a terminal."""
    title, scheme, workers, throughput, cpu, ours, theirs, _, load_of_servers, setting = row(comparison)
    return (
        f"{title:<35} {scheme:<7} {workers:>2} workers  throughput {throughput:<18} CPU {cpu:<18} "
        f"{ours:>12} : {theirs:>12}  busy {load_of_servers:<12} {setting}"
    )


def markdown(comparisons: list[Comparison], machine: list[str], options: argparse.Namespace) -> str:
    lines = [f"- {line}" for line in machine]
    lines += [
        f"- {options.pairs} pairs of {options.seconds} s for each case; ratios are the median of the pairs, with the "
        "smallest and the largest in parentheses; above 1 is in favour of the gateway",
        "",
        "| " + " | ".join(COLUMNS) + " |",
        "|" + "---|" * len(COLUMNS),
    ]
    return "\n".join(lines + ["| " + " | ".join(row(comparison)) + " |" for comparison in comparisons]) + "\n"


def document(comparisons: list[Comparison], machine: list[str], options: argparse.Namespace) -> dict:
    def runs(measured: list[Run]) -> list[dict]:
        return [vars(run) for run in measured]

    return {
        "machine": machine,
        "seconds": options.seconds,
        "pairs": options.pairs,
        "comparisons": [
            {
                "case": comparison.case.name,
                "scheme": comparison.scheme,
                "workers": comparison.workers,
                "nginx_setting": comparison.nginx_setting,
                "throughput_ratios": comparison.throughput_ratios(),
                "cpu_ratios": comparison.cpu_ratios(),
                "gateway": runs(comparison.gateway_runs),
                "nginx": runs(comparison.nginx_runs),
            }
            for comparison in comparisons
        ],
    }


def machine_lines(gateway: str) -> list[str]:
    """What the numbers were measured on and with; no names of machines."""

    def first(command: list[str], pattern: str) -> str:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        found = re.search(pattern, done.stdout + done.stderr)
        return found[1] if found else "unknown"

    processor = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    cores = len(os.sched_getaffinity(0))
    versions = [
        "gateway " + ("(nginx itself)" if gateway == "nginx" else first([gateway, "--version"], r"gateway (\S+)")),
        "nginx " + first([tool("nginx"), "-v"], r"nginx/(\S+)"),
        first([tool("openssl"), "version"], r"(OpenSSL \S+)"),
        "wrk " + first([tool("wrk"), "-v"], r"wrk (\S+)"),
    ]
    return [
        f"{cores} cores{f', {processor[1]}' if processor else ''}, Linux {platform.release()}; "
        "the load comes from the same cores",
        ", ".join(versions),
    ]


# MARK: Running


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--gateway",
        default=str(Path(__file__).resolve().parent.parent / ".build/release/gateway"),
        metavar="PATH",
        help="the binary (default: .build/release/gateway); the word nginx compares nginx with itself",
    )
    parser.add_argument("--seconds", type=int, default=4, metavar="N", help="length of a run (default: 4)")
    parser.add_argument("--pairs", type=int, default=5, metavar="N", help="pairs of runs for each case (default: 5)")
    parser.add_argument("--cases", default="*", metavar="GLOB", help="the cases by name (default: *)")
    parser.add_argument("--schemes", default="http,https", metavar="LIST", help="default: http,https")
    parser.add_argument("--workers", default="1,2", metavar="LIST", help="numbers of workers (default: 1,2)")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the results as a table")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run")
    options = parser.parse_args()
    options.workers = [int(number) for number in options.workers.split(",")]
    options.schemes = options.schemes.split(",")
    if not set(options.schemes) <= set(SCHEMES) or min(*options.workers, options.seconds, options.pairs) < 1:
        parser.error("--schemes takes http and https, the numbers begin at 1")
    return options


def measure(options: argparse.Namespace, machine: list[str], folder: Path) -> Iterator[Comparison]:
    data = dataset.make(folder / "root")
    make_certificate(folder)
    chosen = [case for case in cases(data) if fnmatch.fnmatchcase(case.name, options.cases)]
    if not chosen:
        raise BenchmarkError(f"no case is named {options.cases}; there are {', '.join(c.name for c in cases(data))}")
    for workers in options.workers:
        with Bench(data, folder, options, workers) as bench:
            if "https" in options.schemes and workers == options.workers[0]:
                machine.append(f"{bench.cipher()}, one ECDSA P-256 certificate for both")
                print(machine[-1], flush=True)
            for scheme in options.schemes:
                for case in chosen:
                    yield bench.compare(case, scheme)


def main() -> int:
    options = arguments()
    exit_on_sigterm()
    comparisons: list[Comparison] = []
    machine: list[str] = []
    code = 0
    try:
        machine += machine_lines(options.gateway)
        print("\n".join(machine), flush=True)
        with tempfile.TemporaryDirectory(prefix="gateway-benchmark-") as folder:
            for comparison in measure(options, machine, Path(folder)):
                comparisons.append(comparison)
                print(line(comparison), flush=True)
    except (BenchmarkError, OSError, subprocess.SubprocessError) as error:
        print(f"side_by_side.py: {error}", file=sys.stderr)
        code = 1
    if options.markdown:
        options.markdown.write_text(markdown(comparisons, machine, options))
    if options.json:
        options.json.write_text(json.dumps(document(comparisons, machine, options), indent=1) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
