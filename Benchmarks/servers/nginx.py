"""nginx, the yardstick."""

import os
from pathlib import Path

from common.endpoint import Endpoint
from common.system import free_port, raise_descriptor_limit, tool
from servers.server import Server

# Settings whose best value depends on the case. tcp_nopush plays no part in TLS: nginx sends records without sendfile
# there.
SETTINGS = {
    "http": ["tcp_nopush on", "tcp_nopush off"],
    "https": ["ssl_buffer_size 16k", "ssl_buffer_size 4k"],
    "h2": ["ssl_buffer_size 16k", "ssl_buffer_size 4k", "ssl_buffer_size 16k; http2_chunk_size 16k"],
}


class NginxProcess(Server):
    """nginx with everything that makes it fast, and the upstreams and servers that it is given."""

    name = "nginx"

    def __init__(self, servers: str, workers: int, folder: Path, endpoints: list[Endpoint], idle_seconds: int = 75):
        folder.mkdir()
        configuration = folder / "nginx.conf"
        configuration.write_text(_configuration(servers, workers, folder, idle_seconds))
        super().__init__(
            [tool("nginx"), "-p", str(folder), "-e", "stderr", "-c", str(configuration)],
            folder / "log.txt",
            endpoints,
        )
        self._wait_until_listening()
        # The master accepts connections before the workers exist.
        self._wait_until(lambda: len(self.processes()) > workers)


class Nginx(NginxProcess):
    """nginx that serves files; one port for each setting whose best value depends on the case."""

    def __init__(self, root: Path, workers: int, certificate: Path | None, folder: Path, idle_seconds: int = 75):
        endpoints = endpoints_with(SETTINGS, certificate)
        servers = "\n".join(server(endpoint, certificate, f"root {root};") for endpoint in endpoints)
        super().__init__(servers, workers, folder, endpoints, idle_seconds)


def endpoints_with(settings: dict[str, list[str]], certificate: Path | None) -> list[Endpoint]:
    """A port for each setting of each scheme; without a certificate for plain HTTP only."""
    return [
        Endpoint(scheme, free_port(), setting)
        for scheme, choices in settings.items()
        if scheme == "http" or certificate is not None
        for setting in choices
    ]


def server(endpoint: Endpoint, certificate: Path | None, directives: str) -> str:
    """The server block of an endpoint."""
    protocols = (" ssl" if endpoint.is_encrypted else "") + (" http2" if endpoint.speaks_http2 else "")
    tls = f"ssl_certificate {certificate}; ssl_certificate_key {certificate};" if endpoint.is_encrypted else ""
    return f"""\
    server {{
        listen {endpoint.authority} reuseport backlog=4096{protocols};
        {tls}
        {endpoint.setting};
        {directives}
    }}"""


def _configuration(servers: str, workers: int, folder: Path, idle_seconds: int) -> str:
    descriptors = raise_descriptor_limit()
    user = "user root;" if os.geteuid() == 0 else ""
    temporary = "\n".join(
        f"    {name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""\
{user}
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
worker_processes {workers};
worker_rlimit_nofile {descriptors};
events {{
    worker_connections {descriptors};
}}
http {{
{temporary}
    types {{
        application/json json;
        text/javascript js;
    }}
    default_type application/octet-stream;
    access_log off;
    server_tokens off;
    sendfile on;
    aio off;
    etag on;
    tcp_nodelay on;
    keepalive_timeout {idle_seconds}s;
    keepalive_requests 1000000000;
    open_file_cache max=10000 inactive=60s;
    open_file_cache_valid 60s;
    ssl_protocols TLSv1.3;
    ssl_session_tickets on;
{servers}
}}
"""
