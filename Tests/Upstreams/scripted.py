#!/usr/bin/env python3
"""A Cellucid server that tests put behind the gateway, well behaved or, on request, badly.

    scripted.py [--generation 0.0.9|0.9.1|0.9.5] [--port 0 | --unix PATH] [--certificate PEM]
                [--id ID] [--name NAME] [--folders NAME,...] [--behaviour JSON] [--log FILE]

It answers what the gateway asks to find out whom it talks to (`/_cellucid/protocol`, `health`, `info`, `datasets`), takes
events and session bundles, sends bodies back (`/echo`), and has no files. 0.0.9 and 0.9.1 speak HTTP/1.0, serve one
connection at a time from its acceptance to its end, wait for ever for what does not come, and close after each answer.
0.9.5 speaks HTTP/1.1 with keep-alive, on a thread for each connection. With `--folders` it has one dataset in each of
these folders instead of one at `/`. When it listens it prints `listening PORT`, with 0 for a Unix socket.

The log has one JSON line for everything that happens. `open` counts the connections that were accepted and that neither
side has closed, those that wait for their turn included.

    {"event": "open", "connection": 1, "open": 1}
    {"event": "refused", "connection": 1, "reason": TEXT}         the TLS handshake failed
    {"event": "head", "connection": 1, "text": TEXT}              a request head as it came, with its empty line
    {"event": "body", "connection": 1, "framing": "none"|"length"|"chunked", "length": N, "sha256": HEX, "text": TEXT}
    {"event": "close", "connection": 1, "open": 0, "received": N, "sent": N, "rest": TEXT, "reset": false}

Texts are ISO 8859-1, one character for each byte. A body's text is its first 64 KiB. The line of a head is written when
the head is there, that of a body when the body is whole. `received` and `sent` count bytes without TLS, `rest` is what
came and was no request, and `reset` says whether the other side reset the connection.

The behaviour file is read again for every request; it may be absent. It is a list of rules, of which the first whose
`target` (a pattern with `*`) matches the request target counts. When its text changes, all counts start anew.

    [ { "target": PATTERN, "answer": [STEP, ...],
        "reused": true          only for requests that are not the first on their connection
        "skip": n, "times": n   leave the first n requests alone; apply the rule to n requests only
        "early": true } ]       begin with the answer before the body of the request has come

    "text"                      send this
    {"fill": n}                 send n bytes: blocks of 64 KiB with their number, 8 bytes big-endian, in front of each
    {"repeat": text, "times": n}
    {"drip": text, "every": ms} send byte by byte
    {"pause": ms}
    {"body": true}              receive the body of the request
    {"await": n}                wait for n bytes that belong to no request
    {"wait": true}              wait until the other side closes
    {"close": true}             close in order
    {"reset": true}             close at once

After the last step the connection stays open for the next request, if the generation does that.
"""

import argparse
import fnmatch
import hashlib
import json
import os
import pathlib
import queue
import re
import select
import socket
import ssl
import struct
import sys
import threading
import time

SERIAL = {"0.0.9", "0.9.1"}
BLOCK_BYTES = 64 * 1024
TEXT_BYTES = 64 * 1024
HEAD_BYTES = 4 * 1024 * 1024


class Ended(Exception):
    """The connection is over."""


class Behaviour:
    """The rules of the behaviour file, and how often each was met."""

    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()
        self.text = None
        self.rules = []
        self.counts = []

    def next(self, target, is_reused):
        """The rule for the next request to `target`, which is counted; None if there is none."""
        with self.lock:
            text = self.path.read_text("utf-8") if self.path and self.path.exists() else "[]"
            if text != self.text:
                self.rules = json.loads(text)
                self.text, self.counts = text, [0] * len(self.rules)
            for index, rule in enumerate(self.rules):
                if not fnmatch.fnmatchcase(target, rule["target"]) or rule.get("reused", False) > is_reused:
                    continue
                self.counts[index] += 1
                first = rule.get("skip", 0)
                return rule if first < self.counts[index] <= first + rule.get("times", sys.maxsize) else None
        return None


class Log:
    """The log file, and the connections that are open."""

    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8") if path else None
        self.lock = threading.Lock()
        self.open = {}

    def opened(self, connection):
        with self.lock:
            self.open[connection.number] = connection.socket.fileno()
            self._write("open", connection.number, open=self._count())

    def closed(self, connection, **members):
        with self.lock:
            del self.open[connection.number]
            self._write("close", connection.number, open=self._count(), **members)

    def write(self, event, connection, **members):
        with self.lock:
            self._write(event, connection, **members)

    def _write(self, event, connection, **members):
        if self.file:
            self.file.write(json.dumps({"event": event, "connection": connection, **members}) + "\n")
            self.file.flush()

    def _count(self):
        """How many connections are open; one that the other side has ended may wait here for somebody to notice."""
        poll = select.poll()
        for descriptor in self.open.values():
            poll.register(descriptor, select.POLLRDHUP)
        return len(self.open) - len(poll.poll(0))


class Connection:
    """One accepted connection."""

    def __init__(self, raw, number, server):
        self.socket, self.number, self.server = raw, number, server
        self.pending = bytearray()
        self.received = self.sent = 0
        self.is_reset = self.was_reset = False

    def serve(self):
        try:
            if self.server.context:
                self.socket = self.server.context.wrap_socket(self.socket, server_side=True)
            count = 0
            while self.exchange(count):
                count += 1
        except ssl.SSLError as error:
            self.server.log.write("refused", self.number, reason=str(error))
        except ConnectionResetError:
            self.was_reset = True
        except (Ended, OSError):
            pass
        self.close()

    def exchange(self, count):
        """One request and its answer; returns whether another may follow."""
        while (end := self.pending.find(b"\r\n\r\n")) < 0:
            if len(self.pending) > HEAD_BYTES:
                raise Ended
            self.receive()
        head = bytes(self.pending[: end + 4]).decode("latin-1")
        del self.pending[: end + 4]
        self.server.log.write("head", self.number, text=head)
        request = Request(self, head)
        rule = self.server.behaviour.next(request.target, count > 0)
        if rule is None:
            self.send(self.server.answer(request))
        else:
            if not rule.get("early"):
                request.read_body()
            for step in rule["answer"]:
                self.perform(step, request)
        return not self.server.is_serial

    def perform(self, step, request):
        if isinstance(step, str):
            self.send(step.encode("latin-1"))
        elif "fill" in step:
            self.fill(step["fill"])
        elif "repeat" in step:
            for _ in range(step["times"]):
                self.send(step["repeat"].encode("latin-1"))
        elif "drip" in step:
            for byte in step["drip"].encode("latin-1"):
                self.send(bytes([byte]))
                time.sleep(step["every"] / 1000)
        elif "pause" in step:
            time.sleep(step["pause"] / 1000)
        elif "body" in step:
            request.read_body()
        elif "await" in step:
            while len(self.pending) < step["await"]:
                self.receive()
        elif "wait" in step:
            while True:
                self.receive()
        elif "close" in step:
            raise Ended
        elif "reset" in step:
            self.is_reset = True
            raise Ended
        else:
            raise SystemExit(f"no such step: {step}")

    def fill(self, count):
        block = bytearray(BLOCK_BYTES)
        for number in range(-(-count // BLOCK_BYTES)):
            struct.pack_into(">Q", block, 0, number)
            self.send(memoryview(block)[: count - number * BLOCK_BYTES])

    def send(self, data):
        view = memoryview(data)
        while view:
            sent = self.socket.send(view)
            self.sent += sent
            view = view[sent:]

    def receive(self):
        data = self.socket.recv(256 * 1024)
        if not data:
            raise Ended
        self.received += len(data)
        self.pending += data

    def take(self, count):
        """Up to `count` bytes, at least one."""
        if not self.pending:
            self.receive()
        taken = bytes(self.pending[:count])
        del self.pending[:count]
        return taken

    def line(self):
        while (end := self.pending.find(b"\r\n")) < 0:
            self.receive()
        return self.take(end + 2)[:-2]

    def close(self):
        if self.is_reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The line comes first: whoever notices the end may read it.
        rest = bytes(self.pending).decode("latin-1")
        self.server.log.closed(self, received=self.received, sent=self.sent, rest=rest, reset=self.was_reset)
        self.socket.close()


class Request:
    """A request whose body may still be on its way."""

    def __init__(self, connection, head):
        self.connection = connection
        lines = head.split("\r\n")
        self.method, self.target = (lines[0].split(" ") + [""])[:2]
        self.path = self.target.partition("?")[0]
        pairs = (line.partition(":") for line in lines[1:] if line)
        self.fields = {name.strip().lower(): text.strip() for name, _, text in pairs}
        self.body = None

    def read_body(self):
        """Receives the body, unless that was done; returns its first 64 KiB."""
        if self.body is not None:
            return self.body
        digest, length, kept = hashlib.sha256(), 0, bytearray()
        framing = "none"
        pieces = ()
        if "transfer-encoding" in self.fields:
            framing, pieces = "chunked", self.chunks()
        elif "content-length" in self.fields:
            framing, pieces = "length", self.exactly(int(self.fields["content-length"]))
        for piece in pieces:
            digest.update(piece)
            length += len(piece)
            kept += piece[: TEXT_BYTES - len(kept)]
        self.body = bytes(kept)
        self.connection.server.log.write(
            "body",
            self.connection.number,
            framing=framing,
            length=length,
            sha256=digest.hexdigest(),
            text=self.body.decode("latin-1"),
        )
        return self.body

    def exactly(self, count):
        while count:
            piece = self.connection.take(count)
            count -= len(piece)
            yield piece

    def chunks(self):
        while size := int(self.connection.line().partition(b";")[0], 16):
            yield from self.exactly(size)
            self.connection.line()
        while self.connection.line():
            pass


class Server:
    """Listens, and has the answers of a well behaved server."""

    def __init__(self, options):
        self.options = options
        self.is_serial = options.generation in SERIAL
        self.behaviour = Behaviour(options.behaviour)
        self.log = Log(options.log)
        self.context = None
        if options.certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(options.certificate)
        if options.unix:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(options.unix)
            self.port = 0
        else:
            self.listener = socket.socket()
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.listener.bind(("127.0.0.1", options.port))
            self.port = self.listener.getsockname()[1]
        self.listener.listen(128)

    def run(self):
        # Accepted at once even when they have to wait for their turn: nothing else shows how many there are.
        waiting = queue.Queue()
        if self.is_serial:
            threading.Thread(target=serve_in_turn, args=[waiting], daemon=True).start()
        number = 0
        while True:
            accepted, _ = self.listener.accept()
            number += 1
            connection = Connection(accepted, number, self)
            self.log.opened(connection)
            if self.is_serial:
                waiting.put(connection)
            else:
                threading.Thread(target=connection.serve, daemon=True).start()

    def answer(self, request):
        """The whole answer of a well behaved server."""
        if request.method == "POST":
            return self.post(request)
        request.read_body()
        if not self.is_host_right(request):
            return self.make(421, b"Host header does not name this server")
        document = self.documents().get(request.path)
        if request.method in {"GET", "HEAD"} and document is not None:
            return self.make(200, json.dumps(document).encode(), "application/json", request)
        return self.make(404, b"Not found", request=request)

    def post(self, request):
        if request.path == "/echo":
            return self.make(200, request.read_body(), "application/octet-stream")
        if self.options.generation == "0.9.5":
            request.read_body()
            return self.make(405, b"Method not allowed")
        if request.path == "/_cellucid/events":
            request.read_body()
            return self.make(200, b'{"status": "ok", "delivered": true}', "application/json")
        if request.path == "/_cellucid/session_bundle":
            request.read_body()
            answer = {"status": "ok", "bytes": int(request.fields.get("content-length", "0"))}
            return self.make(200, json.dumps(answer).encode(), "application/json")
        return self.make(404, f"POST not supported for path: {request.target}".encode())

    def documents(self):
        """What is asked for to find out who this is."""
        options = self.options
        kind = "anndata" if options.generation == "0.9.5" else "exported"
        entries = [{"id": name, "path": f"/{name}/", "name": f"The {name}"} for name in options.folders]
        documents = {
            "/_cellucid/health": {"status": "ok", "type": kind, "version": options.generation},
            "/_cellucid/info": {"version": options.generation, "host": "127.0.0.1", "port": self.port},
            "/_cellucid/datasets": {"datasets": entries or [{"id": options.id, "path": "/", "name": options.name}]},
        }
        if options.generation != "0.0.9":
            documents["/_cellucid/protocol"] = {"commands": ["ping"], "events": ["hover", "pong", "selection"]}
        if options.generation == "0.9.5":
            documents["/_cellucid/protocol"] |= {"channel": "_cellucid/ws", "binaryCommands": ["highlight"]}
        return documents

    def is_host_right(self, request):
        if self.options.generation == "0.0.9" or self.options.unix:
            return True
        return re.fullmatch(rf"(localhost|127\.0\.0\.1):{self.port}", request.fields.get("host", "")) is not None

    def make(self, status, body, media_type="text/plain", request=None):
        lines = [
            f"HTTP/1.{0 if self.is_serial else 1} {status} Whatever",
            "Server: Scripted/1.0",
            f"Content-Type: {media_type}",
            f"Content-Length: {len(body)}",
            "Access-Control-Allow-Methods: GET, HEAD, POST, OPTIONS",
            "Access-Control-Allow-Headers: Content-Type, Range",
            "Access-Control-Expose-Headers: Content-Length, Content-Range",
            "Cache-Control: " + ("public, max-age=3600" if self.is_serial else "no-cache"),
        ]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        return head if request and request.method == "HEAD" else head + body


def serve_in_turn(waiting):
    while True:
        waiting.get().serve()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generation", choices=["0.0.9", "0.9.1", "0.9.5"], default="0.9.5")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--unix", metavar="PATH")
    parser.add_argument("--certificate", metavar="PEM")
    parser.add_argument("--id", default="scripted")
    parser.add_argument("--name", default="Scripted")
    parser.add_argument("--folders", type=lambda text: text.split(","), default=[], metavar="NAME,...")
    parser.add_argument("--behaviour", type=pathlib.Path, metavar="JSON")
    parser.add_argument("--log", metavar="FILE")
    server = Server(parser.parse_args())
    print(f"listening {server.port}", flush=True)
    try:
        server.run()
    finally:
        if server.options.unix:
            os.unlink(server.options.unix)


if __name__ == "__main__":
    main()
