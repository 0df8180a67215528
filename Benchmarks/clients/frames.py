"""Frames of HTTP/2 (RFC 9113, 4 and 6), and field sections that need no compression state (RFC 7541)."""

import struct
from enum import IntEnum, IntFlag
from typing import NamedTuple

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD_BYTES = 9
MAX_PAYLOAD_BYTES = 16384
_HEAD = struct.Struct(">HBBBL")
# Indexed fields of the static table whose name is :status.
_STATUSES = {0x88: 200, 0x89: 204, 0x8A: 206, 0x8B: 304, 0x8C: 400, 0x8D: 404, 0x8E: 500}


class Kind(IntEnum):
    DATA = 0
    HEADERS = 1
    RST_STREAM = 3
    SETTINGS = 4
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8


class Flag(IntFlag):
    ACK = 0x1
    END_STREAM = 0x1
    END_HEADERS = 0x4
    PADDED = 0x8


class Setting(IntEnum):
    ENABLE_PUSH = 2
    INITIAL_WINDOW_SIZE = 4


class Frame(NamedTuple):
    """A received frame; `payload` is empty if it is DATA that nobody wanted to keep."""

    kind: int
    flags: int
    stream: int
    length: int
    payload: bytes

    @property
    def ends_stream(self) -> bool:
        return self.kind <= Kind.HEADERS and self.flags & Flag.END_STREAM != 0


def frame(kind: Kind, stream: int, payload: bytes = b"", flags: int = 0) -> bytes:
    """A frame to send."""
    length = len(payload)
    return _HEAD.pack(length >> 8, length & 0xFF, kind, flags, stream) + payload


def settings(values: dict[Setting, int]) -> bytes:
    return frame(Kind.SETTINGS, 0, b"".join(struct.pack(">HL", name, value) for name, value in values.items()))


def window_update(stream: int, count: int) -> bytes:
    return frame(Kind.WINDOW_UPDATE, stream, struct.pack(">L", count))


def reset_stream(stream: int, code: int) -> bytes:
    return frame(Kind.RST_STREAM, stream, struct.pack(">L", code))


def headers(stream: int, section: bytes) -> bytes:
    """A request without a body, whose field section fits one frame."""
    return frame(Kind.HEADERS, stream, section, Flag.END_STREAM | Flag.END_HEADERS)


def request_section(scheme: str, authority: str, path: str, fields: dict[str, str] | None = None) -> bytes:
    """The field section of a GET: indexed fields of the static table, and literals without indexing."""
    section = b"\x82" + (b"\x87" if scheme == "https" else b"\x86")
    section += b"\x01" + _string(authority) + b"\x04" + _string(path)
    for name, text in (fields or {}).items():
        section += b"\x00" + _string(name.lower()) + _string(text)
    return section


def status(section: bytes) -> int | None:
    """The status in a response's field section, if it is one of the static table."""
    start = 0
    # Updates of the table's size may come first.
    while start < len(section) and section[start] & 0xE0 == 0x20:
        start += 1
    return _STATUSES.get(section[start]) if start < len(section) else None


def take_frames(received: bytearray, keep_data: bool) -> list[Frame]:
    """Takes all frames that are complete from the front of what was received."""
    taken = []
    start, end = 0, len(received)
    while start + HEAD_BYTES <= end:
        high, low, kind, flags, stream = _HEAD.unpack_from(received, start)
        length = high << 8 | low
        next_start = start + HEAD_BYTES + length
        if next_start > end:
            break
        payload = b"" if kind == Kind.DATA and not keep_data else bytes(received[start + HEAD_BYTES : next_start])
        taken.append(Frame(kind, flags, stream, length, payload))
        start = next_start
    del received[:start]
    return taken


def _string(text: str) -> bytes:
    """A string without Huffman coding; its length is an integer with a prefix of 7 bits (RFC 7541, 5.1)."""
    encoded = text.encode()
    length = len(encoded)
    if length < 0x7F:
        return bytes([length]) + encoded
    prefix = bytearray([0x7F])
    length -= 0x7F
    while length >= 0x80:
        prefix.append(length & 0x7F | 0x80)
        length >>= 7
    prefix.append(length)
    return bytes(prefix) + encoded
