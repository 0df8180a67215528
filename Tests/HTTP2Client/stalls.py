"""Clients that do not take what they asked for: CASE HOST PORT path=PATH of a large file [count=N streams].

Each waits until the server has had enough.
"""
import select
import socket
import time

from hyperframe.frame import SettingsFrame

from frames import MAXIMUM_WINDOW, SECONDS, Connection, run

LAST = 9001


def streams_of(count):
    return [2 * number + 1 for number in range(int(count))]


def conclude(connection, streams, path):
    """Waits until all streams have been reset, and then sees whether the connection is still good."""
    connection.wait(lambda: set(connection.resets).issuperset(streams), 2 * SECONDS)
    if connection.closed is None and not connection.goaways:
        connection.request(LAST, path, "HEAD")
        connection.wait_for(LAST)
    return connection.report()


def shut_stream_windows(host, port, path, count="100"):
    connection = Connection(host, port, {SettingsFrame.INITIAL_WINDOW_SIZE: 0}, opens_windows=False)
    for stream in streams_of(count):
        connection.request(stream, path)
    return conclude(connection, streams_of(count), path)


def shut_connection_window(host, port, path, count="100"):
    connection = Connection(host, port, {SettingsFrame.INITIAL_WINDOW_SIZE: MAXIMUM_WINDOW}, opens_windows=False)
    for stream in streams_of(count):
        connection.request(stream, path)
    return conclude(connection, streams_of(count), path)


def trickle(host, port, path, count="3"):
    """Windows that are opened by single bytes, some ten each second."""
    connection = Connection(host, port, {SettingsFrame.INITIAL_WINDOW_SIZE: 0}, opens_windows=False)
    streams = streams_of(count)
    for stream in streams:
        connection.request(stream, path)
    rounds = 0
    while rounds < 100 and not set(connection.resets).issuperset(streams) and not connection.closed:
        for stream in streams:
            if stream not in connection.resets:
                connection.open_window(stream, 1)
        rounds += 1
        time.sleep(0.1)
        while connection.receive() and not connection.closed:
            pass
    return {**conclude(connection, streams, path), "rounds": rounds}


def neighbour(host, port, path, count="3"):
    """Streams that stand still beside one that moves all the time."""
    connection = Connection(host, port, {SettingsFrame.INITIAL_WINDOW_SIZE: 0}, opens_windows=False)
    connection.open_window(0, MAXIMUM_WINDOW - 65535)
    *still, moving = streams_of(int(count) + 1)
    for stream in [*still, moving]:
        connection.request(stream, path)
    deadline = time.monotonic() + 2 * SECONDS
    while not set(connection.resets).issuperset(still) and time.monotonic() < deadline and not connection.closed:
        connection.open_window(moving, 8192)
        connection.receive(0.05)
    connection.open_window(moving, MAXIMUM_WINDOW // 2)
    connection.wait_for(moving)
    return conclude(connection, still, path)


def unread_socket(host, port, path, count="100"):
    """Reads nothing at all, whatever the windows allow."""
    connection = Connection(host, port, receive_buffer=4096)
    # The server's SETTINGS tell that it has begun.
    connection.wait(lambda: connection.server_settings)
    for stream in streams_of(count):
        connection.request(stream, path)
    poll = select.poll()
    poll.register(connection.socket, 0)
    events = poll.poll(2 * SECONDS * 1000)
    connection.closed = "reset" if events else None
    return connection.report()


def unread_pongs(host, port, path, count="100000"):
    """PINGs whose answers are not read."""
    connection = Connection(host, port, receive_buffer=4096)
    connection.socket.settimeout(5)
    ping = b"\0\0\x08\x06\0\0\0\0\0" + bytes(8)
    try:
        for _ in range(0, int(count), 100):
            connection.send_bytes(ping * 100)
            if connection.closed:
                break
    except socket.timeout:
        pass
    connection.wait_for_end()
    return connection.report()


def slow_reader(host, port, path, size, folder):
    """Takes some kilobytes now and then, for longer than a client may stand still, and then the rest."""
    connection = Connection(host, port, opens_windows=False)
    connection.request(1, path)
    taken = 0
    start = time.monotonic()
    while 1 not in connection.ended and 1 not in connection.resets and connection.receive(SECONDS):
        if connection.closed:
            break
        fresh = len(connection.bodies.get(1, b"")) - taken
        taken += fresh
        if fresh:
            if time.monotonic() - start < 4:
                time.sleep(0.05)
            connection.open_window(0, fresh)
            connection.open_window(1, fresh)
    return connection.report(folder)


run([
    shut_stream_windows, shut_connection_window, trickle, neighbour, unread_socket, unread_pongs, slow_reader,
])
