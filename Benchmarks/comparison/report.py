"""Reports comparisons: a line for a terminal, a table in Markdown, and every run in JSON."""

import os
import platform
import re
import statistics
import subprocess
from pathlib import Path

from common.endpoint import PROTOCOLS
from common.pairs import spread
from common.system import installed
from comparison.bench import Comparison, Plan
from comparison.cases import Case
from loads.run import Run

COLUMNS = [
    "case", "protocol", "workers", "compared with", "throughput, gateway/other", "CPU, other/gateway",
    "latency p50, other/gateway", "latency p99, other/gateway", "gateway", "other",
    "CPU a response, gateway : other", "latency p50, gateway : other", "busy, gateway : other", "other with",
]  # fmt: skip


def line(comparison: Comparison) -> str:
    """The gist of a row, for a terminal."""
    title, protocol, workers, rival, throughput, cpu, p50, p99, ours, theirs, _, _, busy, setting = _row(comparison)
    latency = f"p50 {p50:<18} p99 {p99:<18} " if comparison.case.is_rated_by_latency else ""
    return (
        f"{title:<35} {protocol:<20} {workers:>2} workers  {rival:<7}  {latency}throughput {throughput:<18} "
        f"CPU {cpu:<18} {ours:>12} : {theirs:>12}  busy {busy:<12} {setting}"
    )


def markdown(comparisons: list[Comparison], machine: list[str], plan: Plan) -> str:
    lines = [f"- {line}" for line in machine]
    lines += [
        f"- {plan.pairs} pairs of {plan.seconds} s for each case; ratios are the median of the pairs, with the "
        "smallest and the largest in parentheses; above 1 is in favour of the gateway",
        "",
        "| " + " | ".join(COLUMNS) + " |",
        "|" + "---|" * len(COLUMNS),
    ]
    return "\n".join(lines + ["| " + " | ".join(_row(comparison)) + " |" for comparison in comparisons]) + "\n"


def document(comparisons: list[Comparison], machine: list[str], plan: Plan) -> dict:
    """Everything that was measured, for JSON."""

    def runs(measured: list[Run]) -> list[dict]:
        return [vars(run) for run in measured]

    return {
        "machine": machine,
        "seconds": plan.seconds,
        "pairs": plan.pairs,
        "comparisons": [
            {
                "case": comparison.case.name,
                "scheme": comparison.scheme,
                "workers": comparison.workers,
                "rival": comparison.rival,
                "rival_setting": comparison.rival_setting,
                "throughput_ratios": comparison.throughput_ratios(),
                "cpu_ratios": comparison.cpu_ratios(),
                "latency_p50_ratios": comparison.latency_ratios("latency_p50_ms"),
                "latency_p99_ratios": comparison.latency_ratios("latency_p99_ms"),
                "gateway_runs": runs(comparison.gateway_runs),
                "rival_runs": runs(comparison.rival_runs),
            }
            for comparison in comparisons
        ],
    }


def machine_lines(plan: Plan) -> list[str]:
    """What the numbers were measured on and with; no names of machines."""
    processor = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    cores = len(os.sched_getaffinity(0))
    versions = [
        "gateway " + ("(nginx itself)" if plan.binary == "nginx" else _version(plan.binary, "--version", r"y (\S+)")),
        "nginx " + _version("nginx", "-v", r"nginx/(\S+)"),
        *(["h2o " + _version("h2o", "--version", r"version (\S+)")] if plan.with_h2o else []),
        *(["HAProxy " + _version("haproxy", "-v", r"version (\S+)")] if plan.with_haproxy else []),
        _version("openssl", "version", r"(OpenSSL \S+)"),
        "wrk " + _version("wrk", "-v", r"wrk (\S+)"),
        "h2load " + _version("h2load", "--version", r"nghttp2/(\S+)"),
    ]
    return [
        f"{cores} cores{f', {processor[1]}' if processor else ''}, Linux {platform.release()}; "
        "the load comes from the same cores",
        ", ".join(versions),
    ]


def _version(program: str, option: str, pattern: str) -> str:
    path = installed(program)
    if path is None:
        return "(not installed)"
    done = subprocess.run([path, option], capture_output=True, text=True, check=False)
    found = re.search(pattern, done.stdout + done.stderr)
    return found[1] if found else "unknown"


def _row(comparison: Comparison) -> list[str]:
    ours, theirs = comparison.gateway_runs, comparison.rival_runs
    return [
        comparison.case.title,
        PROTOCOLS[comparison.scheme],
        str(comparison.workers),
        comparison.rival,
        spread(comparison.throughput_ratios()),
        spread(comparison.cpu_ratios()),
        spread(comparison.latency_ratios("latency_p50_ms")),
        spread(comparison.latency_ratios("latency_p99_ms")),
        _rate(comparison.case, ours),
        _rate(comparison.case, theirs),
        f"{_cpu_time(ours)} : {_cpu_time(theirs)}",
        f"{_latency(ours)} : {_latency(theirs)}",
        f"{_busy(ours, comparison.workers)} : {_busy(theirs, comparison.workers)}",
        comparison.rival_setting,
    ]


def _rate(case: Case, runs: list[Run]) -> str:
    """The median rate, in the unit that suits the case."""
    per_second = statistics.median(run.per_second for run in runs)
    if case.response_bytes:
        return f"{per_second * case.response_bytes / (1 << 20):,.0f} MiB/s"
    return f"{per_second:,.0f}/s"


def _cpu_time(runs: list[Run]) -> str:
    return f"{statistics.median(run.cpu_per_response for run in runs) * 1e6:,.1f} µs"


def _latency(runs: list[Run]) -> str:
    measured = [run.latency_p50_ms for run in runs if run.latency_p50_ms is not None]
    if not measured:
        return "–"
    middle = statistics.median(measured)
    return f"{middle:,.2f} ms" if middle >= 1 else f"{middle * 1e3:,.0f} µs"


def _busy(runs: list[Run], workers: int) -> str:
    """How much of its workers' time a server computed."""
    return f"{statistics.median(run.cpu_seconds / run.seconds for run in runs) / workers:.0%}"
