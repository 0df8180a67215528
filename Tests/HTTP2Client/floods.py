"""Clients that send too much of something: CASE HOST PORT path=PATH [count=N].

Each prints what the server did, and how many rounds it let pass ("rounds").
"""
import struct

from hyperframe.frame import (
    ContinuationFrame, DataFrame, HeadersFrame, PingFrame, PriorityFrame, RstStreamFrame, SettingsFrame,
    WindowUpdateFrame,
)

from frames import CANCEL, MAXIMUM_WINDOW, Connection, RawFrame, run

WINDOW_UPDATE = 0x8
PRIORITY_UPDATE = 0x10


def flood(connection, frames_of_round, count, step=50):
    """Sends rounds of frames until the server says GOAWAY or goes, and waits for the end of the connection.

    step: rounds that are sent before the client waits until the server has seen them.
    """
    rounds = 0
    while rounds < count and connection.closed is None and not connection.goaways:
        for _ in range(step):
            connection.send(*frames_of_round(rounds))
            rounds += 1
        if not connection.synchronise():
            break
    if connection.closed or connection.goaways:
        connection.wait_for_end()
    return {**connection.report(), "rounds": rounds}


def stream_of(number):
    return 2 * number + 1


# Resets

def rapid_reset(host, port, path, count="3000"):
    connection = Connection(host, port)
    return flood(connection, lambda number: [
        connection.head(stream_of(number), connection.fields(path)),
        RstStreamFrame(stream_of(number), CANCEL),
    ], int(count))


def bad_pseudo_header(host, port, path, count="3000"):
    connection = Connection(host, port)
    fields = [field for field in connection.fields(path) if field[0] != ":path"]
    return flood(connection, lambda number: [connection.head(stream_of(number), fields)], int(count))


def window_overflow(host, port, path, count="3000"):
    """Each request makes the server reset its own stream, as the window grows beyond what there is."""
    connection = Connection(host, port)
    return flood(connection, lambda number: [
        connection.head(stream_of(number), connection.fields(path)),
        WindowUpdateFrame(stream_of(number), MAXIMUM_WINDOW),
    ], int(count))


def zero_increment(host, port, path, count="3000"):
    connection = Connection(host, port)
    return flood(connection, lambda number: [
        connection.head(stream_of(number), connection.fields(path)),
        RawFrame(WINDOW_UPDATE, stream_of(number), bytes(4)),
    ], int(count))


def data_beyond_end(host, port, path, count="3000"):
    connection = Connection(host, port)
    return flood(connection, lambda number: [
        connection.head(stream_of(number), connection.fields(path)),
        DataFrame(stream_of(number), b"x" * 100),
    ], int(count))


def short_content(host, port, path, count="3000"):
    """The content is shorter than it was said to be."""
    connection = Connection(host, port)
    return flood(connection, lambda number: [
        connection.head(stream_of(number), connection.fields(path, "POST", [("content-length", "100")]), end=False),
        DataFrame(stream_of(number), b"x", flags=["END_STREAM"]),
    ], int(count))


# Header blocks

def continuations(host, port, path, count="9", piece="16", ends="true"):
    """A header block in pieces; without its end, when that is wanted."""
    connection = Connection(host, port)
    # Later, an answer to the server's SETTINGS would come in the middle of the header block.
    connection.synchronise()
    block = connection.encoder.encode(connection.fields(path))
    size = int(piece)
    filler = connection.encoder.encode([("x-filler", "y" * max(1, size))], huffman=False)
    connection.send(HeadersFrame(1, block, flags=["END_STREAM"]))
    sent = 0
    for number in range(int(count)):
        is_last = ends == "true" and number == int(count) - 1
        connection.send(ContinuationFrame(1, filler if size else b"", flags=["END_HEADERS"] if is_last else []))
        sent += 1
        connection.receive()
        if connection.goaways or connection.closed:
            break
    connection.wait(lambda: connection.goaways or 1 in connection.ended or connection.resets)
    if connection.goaways:
        connection.wait_for_end()
    return {**connection.report(), "rounds": sent}


# Frames that carry nothing

def ping(host, port, path, count="5000"):
    connection = Connection(host, port)
    return flood(connection, lambda number: [PingFrame(0, struct.pack(">Q", number))], int(count))


def ping_acknowledgement(host, port, path, count="5000"):
    connection = Connection(host, port)
    return flood(connection, lambda number: [PingFrame(0, bytes(8), flags=["ACK"])], int(count))


def settings(host, port, path, count="5000"):
    connection = Connection(host, port)
    return flood(connection, lambda number: [SettingsFrame(0, {3: number})], int(count))


def settings_acknowledgement(host, port, path, count="5000"):
    connection = Connection(host, port)
    return flood(connection, lambda number: [SettingsFrame(0, flags=["ACK"])], int(count))


def priority(host, port, path, count="5000"):
    connection = Connection(host, port)
    return flood(connection, lambda number: [
        PriorityFrame(stream_of(number), depends_on=0, stream_weight=7, exclusive=False),
    ], int(count))


def empty_data(host, port, path, count="5000"):
    connection = Connection(host, port, {SettingsFrame.INITIAL_WINDOW_SIZE: 0}, opens_windows=False)
    connection.request(1, path, end=False)
    return flood(connection, lambda number: [DataFrame(1, b"")], int(count))


def tiny_data(host, port, path, count="5000"):
    connection = Connection(host, port, {SettingsFrame.INITIAL_WINDOW_SIZE: 0}, opens_windows=False)
    connection.request(1, path, end=False)
    return flood(connection, lambda number: [DataFrame(1, b"x")], int(count))


def unknown(host, port, path, count="5000"):
    connection = Connection(host, port)
    return flood(connection, lambda number: [RawFrame(0xfa, 0, b"?")], int(count))


def window_updates(host, port, path, count="5000"):
    connection = Connection(host, port, opens_windows=False)
    return flood(connection, lambda number: [WindowUpdateFrame(0, 1)], int(count))


def stream_window_updates(host, port, path, count="5000"):
    """For a stream that has long ended."""
    connection = Connection(host, port)
    connection.request(1, path)
    connection.wait_for(1)
    return flood(connection, lambda number: [WindowUpdateFrame(1, 1)], int(count))


def priority_update(host, port, path, count="5000"):
    """PRIORITY_UPDATE (RFC 9218 section 7.1) for streams to come."""
    connection = Connection(host, port)
    return flood(connection, lambda number: [
        RawFrame(PRIORITY_UPDATE, 0, struct.pack(">I", stream_of(number % 50)) + b"u=1"),
    ], int(count))


run([
    rapid_reset, bad_pseudo_header, window_overflow, zero_increment, data_beyond_end, short_content, continuations,
    ping, ping_acknowledgement, settings, settings_acknowledgement, priority, empty_data, tiny_data, unknown,
    window_updates, stream_window_updates, priority_update,
])
