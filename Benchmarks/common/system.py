"""Programs, ports, limits and signals of the machine that the benchmarks run on."""

import resource
import shutil
import signal
import socket
import sys
from os import environ

HOST = "127.0.0.1"


class BenchmarkError(Exception):
    """A measurement that cannot be made, or would not be valid."""


def installed(name: str) -> str | None:
    """The path of a program, if it is installed."""
    return shutil.which(name, path=environ.get("PATH", "") + ":/usr/sbin:/sbin")


def tool(name: str) -> str:
    """The path of a program that has to be installed."""
    found = installed(name)
    if found is None:
        raise BenchmarkError(f"{name} is not installed")
    return found


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def raise_descriptor_limit() -> int:
    """Raises the limit of open files as far as allowed, for this process and those it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def exit_on_sigterm() -> None:
    """Lets SIGTERM end this process as an exception does, so that no server is left behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
