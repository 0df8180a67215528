"""A file that changes while it is being sent: CASE HOST PORT path=PATH file=FILE other=PATH folder=FOLDER [length=N].

The file is what the path gives. What comes of it is written to the folder, as stream 1; the other path is asked for
meanwhile, as stream 3, and once more afterwards, as stream 5.
"""
import os

from frames import MAXIMUM_WINDOW, Connection, run


def download(host, port, path, other, folder, change):
    connection = Connection(host, port, opens_windows=False)
    connection.request(1, path)
    connection.wait(lambda: len(connection.bodies.get(1, b"")) == 65535)
    change()
    connection.open_window(0, MAXIMUM_WINDOW - 65535)
    connection.request(3, other)
    connection.wait_for(3)
    connection.open_window(1, MAXIMUM_WINDOW - 65535)
    connection.wait_for(1)
    connection.request(5, other)
    connection.wait_for(5)
    return connection.report(folder)


def truncated(host, port, path, file, other, folder, length):
    return download(host, port, path, other, folder, lambda: os.truncate(file, int(length)))


def overwritten(host, port, path, file, other, folder):
    def change():
        size = os.path.getsize(file)
        with open(file, "r+b") as stream:
            stream.write(bytes(size))

    return download(host, port, path, other, folder, change)


def replaced(host, port, path, file, other, folder):
    def change():
        with open(file + ".new", "wb") as stream:
            stream.write(b"new")
        os.rename(file + ".new", file)

    return download(host, port, path, other, folder, change)


def removed(host, port, path, file, other, folder):
    return download(host, port, path, other, folder, lambda: os.unlink(file))


run([truncated, overwritten, replaced, removed])
