#!/usr/bin/env python3
"""Compares the gateway with nginx: the same files, cores, certificate and load, in turns.

Every case runs in pairs (gateway, nginx; then nginx, gateway; ...) and is judged by the ratios within the pairs,
which other load on the machine disturbs far less than it does the absolute numbers.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from common import dataset
from common.endpoint import make_certificate
from comparison import command
from comparison.bench import Bench, Comparison, Plan
from comparison.cases import cases


def measure(options: argparse.Namespace, plan: Plan, folder: Path, note: command.Note) -> Iterator[Comparison]:
    data = dataset.make(folder / "root")
    certificate = make_certificate(folder)
    chosen = command.choose(cases(data), options)
    for workers in options.workers:
        with Bench(data, certificate, folder, plan, workers) as bench:
            for scheme in set(plan.schemes) - {"http"}:
                note(f"{bench.cipher(scheme)}, one ECDSA P-256 certificate for all")
            yield from command.compare(bench, chosen)


def add_rival_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--h2o", action="store_true", help="compare with h2o too, where it is installed")


def main() -> int:
    options = command.arguments(__doc__, ["http", "https", "h2"], add_rival_option)
    with_h2o = options.h2o and command.can_take_part("h2o", "h2o")
    return command.run(options, measure, with_h2o=with_h2o)


if __name__ == "__main__":
    sys.exit(main())
