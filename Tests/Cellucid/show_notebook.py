#!/usr/bin/env python3
"""Shows the notebook of docs/notebooks.md in a browser, on a page of another origin with https.

    show_notebook.py CERTIFICATE BROWSER [ARGUMENT]...

The working directory and the environment are as for run_notebook.py; CERTIFICATE is a PEM file with its key. The browser
is a command like Tests/WebApp/browse.py, which gets the address of the page. It ends with the status 0 and the line
"done" if the page in the iframe has come from the gateway and has reached the notebook.
"""

import http.server
import json
import os
import runpy
import ssl
import subprocess
import sys
import threading

sys.path.insert(0, os.getcwd())

# What the notebook does once its viewer has said that it is there.
SCRIPT = """
<script>
document.documentElement.dataset.state = 'loading';
addEventListener('message', ({ data }) => {
  if (data.type === 'ready') {
    window.cellucidViewers[data.viewerId].sendMessage({ type: 'requestSessionBundle', requestId: 'from-the-page' });
  } else if (data.type === 'uploaded') {
    document.documentElement.dataset.answer = JSON.stringify(data.answer);
    document.documentElement.dataset.state = 'done';
  }
});
</script>
"""


class Notebook(http.server.BaseHTTPRequestHandler):
    """A notebook server without jupyter-server-proxy."""

    cell = ""

    def do_GET(self):
        body = f"<!DOCTYPE html><body data-base-url='/'>{SCRIPT}{self.cell}</body>".encode()
        self.send_response(200 if self.path == "/" else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def check(holds, *seen):
    if not holds:
        raise AssertionError(seen)


def main():
    notebook = runpy.run_path("notebook.py")
    viewer, selections, bundles = notebook["viewer"], [], []
    viewer.register_hook("selection", selections.append)
    viewer.register_hook("session_bundle", bundles.append)
    register = sys.modules["cellucid._server_base"].register_session_bundle_request
    register(viewer._viewer_id, "from-the-page", 120)

    Notebook.cell = viewer._generate_viewer_html()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Notebook)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    command = sys.argv[2:] + [f"https://127.0.0.1:{server.server_port}/"]
    seen = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    check(seen.returncode == 0, seen.stdout)
    visit = json.loads(seen.stdout)
    check(json.loads(visit["page"]["answer"]) == {"status": "ok", "bytes": 200017}, visit)
    check(selections == [{"cells": [4, 5], "source": "lasso"}], selections)
    check(viewer.state.ready["n_cells"] == 1000, viewer.state.ready)
    check([bundle["bytes"] for bundle in bundles] == [200017], bundles)
    os.unlink(bundles[0]["path"])
    runpy.run_path("notebook-end.py", init_globals=notebook)
    print("done")


if __name__ == "__main__":
    main()
