#!/usr/bin/env python3
"""Compares the gateway with nginx: the same files, cores, certificate and load, in turns.

Every case runs in pairs (gateway, nginx; then nginx, gateway; ...) and is judged by the ratios within the pairs,
which other load on the machine disturbs far less than it does the absolute numbers.
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
from comparison.bench import Bench, CaseSkipped, Comparison, Plan
from comparison.cases import cases

SCHEMES = ["http", "https", "h2"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_gateway_option(parser, can_be_nginx=True)
    parser.add_argument("--seconds", type=int, default=3, metavar="N", help="length of a run (default: 3)")
    parser.add_argument("--pairs", type=int, default=4, metavar="N", help="pairs of runs for each case (default: 4)")
    parser.add_argument("--cases", default="*", metavar="GLOB", help="the cases by name (default: *)")
    parser.add_argument("--schemes", default=",".join(SCHEMES), metavar="LIST", help="default: http,https,h2")
    parser.add_argument("--workers", default="1,2", metavar="LIST", help="numbers of workers (default: 1,2)")
    parser.add_argument("--h2o", action="store_true", help="compare with h2o too, where it is installed")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the results as a table")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run")
    options = parser.parse_args()
    options.workers = [int(number) for number in options.workers.split(",")]
    options.schemes = options.schemes.split(",")
    if not set(options.schemes) <= set(SCHEMES) or min(*options.workers, options.seconds, options.pairs) < 1:
        parser.error("--schemes takes http, https and h2, the numbers begin at 1")
    return options


def measure(options: argparse.Namespace, plan: Plan, machine: list[str], folder: Path) -> Iterator[Comparison]:
    data = dataset.make(folder / "root")
    certificate = make_certificate(folder)
    every = cases(data)
    chosen = [(scheme, case) for scheme in plan.schemes for case in every if scheme in case.schemes]
    chosen = [(scheme, case) for scheme, case in chosen if fnmatch.fnmatchcase(case.name, options.cases)]
    if not chosen:
        names = ", ".join(f"{case.name} ({', '.join(sorted(case.schemes))})" for case in every)
        raise BenchmarkError(f"no case of {', '.join(plan.schemes)} is named {options.cases}; there are {names}")
    for workers in options.workers:
        with Bench(data, certificate, folder, plan, workers) as bench:
            for scheme in set(plan.schemes) - {"http"}:
                cipher = f"{bench.cipher(scheme)}, one ECDSA P-256 certificate for all"
                if cipher not in machine:
                    machine.append(cipher)
                    print(cipher, flush=True)
            for scheme, case in chosen:
                for rival in bench.rivals:
                    try:
                        yield bench.compare(case, scheme, rival)
                    except CaseSkipped as skipped:
                        print(f"{case.name} ({scheme}) skipped with {rival.name}: {skipped}", flush=True)


def main() -> int:
    options = arguments()
    exit_on_sigterm()
    with_h2o = options.h2o and installed("h2o") is not None
    if options.h2o and not with_h2o:
        print("h2o skipped: it is not installed", flush=True)
    plan = Plan(options.gateway, options.schemes, options.seconds, options.pairs, with_h2o)
    comparisons: list[Comparison] = []
    machine: list[str] = []
    code = 0
    try:
        machine += report.machine_lines(plan)
        print("\n".join(machine), flush=True)
        with tempfile.TemporaryDirectory(prefix="gateway-benchmark-") as folder:
            for comparison in measure(options, plan, machine, Path(folder)):
                comparisons.append(comparison)
                print(report.line(comparison), flush=True)
    except (BenchmarkError, OSError, subprocess.SubprocessError) as error:
        print(f"side_by_side.py: {error}", file=sys.stderr)
        code = 1
    if options.markdown:
        options.markdown.write_text(report.markdown(comparisons, machine, plan))
    if options.json:
        options.json.write_text(json.dumps(report.document(comparisons, machine, plan), indent=1) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
