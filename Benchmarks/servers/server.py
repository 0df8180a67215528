"""A server that a benchmark starts, measures and ends."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

from common.endpoint import Endpoint
from common.system import BenchmarkError

READY_SECONDS = 20
CRASH_SECONDS = 10
STOP_SECONDS = 10
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """A running server and its processes."""

    name = ""
    # Whether the comparison goes on without it where it cannot do a case.
    is_optional = False

    def __init__(self, command: list[str], log: Path, endpoints: list[Endpoint]):
        self.endpoints = endpoints
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def endpoints_for(self, scheme: str) -> list[Endpoint]:
        return [endpoint for endpoint in self.endpoints if endpoint.scheme == scheme]

    def processes(self) -> list[int]:
        """The process that was started and all below it."""
        children: dict[int, list[int]] = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit() and (fields := _stat_fields(int(entry))):
                children.setdefault(int(fields[1]), []).append(int(entry))
        tree = [self._process.pid]
        for process in tree:
            tree += children.get(process, [])
        return tree

    def cpu_seconds(self) -> float:
        """User and system time of all processes so far."""
        every = (_stat_fields(process) for process in self.processes())
        return sum(int(fields[11]) + int(fields[12]) for fields in every if fields) / CLOCK_TICKS

    def resident_bytes(self) -> int:
        """Resident memory (VmRSS) of all processes; pages that they share count more than once."""
        total = 0
        for process in self.processes():
            try:
                status = Path(f"/proc/{process}/status").read_text()
            except OSError:
                continue
            if match := re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE):
                total += int(match[1]) * 1024
        return total

    def open_descriptors(self) -> int:
        """Open descriptors of all processes."""
        total = 0
        for process in self.processes():
            try:
                total += len(os.listdir(f"/proc/{process}/fd"))
            except OSError:
                continue
        return total

    def check_alive(self, wait_seconds: float = 0) -> None:
        """Fails with the server's last words if it has ended, or does within `wait_seconds`."""
        deadline = time.monotonic() + wait_seconds
        while self._process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        if self._process.poll() is not None:
            raise BenchmarkError(f"{self.name} ended with code {self._process.returncode}:\n{self._log_end()}")

    def stop(self) -> None:
        """Ends the server as its operators do, and by force only if that does not help."""
        if self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait_until(self, is_ready) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not is_ready():
            self.check_alive()
            if time.monotonic() > deadline:
                self.stop()
                raise BenchmarkError(f"{self.name} was not ready after {READY_SECONDS} s:\n{self._log_end()}")
            time.sleep(0.05)

    def _wait_until_listening(self) -> None:
        self._wait_until(lambda: all(_accepts(endpoint) for endpoint in self.endpoints))

    def _log_end(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]


def _stat_fields(process: int) -> list[str] | None:
    """The fields of /proc/<pid>/stat from the state on: 1 is the parent, 11 and 12 are user and system time."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _accepts(endpoint: Endpoint) -> bool:
    try:
        endpoint.connect().close()
    except OSError:
        return False
    return True
