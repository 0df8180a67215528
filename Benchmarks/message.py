"""A plain HTTP/1.1 client that shows an answer exactly as it came."""

import socket
import struct
from dataclasses import dataclass

from servers import BenchmarkError, Endpoint

BODILESS = {204, 304}


@dataclass(frozen=True)
class Answer:
    """A response: status, fields with names in lower case, body, and its size with the head."""

    status: int
    fields: dict[str, str]
    body: bytes
    total_bytes: int


class Connection:
    """A keep-alive connection."""

    def __init__(self, endpoint: Endpoint, source: str | None = None):
        self._authority = endpoint.authority
        self._socket = endpoint.connect(source)
        self._received = bytearray()

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def reset(self) -> None:
        """Closes at once, so that no port stays in TIME_WAIT."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def get(self, path: str, fields: dict[str, str] | None = None) -> Answer:
        """Asks as wrk does and waits for the whole answer."""
        lines = [f"GET {path} HTTP/1.1", f"Host: {self._authority}"]
        lines += [f"{name}: {text}" for name, text in (fields or {}).items()]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        while (end := self._received.find(b"\r\n\r\n")) < 0:
            self._receive()
        head = self._take(end + 4).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ")[1])
        received = {}
        for line in filter(None, head[1:]):
            name, _, text = line.partition(":")
            received[name.lower()] = text.strip()
        if "transfer-encoding" in received:
            raise BenchmarkError(f"{path} came with Transfer-Encoding: {received['transfer-encoding']}")
        length = 0 if status in BODILESS else int(received["content-length"])
        while len(self._received) < length:
            self._receive()
        return Answer(status, received, self._take(length), end + 4 + length)

    def _receive(self) -> None:
        data = self._socket.recv(1 << 18)
        if not data:
            raise BenchmarkError(f"{self._authority} closed the connection in the middle of an answer")
        self._received += data

    def _take(self, count: int) -> bytes:
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken


def get(endpoint: Endpoint, path: str, fields: dict[str, str] | None = None) -> Answer:
    """One request on a connection of its own."""
    with Connection(endpoint) as connection:
        return connection.get(path, fields)
