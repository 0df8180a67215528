"""What every client shows of an answer."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Answer:
    """A response.

    Names of fields are in lower case. Over HTTP/2 `fields` is empty, because the client has no decoder for them, and
    `total_bytes` counts the body only.
    """

    status: int
    body: bytes
    total_bytes: int
    fields: dict[str, str] = field(default_factory=dict)
