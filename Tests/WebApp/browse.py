#!/usr/bin/env python3
"""Opens a page in headless Chromium and prints, as JSON, what became of it.

    browse.py URL [--wait MS] [--screenshot PNG] [--chromium PROGRAM] [--option=OPTION]...

The answer has `page` (the root element's data attributes), `requests` (an object for each: `url`, `status`,
`protocol`, `cached`, or `error`), `console` (warnings, errors and uncaught exceptions) and `milliseconds` of waiting.
It waits in real time until `data-state` is no longer `loading` and nothing has happened for 300 ms; the exit status
is 1 if that takes longer than MS (20000). Chromium's virtual time is no substitute: it runs out while a worker starts.
What a worker itself fetches is not among the requests, and its own script is there without an answer.
"""

import argparse
import base64
import fcntl
import json
import os
import select
import subprocess
import tempfile
import time


class Browser:
    """Chromium, spoken to through its debugging pipe: messages are JSON texts that end in a zero byte."""

    def __init__(self, program, profile, options):
        command_read, command_write = os.pipe()
        event_read, event_write = os.pipe()
        # The browser reads from descriptor 3 and writes to 4; these copies cannot be one of the two.
        source, sink = (fcntl.fcntl(end, fcntl.F_DUPFD, 16) for end in (command_read, event_write))

        def place():
            os.dup2(source, 3)
            os.dup2(sink, 4)

        arguments = [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
                     f"--user-data-dir={profile}", *options]
        self.process = subprocess.Popen(arguments, preexec_fn=place, pass_fds=(3, 4), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for end in (command_read, event_write, source, sink):
            os.close(end)
        self.commands, self.events = command_write, event_read
        self.buffer = b""
        self.last_id = 0
        self.page = None
        self.listener = lambda method, parameters: None

    def call(self, method, **parameters):
        self.last_id += 1
        message = {"id": self.last_id, "method": method, "params": parameters}
        if self.page:
            message["sessionId"] = self.page
        os.write(self.commands, json.dumps(message).encode("utf-8") + b"\0")
        while True:
            answer = self.receive(30)
            if answer is None:
                raise TimeoutError(f"no answer to {method}")
            if answer.get("id") == message["id"]:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def receive(self, seconds):
        """The next message, or None if there is none in that time. Events go to the listener too."""
        while b"\0" not in self.buffer:
            if not select.select([self.events], [], [], seconds)[0]:
                return None
            data = os.read(self.events, 1 << 20)
            if not data:
                raise EOFError("the browser ended")
            self.buffer += data
        text, _, self.buffer = self.buffer.partition(b"\0")
        message = json.loads(text)
        if "method" in message:
            self.listener(message["method"], message["params"])
        return message

    def open_page(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.page = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.call(f"{domain}.enable")

    def close(self):
        self.page = None
        try:
            self.call("Browser.close")
            self.process.wait(10)
        except (OSError, EOFError, TimeoutError, RuntimeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()


class Record:
    """What the page's events say."""

    def __init__(self):
        self.requests = {}
        self.console = []

    def listen(self, method, parameters):
        identifier = parameters.get("requestId")
        if method == "Network.requestWillBeSent":
            # A redirect keeps its identifier; each of its answers is a line of its own.
            if identifier in self.requests and "redirectResponse" in parameters:
                self.answered(identifier, parameters["redirectResponse"])
                self.requests[f"{identifier} {len(self.requests)}"] = self.requests.pop(identifier)
            self.requests[identifier] = {"url": parameters["request"]["url"]}
        elif method == "Network.responseReceived" and identifier in self.requests:
            self.answered(identifier, parameters["response"])
        elif method == "Network.loadingFailed" and identifier in self.requests:
            self.requests[identifier]["error"] = parameters["errorText"]
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("warning", "error"):
            entry = parameters["entry"]
            self.console.append({"level": entry["level"], "text": entry["text"], "url": entry.get("url", "")})
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("warning", "error"):
            text = " ".join(str(part.get("value", part.get("description", ""))) for part in parameters["args"])
            self.console.append({"level": parameters["type"], "text": text, "url": ""})
        elif method == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            text = details.get("exception", {}).get("description", details["text"])
            self.console.append({"level": "exception", "text": text, "url": details.get("url", "")})

    def answered(self, identifier, response):
        cached = bool(response.get("fromDiskCache") or response.get("fromPrefetchCache"))
        protocol = response.get("protocol", "")
        self.requests[identifier].update(status=response["status"], protocol=protocol, cached=cached)


def visit(browser, url, milliseconds):
    """Opens the page and waits for it; answers the record, the attributes, whether it came to an end, and when."""
    record = Record()
    browser.open_page()
    browser.listener = record.listen
    started = time.monotonic()
    deadline = started + milliseconds / 1000
    browser.call("Page.navigate", url=url)
    page, ended = {}, False
    while not ended and time.monotonic() < deadline:
        busy = False
        while time.monotonic() < deadline and browser.receive(0.3):
            busy = True
        expression = "JSON.stringify({...(document.documentElement?.dataset ?? {})})"
        result = browser.call("Runtime.evaluate", expression=expression)["result"]
        page = json.loads(result.get("value", "{}"))
        ended = page.get("state", "loading") != "loading" and not busy
    return record, page, ended, round((time.monotonic() - started) * 1000)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--wait", type=int, default=20000, metavar="MS")
    parser.add_argument("--screenshot", metavar="PNG")
    parser.add_argument("--chromium", default="chromium", metavar="PROGRAM")
    parser.add_argument("--option", action="append", default=[], help="for Chromium: --option=--lang=de")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="browse-") as profile:
        browser = Browser(options.chromium, profile, options.option)
        try:
            record, page, ended, milliseconds = visit(browser, options.url, options.wait)
            if options.screenshot:
                with open(options.screenshot, "wb") as file:
                    file.write(base64.b64decode(browser.call("Page.captureScreenshot")["data"]))
        finally:
            browser.close()
    answer = {"page": page, "requests": list(record.requests.values()), "console": record.console,
              "milliseconds": milliseconds}
    print(json.dumps(answer, indent=1))
    raise SystemExit(0 if ended else 1)


if __name__ == "__main__":
    main()
