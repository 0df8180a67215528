"""Command-line options that several benchmarks have."""

import argparse
from pathlib import Path

BINARY = ".build/release/gateway"


def add_gateway_option(parser: argparse.ArgumentParser, can_be_nginx: bool) -> None:
    """The option that says which binary is measured."""
    nginx = "; the word nginx compares nginx with itself" if can_be_nginx else ""
    parser.add_argument(
        "--gateway",
        default=str(Path(__file__).resolve().parents[2] / BINARY),
        metavar="PATH",
        help=f"the binary (default: {BINARY}){nginx}",
    )
