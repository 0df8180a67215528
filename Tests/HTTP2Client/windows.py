"""Flow control (RFC 9113 section 5.2): CASE HOST PORT path=PATH size=BYTES folder=FOLDER.

The path is that of a file of so many bytes; what comes of it is written to the folder. Each prints, besides what the
server did, how many bytes had come at certain points ("steps").
"""
from hyperframe.frame import RstStreamFrame, SettingsFrame

from frames import CANCEL, MAXIMUM_WINDOW, Connection, run


def received(connection, stream=1):
    return len(connection.bodies.get(stream, b""))


def exhaustion(host, port, path, size, folder):
    """The standard windows, then a little more for the stream, for the connection, and at last for both."""
    connection = Connection(host, port, opens_windows=False)
    steps = []

    def note():
        connection.synchronise()
        steps.append(received(connection))

    connection.request(1, path)
    connection.wait(lambda: received(connection) == 65535)
    note()
    connection.open_window(1, 1000)
    note()
    connection.open_window(0, 300)
    connection.wait(lambda: received(connection) == 65835)
    note()
    connection.open_window(0, int(size))
    connection.wait(lambda: received(connection) == 66535)
    note()
    connection.open_window(1, int(size))
    connection.wait_for(1)
    note()
    return {**connection.report(folder), "steps": steps}


def initial_window(host, port, path, size, folder):
    """Windows of streams that grow and shrink by SETTINGS, below zero as well (RFC 9113 section 6.9.2)."""
    connection = Connection(host, port, {SettingsFrame.INITIAL_WINDOW_SIZE: 10}, opens_windows=False)
    connection.open_window(0, MAXIMUM_WINDOW - 65535)
    steps = []

    def note(wanted):
        connection.wait(lambda: received(connection) == wanted)
        connection.synchronise()
        steps.append(received(connection))

    connection.request(1, path)
    note(10)
    connection.send(SettingsFrame(0, {SettingsFrame.INITIAL_WINDOW_SIZE: 1000}))
    note(1000)
    connection.send(SettingsFrame(0, {SettingsFrame.INITIAL_WINDOW_SIZE: 400}))
    note(1000)
    connection.open_window(1, 600)
    note(1000)
    connection.open_window(1, 1)
    note(1001)
    connection.send(SettingsFrame(0, {SettingsFrame.INITIAL_WINDOW_SIZE: int(size)}))
    note(int(size))
    connection.wait_for(1)
    return {**connection.report(folder), "steps": steps}


def single_bytes(host, port, path, size, folder):
    """A window that is opened by a byte at a time, and then whole."""
    connection = Connection(host, port, {SettingsFrame.INITIAL_WINDOW_SIZE: 0}, opens_windows=False)
    connection.open_window(0, MAXIMUM_WINDOW - 65535)
    connection.request(1, path)
    for number in range(100):
        connection.open_window(1, 1)
        connection.wait(lambda: received(connection) == number + 1)
    steps = [received(connection)]
    connection.open_window(1, int(size))
    connection.wait_for(1)
    return {**connection.report(folder), "steps": steps}


def frame_size(host, port, path, size, folder, maximum="16384"):
    """A largest frame of one's own choice."""
    connection = Connection(host, port, {SettingsFrame.MAX_FRAME_SIZE: int(maximum)})
    connection.request(1, path)
    connection.wait_for(1)
    return {**connection.report(folder), "steps": []}


def cancelled(host, port, path, size, folder, count="20"):
    """Downloads that are given up in the middle, and one that is not."""
    connection = Connection(host, port, opens_windows=False)
    for number in range(int(count)):
        stream = 2 * number + 1
        before = received(connection, stream)
        connection.request(stream, path)
        connection.wait(lambda: received(connection, stream) > before)
        connection.send(RstStreamFrame(stream, CANCEL))
        connection.synchronise()
        # What has come counts for the connection's window, of cancelled streams as well.
        connection.open_window(0, received(connection, stream))
    last = 2 * int(count) + 1
    connection.open_window(0, int(size))
    connection.request(last, path)
    connection.open_window(last, int(size))
    connection.wait_for(last)
    return {**connection.report(folder), "steps": []}


def reset_under_way(host, port, path, size, folder, small, rounds="30"):
    """Streams that are reset while their frames are on the way; what is asked for next has to come."""
    connection = Connection(host, port)
    stream, smalls = 1, []
    for number in range(int(rounds)):
        given_up = [stream, stream + 2]
        connection.send(*[connection.head(each, connection.fields(path)) for each in given_up])
        for _ in range(number % 7):
            connection.receive(1)
        connection.send(*[RstStreamFrame(each, CANCEL) for each in given_up])
        smalls.append(stream + 4)
        connection.request(smalls[-1], small)
        if not connection.wait_for(smalls[-1]):
            break
        stream += 6
    connection.synchronise()
    for each in set(connection.bodies) - set(smalls):
        del connection.bodies[each]
    return {**connection.report(folder), "steps": [number for number in smalls if number in connection.ended]}


def reset_in_narrow_window(host, port, path, size, folder, rounds="40"):
    """The same within the window of the connection, which is opened again by exactly what came."""
    connection = Connection(host, port, {SettingsFrame.INITIAL_WINDOW_SIZE: MAXIMUM_WINDOW}, opens_windows=False)
    for number in range(int(rounds)):
        connection.request(2 * number + 1, path)
        connection.wait(lambda: connection.taken == connection.granted)
        connection.open_window(0, 40000 + number)
        connection.send(RstStreamFrame(2 * number + 1, CANCEL))
        connection.synchronise()
    connection.open_window(0, int(size))
    last = 2 * int(rounds) + 1
    connection.request(last, path)
    connection.wait_for(last)
    return {**connection.report(folder), "steps": []}


def shared(host, port, path, size, folder, count="10"):
    """Several downloads at once through narrow windows that are opened again as bytes come."""
    connection = Connection(host, port, {SettingsFrame.INITIAL_WINDOW_SIZE: 20000}, opens_windows=False)
    streams = [2 * number + 1 for number in range(int(count))]
    for stream in streams:
        connection.request(stream, path)
    taken = dict.fromkeys(streams, 0)
    while not connection.ended.issuperset(streams) and connection.receive(30) and not connection.closed:
        total = 0
        for stream in streams:
            fresh = received(connection, stream) - taken[stream]
            if fresh:
                taken[stream] += fresh
                total += fresh
                connection.open_window(stream, fresh)
        if total:
            connection.open_window(0, total)
    return {**connection.report(folder), "steps": []}


def normal(host, port, path, size, folder, count="5000", resets="100"):
    """A diligent client: many requests, windows opened again after each answer, some answers given up."""
    connection = Connection(host, port, opens_windows=False)
    step = 50
    between_resets = int(count) // int(resets)
    for start in range(0, int(count), step):
        streams = [2 * number + 1 for number in range(start, start + step)]
        connection.send(*[connection.head(stream, connection.fields(path)) for stream in streams])
        given_up = {stream for stream in streams if stream // 2 % between_resets == 0}
        connection.send(*[RstStreamFrame(stream, CANCEL) for stream in sorted(given_up)])
        waiting = set(streams) - given_up
        while waiting and connection.closed is None and connection.receive(30):
            # Answers may come in any order, as their files are opened for the first time.
            for stream in waiting & connection.ended:
                connection.open_window(stream, received(connection, stream))
                connection.open_window(0, received(connection, stream))
            waiting -= connection.ended
        connection.synchronise()
        for stream in given_up:
            if received(connection, stream):
                connection.open_window(0, received(connection, stream))
    complete = [stream for stream in connection.ended if received(connection, stream) == int(size)]
    # Single streams would make the report long.
    report = {**connection.report(), "steps": [len(complete)]}
    return {**report, "statuses": {}, "bodyBytes": {}, "ended": []}


run([exhaustion, initial_window, single_bytes, frame_size, cancelled, reset_under_way, reset_in_narrow_window, shared, normal])
