"""The server behind the proxies that are compared."""

import json
from pathlib import Path

from common.dataset import MOUNT
from common.endpoint import Endpoint
from common.system import free_port
from servers.nginx import NginxProcess, server

DELIVERED = {"status": "ok", "delivered": True}
# What Cellucid servers that take many requests at a time say of themselves (0.9.5).
DOCUMENTS = {
    "protocol": {
        "channel": "_cellucid/ws",
        "commands": ["ping"],
        "binaryCommands": ["highlight"],
        "events": ["hover", "pong", "selection"],
    },
    "health": {"status": "ok", "type": "anndata", "version": "0.9.5", "format": "h5ad", "n_cells": 700, "n_genes": 2000},
    "info": {"version": "0.9.5", "type": "anndata", "host": "127.0.0.1", "port": 0, "runtime": "python"},
    "datasets": {"datasets": [{"id": MOUNT, "path": "/", "name": "Benchmark data"}]},
    "events": DELIVERED,
}


class Upstream(NginxProcess):
    """nginx as a Cellucid server that is faster than any: files of one dataset, and events that nobody hears.

    Everything is there below the mount too: only the gateway takes it off.
    """

    name = "upstream"

    def __init__(self, root: Path, workers: int, folder: Path):
        endpoint = Endpoint("http", free_port(), "tcp_nopush off")
        directives = [f"location / {{ root {root / MOUNT}; }}", f"location /{MOUNT}/ {{ root {root}; }}"]
        for name, document in DOCUMENTS.items():
            answer = f"default_type application/json; return 200 '{json.dumps(document)}';"
            directives += [f"location = {prefix}/_cellucid/{name} {{ {answer} }}" for prefix in ("", f"/{MOUNT}")]
        super().__init__(server(endpoint, None, "\n".join(directives)), workers, folder, [endpoint])
