#!/usr/bin/env python3
"""Runs the Cellucid server that is installed with this Python, with viewers whose events are told.

    serve.py DATA [--port N] [--viewer ID]... [--bundles FOLDER] [--ping-seconds N]

DATA is an export folder, a folder of them, or for 0.9.5 an AnnData file. The viewers are registered as the package's own
viewer objects do it. stdout has one JSON document a line:

    {"listening": PORT, "version": "0.9.3", "tokens": {"ID": "TOKEN", ...}}     the first line; no tokens before 0.9.1
    {"viewer": "ID", "event": {...}}       what the callback of the viewer ID got; the file of a session bundle is moved to
                                           FOLDER, and cells that came as raw bytes (0.9.5) are a list of numbers
    {"done": {...}}                        a command was obeyed; it may have more members
    {"failed": {...}, "reason": "..."}     it could not be

stdin takes commands, also one JSON document a line:

    {"do": "add", "viewer": "ID"}          {"do": "remove", "viewer": "ID"}
    {"do": "expect", "viewer": "ID", "request": "ID", "seconds": 60}    wait for one session bundle
    {"do": "delay", "viewer": "ID", "seconds": 2}       let the viewer's callback take that long
    {"do": "raise", "viewer": "ID"}        let it fail
    {"do": "send", "viewer": "ID", "message": "..."}    0.9.5: send the viewer a text
    {"do": "stop"}
"""

import argparse
import functools
import hashlib
import importlib
import inspect
import json
import os
import shutil
import signal
import socket
import struct
import sys
import threading
import time

import cellucid

lock = threading.Lock()


def tell(document):
    with lock:
        print(json.dumps(document), flush=True)


class Viewers:
    """The viewers of this process, over the functions that the installed version has for them."""

    def __init__(self, bundles):
        self.bundles = bundles
        self.tokens = {}
        self.delays = {}
        self.failing = set()
        self.wire = importlib.import_module("cellucid._server_base")
        if not hasattr(self.wire, "register_event_callback"):
            self.wire = importlib.import_module("cellucid._viewer_channel")
        self.has_tokens = "viewer_token" in inspect.signature(self.wire.register_event_callback).parameters

    def credentials(self, viewer):
        return (viewer, self.tokens[viewer]) if self.has_tokens else (viewer,)

    def add(self, viewer):
        self.tokens[viewer] = hashlib.md5(viewer.encode()).hexdigest()
        self.wire.register_event_callback(*self.credentials(viewer), functools.partial(self.receive, viewer))

    def remove(self, viewer):
        self.wire.unregister_event_callback(*self.credentials(viewer))
        del self.tokens[viewer]

    def expect(self, viewer, request, seconds=60):
        self.wire.register_session_bundle_request(*self.credentials(viewer), request, seconds)

    def delay(self, viewer, seconds):
        self.delays[viewer] = seconds

    def let_fail(self, viewer):
        self.failing.add(viewer)

    def send(self, viewer, message):
        self.wire.send_viewer_command(*self.credentials(viewer), message)

    def receive(self, viewer, event):
        """The callback of the viewer."""
        time.sleep(self.delays.get(viewer, 0))
        if viewer in self.failing:
            raise RuntimeError("the callback fails as it was told")
        event = dict(event)
        if isinstance(event.get("cells"), (bytes, bytearray, memoryview)):
            event["cells"] = [cell for (cell,) in struct.iter_unpack("<I", event["cells"])]
        if "path" in event:
            event["path"] = shutil.move(event["path"], os.path.join(self.bundles, event["requestId"]))
        tell({"viewer": viewer, "event": event})

    def obey(self, command):
        arguments = dict(command)
        name = arguments.pop("do")
        actions = {"add": self.add, "remove": self.remove, "expect": self.expect, "delay": self.delay}
        actions |= {"raise": self.let_fail, "send": self.send}
        actions[name](**arguments)


def make_server(arguments):
    """The server of the installed version for the data."""
    has_exports = hasattr(cellucid, "CellucidServer")
    kind = cellucid.CellucidServer if has_exports else cellucid.AnnDataServer
    options = {"host": "127.0.0.1", "port": arguments.port or free_port(), "quiet": True}
    if "serve_web_ui" in inspect.signature(kind.__init__).parameters:
        options["serve_web_ui"] = False
    if not has_exports:
        options |= {"dataset_id": "cells", "dataset_name": f"Cells of {cellucid.__version__}"}
    if arguments.port:
        allow_used_port()
    return kind(arguments.data, **options)


def free_port():
    # 0.0.9 says of port 0 that it is its own.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def allow_used_port():
    """Lets 0.0.9 listen again on the port of an earlier server, as the later versions do."""
    for module in [module for name, module in sys.modules.items() if name.startswith("cellucid")]:
        if "ensure_port_available" in vars(module):
            module.ensure_port_available = lambda host, port, quiet=False: port


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--viewer", action="append", default=[])
    parser.add_argument("--bundles", default=".")
    parser.add_argument("--ping-seconds", type=float)
    arguments = parser.parse_args()

    viewers = Viewers(arguments.bundles)
    for viewer in arguments.viewer:
        viewers.add(viewer)
    if arguments.ping_seconds:
        viewers.wire.KEEPALIVE_SECONDS = arguments.ping_seconds
    server = make_server(arguments)
    server.start_background()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    tokens = viewers.tokens if viewers.has_tokens else {}
    tell({"listening": server.port, "version": cellucid.__version__, "tokens": tokens})

    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "stop":
            break
        try:
            viewers.obey(command)
            tell({"done": command} | ({"token": viewers.tokens.get(command["viewer"])} if viewers.has_tokens else {}))
        except Exception as error:
            tell({"failed": command, "reason": f"{type(error).__name__}: {error}"})
    server.stop()


if __name__ == "__main__":
    main()
