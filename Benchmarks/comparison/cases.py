"""The cases that servers are compared in."""

import statistics
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from clients import client, http1
from common import dataset
from common.dataset import Dataset
from common.endpoint import Endpoint
from common.system import BenchmarkError
from loads import discard, h2load, handshake, mixed, page, wrk
from loads.run import Run
from loads.workload import Workload
from servers.server import Server

# Loads a server for as many seconds.
Runner = Callable[[int], Run]


@dataclass(frozen=True)
class Setup:
    """What all cases have in common: the data, the number of workers of each server, and a folder for files."""

    data: Dataset
    workers: int
    folder: Path


@dataclass(frozen=True)
class Case(ABC):
    """Something that clients do; everything is the same for all servers but the validators that they made.

    Responses are reported as a rate, or, if they are of `response_bytes` each, in bytes.
    """

    name: str
    title: str
    schemes: frozenset[str]
    response_bytes: int | None = None

    @property
    def is_rated_by_latency(self) -> bool:
        """Whether it is above all the latency that counts."""
        return False

    @abstractmethod
    def prepare(self, setup: Setup, server: Server, endpoint: Endpoint) -> Runner:
        """Compares the server's answers with the files; returns what loads it."""


class Multiplex(NamedTuple):
    """How a case loads HTTP/2: with fewer connections than HTTP/1.1, but more requests under way."""

    connections: int
    streams: int


@dataclass(frozen=True)
class RequestCase(Case):
    """Requests of one kind, again and again on connections that stay open."""

    workload: Workload = Workload([], 1)
    multiplex: Multiplex = Multiplex(1, 1)
    status: int = 200
    is_conditional: bool = False

    def prepare(self, setup: Setup, server: Server, endpoint: Endpoint) -> Runner:
        workload = self._workload_for(endpoint)
        size = _checked_bytes(setup.data, server, endpoint, workload, self.status)
        if endpoint.speaks_http2:
            return lambda seconds: h2load.run(
                server, endpoint, workload, self.status, size, setup.workers, seconds, setup.folder
            )
        if self.response_bytes and not endpoint.is_encrypted:
            head_bytes = size - self.response_bytes
            return lambda seconds: discard.run(server, endpoint, workload, head_bytes, self.response_bytes, seconds)
        return lambda seconds: wrk.run(server, endpoint, workload, size, setup.workers, seconds, setup.folder)

    def _workload_for(self, endpoint: Endpoint) -> Workload:
        workload = self.workload
        if self.is_conditional:
            # Over HTTP/1.1, which every port with HTTP/2 speaks too: that client knows fields.
            with http1.Connection(endpoint.with_http1()) as connection:
                tag = connection.get(workload.paths[0]).fields["etag"]
            workload = replace(workload, fields={"If-None-Match": tag})
        if endpoint.speaks_http2:
            workload = replace(workload, connections=self.multiplex.connections, streams=self.multiplex.streams)
        return workload


@dataclass(frozen=True)
class HandshakeCase(Case):
    """New connections."""

    path: str = ""
    is_resumed: bool = False

    def prepare(self, setup: Setup, server: Server, endpoint: Endpoint) -> Runner:
        _checked_bytes(setup.data, server, endpoint, Workload([self.path], 1))
        return lambda seconds: handshake.run(server, endpoint, self.path, self.is_resumed, setup.workers, seconds)


@dataclass(frozen=True)
class PageCase(Case):
    """All files of a page on a new connection."""

    paths: tuple[str, ...] = ()

    def prepare(self, setup: Setup, server: Server, endpoint: Endpoint) -> Runner:
        paths = list(self.paths)
        _checked_bytes(setup.data, server, endpoint, Workload(paths, 1))
        total = sum(len(setup.data.content(path)) for path in paths)
        return lambda seconds: page.run(server, endpoint, paths, total, setup.workers, seconds)


@dataclass(frozen=True)
class MixedCase(Case):
    """Small files on a connection that is busy with large ones."""

    small: str = ""
    large: str = ""

    @property
    def is_rated_by_latency(self) -> bool:
        return True

    def prepare(self, setup: Setup, server: Server, endpoint: Endpoint) -> Runner:
        _checked_bytes(setup.data, server, endpoint, Workload([self.small, self.large], 1))
        size = dataset.LARGE_BYTES
        return lambda seconds: mixed.run(server, endpoint, self.small, self.large, size, seconds)


def cases(data: Dataset) -> list[Case]:
    every = frozenset({"http", "https", "h2"})
    small, medium, large = [data.small], [data.medium], [data.large]
    wanted = {"Range": f"bytes={dataset.SHORT_RANGE.start}-{dataset.SHORT_RANGE.stop - 1}"}
    many, some, few = Multiplex(16, 32), Multiplex(8, 8), Multiplex(4, 4)
    return [
        RequestCase("small", "JSON file, 3 KiB", every, None, Workload(small, 64), many),
        RequestCase("genes", "2,000 gene files of 2.8 kB in turn", every, None, Workload(data.genes, 64), many),
        RequestCase("medium", "file of 1 MiB", every, dataset.MEDIUM_BYTES, Workload(medium, 16), some),
        RequestCase("large", "file of 64 MiB", every, dataset.LARGE_BYTES, Workload(large, 8), few),
        RequestCase("range", "1,000 bytes of 64 MiB", every, None, Workload(large, 64, wanted), many, 206),
        RequestCase("not-modified", "304, JSON file", every, None, Workload(small, 64), many, 304, True),
        HandshakeCase("handshake-full", "full handshake", frozenset({"https"}), None, data.small),
        HandshakeCase("handshake-resumed", "resumed handshake", frozenset({"https"}), None, data.small, True),
        PageCase("assets", "page of 370 files, connecting", frozenset({"h2"}), None, tuple(data.assets)),
        MixedCase(
            "mixed", "3 KiB beside 4 x 64 MiB", frozenset({"h2"}), dataset.LARGE_BYTES, data.small, data.large
        ),
    ]  # fmt: skip


def _checked_bytes(data: Dataset, server: Server, endpoint: Endpoint, workload: Workload, status: int = 200) -> int:
    """Asks for every path once and compares the answers with the files.

    Returns the mean size of a response as the client counts it.
    """
    sizes = []
    with client.connect(endpoint) as connection:
        for path in workload.paths:
            answer = connection.get(path, workload.fields)
            if answer.status != status or answer.body != _expected_body(data, path, status):
                raise BenchmarkError(
                    f"{server.name} answers {endpoint.url(path)} with status {answer.status} and {len(answer.body)} "
                    f"bytes, expected were {status} and the bytes of the file"
                )
            sizes.append(answer.total_bytes)
    return round(statistics.mean(sizes))


def _expected_body(data: Dataset, path: str, status: int) -> bytes:
    if status == 304:
        return b""
    content = data.content(path)
    return content[dataset.SHORT_RANGE.start : dataset.SHORT_RANGE.stop] if status == 206 else content
