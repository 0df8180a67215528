#!/usr/bin/env python3
"""Compares the gateway as a proxy with nginx and HAProxy: the same upstream, cores, certificate and load, in turns.

Every case runs in pairs (gateway, other; then other, gateway; ...) and is judged by the ratios within the pairs, as
side_by_side.py does.
"""

import argparse
import fnmatch
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from common import dataset
from common.endpoint import make_certificate
from common.options import add_gateway_option
from common.system import BenchmarkError, exit_on_sigterm, installed
from comparison import report
from comparison.bench import Comparison, Plan
from comparison.proxying import ProxyBench, cases

SCHEMES = ["http", "https"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_gateway_option(parser, can_be_nginx=True)
    parser.add_argument("--seconds", type=int, default=3, metavar="N", help="length of a run (default: 3)")
    parser.add_argument("--pairs", type=int, default=4, metavar="N", help="pairs of runs for each case (default: 4)")
    parser.add_argument("--cases", default="*", metavar="GLOB", help="the cases by name (default: *)")
    parser.add_argument("--schemes", default=",".join(SCHEMES), metavar="LIST", help="default: http,https")
    parser.add_argument("--workers", default="1,2", metavar="LIST", help="numbers of workers (default: 1,2)")
    parser.add_argument("--no-haproxy", action="store_true", help="compare with nginx only")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the results as a table")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run")
    options = parser.parse_args()
    options.workers = [int(number) for number in options.workers.split(",")]
    options.schemes = options.schemes.split(",")
    if not set(options.schemes) <= set(SCHEMES) or min(*options.workers, options.seconds, options.pairs) < 1:
        parser.error("--schemes takes http and https, the numbers begin at 1")
    return options


def measure(options: argparse.Namespace, plan: Plan, folder: Path) -> Iterator[Comparison]:
    data = dataset.make(folder / "root")
    certificate = make_certificate(folder)
    for workers in options.workers:
        with ProxyBench(data, certificate, folder, plan, workers) as bench:
            if "https" in plan.schemes:
                bench.cipher("https")
            chosen = [case for case in cases(data, bench.upstream) if fnmatch.fnmatchcase(case.name, options.cases)]
            if not chosen:
                raise BenchmarkError(f"no case is named {options.cases}")
            for scheme in plan.schemes:
                for case in chosen:
                    for rival in bench.rivals:
                        yield bench.compare(case, scheme, rival)


def main() -> int:
    options = arguments()
    exit_on_sigterm()
    with_haproxy = not options.no_haproxy and installed("haproxy") is not None
    if not options.no_haproxy and not with_haproxy:
        print("HAProxy skipped: it is not installed", flush=True)
    plan = Plan(options.gateway, options.schemes, options.seconds, options.pairs, with_haproxy=with_haproxy)
    comparisons: list[Comparison] = []
    machine: list[str] = []
    code = 0
    try:
        machine = report.machine_lines(plan)
        print("\n".join(machine), flush=True)
        with tempfile.TemporaryDirectory(prefix="gateway-benchmark-") as folder:
            for comparison in measure(options, plan, Path(folder)):
                comparisons.append(comparison)
                print(report.line(comparison), flush=True)
    except (BenchmarkError, OSError, subprocess.SubprocessError) as error:
        print(f"proxy.py: {error}", file=sys.stderr)
        code = 1
    if options.markdown:
        options.markdown.write_text(report.markdown(comparisons, machine, plan))
    if options.json:
        options.json.write_text(json.dumps(report.document(comparisons, machine, plan), indent=1) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
