"""Connects to an endpoint with the protocol that is spoken there."""

from clients import http1, http2
from clients.message import Answer
from common.endpoint import Endpoint

Connection = http1.Connection | http2.Connection


def connect(endpoint: Endpoint, source: str | None = None) -> Connection:
    return (http2 if endpoint.speaks_http2 else http1).Connection(endpoint, source)


def get(endpoint: Endpoint, path: str, fields: dict[str, str] | None = None) -> Answer:
    """One request on a connection of its own."""
    with connect(endpoint) as connection:
        return connection.get(path, fields)
