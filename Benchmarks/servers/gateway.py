"""The gateway under test."""

import subprocess
import urllib.request
from pathlib import Path

from common.endpoint import Endpoint, client_context
from common.system import free_port
from servers.server import Server


class Gateway(Server):
    """The gateway, one process for plain HTTP or for TLS; there HTTP/2 has the same port as HTTP/1.1."""

    name = "gateway"

    def __init__(
        self,
        binary: str,
        root: Path,
        workers: int,
        certificate: Path | None,
        folder: Path,
        *options: str,
        viewer: Path | None = None,
    ):
        folder.mkdir()
        cache = str(folder / "cache")
        port = free_port()
        command = [binary, "--root", str(root), "--port", str(port), "--workers", str(workers)]
        command += ["--log-level", "warning", "--cache-dir", cache, *options]
        if viewer is None:
            command.append("--no-web-app")
        else:
            # The build is there already; nobody is asked for a newer one.
            bring = [binary, "web-app", "import", str(viewer), "--cache-dir", cache]
            subprocess.run(bring, check=True, capture_output=True)
            command += ["--web-app-origin", "https://viewer.invalid"]
        if certificate is not None:
            command += ["--tls", str(certificate)]
            schemes = ["https", "h2"]
        else:
            schemes = ["http", "h2c"] if "--h2c" in options else ["http"]
        super().__init__(command, folder / "log.txt", [Endpoint(scheme, port) for scheme in schemes])
        self._wait_until(lambda: _is_ready(self.endpoints[0]))


def _is_ready(endpoint: Endpoint) -> bool:
    context = client_context() if endpoint.is_encrypted else None
    try:
        with urllib.request.urlopen(endpoint.url("/_gateway/readyz"), timeout=5, context=context) as response:
            return response.status == 200
    except OSError:
        return False
