#!/usr/bin/env python3
"""The origin that tests fetch a web build from, well behaved or, on request, badly.

    origin.py --folder DIR [--certificate PEM [--key PEM]] [--port 0] [--behaviour JSON] [--log FILE] [--inventory]
    origin.py --connect-proxy [--map HOST:PORT=127.0.0.1:N]... [--user NAME:PASSWORD] [--port 0] [--log FILE]

It serves DIR over HTTP/1.1 with keep-alive, over TLS if there is a certificate, and prints `listening PORT`. With
`--inventory` it answers `/cellucid-web-assets.json` with an inventory made from what DIR holds at that moment, unless
the file exists. `<file>.br` and `<file>.gz` beside a file are sent instead of it to a client that accepts the coding.
With `--connect-proxy` it is a tunnelling proxy: it answers CONNECT only, `--map` leads a target elsewhere (`*` stands
for every target), and `--user` makes it ask for basic authentication (407).

The log has one JSON line for every request: `method`, `path`, `headers`, `status` (0: no answer), `connection` (a
number). It is written before the answer is sent, so whoever has the answer can read the line.

The behaviour file is read again for every request; it may be absent. When its text changes, all counts start anew.

    { "folder": DIR            another folder than --folder: a new build is published
      "no_inventory": true     404 for the inventory
      "die_after": N           the process ends after N requests (at once on the next if N is 0)
      "paths": { PATTERN: RULE, ... } }

PATTERN is a path (`/index.html`), `HOST:PORT` for the proxy, or a pattern with `*`; the first that matches counts.
RULE has any of these keys:

    skip: n, times: n      leave the first n requests alone; apply the rule to n requests only
    delay: ms              wait before anything else
    drop: true             close without an answer
    status: code           answer so (with `body`, or a short text; no file is read)
    redirect: url          answer 302, or `status`, with this Location
    body: text             send this instead of the file
    wrong_bytes: true      flip one bit in the middle of the body, or at the offset given as a number
    wrong_length: n        lengthen (n > 0) or shorten the body by n bytes; Content-Length agrees with it
    content_length: n      a Content-Length that does not agree with the body; the connection closes after it
    truncate: n            send only n bytes of the body under its full Content-Length, then close
    stall: {after, for}    pause for `for` ms (60000) after `after` bytes of the body (half of it)
    chunked: true          chunked coding, or a number: the length of the chunks
    identity: true         never send a compressed file
    headers: {name: value} further fields; null leaves one out
"""

import argparse
import base64
import fnmatch
import hashlib
import http
import http.server
import itertools
import json
import os
import pathlib
import select
import socket
import socketserver
import ssl
import sys
import threading
import time
import urllib.parse

import inventory


class Behaviour:
    """The rules of the behaviour file, and how often each was met."""

    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()
        self.text = None
        self.document = {}
        self.counts = {}

    def next(self, target):
        """The document and the rule for the next request to `target`, which is counted."""
        with self.lock:
            text = self.path.read_text("utf-8") if self.path and self.path.exists() else "{}"
            if text != self.text:
                # A file that is just being written is no JSON yet: the old rules hold until it is.
                try:
                    self.document = json.loads(text)
                    self.text, self.counts = text, {}
                except ValueError:
                    pass
            number = self.counts["requests"] = self.counts.get("requests", 0) + 1
            limit = self.document.get("die_after")
            if limit is not None and number > limit:
                os._exit(1)
            return self.document, self._rule(target), number == limit

    def _rule(self, target):
        for pattern, rule in self.document.get("paths", {}).items():
            if not fnmatch.fnmatchcase(target, pattern):
                continue
            seen = self.counts[pattern] = self.counts.get(pattern, 0) + 1
            first = rule.get("skip", 0)
            return rule if first < seen <= first + rule.get("times", sys.maxsize) else {}
        return {}


class Log:
    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8") if path else None
        self.lock = threading.Lock()

    def write(self, **line):
        if self.file:
            with self.lock:
                self.file.write(json.dumps(line) + "\n")
                self.file.flush()


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, handler, options, context):
        self.options = options
        self.context = context
        self.behaviour = Behaviour(options.behaviour)
        self.log = Log(options.log)
        self.numbers = itertools.count(1)
        super().__init__(address, handler)

    def finish_request(self, request, client_address):
        # Here, in the connection's own thread, so that a slow handshake holds up nobody else.
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.context:
            request = self.context.wrap_socket(request, server_side=True)
        try:
            super().finish_request(request, client_address)
        finally:
            if self.context:
                request.close()

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Handler(http.server.BaseHTTPRequestHandler):
    """What both kinds of server share: the log and plain answers."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65536

    def version_string(self):
        return "fixture-origin"

    def setup(self):
        super().setup()
        self.number = next(self.server.numbers)

    def log_message(self, *arguments):
        pass

    def record(self, status):
        self.server.log.write(method=self.command, path=self.path, headers=dict(self.headers.items()), status=status,
                              connection=self.number)

    def begin(self, target):
        """Counts the request, waits and drops as told; answers the document and the rule, or None if dropped."""
        document, rule, self.last = self.server.behaviour.next(target)
        time.sleep(rule.get("delay", 0) / 1000)
        if rule.get("drop"):
            self.record(0)
            self.close_connection = True
            self.end()
            return None
        return document, rule

    def end(self):
        self.wfile.flush()
        if self.last:
            os._exit(1)

    def answer(self, status, headers, body):
        """A complete answer, sent in one piece."""
        self.record(status)
        self.send_response(status)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(body)
        self.end()

    def answer_text(self, status, headers=None, text=None):
        text = text if text is not None else f"{status} {http.HTTPStatus(status).phrase}\n"
        body = text.encode("utf-8")
        fields = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body))}
        self.answer(status, {**fields, **(headers or {})}, body)


class OriginHandler(Handler):
    def do_GET(self):
        target = urllib.parse.unquote(self.path.partition("?")[0])
        begun = self.begin(target)
        if begun is None:
            return
        document, rule = begun
        if "redirect" in rule:
            location = {"Location": rule["redirect"], **rule.get("headers", {})}
            return self.answer_text(rule.get("status", 302), location, rule.get("body"))
        if "status" in rule:
            return self.answer_text(rule["status"], rule.get("headers"), rule.get("body"))
        found = self.find(target, document, rule)
        if found is None:
            return self.answer_text(404)
        self.answer_file(rule, *found)

    do_HEAD = do_GET

    def do_POST(self):
        self.last = False
        self.close_connection = True
        self.answer_text(405, {"Allow": "GET, HEAD", "Connection": "close"})

    def find(self, target, document, rule):
        """The body and the fields of the file for a path, or None."""
        folder = pathlib.Path(document.get("folder", self.server.options.folder)).resolve()
        path = target.lstrip("/") or "index.html"
        file = (folder / path).resolve()
        is_inventory = path == inventory.INVENTORY_NAME
        if folder not in file.parents or (is_inventory and document.get("no_inventory")):
            return None
        headers = {"Content-Type": inventory.content_type(path), "Cache-Control": "max-age=600"}
        if "body" in rule:
            return rule["body"].encode("utf-8"), headers
        if is_inventory and self.server.options.inventory and not file.exists():
            return inventory.make_inventory(folder), headers
        accepted = {part.split(";")[0].strip().lower() for part in self.headers.get("Accept-Encoding", "").split(",")}
        for coding, suffix in (("br", ".br"), ("gzip", ".gz")):
            copy = file.with_name(file.name + suffix)
            if copy.is_file() and file.is_file():
                headers["Vary"] = "Accept-Encoding"
                if coding in accepted and not rule.get("identity"):
                    return copy.read_bytes(), {**headers, "Content-Encoding": coding}
        return (file.read_bytes(), headers) if file.is_file() else None

    def answer_file(self, rule, body, headers):
        headers["ETag"] = '"' + hashlib.sha256(body).hexdigest()[:32] + '"'
        known = [tag.strip() for tag in self.headers.get("If-None-Match", "").split(",")]
        if headers["ETag"] in known or "W/" + headers["ETag"] in known or "*" in known:
            return self.answer(304, {**headers, "Content-Type": None, **rule.get("headers", {})}, b"")
        body = changed_body(rule, body)
        headers["Content-Length"] = str(rule.get("content_length", len(body)))
        pieces = [body]
        if "truncate" in rule:
            pieces = [body[:rule["truncate"]]]
        pause = 0
        if "stall" in rule:
            after = rule["stall"].get("after", len(body) // 2)
            pieces = [pieces[0][:after], pieces[0][after:]]
            pause = rule["stall"].get("for", 60000) / 1000
        if "truncate" in rule or "content_length" in rule:
            self.close_connection = True
        if rule.get("chunked"):
            headers["Content-Length"] = None
            headers["Transfer-Encoding"] = "chunked"
            length = rule["chunked"] if rule["chunked"] is not True else 4096
            pieces = [chunked(piece, length) for piece in pieces]
            if "truncate" not in rule:
                pieces[-1] += b"0\r\n\r\n"
        headers.update(rule.get("headers", {}))
        self.record(200)
        self.send_response(200)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            for index, piece in enumerate(pieces):
                if index > 0:
                    self.wfile.flush()
                    time.sleep(pause)
                self.wfile.write(piece)
        self.end()


def changed_body(rule, body):
    flipped = rule.get("wrong_bytes")
    if flipped and body:
        offset = len(body) // 2 if flipped is True else flipped
        body = body[:offset] + bytes([body[offset] ^ 1]) + body[offset + 1:]
    difference = rule.get("wrong_length", 0)
    return body + b"\n" * difference if difference >= 0 else body[:difference]


def chunked(data, length):
    parts = (data[start:start + length] for start in range(0, len(data), length))
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)


class ProxyHandler(Handler):
    def do_CONNECT(self):
        begun = self.begin(self.path)
        if begun is None:
            return
        self.close_connection = True
        user = self.server.options.user
        expected = "Basic " + base64.b64encode(user.encode("utf-8")).decode("ascii") if user else None
        if expected and self.headers.get("Proxy-Authorization") != expected:
            return self.answer_text(407, {"Proxy-Authenticate": 'Basic realm="fixture"', "Connection": "close"})
        if "status" in begun[1]:
            return self.answer_text(begun[1]["status"], {"Connection": "close"})
        targets = self.server.options.map
        target = targets.get(self.path) or targets.get("*") or self.path
        host, _, port = target.rpartition(":")
        try:
            upstream = socket.create_connection((host.strip("[]"), int(port)), timeout=10)
        except (OSError, ValueError):
            return self.answer_text(502, {"Connection": "close"})
        with upstream:
            upstream.settimeout(None)
            self.record(200)
            self.send_response_only(200, "Connection established")
            self.end_headers()
            self.end()
            relay(self.connection, upstream)

    def do_GET(self):
        self.last = False
        self.close_connection = True
        self.answer_text(405, {"Allow": "CONNECT", "Connection": "close"})

    do_HEAD = do_POST = do_GET


def relay(client, upstream):
    """Carries bytes both ways until both sides have ended."""
    other = {client: upstream, upstream: client}
    open_ends = [client, upstream]
    while open_ends:
        for end in select.select(open_ends, [], [])[0]:
            data = end.recv(65536)
            if data:
                other[end].sendall(data)
            else:
                open_ends.remove(end)
                other[end].shutdown(socket.SHUT_WR)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--certificate", help="PEM file: the chain and, without --key, the private key")
    parser.add_argument("--key")
    parser.add_argument("--bind", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--behaviour", type=pathlib.Path)
    parser.add_argument("--log")
    parser.add_argument("--inventory", action="store_true")
    parser.add_argument("--connect-proxy", action="store_true")
    parser.add_argument("--map", action="append", default=[], metavar="HOST:PORT=HOST:PORT")
    parser.add_argument("--user", metavar="NAME:PASSWORD")
    options = parser.parse_args()
    options.map = dict(entry.split("=", 1) for entry in options.map)
    if not options.connect_proxy and not options.folder:
        parser.error("--folder is missing")
    return options


def main():
    options = parse_options()
    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key)
        context.set_alpn_protocols(["http/1.1"])
    handler = ProxyHandler if options.connect_proxy else OriginHandler
    with Server((options.bind, options.port), handler, options, context) as server:
        print("listening", server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
