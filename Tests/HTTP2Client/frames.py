"""An HTTP/2 client that sends exactly the frames it is told to, and notes what comes back.

It keeps no rules of its own, so that it can break those of RFC 9113. Needs hyperframe and hpack.
"""
import json
import os
import select
import socket
import ssl
import struct
import sys
import time

import hpack
from hyperframe.frame import (
    ContinuationFrame, DataFrame, Frame, GoAwayFrame, HeadersFrame, PingFrame, RstStreamFrame, SettingsFrame,
    WindowUpdateFrame,
)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
MAXIMUM_WINDOW = 2**31 - 1
CANCEL = 0x8
SECONDS = 30
"""How long to wait for something that must happen; only a failing test waits so long."""


class Connection:
    """One connection, with everything that the server has sent on it."""

    def __init__(self, host, port, settings=None, opens_windows=True, tls=False, receive_buffer=None):
        """Connects and sends the preface and SETTINGS.

        settings: numbers of settings and their values.
        opens_windows: whether the server may send as much as it likes.
        receive_buffer: bytes of the socket's receive buffer; small ones make a slow reader.
        """
        self.statuses, self.headers, self.bodies, self.resets = {}, {}, {}, {}
        self.ended = set()
        self.server_settings, self.goaways, self.pongs = {}, [], set()
        self.largest_data = 0
        self.granted, self.taken = 65535, 0
        self.answers_pings = True
        self.window = 65535
        self.closed = None
        self.encoder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self._received = b""
        self._block = None
        self._question = 0
        self.authority = f"{host}:{port}"
        self.scheme = "https" if tls else "http"
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(SECONDS)
        self.socket.connect((host, port))
        if tls:
            context = ssl._create_unverified_context()
            context.set_alpn_protocols(["h2"])
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
            assert self.socket.selected_alpn_protocol() == "h2", "ALPN did not choose h2"
        if opens_windows:
            settings = {SettingsFrame.INITIAL_WINDOW_SIZE: MAXIMUM_WINDOW, **(settings or {})}
            self.granted = MAXIMUM_WINDOW
        first = PREFACE + SettingsFrame(0, settings or {}).serialize()
        if opens_windows:
            first += WindowUpdateFrame(0, MAXIMUM_WINDOW - 65535).serialize()
        self.send_bytes(first)

    # Sending

    def send_bytes(self, data):
        """Sends bytes; a connection that has ended is noted and is no error."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            # What the server said before it went may still be there to be read.
            self.closed = self.closed or "reset"

    def send(self, *frames):
        self.send_bytes(b"".join(frame.serialize() for frame in frames))

    def fields(self, path, method="GET", more=()):
        """The header fields of a request."""
        return [
            (":method", method), (":scheme", self.scheme), (":authority", self.authority), (":path", path), *more,
        ]

    def head(self, stream, fields, end=True, flags=("END_HEADERS",)):
        """A HEADERS frame."""
        return HeadersFrame(stream, self.encoder.encode(fields), flags=[*flags, *(["END_STREAM"] if end else [])])

    def request(self, stream, path, method="GET", more=(), end=True):
        self.send(self.head(stream, self.fields(path, method, more), end))

    def open_window(self, stream, count):
        if stream == 0:
            self.granted += count
        self.send(WindowUpdateFrame(stream, count))

    # Receiving

    def wait(self, condition, seconds=SECONDS):
        """Receives until the condition holds, the connection ends, or the time is over.

        Returns whether the condition holds.
        """
        deadline = time.monotonic() + seconds
        while not condition() and self.closed is None:
            if not self.receive(deadline - time.monotonic()):
                break
        return bool(condition())

    def wait_for(self, stream, seconds=SECONDS):
        """Receives until a stream has ended in whatever way."""
        return self.wait(lambda: stream in self.ended or stream in self.resets, seconds)

    def wait_for_end(self, seconds=SECONDS):
        """Receives until the connection ends."""
        # A failed send says that the end is there, but not what came before it.
        self.closed = None
        return self.wait(lambda: False, seconds) or self.closed is not None

    def receive(self, seconds=0):
        """Takes what has arrived, waiting for it at most as long as said.

        Returns whether something came.
        """
        pending = isinstance(self.socket, ssl.SSLSocket) and self.socket.pending()
        if not pending and not select.select([self.socket], [], [], max(0, seconds))[0]:
            return False
        try:
            data = self.socket.recv(256 * 1024)
        except ConnectionResetError:
            self.closed = "reset"
            return True
        if not data:
            self.closed = "end"
            return True
        self._received += data
        self._parse()
        return True

    def synchronise(self):
        """Waits until the server has seen everything that was sent: it answers a PING.

        Returns whether it did.
        """
        self._question += 1
        question = b"ping" + self._question.to_bytes(4, "big")
        self.send(PingFrame(0, question))
        return self.wait(lambda: question in self.pongs)

    def _parse(self):
        start = 0
        while len(self._received) - start >= 9:
            frame, length = Frame.parse_frame_header(memoryview(self._received)[start:start + 9])
            if len(self._received) - start < 9 + length:
                break
            frame.parse_body(memoryview(self._received)[start + 9:start + 9 + length])
            start += 9 + length
            self._note(frame, length)
        self._received = self._received[start:]

    def _note(self, frame, length):
        stream = frame.stream_id
        if isinstance(frame, (HeadersFrame, ContinuationFrame)):
            self._block = (self._block or b"") + frame.data
            if "END_HEADERS" in frame.flags:
                self._note_head(stream)
        elif isinstance(frame, DataFrame):
            self.largest_data = max(self.largest_data, length)
            self.taken += length
            self.bodies.setdefault(stream, bytearray()).extend(frame.data)
        elif isinstance(frame, RstStreamFrame):
            self.resets[stream] = frame.error_code
        elif isinstance(frame, GoAwayFrame):
            self.goaways.append((frame.last_stream_id, frame.error_code))
        elif isinstance(frame, PingFrame):
            if "ACK" in frame.flags:
                self.pongs.add(bytes(frame.opaque_data))
            elif self.answers_pings:
                self.send(PingFrame(0, frame.opaque_data, flags=["ACK"]))
        elif isinstance(frame, SettingsFrame):
            self.server_settings.update(frame.settings)
            if "ACK" not in frame.flags:
                self.send(SettingsFrame(0, flags=["ACK"]))
        elif isinstance(frame, WindowUpdateFrame) and stream == 0:
            self.window += frame.window_increment
        if "END_STREAM" in frame.flags:
            self.ended.add(stream)

    def _note_head(self, stream):
        fields = self.decoder.decode(self._block)
        self._block = None
        self.headers[stream] = fields
        self.statuses.setdefault(stream, []).append(int(dict(fields)[":status"]))

    # Reporting

    def report(self, folder=None):
        """What the server did.

        folder: where to write the bodies of answers, each as a file with the stream's number for a name.
        """
        if folder:
            for stream, body in self.bodies.items():
                with open(os.path.join(folder, str(stream)), "wb") as file:
                    file.write(body)
        return {
            "statuses": {str(stream): codes[-1] for stream, codes in self.statuses.items()},
            "interim": {str(stream): codes[:-1] for stream, codes in self.statuses.items() if codes[1:]},
            "bodyBytes": {str(stream): len(body) for stream, body in self.bodies.items()},
            "ended": sorted(self.ended),
            "resets": {str(stream): code for stream, code in self.resets.items()},
            "goaways": [{"last": last, "code": code} for last, code in self.goaways],
            "settings": {str(number): value for number, value in self.server_settings.items()},
            "largestData": self.largest_data,
            "overrun": max(0, self.taken - self.granted),
            "closed": self.closed,
        }


class RawFrame:
    """A frame of any type and content, true to the standard or not."""

    def __init__(self, kind, stream, payload=b"", flags=0, length=None):
        """length: what the header says in place of the payload's length."""
        self.header = struct.pack(">I", len(payload) if length is None else length)[1:]
        self.header += struct.pack(">BBI", kind, flags, stream)
        self.payload = payload

    def serialize(self):
        return self.header + self.payload


def run(cases):
    """Runs one of the cases, which are functions, and prints the JSON object that it gives on one line.

    The command line is CASE HOST PORT and then NAME=VALUE for each further argument of the function.
    """
    name, host, port, *rest = sys.argv[1:]
    arguments = dict(argument.split("=", 1) for argument in rest)
    found = {case.__name__: case for case in cases}[name]
    print(json.dumps(found(host, int(port), **arguments)))
