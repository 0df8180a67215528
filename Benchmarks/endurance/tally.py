"""Counts what all clients of all processes did."""

from enum import IntEnum
from multiprocessing.context import BaseContext

# More messages than anybody reads are counted only.
MOST_MESSAGES = 10


class Count(IntEnum):
    """What is counted."""

    REQUESTS = 0
    CONNECTIONS = 1
    ABORTED_BODIES = 2
    RESET_STREAMS = 3
    HALF_REQUESTS = 4
    CUT_HANDSHAKES = 5
    SLOW_READERS = 6
    IDLE_CLIENTS = 7
    ERRORS = 8

    @property
    def title(self) -> str:
        return self.name.lower().replace("_", " ")


class Tally:
    """Counters that processes share."""

    def __init__(self, context: BaseContext):
        self._counts = context.Array("Q", len(Count))
        self._messages = context.SimpleQueue()

    def add(self, count: Count, number: int = 1) -> None:
        with self._counts.get_lock():
            self._counts[count] += number

    def add_error(self, message: str) -> None:
        with self._counts.get_lock():
            self._counts[Count.ERRORS] += 1
            if self._counts[Count.ERRORS] <= MOST_MESSAGES:
                self._messages.put(message)

    def __getitem__(self, count: Count) -> int:
        return self._counts[count]

    def new_messages(self) -> list[str]:
        """The messages of errors since the last call."""
        messages = []
        while not self._messages.empty():
            messages.append(self._messages.get())
        return messages
