#!/usr/bin/env python3
"""Compares the gateway as a proxy with nginx and HAProxy: the same upstream, cores, certificate and load, in turns.

Every case runs in pairs (gateway, other; then other, gateway; ...) and is judged by the ratios within the pairs, as
side_by_side.py does.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from common import dataset
from common.endpoint import make_certificate
from comparison import command
from comparison.bench import Comparison, Plan
from comparison.proxying import ProxyBench, cases


def measure(options: argparse.Namespace, plan: Plan, folder: Path, _: command.Note) -> Iterator[Comparison]:
    data = dataset.make(folder / "root")
    certificate = make_certificate(folder)
    for workers in options.workers:
        with ProxyBench(data, certificate, folder, plan, workers) as bench:
            if "https" in plan.schemes:
                bench.cipher("https")
            yield from command.compare(bench, command.choose(cases(data, bench.upstream), options))


def add_rival_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-haproxy", action="store_true", help="compare with nginx only")


def main() -> int:
    options = command.arguments(__doc__, ["http", "https"], add_rival_option)
    with_haproxy = not options.no_haproxy and command.can_take_part("HAProxy", "haproxy")
    return command.run(options, measure, with_haproxy=with_haproxy)


if __name__ == "__main__":
    sys.exit(main())
