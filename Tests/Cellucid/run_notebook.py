#!/usr/bin/env python3
"""Runs the notebook of docs/notebooks.md, and then does in it what its user and the viewer's page do.

    run_notebook.py BUNDLE

The working directory has the programs of the document and the export folder `my-export`; the environment has GATEWAY
and ORIGIN, and SSL_CERT_FILE for their certificate. It ends with the status 0 and the line "done" if all went well.
"""

import json
import os
import pathlib
import runpy
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, os.getcwd())
GATEWAY, ORIGIN = os.environ["GATEWAY"], os.environ["ORIGIN"]
BASE = ORIGIN + "/my-notebook"
BUNDLE = pathlib.Path(sys.argv[1]).read_bytes()


def check(holds, *seen):
    if not holds:
        raise AssertionError(seen)


def ask(url, body=None, content_type="application/json"):
    request = urllib.request.Request(url, data=body, headers={"Content-Type": content_type})
    if url.startswith(ORIGIN):
        request.add_header("Origin", ORIGIN)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def state(mount):
    return ask(f"{GATEWAY}/_gateway/backends/{mount}")


class Page:
    """What the page of the viewer does, at the address that the iframe gets."""

    def __init__(self, viewer):
        self.url = viewer.viewer_url
        check(self.url.startswith(BASE + "/?"), self.url)
        check(json.dumps(self.url) in viewer._generate_viewer_html(), "the iframe has another address")
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.url).query)
        self.viewer = query["viewerId"][0]

    def event(self, **members):
        answer = ask(BASE + "/_cellucid/events", json.dumps({"viewerId": self.viewer} | members).encode())
        check(answer == {"status": "ok", "delivered": True}, answer)

    def upload(self, request):
        url = f"{BASE}/_cellucid/session_bundle?viewerId={self.viewer}&requestId={request}"
        answer = ask(url, BUNDLE, "application/octet-stream")
        check(answer == {"status": "ok", "bytes": len(BUNDLE)}, answer)


def main():
    notebook = runpy.run_path("notebook.py")
    viewer, backend = notebook["viewer"], notebook["backend"]
    page = Page(viewer)

    check(ask(BASE + "/_cellucid/health")["status"] == "ok")
    check(state("my-notebook")["source"] == "registered", state("my-notebook"))

    selections = []
    viewer.register_hook("selection", selections.append)
    page.event(type="ready", n_cells=1000, dimensions=2)
    page.event(type="selection", cells=[1, 2, 3], source="lasso")
    check(selections == [{"cells": [1, 2, 3], "source": "lasso"}], selections)

    # Outside a notebook there is no page that hears what Python sends.
    def send_message(message):
        check(message["type"] == "requestSessionBundle", message)
        threading.Thread(target=page.upload, args=(message["requestId"],)).start()

    viewer.send_message = send_message
    bundle = viewer.get_session_bundle(timeout=30)
    check(bundle.path.read_bytes() == BUNDLE, "another bundle")
    bundle.path.unlink()

    short = type(backend)(GATEWAY, "short", f"http://127.0.0.1:{viewer.port}", ttl=5)
    lowest = 5
    while (left := state("short")["expiresIn"]) <= lowest:
        lowest = left
        time.sleep(0.1)
    short.close()

    runpy.run_path("notebook-end.py", init_globals=notebook)
    for mount in ("my-notebook", "short"):
        try:
            check(False, state(mount))
        except urllib.error.HTTPError as error:
            check(error.code == 404, error.code)
    print("done")


if __name__ == "__main__":
    main()
