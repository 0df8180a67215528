"""Single requests in unusual forms: CASE HOST PORT NAME=VALUE...

Each sends a plain request for "path" afterwards on stream 101, to see whether the connection is still good for it.
"""
import json

from hyperframe.frame import DataFrame, SettingsFrame

from frames import Connection, RawFrame, run

LAST = 101
DATA, HEADERS, CONTINUATION = 0x0, 0x1, 0x9
END_STREAM, END_HEADERS, PADDED, PRIORITY = 0x1, 0x4, 0x8, 0x20


def conclude(connection, path, folder=None):
    """Waits for the answer on stream 1, and asks for the path once more."""
    connection.wait(lambda: 1 in connection.ended or 1 in connection.resets or connection.goaways)
    if not connection.goaways:
        connection.request(LAST, path)
        connection.wait(lambda: LAST in connection.ended or LAST in connection.resets or connection.goaways)
    if connection.goaways:
        connection.wait_for_end()
    return connection.report(folder)


def fields(host, port, path, fields, end="true"):
    """A request with exactly these fields, a JSON array of names and values; AUTHORITY stands for host and port."""
    connection = Connection(host, port)
    given = [(name, value.replace("AUTHORITY", connection.authority)) for name, value in json.loads(fields)]
    connection.send(connection.head(1, given, end == "true"))
    return conclude(connection, path)


def padded(host, port, path, folder=None):
    """HEADERS with padding and a priority, DATA with padding."""
    connection = Connection(host, port)
    block = connection.encoder.encode(connection.fields(path))
    payload = bytes([200]) + b"\x00\x00\x00\x00\x10" + block + bytes(200)
    connection.send(RawFrame(HEADERS, 1, payload, END_HEADERS | PADDED | PRIORITY))
    connection.send(RawFrame(DATA, 1, bytes([255]) + b"some" + bytes(255), PADDED))
    connection.send(RawFrame(DATA, 1, bytes([10]) + bytes(10), PADDED | END_STREAM))
    return conclude(connection, path, folder)


def split_head(host, port, path, pieces="8", folder=None):
    """A header block whose bytes come in a HEADERS frame and as many CONTINUATION frames."""
    connection = Connection(host, port)
    block = connection.encoder.encode(connection.fields(path))
    size = -(-len(block) // (int(pieces) + 1))
    parts = [block[start:start + size] for start in range(0, len(block), size)]
    for number, part in enumerate(parts):
        kind = CONTINUATION if number else HEADERS
        flags = (END_HEADERS if part is parts[-1] else 0) | (0 if number else END_STREAM)
        connection.send(RawFrame(kind, 1, part, flags))
    return conclude(connection, path, folder)


def trailers(host, port, path, method="GET", folder=None):
    """A request with content and trailers."""
    connection = Connection(host, port)
    connection.request(1, path, method, end=False)
    connection.send(DataFrame(1, b"some content"))
    connection.send(connection.head(1, [("x-checksum", "1"), ("range", "bytes=0-0"), ("if-none-match", "*")]))
    return conclude(connection, path, folder)


def large_head(host, port, path, count="10", size="1000"):
    """Fields of so many bytes."""
    connection = Connection(host, port)
    more = [(f"x-filler-{number}", "y" * int(size)) for number in range(int(count))]
    block = connection.encoder.encode(connection.fields(path, more=more), huffman=False)
    parts = [block[start:start + 16384] for start in range(0, len(block), 16384)]
    for number, part in enumerate(parts):
        kind = CONTINUATION if number else HEADERS
        flags = (END_HEADERS if part is parts[-1] else 0) | (0 if number else END_STREAM)
        connection.send(RawFrame(kind, 1, part, flags))
    return conclude(connection, path)


def repeated_reference(host, port, path, count="15000"):
    """A header block that names one large field of the dynamic table again and again, a byte for each time."""
    connection = Connection(host, port)
    connection.request(99, path, more=[("x-large", "z" * 4000)])
    connection.wait_for(99)
    # Sensitive fields stay out of the dynamic table, whose newest entry is number 62 (RFC 7541 section 2.3.3).
    block = connection.encoder.encode([(*field, True) for field in connection.fields(path)])
    reference = bytes([0x80 | 62])
    connection.send(RawFrame(HEADERS, 101, block + reference * int(count), END_HEADERS | END_STREAM))
    connection.wait(lambda: 101 in connection.ended or 101 in connection.resets or connection.goaways)
    if not connection.goaways:
        connection.request(103, path)
        connection.wait(lambda: 103 in connection.ended or 103 in connection.resets or connection.goaways)
    return connection.report()


def content(host, port, path, announced, sent):
    """Content that is not as long as announced, while the answer cannot end, as the windows are shut."""
    connection = Connection(host, port, {SettingsFrame.INITIAL_WINDOW_SIZE: 0}, opens_windows=False)
    connection.request(1, path, more=[("content-length", announced)], end=False)
    connection.send(DataFrame(1, b"x" * int(sent), flags=["END_STREAM"]))
    connection.synchronise()
    connection.send(SettingsFrame(0, {SettingsFrame.INITIAL_WINDOW_SIZE: 65535}))
    return conclude(connection, path)


def refused_content(host, port, path, count="30", size="100000"):
    """Content that nobody reads: more of it than the connection's window holds, in windows that the server opens."""
    connection = Connection(host, port)
    for number in range(int(count)):
        stream = 2 * number + 1
        connection.request(stream, path, "POST", [("content-length", size)], end=False)
        left = int(size)
        while left:
            part = min(left, 16384)
            if not connection.wait(lambda: connection.window >= part):
                return connection.report()
            connection.window -= part
            left -= part
            connection.send(DataFrame(stream, b"x" * part, flags=[] if left else ["END_STREAM"]))
        if not connection.wait_for(stream):
            return connection.report()
    connection.request(LAST, path)
    connection.wait_for(LAST)
    return connection.report()


def expectation(host, port, path):
    """Content that is only sent when the server asks for it."""
    connection = Connection(host, port)
    connection.request(1, path, "POST", [("expect", "100-continue"), ("content-length", "5")], end=False)
    return conclude(connection, path)


def many(host, port, path, count="100", folder=None):
    """Requests all at once."""
    connection = Connection(host, port)
    streams = [2 * number + 1 for number in range(int(count))]
    connection.send(*[connection.head(stream, connection.fields(path)) for stream in streams])
    connection.wait(lambda: connection.ended.issuperset(streams))
    return connection.report(folder)


def too_many(host, port, path, count, acknowledges="true"):
    """One more stream than allowed, none of which can end, as the windows are shut."""
    connection = Connection(host, port, {SettingsFrame.INITIAL_WINDOW_SIZE: 0}, opens_windows=False)
    if acknowledges == "true":
        # The server's SETTINGS come before its answer to a PING, and the acknowledgement goes before the requests.
        connection.synchronise()
    streams = [2 * number + 1 for number in range(int(count))]
    connection.send(*[connection.head(stream, connection.fields(path)) for stream in streams])
    connection.wait(lambda: connection.resets or connection.goaways)
    if connection.goaways:
        connection.wait_for_end()
        return connection.report()
    # With the windows open, the others are answered.
    connection.send(SettingsFrame(0, {SettingsFrame.INITIAL_WINDOW_SIZE: 2**31 - 1}))
    connection.open_window(0, 2**31 - 1 - 65535)
    connection.wait(lambda: len(connection.ended) + len(connection.resets) == int(count))
    return connection.report()


run([
    fields, padded, split_head, trailers, large_head, repeated_reference, content, refused_content, expectation, many,
    too_many,
])
