"""An HTTP/2 client for thousands of connections: it decodes no fields but the status, and keeps no buffers."""

import struct

from clients import connection, frames
from clients.frames import Flag, Frame, Kind, Setting
from clients.message import Answer
from common.endpoint import Endpoint
from common.system import BenchmarkError

# The windows of Chromium, for a stream and for the connection.
STREAM_WINDOW = 6 << 20
CONNECTION_WINDOW = 15 << 20
DEFAULT_WINDOW = 65535
RECEIVE_BYTES = 1 << 14
# The error code of streams that nobody needs any more (RFC 9113, 7).
CANCEL = 0x8


class Connection(connection.Connection):
    """A connection, the client's preface sent and the server's acknowledged as soon as it is seen."""

    def __init__(self, endpoint: Endpoint, source: str | None = None):
        super().__init__(endpoint, source)
        self._next_stream = 1
        # Bytes of DATA received and not yet granted again, by stream; 0 is the connection.
        self._consumed: dict[int, int] = {0: 0}
        self._socket.sendall(
            frames.PREFACE
            + frames.settings({Setting.ENABLE_PUSH: 0, Setting.INITIAL_WINDOW_SIZE: STREAM_WINDOW})
            + frames.window_update(0, CONNECTION_WINDOW - DEFAULT_WINDOW)
        )

    def get(self, path: str, fields: dict[str, str] | None = None) -> Answer:
        """Asks and waits for the whole answer; no other stream may be open."""
        self.start([path], fields)
        status, body, is_open = 0, bytearray(), True
        while is_open:
            for frame in self.receive(keep_data=True):
                if frame.kind == Kind.HEADERS:
                    status = self.status(frame)
                elif frame.kind == Kind.DATA:
                    body += frame.payload
                is_open = is_open and not frame.ends_stream
        return Answer(status, bytes(body), len(body))

    def start(self, paths: list[str], fields: dict[str, str] | None = None) -> list[int]:
        """Asks for all paths in one go; returns their streams."""
        streams = [self._next_stream + 2 * index for index in range(len(paths))]
        self._next_stream += 2 * len(paths)
        scheme = "https" if self._endpoint.is_encrypted else "http"
        self._socket.sendall(
            b"".join(
                frames.headers(stream, frames.request_section(scheme, self._endpoint.authority, path, fields))
                for stream, path in zip(streams, paths, strict=True)
            )
        )
        return streams

    def cancel(self, streams: list[int]) -> None:
        """Gives streams up (RST_STREAM with CANCEL)."""
        self._socket.sendall(b"".join(frames.reset_stream(stream, CANCEL) for stream in streams))

    def receive(self, keep_data: bool = False) -> list[Frame]:
        """Waits for data and returns the frames that are complete then, after the answers due to them were sent."""
        data = self._socket.recv(RECEIVE_BYTES)
        if not data:
            raise BenchmarkError(f"{self._endpoint.authority} closed an HTTP/2 connection")
        self._received += data
        received = frames.take_frames(self._received, keep_data)
        replies = b"".join(filter(None, map(self._reply, received)))
        if replies:
            self._socket.sendall(replies)
        return received

    def status(self, frame: Frame) -> int:
        """The status in a HEADERS frame."""
        status = frames.status(frame.payload)
        if status is None or not frame.flags & Flag.END_HEADERS:
            raise BenchmarkError(f"{self._endpoint.authority} answered with the fields {frame.payload[:40].hex()}")
        return status

    def _reply(self, frame: Frame) -> bytes:
        match frame.kind:
            case Kind.DATA:
                return self._grant(frame)
            case Kind.SETTINGS if not frame.flags & Flag.ACK:
                return frames.frame(Kind.SETTINGS, 0, flags=Flag.ACK)
            case Kind.PING if not frame.flags & Flag.ACK:
                return frames.frame(Kind.PING, 0, frame.payload, Flag.ACK)
            case Kind.GOAWAY | Kind.RST_STREAM:
                where = self._endpoint.authority
                (code,) = struct.unpack_from(">L", frame.payload, 4 if frame.kind == Kind.GOAWAY else 0)
                raise BenchmarkError(f"{where} sent {Kind(frame.kind).name} with error code {code:#x}")
            case _:
                return b""

    def _grant(self, frame: Frame) -> bytes:
        """Opens the windows again when half of them is used up, as browsers do."""
        if frame.flags & Flag.PADDED:
            raise BenchmarkError(f"{self._endpoint.authority} sent a padded frame")
        grants = b""
        for stream, window in ((0, CONNECTION_WINDOW), (frame.stream, STREAM_WINDOW)):
            consumed = self._consumed.get(stream, 0) + frame.length
            if consumed >= window // 2:
                grants += frames.window_update(stream, consumed)
                consumed = 0
            self._consumed[stream] = consumed
        if frame.ends_stream:
            del self._consumed[frame.stream]
        return grants
