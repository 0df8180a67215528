"""What clients ask an endpoint for, and the answers that are right."""

import random
from dataclasses import dataclass, field
from functools import cache

from clients import client, http1
from clients.message import Answer
from common import dataset
from common.dataset import Dataset
from common.endpoint import Endpoint
from common.system import BenchmarkError

# How many addresses of the loopback network clients come from, so that no ports run out.
ADDRESSES = 200


@dataclass(frozen=True)
class Request:
    """A request and the answer to it; the body is not compared if it is None."""

    path: str
    status: int
    body: bytes | None
    fields: dict[str, str] = field(default_factory=dict)

    def check(self, answer: Answer) -> None:
        if answer.status != self.status or self.body not in (None, answer.body):
            raise BenchmarkError(
                f"{self.path} came with status {answer.status} and {len(answer.body)} bytes, expected were "
                f"{self.status} and {'any' if self.body is None else len(self.body)} bytes of the file"
            )


class Target:
    """An endpoint, and the data that is served there."""

    def __init__(self, endpoint: Endpoint, data: Dataset):
        self.endpoint = endpoint
        self.small, self.large = data.small, data.large
        self._data = data
        self._content = cache(data.content)
        with http1.Connection(endpoint.with_http1()) as connection:
            self._tag = connection.get(data.small).fields["etag"]

    def connect(self) -> client.Connection:
        return client.connect(self.endpoint, any_address())

    def any_request(self) -> Request:
        """Small files most often, the largest one seldom."""
        draw = random.random()
        if draw < 0.3:
            return self._whole(self.small)
        if draw < 0.6:
            return self.any_small_file()
        if draw < 0.75:
            return Request(self.small, 304, b"", {"If-None-Match": self._tag})
        if draw < 0.9:
            return self._any_range()
        if draw < 0.93:
            return Request(f"/{dataset.MOUNT}/missing.bin", 404, None)
        return self._whole(self._data.medium if draw < 0.997 else self.large)

    def any_small_file(self) -> Request:
        return self._whole(random.choice(random.choice([self._data.genes, self._data.assets])))

    def _whole(self, path: str) -> Request:
        return Request(path, 200, self._content(path))

    def _any_range(self) -> Request:
        first = random.randrange(dataset.LARGE_BYTES)
        last = min(first + random.choice([1, 1000, 100_000]), dataset.LARGE_BYTES) - 1
        body = self._content(self.large)[first : last + 1]
        return Request(self.large, 206, body, {"Range": f"bytes={first}-{last}"})


def any_address() -> str:
    """An address for a client."""
    return f"127.0.{random.randrange(1, 1 + ADDRESSES)}.1"
