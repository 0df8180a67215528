"""What connections have in common, whatever is spoken on them."""

from typing import Self

from common.endpoint import Endpoint, reset


class Connection:
    """A connection of a client, and what was received there and not used yet."""

    def __init__(self, endpoint: Endpoint, source: str | None = None):
        self._endpoint = endpoint
        self._socket = endpoint.connect(source)
        self._received = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def reset(self) -> None:
        """Closes at once."""
        reset(self._socket)

    def close(self) -> None:
        """Closes in order."""
        self._socket.close()
