"""A server that is told to stop, and a client that says it will go: CASE HOST PORT path=PATH NAME=VALUE...

The path is that of a large file; what comes of it is written to the folder.
"""
import os
import signal

from hyperframe.frame import GoAwayFrame

from frames import MAXIMUM_WINDOW, Connection, run

LAST_POSSIBLE = 2**31 - 1


def begin_download(connection, path):
    """Takes what the standard windows allow."""
    connection.request(1, path)
    connection.wait(lambda: len(connection.bodies.get(1, b"")) == 65535)


def end_download(connection):
    connection.open_window(0, MAXIMUM_WINDOW - 65535)
    connection.open_window(1, MAXIMUM_WINDOW - 65535)
    connection.wait_for(1)


def download(host, port, path, pid, folder, tls="false"):
    """Stops the server in the middle of a download."""
    connection = Connection(host, port, opens_windows=False, tls=tls == "true")
    begin_download(connection, path)
    os.kill(int(pid), signal.SIGTERM)
    # The second GOAWAY names the last stream that will be answered.
    connection.wait(lambda: any(last != LAST_POSSIBLE for last, _ in connection.goaways))
    is_open = connection.closed is None and 1 not in connection.ended
    end_download(connection)
    connection.wait_for_end()
    return {**connection.report(folder), "wasOpen": is_open}


def late_request(host, port, path, pid, folder):
    """Asks for something more between the two GOAWAY frames, and after them."""
    connection = Connection(host, port, opens_windows=False)
    begin_download(connection, path)
    connection.answers_pings = False
    os.kill(int(pid), signal.SIGTERM)
    connection.wait(lambda: connection.goaways)
    connection.request(3, path, "HEAD")
    connection.wait_for(3)
    connection.wait(lambda: any(last != LAST_POSSIBLE for last, _ in connection.goaways))
    connection.request(5, path, "HEAD")
    end_download(connection)
    connection.wait_for_end()
    return connection.report(folder)


def idle(host, port, path, pid, requests="1", seconds="0"):
    """Has nothing under way, for so long, when the server stops."""
    connection = Connection(host, port)
    for number in range(int(requests)):
        connection.request(2 * number + 1, path, "HEAD")
        connection.wait_for(2 * number + 1)
    connection.synchronise()
    connection.wait(lambda: False, float(seconds))
    was_open = connection.closed is None
    os.kill(int(pid), signal.SIGTERM)
    connection.wait_for_end()
    return {**connection.report(), "wasOpen": was_open}


def silent(host, port, path):
    """Waits until the server ends the idle connection."""
    connection = Connection(host, port)
    connection.request(1, path, "HEAD")
    connection.wait_for(1)
    connection.wait_for_end()
    return connection.report()


def going_client(host, port, path, folder):
    """Says GOAWAY in the middle of a download, and takes the rest of it."""
    connection = Connection(host, port, opens_windows=False)
    begin_download(connection, path)
    connection.send(GoAwayFrame(0, last_stream_id=0, error_code=0))
    connection.synchronise()
    is_open = connection.closed is None and 1 not in connection.ended
    end_download(connection)
    connection.wait_for_end()
    return {**connection.report(folder), "wasOpen": is_open}


run([download, late_request, idle, silent, going_client])
