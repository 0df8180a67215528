"""Command-line options that several benchmarks have."""

import argparse
from pathlib import Path

BINARY = ".build/release/gateway"


def new_parser(description: str | None, can_be_nginx: bool) -> argparse.ArgumentParser:
    """A parser that knows `--gateway`, the binary that is measured."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    nginx = "; the word nginx compares nginx with itself" if can_be_nginx else ""
    parser.add_argument(
        "--gateway",
        default=str(Path(__file__).resolve().parents[2] / BINARY),
        metavar="PATH",
        help=f"the binary (default: {BINARY}){nginx}",
    )
    return parser


def add_number_option(parser: argparse.ArgumentParser, name: str, default: int, meaning: str) -> None:
    """An option with a whole number."""
    parser.add_argument(name, type=int, default=default, metavar="N", help=f"{meaning} (default: {default})")
