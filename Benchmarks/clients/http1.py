"""A plain HTTP/1.1 client that shows an answer exactly as it came."""

from clients import connection
from clients.message import Answer
from common.system import BenchmarkError

BODILESS = {204, 304}


def request_head(authority: str, path: str, fields: dict[str, str] | None = None, method: str = "GET") -> bytes:
    """A request as wrk sends it."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {authority}"]
    lines += [f"{name}: {text}" for name, text in (fields or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode()


class Connection(connection.Connection):
    """A keep-alive connection."""

    def get(self, path: str, fields: dict[str, str] | None = None) -> Answer:
        """Asks and waits for the whole answer."""
        self._socket.sendall(request_head(self._endpoint.authority, path, fields))
        return self._answer(path)

    def post(self, path: str, body: bytes, fields: dict[str, str] | None = None) -> Answer:
        """Sends a body and waits for the whole answer."""
        fields = {**(fields or {}), "Content-Length": str(len(body))}
        self._socket.sendall(request_head(self._endpoint.authority, path, fields, "POST") + body)
        return self._answer(path)

    def _answer(self, path: str) -> Answer:
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
        return Answer(status, self._take(length), end + 4 + length, received)

    def _receive(self) -> None:
        data = self._socket.recv(1 << 18)
        if not data:
            raise BenchmarkError(f"{self._endpoint.authority} closed the connection in the middle of an answer")
        self._received += data

    def _take(self, count: int) -> bytes:
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken
