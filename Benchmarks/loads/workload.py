"""What load generators ask for."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Workload:
    """Paths in turn, all with the same fields and with answers of about the same size.

    An HTTP/1.1 connection has one request at a time, one of HTTP/2 has `streams`. With `bodies`, which only
    HTTP/1.1 can have, they are sent in turn to the one path by POST.
    """

    paths: list[str]
    connections: int
    fields: dict[str, str] = field(default_factory=dict)
    streams: int = 1
    bodies: list[str] = field(default_factory=list)
