"""What a server holds over time: open descriptors and resident memory."""

import statistics
import time
from dataclasses import dataclass
from typing import NamedTuple

from servers.server import Server

# The growth of resident memory that is no leak: the share, or the bytes, whichever is more.
TOLERATED_SHARE = 0.1
TOLERATED_BYTES = 8 << 20
MEBIBYTE = 1 << 20


class Footprint(NamedTuple):
    """Open descriptors and resident memory at a time of time.monotonic."""

    seconds: float
    descriptors: int
    resident_bytes: int

    def __str__(self) -> str:
        return f"{self.descriptors} descriptors, {self.resident_bytes / MEBIBYTE:.1f} MiB"


def footprint(server: Server) -> Footprint:
    """What the server holds now; fails if it has ended."""
    server.check_alive()
    return Footprint(time.monotonic(), server.open_descriptors(), server.resident_bytes())


@dataclass(frozen=True)
class History:
    """What a server held at rest before and after a load, and during it."""

    start: Footprint
    loaded: list[Footprint]
    end: Footprint

    def descriptors_per_minute(self) -> float:
        """The slope of the open descriptors over the load, by least squares."""
        return self._slope([sample.descriptors for sample in self.loaded])

    def bytes_per_minute(self) -> float:
        """The slope of the resident memory over the load, by least squares."""
        return self._slope([sample.resident_bytes for sample in self.loaded])

    def leaks(self) -> list[str]:
        """What the server did not give back."""
        found = []
        if (kept := self.end.descriptors - self.start.descriptors) > 0:
            found.append(f"{kept} descriptors were not given back")
        tolerated = max(TOLERATED_BYTES, TOLERATED_SHARE * self.start.resident_bytes)
        if (grown := self.end.resident_bytes - self.start.resident_bytes) > tolerated:
            found.append(f"memory grew by {grown / MEBIBYTE:.1f} MiB, tolerated are {tolerated / MEBIBYTE:.1f} MiB")
        return found

    def _slope(self, values: list[int]) -> float:
        minutes = [sample.seconds / 60 for sample in self.loaded]
        return statistics.linear_regression(minutes, values).slope if len(values) > 1 else 0.0
